"""The duty that keeps the area."""

import time
from pathlib import Path

import pytest

from copied_facility import begun, do, known
from icestream.facility.duties.duty import Outage
from icestream.facility.handover.duty import asked_of, offer_known
from icestream.facility.handover.offer import offers
from icestream.facility.opened import Facility
from icestream.facility.registry.sessions import change_session
from icestream.facility.transfer.session import MovieRoute, write_route
from silent_disks import Hangs, hangs

__all__ = ["hangs"]


def test_sessions_that_ended_are_offered_and_not_again_when_it_is_over(copies: Facility) -> None:
    session, area = begun(copies), copies.path.parent / "area"
    assert do(copies, "handover").startswith("0 sessions offered")
    with copies.registry.write() as connection:
        change_session(connection, session.id, ended=time.time())
    assert do(copies, "handover").startswith("1 sessions offered")
    (made,) = offers(area)
    assert (area / made.name / "results" / "align" / "a.mrc").exists()
    from icestream.facility.handover.area import end_offer

    assert copies.file.handover is not None
    end_offer(copies.file.handover, made)
    assert do(copies, "handover").startswith("0 sessions offered")
    assert offer_known(copies, known(copies)).session == "p-001"


def test_of_a_confidential_project_no_name_is_anywhere(copies: Facility) -> None:
    begun(copies, "secretive-001", secret=True)
    made = offer_known(copies, known(copies, "secretive-001"))
    assert made.confidential
    area = copies.path.parent / "area"
    names = [str(path.relative_to(area)) for path in area.rglob("*")]
    assert not [name for name in names if "secretive" in name]
    assert "secretive" not in (area / ".offers" / "rsyncd.conf").read_text()


def test_an_area_that_is_away_is_an_outage(copies: Facility) -> None:
    area = copies.path.parent / "area"
    area.rename(Path(f"{area}.away"))
    with pytest.raises(Outage, match="mount its disk"):
        do(copies, "handover")


def test_a_folder_of_the_microscope_that_all_share_is_not_offered(copies: Facility) -> None:
    session = begun(copies)
    nas = copies.path.parent / "krios1"
    write_route(Path(session.folder), MovieRoute(source=str(nas), since=1.0))
    assert asked_of(session).contents.movies is None
    write_route(Path(session.folder), MovieRoute(source=str(nas / "p-001")))
    assert asked_of(session).contents.movies == nas / "p-001"


def test_one_session_that_cannot_be_offered_keeps_no_other_up(copies: Facility) -> None:
    for name in ("p-001", "q-001"):
        session = begun(copies, name)
        with copies.registry.write() as connection:
            change_session(connection, session.id, ended=time.time())
    (Path(session.folder) / ".facility" / "transfer.db").write_bytes(b"no database" * 100)
    with pytest.raises(Outage, match="q-001: file is not a database"):
        do(copies, "handover")
    assert {one.session for one in offers(copies.path.parent / "area") if one.files} == {"p-001"}


def test_a_microscope_whose_disk_hangs_keeps_no_other_session_up(
    copies: Facility, tmp_path: Path, hangs: Hangs
) -> None:
    for name in ("p-001", "q-001"):
        session = begun(copies, name)
        with copies.registry.write() as connection:
            change_session(connection, session.id, ended=time.time())
    write_route(Path(known(copies).folder), MovieRoute(source=str(tmp_path / "glacios")))
    hangs.at(tmp_path / "glacios")
    with pytest.raises(Outage, match=r"^p-001: the disk of glacios's movies, \S* has not answered"):
        do(copies, "handover")
    assert [offer.session for offer in offers(tmp_path / "area")] == ["q-001"]
    hangs.over()
    hangs.eventually(lambda: copies.disks.silent(tmp_path / "glacios") is None)
    assert do(copies, "handover").startswith("2 sessions offered")
    hangs.at(tmp_path / "area")
    with pytest.raises(OSError, match="the disk of the area from which people fetch data"):
        do(copies, "handover")
