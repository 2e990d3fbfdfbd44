"""Which exposures a person means: by number, range, name, part of a name, or grid square."""

import re
from collections.abc import Iterable, Iterator, Sequence

from icestream.alike import hint
from icestream.store.naming import Named, named_exposures
from icestream.store.open import Store

__all__ = ["UnknownExposure", "chosen_exposures"]

_SHOWN = 3
"""Names that a message lists."""
_LONG = 5
"""Digits from which on a number may be a part of a name."""
_RANGE = re.compile(r"#?(\d+)-#?(\d+)")
_NUMBER = re.compile(r"#?(\d+)")


class UnknownExposure(LookupError):
    """What was given names no exposure, or more than one."""


def chosen_exposures(
    store: Store, words: Iterable[str], square: str | None = None
) -> tuple[str, ...]:
    """Names of the exposures that are meant, each once, in order of arrival.

    Parameters
    ----------
    words
        Each a number as the report shows it (``12``), a range (``12-20``), several of them
        (``3,12-20``), a name, or a part that only one name has.
    square
        Name of a grid square, or a part that only one has: all of its exposures.

    Raises
    ------
    UnknownExposure
        Saying all that is wrong, and what may be meant.
    """
    exposures = named_exposures(store, squares=square is not None)
    numbers = {exposure.name: exposure.number for exposure in exposures}
    found: set[str] = set()
    problems: list[str] = []
    for word in words:
        parts = [word] if word in numbers else [part for part in word.split(",") if part]
        for part in parts:
            try:
                found.update(_meant(exposures, numbers.keys(), part))
            except UnknownExposure as error:
                problems.append(str(error))
    if square is not None:
        try:
            found.update(_in_square(exposures, square))
        except UnknownExposure as error:
            problems.append(str(error))
    if problems:
        raise UnknownExposure("; ".join(problems))
    if not found:
        raise UnknownExposure(
            "say which exposures: numbers (12, 12-20), names, or --square with a grid square"
        )
    return tuple(sorted(found, key=numbers.__getitem__))


def _meant(exposures: Sequence[Named], names: Iterable[str], word: str) -> Iterator[str]:
    """The exposures that one word means."""
    match = _NUMBER.fullmatch(word)
    # A long number is that of a foil hole, say; a short one is a slip that must not hit a name.
    of_names = match is not None and len(word) >= _LONG and int(match[1]) > len(exposures)
    if word in names:
        yield word
    elif match and not (of_names and any(word in name for name in names)):
        yield from _between(exposures, int(match[1]), int(match[1]))
    elif match := _RANGE.fullmatch(word):
        yield from _between(exposures, int(match[1]), int(match[2]))
    else:
        yield _only([exposure.name for exposure in exposures], word, "exposure")


def _between(exposures: Sequence[Named], first: int, last: int) -> Iterator[str]:
    most = exposures[-1].number if exposures else 0
    if not 1 <= first <= last <= most:
        asked = str(first) if first == last else f"{first}-{last}"
        has = f"they are numbered from 1 to {most}" if most else "it has none yet"
        raise UnknownExposure(f"no exposure {asked} in this session: {has}")
    yield from (exposure.name for exposure in exposures if first <= exposure.number <= last)


def _in_square(exposures: Sequence[Named], square: str) -> Iterator[str]:
    squares = list(dict.fromkeys(exposure.square for exposure in exposures if exposure.square))
    if not squares:
        raise UnknownExposure("no grid square is known: the metadata of this session name none")
    wanted = square.removeprefix("GridSquare_")  # as the folder is called
    meant = wanted if wanted in squares else _only(squares, wanted, "grid square")
    yield from (exposure.name for exposure in exposures if exposure.square == meant)


def _only(names: Sequence[str], part: str, what: str) -> str:
    """The one name that has a part."""
    having = [name for name in names if part.lower() in name.lower()]
    if len(having) == 1:
        return having[0]
    if having:
        more = f" and {len(having) - _SHOWN} more" if len(having) > _SHOWN else ""
        raise UnknownExposure(
            f"{len(having)} names have {part!r} in them: {', '.join(having[:_SHOWN])}{more}; "
            "give more of the one that is meant"
        )
    raise UnknownExposure(f"no {what} {part!r} in this session{hint(part, names, most=_SHOWN)}")
