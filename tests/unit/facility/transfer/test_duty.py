"""The duty that copies all sessions."""

import contextlib
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from copied_facility import begun, do, known
from icestream.facility.duties.all import duties_of
from icestream.facility.duties.duty import Outage
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import change_session
from icestream.facility.transfer.duty import Copies, rules_of
from icestream.facility.transfer.mounted_source import MountedSource
from icestream.facility.transfer.progress import progress
from icestream.facility.transfer.session import ledger_of, route_of, write_route
from microscope_copies import write_movie
from silent_disks import Hangs, hangs

__all__ = ["hangs"]


def test_all_sessions_are_copied_side_by_side(copies: Facility) -> None:
    one, other = begun(copies, "p-001"), begun(copies, "q-001")
    assert do(copies, "transfer").startswith("2 sessions: ")
    do(copies, "transfer")
    for session in (one, other):
        assert len(list((Path(session.place) / "raw").glob("*.mrc"))) == 2


def test_one_that_cannot_be_copied_is_named_and_the_others_are(copies: Facility) -> None:
    one, other = begun(copies, "p-001"), begun(copies, "q-001")
    shutil.rmtree(copies.path.parent / "krios1" / "p-001")
    with pytest.raises(Outage, match="p-001: .* is not there"):
        do(copies, "transfer")
    with pytest.raises(Outage, match="p-001"):
        do(copies, "transfer")
    assert not list((Path(one.place) / "raw").iterdir())
    assert len(list((Path(other.place) / "raw").glob("*.mrc"))) == 2


def test_a_copy_is_over_when_the_session_is_and_nothing_came(copies: Facility) -> None:
    session = begun(copies)
    (duty,) = (duty for duty in duties_of(copies.file) if duty.name == "transfer")
    for _ in range(3):
        do(copies, "transfer")
    with copies.registry.write() as connection:
        change_session(connection, session.id, ended=time.time() - 3600.0)
    ledger = ledger_of(Path(session.folder))
    copying = Copies(copies.file.transfer).copy(known(copies))  # type: ignore[arg-type]
    assert copying is not None
    for entry in copying.ledger.every():
        copying.ledger.put(entry, found=time.time() - 3600.0)
    do(copies, "transfer")
    how = progress(ledger)
    assert how is not None
    assert how.ended
    assert do(copies, "transfer") == "no session is being copied"
    with copies.registry.write() as connection:
        change_session(connection, session.id, ended=None)
    assert do(copies, "transfer").startswith("1 sessions")
    assert duty.every == pytest.approx(0.1)


def test_files_are_removed_at_the_source_only_when_asked(copies: Facility) -> None:
    section = copies.file.transfer
    assert section is not None
    assert rules_of(section).clean_after is None
    asked = section.model_copy(update={"clean_source": "after-verified-copy"})
    assert rules_of(asked).clean_after == 168 * 3600.0


def shared(facility: Facility, session: KnownSession, **values: object) -> Path:
    """Let a session take the whole folder of its microscope; that folder."""
    folder, route = Path(session.folder), route_of(Path(session.folder))
    assert route is not None
    source = Path(route.source).parent
    write_route(folder, replace(route, source=str(source), since=1.0))
    with facility.registry.write() as connection:
        change_session(connection, session.id, **values)
    return source


def raw_of(session: KnownSession) -> set[str]:
    raw = Path(session.place) / "raw"
    return {str(path.relative_to(raw)) for path in raw.rglob("*.mrc")}


def test_movies_of_after_a_session_s_end_are_others(copies: Facility) -> None:
    session, now = begun(copies), time.time()
    source = shared(copies, session, ended=now - 1000.0)
    os.utime(source / "p-001" / "0_fractions.mrc", (now - 1100.0, now - 1100.0))
    for _ in range(2):
        do(copies, "transfer")
    assert raw_of(session) == {"p-001/0_fractions.mrc"}
    with copies.registry.write() as connection:
        change_session(connection, session.id, ended=None)  # it goes on, and they are its own
    for _ in range(2):
        do(copies, "transfer")
    assert raw_of(session) == {"p-001/0_fractions.mrc", "p-001/1_fractions.mrc"}


