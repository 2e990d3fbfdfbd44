"""A session is made confidential in the registry and on its card."""

import shutil
from pathlib import Path

import pytest

from icestream.facility.begin.begin import WantedSession, begin_session
from icestream.facility.begin.card import CARD, read_card
from icestream.facility.opened import Facility
from icestream.facility.people.hiding import hide_session, mark_cards
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import session
from icestream.protocol import Registry


@pytest.fixture
def begun(facility: Facility) -> KnownSession:
    wanted = WantedSession(microscope="krios1", workflow="quick-look", start=False)
    card = begin_session(facility, Registry(), wanted).card
    with facility.registry.read() as connection:
        return session(connection, card.key)


def test_card_and_registry_say_the_same(facility: Facility, begun: KnownSession) -> None:
    for hidden in (True, False):
        hide_session(facility, begun, hidden)
        card = read_card(Path(begun.folder))
        assert card is not None
        with facility.registry.read() as connection:
            assert session(connection, begun.key).confidential == card.confidential == hidden


def test_the_registry_says_it_whatever_the_card(facility: Facility, begun: KnownSession) -> None:
    (Path(begun.folder) / CARD).write_text("{")
    hide_session(facility, begun, True)
    shutil.rmtree(begun.folder)
    hide_session(facility, begun, True)
    with facility.registry.read() as connection:
        assert session(connection, begun.key).confidential


def test_cards_of_a_project_that_becomes_confidential_say_so(facility: Facility) -> None:
    wanted = WantedSession(microscope="krios1", project="p", workflow="quick-look", start=False)
    begun = [begin_session(facility, Registry(), wanted).card for _ in range(2)]
    shutil.rmtree(begun[1].folder)
    mark_cards(facility, ["p"])
    card = read_card(Path(begun[0].folder))
    assert card is not None
    assert not card.confidential
    with facility.registry.write() as connection:
        keep_project(connection, "p", confidential=True)
    mark_cards(facility, ["p"])
    card = read_card(Path(begun[0].folder))
    assert card is not None
    assert card.confidential
