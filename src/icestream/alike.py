"""Names of a known set that may be meant by one that is not in it."""

import difflib
import re
from collections.abc import Iterable

__all__ = ["hint", "meant", "nearest"]

_ALIKE = 0.6
"""How much of two names must be the same, 0 to 1, for one to be meant by the other."""


def nearest(name: str, known: Iterable[str], most: int = 2) -> list[str]:
    """Those of the known names that `name` may stand for, the nearest first.

    Capitals, hyphens, underscores, dots and spaces make no difference, but between names that
    differ in these alone.

    >>> nearest("defocusmax", ["defocus_min", "defocus_max", "tile"])
    ['defocus_max']
    """
    plain: dict[str, list[str]] = {}
    for each in known:
        plain.setdefault(_plain(each), []).append(each)
    sought = _plain(name)
    keys = [sought] if sought in plain else []
    keys = keys or difflib.get_close_matches(sought, plain, n=most, cutoff=_ALIKE)

    def same(each: str) -> float:
        return difflib.SequenceMatcher(None, name, each).ratio()

    return [each for key in keys for each in sorted(plain[key], key=same, reverse=True)][:most]


def meant(name: str, known: Iterable[str], most: int = 2) -> str:
    """A question about a name that is none of those known; empty where none is near.

    >>> meant("volatge", ["voltage", "camera"])
    'did you mean voltage?'
    """
    near = nearest(name, known, most)
    return f"did you mean {' or '.join(near)}?" if near else ""


def hint(name: str, known: Iterable[str], most: int = 2) -> str:
    """The end of a sentence: ``; did you mean voltage?``, or nothing where no name is near."""
    question = meant(name, known, most)
    return f"; {question}" if question else ""


def _plain(name: str) -> str:
    return re.sub(r"[-_. ]", "", name).casefold()
