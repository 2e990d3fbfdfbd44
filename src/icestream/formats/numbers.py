"""Numbers as they come out of files: each is checked where it enters, and nowhere else.

A value of the metadata that makes no sense is unknown, and `CheckedNumbers.odd` says why: a movie
can be processed without it, or a person can give it. The geometry of an image cannot be guessed:
`demand` ends the reading of a file whose geometry makes no sense.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from icestream.formats.errors import FormatError

__all__ = [
    "ANGLE",
    "ANY",
    "BINNING",
    "COUNT",
    "DEFOCUS",
    "DOSE",
    "MAGNIFICATION",
    "PIXELS",
    "PIXEL_SIZE",
    "PLACE",
    "TIME",
    "VOLTAGE",
    "WIDTH",
    "Bounds",
    "CheckedNumbers",
    "demand",
    "shortened",
]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between what a quantity can be, with the unit for messages; both ends belong to it."""

    low: float
    high: float
    unit: str = ""

    def holds(self, value: float) -> bool:
        """Whether a value is one of them; what is not finite never is."""
        return math.isfinite(value) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"from {self.low:g} to {self.high:g} {self.unit}".rstrip()


# Wide on purpose: they tell nonsense from a number, not a bad session from a good one.
ANY = Bounds(-1e15, 1e15)
ANGLE = Bounds(-360.0, 360.0, "degrees")
BINNING = Bounds(0.125, 64.0)
COUNT = Bounds(0.0, 1e7)
DEFOCUS = Bounds(-1e9, 1e9, "Å")
DOSE = Bounds(0.0, 1e6, "e/Å²")
MAGNIFICATION = Bounds(1.0, 1e9)
PIXELS = Bounds(1.0, 2.0**20, "pixels")
PIXEL_SIZE = Bounds(0.01, 1e6, "Å")
PLACE = Bounds(-1e6, 1e6, "µm")
TIME = Bounds(0.0, 1e6, "s")
VOLTAGE = Bounds(1.0, 5000.0, "kV")
WIDTH = Bounds(0.0, 1e4, "eV")
_FIRST_YEAR = 1990
"""Before it nothing was acquired as files: .NET's empty time is of the year 1."""


class CheckedNumbers:
    """The numbers of one file of metadata, and what was odd about them.

    Parameters
    ----------
    source
        What the numbers are of, in words for people: ``X.xml``.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._odd: dict[str, str] = {}

    @property
    def odd(self) -> tuple[str, ...]:
        """Why values are unknown although the file says something, in words."""
        return tuple(self._odd.values())

    def real(
        self, name: str, said: str | float | None, bounds: Bounds = ANY, scale: float = 1.0
    ) -> float | None:
        """The number that a file says, in the unit of `bounds`; None when it makes no sense.

        Parameters
        ----------
        name
            Of the value in the file.
        said
            Text or number; None and empty text say nothing.
        bounds
            Between what it can be.
        scale
            Factor from the unit of the file to that of `bounds`.
        """
        if said is None or said == "":
            return None
        value = _parse(said)
        if value is None:
            comma = isinstance(said, str) and _parse(said.replace(",", ".")) is not None
            hint = "; write the decimals after a point, not a comma" if comma else ""
            self._note(name, said, f"is no number{hint}")
            return None
        value = value * scale if scale != 1.0 else value
        if not bounds.holds(value):
            inside = f" (that is {value:.4g})" if scale != 1.0 and math.isfinite(value) else ""
            self._note(name, said, f"is not {bounds}{inside}")
            return None
        return value

    def whole(self, name: str, said: str | float | None, bounds: Bounds = COUNT) -> int | None:
        """The same of a whole number."""
        value = self.real(name, said, bounds)
        if value is None or said is None:
            return None
        if value != int(value):
            self._note(name, said, "is no whole number")
            return None
        return int(value)

    def time(self, name: str, said: str | None, when: datetime | None) -> datetime | None:
        """The time `when` that was understood from what a file says; None when it cannot be.

        A clock may be a day off, or a year, but nothing was acquired long ago or years ahead.
        """
        if not said:
            return None
        if when is None:
            self._note(name, said, "is no time that is understood")
            return None
        if not _FIRST_YEAR <= when.year <= datetime.now(UTC).year + 1:
            self._note(name, said, "cannot be when it was acquired, so the time is unknown")
            return None
        return when

    def _note(self, name: str, said: str | float, why: str) -> None:
        text = shortened(str(said))
        self._odd[name] = f"{name} in {self._source} is {text!r}, which {why}: it is not used"


def _parse(said: str | float) -> float | None:
    """The number in a text as people write it; Python's own 1_000 is none."""
    try:
        return None if isinstance(said, str) and "_" in said else float(said)
    except (ValueError, OverflowError):
        return None


def shortened(text: str, length: int = 40) -> str:
    """The beginning of a text that may be of any length, for a message."""
    return text if len(text) <= length else text[: length - 3] + "..."


def demand(path: Path | str, name: str, found: float, bounds: Bounds, advice: str) -> None:
    """Refuse a file whose geometry makes no sense.

    Raises
    ------
    FormatError
        If `found` is not within `bounds`.
    """
    if not bounds.holds(found):
        raise FormatError(path, expected=f"{name} {bounds}", found=str(found), advice=advice)