def test_what_others_have_to_themselves_is_not_copied_with_the_whole(copies: Facility) -> None:
    session, other = begun(copies, "p-001"), begun(copies, "q-001")
    shared(copies, session, ended=None)
    with copies.registry.write() as connection:
        change_session(connection, other.id, began=time.time() - 3600.0)
    for _ in range(2):
        do(copies, "transfer")
    assert {name.partition("/")[0] for name in raw_of(session)} == {"p-001"}
    assert len(raw_of(other)) == 2


def test_who_begins_later_has_the_folder(copies: Facility) -> None:
    session, other = begun(copies, "p-001"), begun(copies, "q-001")
    source = shared(copies, session, began=time.time() - 7200.0)
    shared(copies, other, began=time.time() - 3600.0)
    os.utime(source / "p-001" / "0_fractions.mrc", (time.time() - 5000.0,) * 2)
    for _ in range(2):
        do(copies, "transfer")
    assert raw_of(session) == {"p-001/0_fractions.mrc"}


def test_a_ledger_that_is_broken_keeps_no_other_session_up(copies: Facility) -> None:
    session, other = begun(copies, "p-001"), begun(copies, "q-001")
    ledger = ledger_of(Path(session.folder))
    ledger.parent.mkdir(exist_ok=True)
    ledger.write_bytes(b"no database" * 100)
    for _ in range(2):
        with pytest.raises(Outage, match="p-001: file is not a database"):
            do(copies, "transfer")
    assert len(raw_of(other)) == 2


def test_of_a_confidential_session_neither_name_nor_folder_is_said(copies: Facility) -> None:
    begun(copies, "p-001", secret=True)
    shutil.rmtree(copies.path.parent / "krios1" / "p-001")
    with pytest.raises(Outage, match="^a confidential session has trouble$"):
        do(copies, "transfer")


def test_a_microscope_whose_disk_hangs_keeps_no_other_up(
    copies: Facility, tmp_path: Path, hangs: Hangs
) -> None:
    one, other = begun(copies, "p-001"), begun(copies, "q-001")
    do(copies, "transfer")
    nas = tmp_path / "glacios" / "p-001"
    nas.mkdir()
    (nas / "more.mrc").write_bytes(b"")
    route = route_of(Path(one.folder))
    assert route is not None
    write_route(Path(one.folder), replace(route, source=str(nas)))
    (duty,) = (duty for duty in duties_of(copies.file) if duty.name == "transfer")
    threads = threading.active_count()
    hangs.at(tmp_path / "glacios")
    for number in range(3):
        write_movie(tmp_path / "krios1" / "q-001" / f"new{number}_fractions.mrc", seed=number)
        with pytest.raises(Outage, match=r"^p-001: the disk of glacios's movies, \S*/glacios has"):
            duty.act(copies, threading.Event())
    assert len(raw_of(other)) >= 4
    assert threading.active_count() <= threads + 2  # one asks, and one may hang
    hangs.over()
    hangs.eventually(lambda: copies.disks.silent(nas) is None)
    assert duty.act(copies, threading.Event()).startswith("2 sessions: ")


def test_a_disk_that_begins_to_hang_meanwhile_is_left(
    copies: Facility, tmp_path: Path, hangs: Hangs, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = begun(copies, "p-001"), begun(copies, "q-001")
    (duty,) = (duty for duty in duties_of(copies.file) if duty.name == "transfer")
    find = MountedSource.find

    def found(source: MountedSource, now: float) -> list[str]:
        if "p-001" in source.address.text:
            hangs.at(tmp_path / "krios1" / "p-001")
        return find(source, now)

    monkeypatch.setattr(MountedSource, "find", found)
    copies.disks.roots[tmp_path / "krios1" / "p-001"] = "another disk"
    for _ in range(2):
        with pytest.raises(Outage, match=r"^p-001: the disk of another disk, \S* has not answered"):
            duty.act(copies, threading.Event())
    assert len(raw_of(other)) == 2
    monkeypatch.undo()
    hangs.over()

    def copied() -> bool:
        with contextlib.suppress(Outage):
            duty.act(copies, threading.Event())
        return len(raw_of(one)) == 2

    hangs.eventually(copied)
