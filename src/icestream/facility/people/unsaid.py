"""Text for others: without the names, folders and projects of confidential sessions."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from sqlalchemy import Connection

from icestream.facility.begin.card import BadCard, read_card
from icestream.facility.registry.people import projects
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import sessions

__all__ = ["CONFIDENTIAL", "unsaid", "unsaid_by_card", "without", "without_sessions"]

CONFIDENTIAL = "a confidential session"
"""What is said in their place."""


def without(paths: Iterable[str], words: Iterable[str]) -> Callable[[str], str]:
    """What takes paths, and what is below them, and words out of a text.

    >>> without(["/s/hushed"], ["acme"])("acme: /s/hushed/raw is full, /s/hushed-2 is not")
    'a confidential session: a confidential session is full, /s/hushed-2 is not'
    """
    parts = [
        re.escape(path) + r"(?:/[^\s'\",;]*[^\s'\",;:.)])?(?![\w.-])"
        for path in _longest(paths)
        if path != "/"
    ]
    parts += [rf"(?:session )?(?<![\w.-]){re.escape(word)}(?![\w-])" for word in _longest(words)]
    if not parts:
        return str
    pattern = re.compile("|".join(parts), re.IGNORECASE)
    return lambda text: pattern.sub(CONFIDENTIAL, text)


def without_sessions(hidden: Iterable[KnownSession], codes: Iterable[str]) -> Callable[[str], str]:
    """What takes all that names sessions, and the codes of projects, out of a text."""
    told = list(hidden)
    paths = [path for one in told for path in (one.folder, one.place)]
    return without(paths, [*(one.name for one in told), *codes])


def unsaid(connection: Connection) -> Callable[[str], str]:
    """What makes a text one that staff may read: of confidential sessions it says nothing."""
    hidden = [one for one in sessions(connection) if one.confidential]
    return without_sessions(hidden, [one.code for one in projects(connection) if one.confidential])


def unsaid_by_card(folder: Path) -> Callable[[str], str] | None:
    """The same for one session, by its card; None where it is not confidential.

    One whose card cannot be read may be: nobody knows.
    """
    try:
        card = read_card(folder)
    except BadCard:
        return without((str(folder),), (folder.name,))
    if card is None or not card.confidential:
        return None
    movies = card.movies.partition("*")[0].rstrip("/")
    paths = (str(folder), card.folder, card.place, card.source, movies)
    return without(paths, (card.session, card.project))


def _longest(words: Iterable[str]) -> list[str]:
    return sorted({word for word in words if word}, key=len, reverse=True)
