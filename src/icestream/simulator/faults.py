"""What goes wrong in a simulated session, and when."""

import re
from dataclasses import dataclass

from icestream.alike import hint

__all__ = ["FAULTS", "WHOLE", "Planted", "planted"]

FAULTS: dict[str, str] = {
    "bad-squares": "every third grid square has thick ice, or none",
    "drift": "a tenth of the movies drift by 2.5 Å in each frame",
    "motion": "the specimen moves twice as far in the last quarter of the session",
    "crystalline-ice": "a tenth of the movies have crystals in the ice",
    "thickening": "the ice gets thicker from 60 % of the session, by 600 Å at its end",
    "astigmatism": "the astigmatism jumps by 1500 Å at 60 % of the session",
    "focus": "the defocus is 0.8 µm more than asked in the last fifth of the session",
    "blur": "details finer than 8 Å fade at 70 % of the session",
    "wrong-gain": "the gain reference is upside down",
    "aged-gain": "the camera's gain changes by 3 % of a pixel at 50 % of the session",
    "truncated": "a tenth of the movies end in the middle of the file",
    "duplicate": "a tenth of the movies are written twice, in another folder",
    "outage": "nothing is written for the time of 8 movies, halfway",
    "dose": "the dose falls to 60 % at 75 % of the session; the metadata do not know",
    "dimming": "the dose falls by 12 % at 75 % of the session; the metadata do not know",
}
"""What is said of each where no exposures are named."""

WHOLE = frozenset({"wrong-gain"})
"""Those that a session has, or has not."""

_PLANTED = re.compile(r"(?P<fault>[a-z-]+?)(@(?P<first>\d+)(-(?P<last>\d+))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A fault, and the exposures that it befalls."""

    fault: str
    first: int | None = None
    """Number of the first exposure, from 1; None: the fault has a time of its own."""
    last: int | None = None
    """Number of the last one."""

    @property
    def count(self) -> int:
        """Exposures from the first to the last."""
        return 0 if self.first is None or self.last is None else self.last - self.first + 1

    def share(self, number: int) -> float | None:
        """How far the exposure `number`, from 1, is on the way to the last; None: not on it."""
        if self.first is None or self.last is None or not self.first <= number <= self.last:
            return None
        return (number - self.first + 1) / self.count


def planted(word: str) -> Planted:
    """Read ``motion``, ``motion@41-60`` or ``truncated@7``.

    Raises
    ------
    ValueError
        If there is no such fault, or its exposures are none.
    """
    match = _PLANTED.fullmatch(word)
    fault = match["fault"] if match else word.partition("@")[0]
    if fault not in FAULTS:
        raise ValueError(
            f"fault {fault!r} is not known: there are {', '.join(FAULTS)}{hint(fault, FAULTS)}"
        )
    if match is None:
        raise ValueError(
            f"fault {word!r}: after the @ come the numbers of exposures, as in {fault}@41-60"
        )
    if match["first"] is None:
        return Planted(fault=fault)
    if fault in WHOLE:
        raise ValueError(f"fault {word!r}: a session has {fault} as a whole; leave out the @")
    first = int(match["first"])
    last = int(match["last"] or first)
    if not 1 <= first <= last:
        raise ValueError(f"fault {word!r}: exposures are counted from 1, the first before the last")
    return Planted(fault=fault, first=first, last=last)
