"""Making a session confidential, or not, in its card and in the registry."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from icestream.facility.begin.card import BadCard, read_card, write_card
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import change_session, sessions

__all__ = ["hide_session", "mark_cards"]


def hide_session(facility: Facility, session: KnownSession, hidden: bool) -> None:
    """Let only its people and administrators know of a session, or others as well.

    The registry says so at once, to whoever asks; the card, from which it can be made anew, where
    the session's folder can be written.

    Raises
    ------
    OSError
        If the card cannot be written; the registry says it then all the same.
    """
    with facility.registry.write() as connection:
        change_session(connection, session.id, confidential=hidden)
    with suppress(BadCard):
        _mark(Path(session.folder), hidden)


def mark_cards(facility: Facility, projects: Iterable[str]) -> None:
    """Write on the cards of the sessions of confidential projects that they are so.

    Who publishes a report looks at the card alone. One that cannot be written now, since its folder
    is away or archived, is left as it is.
    """
    for code in projects:
        with facility.registry.read() as connection:
            found = sessions(connection, project=code)
        for one in found:
            if one.confidential:
                with suppress(BadCard, OSError):
                    _mark(Path(one.folder), True)


def _mark(folder: Path, hidden: bool) -> None:
    card = read_card(folder)
    if card is not None and card.confidential != hidden:
        write_card(replace(card, confidential=hidden), folder=folder)
