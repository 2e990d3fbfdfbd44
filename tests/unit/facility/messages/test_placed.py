"""Sessions of messages are in the facility's folders and in its registry."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from icestream.engine.machine.lock import holder
from icestream.facility.backup.duty import what_of
from icestream.facility.begin.card import read_card
from icestream.facility.begin.tree import make_place
from icestream.facility.messages.documents import StartSession, UnreadableRequest
from icestream.facility.messages.kinds import MessagesSection
from icestream.facility.messages.ledger import MessageLedger
from icestream.facility.messages.placed import PlacedSessions, follow_all
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.bookings import bookings, keep_booking
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import change_session, session
from icestream.facility.transfer.session import route_of
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


def test_a_project_that_becomes_confidential_hides_the_sessions_that_it_has(
    facility: Facility,
) -> None:
    placed = _begun(facility, _asked(microscope="krios1", project="X1"))
    folder = str(placed.folder_of("night"))
    assert not placed.confidential(folder, "X1")
    with facility.registry.write() as connection:
        keep_project(connection, "X1", confidential=True)
    assert placed.confidential(folder)
    with facility.registry.write() as connection:
        keep_project(connection, "X1", confidential=False)
        change_session(connection, session(connection, "night").id, confidential=True)
    assert placed.confidential(folder, "X1"), "the session itself is"


def test_a_project_is_the_same_in_other_letters(facility: Facility) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, "CEM00123", confidential=True, team="curie")
    placed = _begun(facility, _asked(microscope="krios1", project="cem00123"))
    with facility.registry.read() as connection:
        known = session(connection, "night")
    assert (known.project, known.team, known.confidential) == ("CEM00123", "curie", True)
    assert placed.confidential("", "Cem00123")


def test_movies_are_copied_as_those_of_other_sessions(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    section = MessagesSection.model_validate({"within": [str(tmp_path / "krios1")]})
    with open_facility(write_facility("[transfer]\n")) as facility:
        placed = PlacedSessions(facility, section)
        planned = placed.plan(_asked(microscope="krios1"))
        place = placed._place(planned.asked)
        make_place(facility.file.tree, facility.sessions, place, "")
        routed = placed._routed(planned, place)
        route = route_of(planned.folder)
        assert route is not None and route.since > 1e9
        assert (route.source, route.copy) == (f"{tmp_path}/krios1", str(place.raw))
        assert routed.workflow is not None
        step = routed.workflow.step("import")
        assert step.parameters["pattern"] == str(place.raw)
        assert step.within == (f"{tmp_path}/krios1", str(place.raw))
        assert placed._routed(planned, place) == routed, "killed, it goes on as it began"
        assert route_of(planned.folder) == route
        enter(planned.folder, routed.workflow, Registry())
        placed.begin(routed)
        card = read_card(planned.folder)
        assert card is not None
        assert (card.movies, card.source) == (str(place.raw), f"{tmp_path}/krios1")


def test_where_movies_are_read_in_place_backups_are_told(
    facility: Facility, tmp_path: Path
) -> None:
    placed = PlacedSessions(facility, MessagesSection())
    for name, asked, source in (
        ("a", {"microscope": "krios1"}, f"{tmp_path}/krios1"),
        ("b", {"movies": f"{tmp_path}/old/*.mrc"}, f"{tmp_path}/old"),
    ):
        planned = placed.plan(_asked(name, **asked))
        place = placed._place(planned.asked)
        make_place(facility.file.tree, facility.sessions, place, "")
        taken = placed._routed(planned, place).workflow
        assert taken is not None
        assert planned.workflow is not None
        asked_of = planned.workflow.steps[0].parameters["pattern"]
        assert taken.steps[0].parameters["pattern"] == asked_of
        assert route_of(planned.folder) is not None
        known = what_of(
            KnownSession(
                id=1, name=name, place=str(place.folder), folder=str(planned.folder), key=name,
                began=0.0,
            )
        )  # fmt: skip
        assert known.movies == Path(source)


def test_sessions_that_are_followed_are_not_written_down_again(
    facility: Facility, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _begun(facility, _asked(microscope="krios1"))
    with closing(MessageLedger(tmp_path / "m.db")) as ledger:
        follow_all(facility, ledger, 0.0)
        again: list[object] = []
        monkeypatch.setattr(ledger.following, "follow", again.append)
        follow_all(facility, ledger, 0.0)
        assert again == []


def _book(facility: Facility, reference: str, begins: float = 1e9, **more: object) -> None:
    with facility.registry.write() as connection:
        keep_booking(
            connection, "bookings.csv", reference, microscope="krios1", begins=begins,
            ends=begins + 1e5, who="ann", project="P7", **more,
        )  # fmt: skip


@pytest.mark.parametrize("called", ["cm31111-5", "bookings.csv:cm31111-5"])
def test_a_session_is_for_the_booking_that_was_named(facility: Facility, called: str) -> None:
    _book(facility, "cm31111-5")
    _begun(facility, _asked(microscope="krios1", booking=called, who="lims"))
    with facility.registry.read() as connection:
        known = session(connection, "night")
        (booked,) = bookings(connection)
    assert (known.booking, known.project, known.operator) == (booked.id, "P7", "ann")
    card = read_card(Path(known.folder))
    assert card is not None
    assert (card.booking, card.operator) == (("bookings.csv", "cm31111-5"), "ann")


def test_a_booking_that_nobody_knows_is_refused(facility: Facility) -> None:
    _book(facility, "cm31111-6", state="cancelled")
    placed = PlacedSessions(facility, MessagesSection())
    with pytest.raises(UnreadableRequest, match="no booking of krios1 called 'cm31111-5': leave"):
        placed.plan(_asked(microscope="krios1", booking="cm31111-5"))
    with pytest.raises(UnreadableRequest, match="called 'cm31111-6' any more: it was cancelled"):
        placed.plan(_asked(microscope="krios1", booking="cm31111-6"))


def test_a_process_takes_the_folder_in_which_it_was_said_where_movies_are(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    with open_facility(write_facility("[transfer]\n")) as facility:
        placed = PlacedSessions(facility, MessagesSection())
        planned = placed.plan(_asked(microscope="krios1", idle_timeout=1.0))
        placed.begin(planned)
        with facility.registry.read() as connection:
            assert session(connection, "night").state == "running"
        until = time.monotonic() + 60.0
        while holder(planned.folder) and time.monotonic() < until:
            time.sleep(0.05)
        assert not holder(planned.folder), "it ends when nothing comes"


def test_what_cannot_be_fetched_is_refused_before_anything_is_made(facility: Facility) -> None:
    placed = PlacedSessions(facility, MessagesSection())
    with pytest.raises(UnreadableRequest, match="movies: .* is on another machine: mount it"):
        placed.plan(_asked(microscope="krios1", movies="camera:/data"))
    assert not list(facility.sessions.iterdir())


def test_of_the_folder_of_all_what_was_before_is_left(facility: Facility) -> None:
    asked = _asked(microscope="krios1")
    placed = PlacedSessions(facility, MessagesSection())
    planned = placed._routed(placed.plan(asked), placed._place(asked))
    route = route_of(planned.folder)
    assert route is not None
    assert time.time() - route.since == pytest.approx(3600.0, abs=60.0)
    assert planned.workflow is not None
    assert planned.workflow.steps[0].parameters["since"] == route.since
