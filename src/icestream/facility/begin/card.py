"""The card of a session: what the facility knows of it, in its own folder.

From the cards the registry can be made anew, and whoever finds the folder knows whose it is.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from icestream.documents import read_json
from icestream.whole import written_whole

__all__ = ["CARD", "BadCard", "Card", "cards_below", "read_card", "write_card"]

CARD = "facility.json"
VERSION = 1


class BadCard(ValueError):
    """A card that cannot be read; the message says which, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the facility knows of a session; empty where nobody knows."""

    session: str
    """Its name."""
    key: str
    """The session's own identity, which stays when its folder is moved."""
    place: str
    """Its folder in the tree of the facility, where it was begun."""
    folder: str
    """Of the session itself, where it was begun."""
    movies: str = ""
    """Where its movies are taken from: the microscope's folder, or the copy."""
    source: str = ""
    """Where its movies are copied from; empty where they are read in place."""
    microscope: str = ""
    detector: str = ""
    project: str = ""
    team: str = ""
    operator: str = ""
    """Login of the one whom the session is for."""
    booking: tuple[str, str] | None = None
    """Source and reference."""
    sample: str = ""
    workflow: str = ""
    began: float
    """Seconds since the epoch."""
    by: str = ""
    """Who began it."""
    confidential: bool = False
    note: str = ""


def write_card(card: Card, *, folder: Path | None = None) -> None:
    """Write a card into its session's folder, whole or not at all."""
    document = {"version": VERSION, **asdict(card)}
    path = (Path(card.folder) if folder is None else folder) / CARD
    with written_whole(path) as unfinished:
        unfinished.write_text(
            json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def read_card(folder: Path) -> Card | None:
    """The card of the session in a folder; None where it has none.

    Raises
    ------
    BadCard
        If it cannot be read.
    """
    path = folder / CARD
    try:
        document = read_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return None
    except (OSError, ValueError) as error:
        raise BadCard(f"{path} cannot be read: {error}") from None
    return _card(path, document)


def cards_below(folder: Path, *, deep: int = 8) -> Iterator[Path]:
    """Folders below one that have a card, at most so many folders deep; links are not followed."""
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        return
    if any(one.name == CARD for one in inside):
        yield folder  # nothing below a session is one
        return
    for one in inside if deep else ():
        if one.is_dir() and not one.is_symlink() and not one.name.startswith("."):
            yield from cards_below(one, deep=deep - 1)


def _card(path: Path, document: Any) -> Card:
    if not isinstance(document, dict) or not isinstance(document.get("version"), int):
        raise BadCard(f"{path} is no card of a session: it has no version")
    known = {field.name for field in fields(Card)}  # a later version may say more
    told = {name: value for name, value in document.items() if name in known}
    booking = told.get("booking")
    told["booking"] = tuple(booking) if isinstance(booking, list) and len(booking) == 2 else None
    try:
        card = Card(**told)
    except TypeError as error:
        raise BadCard(f"{path} is no card of a session: {error}") from None
    for field in fields(Card):
        value = getattr(card, field.name)
        if field.type in (str, "str") and not isinstance(value, str):
            raise BadCard(f"{path}: {field.name} is {value!r}, and no text")
    if isinstance(card.began, bool) or not isinstance(card.began, int | float):
        raise BadCard(f"{path}: began is {card.began!r}, and no time")
    if not card.session or not card.key:
        raise BadCard(f"{path} is no card of a session: it names no session, or not its key")
    return card
