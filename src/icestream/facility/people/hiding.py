"""Making a session confidential, or not, in its card and in the registry."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from icestream.facility.begin.card import BadCard, read_card, write_card
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import change_session

__all__ = ["hide_session"]


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
    folder = Path(session.folder)
    with suppress(BadCard):
        card = read_card(folder)
        if card is not None and card.confidential != hidden:
            write_card(replace(card, confidential=hidden), folder=folder)
