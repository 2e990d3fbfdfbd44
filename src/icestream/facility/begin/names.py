"""Names of sessions, and the folders where they are put."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from icestream.facility.begin.kinds import Tree
from icestream.facility.begin.tree import SessionPlace

__all__ = ["folder_name", "group_name", "place_of", "session_name"]

_LONGEST = 64


def folder_name(text: str) -> str:
    """A text as the name of a folder, which no shell has to quote.

    >>> folder_name("Müller, Ana (2026/17)")
    'Muller-Ana-2026-17'
    >>> folder_name("../../etc")
    'etc'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9_.]+", "-", plain)
    return re.sub(r"-*\.{2,}-*", "-", plain).strip("-.")[:_LONGEST].strip("-.")


def session_name(tree: Tree, facts: Mapping[str, str], number: int, now: datetime) -> str:
    """What the next session is called.

    Parameters
    ----------
    facts
        Microscope, project, team and operator; what is not known is empty.
    number
        How many sessions of its project there are with it.
    now
        On the facility's clock.
    """
    return folder_name(tree.session.format(**_fields(tree, facts, now), number=f"{number:03d}"))


def place_of(
    tree: Tree, root: Path, facts: Mapping[str, str], named: tuple[str, int], now: datetime
) -> SessionPlace:
    """The folders of a session below that of all sessions, which are not made.

    Parameters
    ----------
    named
        The session's name, and its number.
    """
    session, number = named
    fields = {**_fields(tree, facts, now), "session": session, "number": f"{number:03d}"}

    def below(folder: Path, template: str) -> Path:
        parts = (folder_name(part.format(**fields)) for part in template.split("/"))
        return folder.joinpath(*(part for part in parts if part))

    folder = below(root, tree.place)
    return SessionPlace(folder, folder / tree.raw, below(folder, tree.processing))


def group_name(tree: Tree, facts: Mapping[str, str], now: datetime) -> str:
    """The group of the system that a place is given; empty where it keeps that of the process."""
    return tree.group.format(**_fields(tree, facts, now), session="", number="").lower()


def _fields(tree: Tree, facts: Mapping[str, str], now: datetime) -> dict[str, str]:
    named = ("microscope", "project", "team", "operator")
    known = {name: folder_name(facts.get(name, "")) or tree.unknown for name in named}
    return {**known, "year": f"{now:%Y}", "month": f"{now:%m}", "day": f"{now:%d}"}
