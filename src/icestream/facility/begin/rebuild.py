"""The registry made anew from the cards in the sessions' folders."""

from dataclasses import dataclass, replace
from pathlib import Path

from icestream.facility.begin.card import BadCard, Card, cards_below, read_card, write_card
from icestream.facility.opened import Facility
from icestream.facility.registry import tables as t
from icestream.facility.registry.microscopes import retire
from icestream.facility.registry.rows import number_of
from icestream.facility.registry.sessions import Whose, keep_session

__all__ = ["Rebuilt", "keep_card", "rebuild"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What was found below the folder of the sessions."""

    sessions: int
    moved: tuple[str, ...] = ()
    """Sessions whose folder is another than their card said; the cards say it now."""
    refused: tuple[str, ...] = ()
    """Cards that cannot be read, and why."""


def rebuild(facility: Facility) -> Rebuilt:
    """Write all sessions down that have a card below the folder of the sessions.

    What the registry knows beside stays: bookings, occasions, invoices. Teams and people of
    projects come from their source again.
    """
    count, moved, refused = 0, [], []
    keys: dict[str, Path] = {}
    for folder in cards_below(facility.sessions):
        try:
            card = read_card(folder)
        except BadCard as error:
            refused.append(str(error))
            continue
        assert card is not None
        if card.key in keys:
            refused.append(f"{folder} is a copy of the session in {keys[card.key]}")
            continue
        keys[card.key] = folder
        if Path(card.folder) != folder:
            moved.append(card.session)
            card = _moved(card, folder)
        keep_card(facility, card)
        count += 1
    return Rebuilt(sessions=count, moved=tuple(moved), refused=tuple(refused))


def keep_card(facility: Facility, card: Card) -> int:
    """Write the session of a card down, or what has changed of it; its number in the registry."""
    whose = Whose(
        microscope=card.microscope,
        detector=card.detector,
        project=card.project,
        operator=card.operator,
        booking=card.booking,
    )
    with facility.registry.write() as connection:
        if card.microscope:
            retire(connection, card.microscope)
        there = number_of(connection, t.session, key=card.key)
        return keep_session(
            connection,
            card.key,
            whose,
            name=card.session,
            place=card.place,
            folder=card.folder,
            workflow=card.workflow,
            sample=card.sample,
            began=card.began,
            confidential=card.confidential,
            note=card.note,
            **({"state": "new"} if there is None else {}),
        )


def _moved(card: Card, folder: Path) -> Card:
    """The card of a session whose folder is another now."""
    inside = Path(card.folder).relative_to(card.place) if _is_below(card) else Path()
    place = folder.parents[len(inside.parts) - 1] if inside.parts else folder
    now = replace(card, folder=str(folder), place=str(place))
    write_card(now)
    return now


def _is_below(card: Card) -> bool:
    return Path(card.folder).is_relative_to(card.place) and card.folder != card.place
