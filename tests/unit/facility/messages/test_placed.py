"""Sessions of messages are in the facility's folders and in its registry."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from icestream.facility.begin.card import read_card
from icestream.facility.begin.tree import make_place
from icestream.facility.messages.documents import StartSession, UnreadableRequest
from icestream.facility.messages.kinds import MessagesSection
from icestream.facility.messages.ledger import MessageLedger
from icestream.facility.messages.placed import PlacedSessions, follow_all
from icestream.facility.opened import Facility
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.sessions import session
from icestream.protocol import Registry
from icestream.starting.begin import enter

WAITS = {"name": "waits", "steps": [{"name": "import", "protocol": "movies.import"}]}


def _asked(name: str = "night", **more: object) -> StartSession:
    return StartSession.model_validate({"id": name, "session": name, "workflow": WAITS, **more})


def _begun(facility: Facility, asked: StartSession) -> PlacedSessions:
    """As `begin`, without a process."""
    placed = PlacedSessions(facility, MessagesSection())
    planned = placed.plan(asked)
    assert planned.workflow is not None
    place = placed._place(asked)
    make_place(facility.file.tree, facility.sessions, place, "")
    enter(planned.folder, planned.workflow, Registry())
    placed.begin(planned)
    placed.begin(planned)  # killed before it was written down that it began
    return placed


def test_a_session_is_written_down_once(facility: Facility, tmp_path: Path) -> None:
    asked = _asked(microscope="krios1", project="P1", who="lea")
    placed = _begun(facility, asked)
    with facility.registry.read() as connection:
        known = session(connection, "night")
    assert (known.microscope, known.project, known.operator) == ("krios1", "P1", "lea")
    planned = placed.plan(asked, ours=True)
    assert known.folder == str(planned.folder)
    assert Path(known.folder).is_relative_to(tmp_path / "sessions" / "krios1")
    assert known.detector == "K3"
    assert known.state == "running"
    card = read_card(Path(known.folder))
    assert card is not None
    assert (card.session, card.by, card.place) == ("night", "a message", known.place)
    assert placed.folder_of("night") == Path(known.folder)
    assert placed.folder_of("other") is None
    with pytest.raises(UnreadableRequest, match="there is one called 'night' already"):
        placed.plan(asked)


def test_movies_are_where_the_microscope_writes(facility: Facility, tmp_path: Path) -> None:
    placed = PlacedSessions(facility, MessagesSection())
    planned = placed.plan(_asked(microscope="krios1"))
    assert planned.workflow is not None
    given = planned.workflow.step("import").parameters
    assert given["pattern"] == f"{tmp_path}/krios1"
    assert given["microscope"] == "krios1"
    with pytest.raises(UnreadableRequest, match="did you mean krios1"):
        placed.plan(_asked(microscope="krios"))


def test_confidential_is_what_the_project_says(facility: Facility) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, "X1", confidential=True)
    placed = _begun(facility, _asked(microscope="krios1", project="X1"))
    folder = placed.folder_of("night")
    assert placed.confidential(str(folder))
    assert placed.confidential("", "X1")
    assert not placed.confidential("", "P2")
    assert not placed.confidential("/elsewhere")


def test_all_sessions_of_the_registry_are_followed(
    facility: Facility, tmp_path: Path, write_facility: Callable[[str], Path]
) -> None:
    _begun(facility, _asked(microscope="krios1"))
    with closing(MessageLedger(tmp_path / "m.db")) as ledger:
        follow_all(facility, ledger, 4e9)
        assert ledger.following.followed() == []
        follow_all(facility, ledger, 0.0)
        follow_all(facility, ledger, 0.0)
        assert [one.name for one in ledger.following.followed()] == ["night"]
