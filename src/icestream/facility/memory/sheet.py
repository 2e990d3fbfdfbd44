"""What the facility knows of a session, for its PDF."""

from datetime import UTC, datetime, tzinfo
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from icestream.exports.sheet import Surroundings
from icestream.facility.begin.card import BadCard, Card, read_card
from icestream.facility.file import FacilityFileError, LoadedFacility, load_facility
from icestream.facility.memory.figures import figure_text
from icestream.facility.memory.history import FigureStanding, charts, standings
from icestream.facility.registry.open import BadRegistry, open_registry
from icestream.facility.registry.sessions import UnknownPlace, session
from icestream.store.migrate import OtherSchema

__all__ = ["surroundings"]


def surroundings(folder: Path) -> Surroundings:
    """What is known of the session in a folder besides itself.

    Nothing where it was not begun by a facility; no figures of other sessions where this machine
    is none of a facility, or may not read its registry.
    """
    try:
        card = read_card(folder)
    except BadCard:
        return Surroundings()
    if card is None:
        return Surroundings()
    try:
        known = load_facility()
    except FacilityFileError:
        return Surroundings(title=card.session, about=_about(card, "", UTC))
    return Surroundings(
        title=card.session,
        about=_about(card, known.file.facility.name, known.file.zone),
        among=tuple(_row(one) for one in _standings(known, card)),
    )


def _about(card: Card, facility: str, zone: tzinfo) -> tuple[tuple[str, str], ...]:
    began = datetime.fromtimestamp(card.began, zone)
    booking = "" if card.booking is None else " ".join(card.booking)
    rows = (
        ("Facility", facility),
        ("Project", card.project),
        ("Team", card.team),
        ("Operator", card.operator),
        ("Booking", booking),
        ("Sample", card.sample),
        ("Microscope", card.microscope),
        ("Detector", card.detector),
        ("Workflow", card.workflow),
        ("Begun", f"{began:%Y-%m-%d %H:%M}"),
        ("", "Confidential" if card.confidential else ""),
    )
    return tuple((title, words) for title, words in rows if words)


def _standings(known: LoadedFacility, card: Card) -> tuple[FigureStanding, ...]:
    """Where the session lies among others; nothing where the registry cannot be read."""
    memory = known.file.memory
    place = known.file.registry_place()
    if memory is None or ("://" not in place and not Path(place).is_file()):
        return ()
    try:
        registry = open_registry(place)
    except (BadRegistry, OtherSchema, SQLAlchemyError):
        return ()
    try:
        with registry.read() as connection:
            found = session(connection, card.key)
            drawn = charts(connection, memory, found.microscope)
            return tuple(
                one for one in standings(drawn, found.id, memory.least) if one.share is not None
            )
    except (UnknownPlace, SQLAlchemyError):
        return ()
    finally:
        registry.close()


def _row(one: FigureStanding) -> tuple[str, str, str, str]:
    usual = figure_text(one.figure, one.judged.middle)
    words = f"{one.words}{', outside of the limits' if one.judged.beyond else ''}"
    return one.figure.title, figure_text(one.figure, one.value), usual, words
