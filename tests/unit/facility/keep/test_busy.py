"""What is under way with a session keeps its data."""

import sqlite3
import time
from contextlib import closing

from sqlalchemy import insert, update

from icestream.engine.machine.lock import hold
from icestream.exports.claim import claim_folder
from icestream.facility.keep.busy import ended_at, under_way
from icestream.facility.registry.sessions import change_session
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.open import open_store
from kept_session import KeptPlace


def said(kept: KeptPlace) -> list[str]:
    return under_way(kept.session, kept.layout)


def test_nothing_is_under_way_with_one_that_ended(kept: KeptPlace) -> None:
    assert said(kept) == []
    assert ended_at(kept.session, kept.folder) == kept.ended


def test_one_that_runs(kept: KeptPlace) -> None:
    with hold(kept.folder):
        (words,) = said(kept)
    assert words.startswith("it is run by process ")
    with kept.facility.registry.write() as connection:
        change_session(connection, kept.session.id, state="running", ended=None)
    assert said(kept) == ["it is running: it has not ended"]
    assert ended_at(kept.session, kept.folder) is None


def test_one_that_was_run_again_ended_later(kept: KeptPlace) -> None:
    later = time.time() - 3600.0
    with closing(open_store(kept.folder)) as store, store.write() as connection:
        row = {"holder": "1@h", "software": "{}"}
        connection.execute(insert(t.epoch).values(id=1, started=later, **row))
    assert ended_at(kept.session, kept.folder) == later


def test_one_that_another_machine_runs(kept: KeptPlace) -> None:
    with closing(open_store(kept.folder)) as store, store.write() as connection:
        connection.execute(update(t.session).values(state="running", holder="1@elsewhere"))
    assert said(kept) == ["it is running"]


def test_copies_backups_and_exports_that_are_under_way(kept: KeptPlace) -> None:
    ledger = kept.folder / ".facility" / "transfer.db"
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("INSERT INTO file VALUES (x'61', 'copying', 1, '')")
    (kept.folder / ".facility" / "backup-usb-1").mkdir()
    with closing(open_store(kept.folder, readonly=True)) as store:
        record = queries.session(store)
    out = kept.place / "handover" / "relion"
    with claim_folder(out, record, "RELION project", "join them"):
        assert said(kept) == [
            "1 of its files are still to be copied from the microscope",
            "the backup usb-1 is under way",
            f"an export is written into {out}",
        ]
    assert len(said(kept)) == 2
