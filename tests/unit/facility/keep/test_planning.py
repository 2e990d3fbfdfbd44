"""What would be removed, and why the rest stays; nothing is changed."""

import os
import sqlite3
from contextlib import closing

import pytest

from icestream.facility.keep import planning
from icestream.facility.keep.inventory import take_inventory
from icestream.facility.keep.kinds import CLASSES, Keep
from icestream.facility.keep.planning import decisions, facts_of, layout_of, left_words
from icestream.facility.registry import holds as rows
from kept_session import FILES, RAW, KeptPlace, plan, there


def test_each_class_is_decided_by_its_rule(kept: KeptPlace) -> None:
    facts = facts_of(kept.facility, kept.session, kept.layout)
    assert (facts.project, facts.team, facts.ended) == ("p", "lab", kept.ended)
    keep = kept.facility.file.keep
    assert keep is not None
    states = {one.kind: one.state for one in decisions(keep, facts)}
    assert states == dict.fromkeys(CLASSES, "kept") | {"raw": "due", "micrographs": "due"}
    assert {one.state for one in decisions(Keep(), facts)} == {"kept"}


def test_what_needs_no_copy_goes_without(kept: KeptPlace) -> None:
    found = plan(kept, "micrographs")
    assert [line.path for line in found.lines] == ["processing/align/a.mrc"]
    assert found.bytes == len("a micrograph")
    assert there(kept) == set(FILES)


def test_why_files_stay_is_said_once(kept: KeptPlace) -> None:
    kept.back_up("raw/a.tiff")
    found = plan(kept)
    assert list(left_words(found)) == [
        "raw/Sq 1/b.tiff and 1 more: no backup has a verified copy of it"
    ]


def test_the_store_stays_while_it_is_needed_to_know_the_rest(kept: KeptPlace) -> None:
    rules = {"project": {"after": 1.0, "needs": "nothing", "warn": ()}}
    file = kept.facility.file.model_copy(update={"keep": Keep.model_validate(rules)})
    kept.facility = type(kept.facility)(kept.facility.path, file, kept.facility.registry)
    found = plan(kept, "project")
    assert found.lines == []
    assert "1 files of micrographs and 1 files of particles are still there" in found.left[0][1]


def test_a_backup_of_the_store_as_it_is_covers_it(kept: KeptPlace) -> None:
    for path in ("align/a.mrc", "extract/a.mrcs"):
        (kept.folder / path).unlink()
    file = kept.facility.file.model_copy(
        update={"keep": Keep.model_validate({"project": {"after": 1.0, "warn": ()}})}
    )
    kept.facility = type(kept.facility)(kept.facility.path, file, kept.facility.registry)
    kept.back_up("processing/icestream.db", "processing/ctf/a.mrc")
    found = plan(kept, "project")
    assert {"processing/icestream.db", "processing/ctf/a.mrc"} <= {x.path for x in found.lines}
    assert "processing/align/a.jpg" in dict(found.left)


def test_a_hold_is_told(kept: KeptPlace) -> None:
    kept.back_up(*RAW)
    with kept.facility.registry.write() as connection:
        rows.add_hold(connection, kept.session.id, kind="raw", why="a paper", who="ada")
    assert plan(kept).decision.why == "held by ada: a paper"
    assert plan(kept, "micrographs").decision.state == "due"


def test_where_a_session_is(kept: KeptPlace) -> None:
    layout = layout_of(kept.facility, kept.session)
    assert layout is not None
    assert layout.folder == kept.folder
    assert take_inventory(layout).tallies["raw"].files == 3


def test_files_are_read_to_remove_and_not_to_show(
    kept: KeptPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.back_up(*RAW)
    os.link(kept.place / "raw/a.tiff", kept.place / "handover/a.tiff")
    ledger = kept.folder / ".facility" / "backup-usb.db"
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("UPDATE kept SET at = 5.0")  # every inode has changed since
    found = plan(kept)
    read: list[object] = []
    compared = planning._compared
    monkeypatch.setattr(planning, "_compared", lambda *a: read.append(a) or compared(*a))
    decision = found.decision
    shown = planning.plan_removal(kept.session, kept.layout, decision, compare=False)
    assert (shown.lines, read) == (found.lines, [])
    assert len(planning.plan_removal(kept.session, kept.layout, decision).lines) == len(read) == 3
