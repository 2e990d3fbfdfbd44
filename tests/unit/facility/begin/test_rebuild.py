"""The registry is made anew from the cards in the sessions' folders."""

import shutil
from pathlib import Path

from icestream.facility.begin.begin import WantedSession, begin_session
from icestream.facility.begin.card import CARD, Card, read_card
from icestream.facility.begin.rebuild import rebuild
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.microscopes import microscopes
from icestream.facility.registry.sessions import session, sessions
from icestream.protocol import Registry


def begin(facility: Facility, project: str) -> Card:
    wanted = WantedSession(
        microscope="glacios", project=project, operator="lea", workflow="quick-look", start=False
    )
    return begin_session(facility, Registry(), wanted).card


def test_a_registry_that_is_lost_comes_back(facility: Facility) -> None:
    cards = [begin(facility, name) for name in ("p", "p", "q")]
    with facility.registry.read() as connection:
        before = {one.name: one for one in sessions(connection)}
    facility.registry.close()
    assert facility.registry.file is not None
    for one in facility.registry.file.parent.glob("registry.db*"):
        one.unlink()
    path = facility.path
    path.write_text(path.read_text().replace("[microscopes.glacios]", "[microscopes.other]"))
    with open_facility(path) as again:
        found = rebuild(again)
        assert (found.sessions, found.moved, found.refused) == (3, (), ())
        assert rebuild(again).sessions == 3  # a second time changes nothing
        with again.registry.read() as connection:
            after = {one.name: one for one in sessions(connection)}
            gone = {one.name: one.retired is not None for one in microscopes(connection)}
    assert after.keys() == before.keys()
    for card in cards:
        one, two = before[card.session], after[card.session]
        assert (one.key, one.project, one.operator, one.began, one.microscope) == (
            two.key, two.project, two.operator, two.began, two.microscope,
        )  # fmt: skip
    assert gone == {"glacios": True, "krios1": False, "other": False}


def test_a_folder_that_was_moved_is_told_and_a_copy_is_not_taken(facility: Facility) -> None:
    card = begin(facility, "p")
    place = Path(card.place)
    moved = facility.sessions / "elsewhere"
    place.rename(moved)
    shutil.copytree(moved, facility.sessions / "twin")
    found = rebuild(facility)
    assert (found.sessions, found.moved) == (1, ("p-001",))
    assert "twin" in found.refused[0]
    assert "is a copy of the session in" in found.refused[0]
    now = read_card(moved / "p-001")
    assert now is not None
    assert (now.place, now.folder) == (str(moved), str(moved / "p-001"))
    with facility.registry.read() as connection:
        assert session(connection, "p-001").folder == str(moved / "p-001")


def test_a_card_that_cannot_be_read_is_named(facility: Facility) -> None:
    card = begin(facility, "p")
    (Path(card.folder) / CARD).write_text("{")
    found = rebuild(facility)
    assert found.sessions == 0
    assert CARD in found.refused[0]
