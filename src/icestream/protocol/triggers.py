"""What triggers and samplers are told, and what they wait for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal

from icestream.model import Exposure

__all__ = ["Draw", "Enough", "Incoming", "read_enough", "ticket_of"]


class Incoming:
    """An item that comes to a trigger, and what is known of it.

    What is not asked for is not read.
    """

    def __init__(
        self,
        item: Any,
        exposure: Callable[[], Exposure | None] = lambda: None,
        measured: Callable[[], Mapping[str, float]] = dict,
    ) -> None:
        self.item = item
        self._exposure = exposure
        self._measured = measured

    @cached_property
    def exposure(self) -> Exposure | None:
        """The exposure that it is of; None for an item of several."""
        return self._exposure()

    @cached_property
    def measured(self) -> Mapping[str, float]:
        """Qualities of the item, and of what is linked to the input ``evidence``."""
        return self._measured()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """An item that a sampler takes or leaves."""

    ticket: float
    """From 0 to 1, made of the exposure's name and the seed: whatever comes before or after."""
    lot: str = ""
    """The part of the stream that it belongs to, as `lot_of` says."""
    taken: int = 0
    """Items of its lot that are in the sample so far."""
    closed: bool = False
    """Nothing more will come: those that wait are asked about again, the lowest ticket first."""


def ticket_of(name: str, seed: int) -> float:
    """A number from 0 to 1 that stands for an exposure, and is the same wherever it is asked for.

    >>> ticket_of("FoilHole_1", 0) == ticket_of("FoilHole_1", 0)
    True
    """
    digest = blake2b(f"{seed}:{name}".encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big") / 2.0**56


@dataclass(frozen=True, slots=True)
class Enough:
    """So many items or particles that a step has let through."""

    step: str
    number: int
    of: Literal["items", "particles"] = "items"

    def __str__(self) -> str:
        word = self.of if self.number != 1 else self.of[:-1]
        return f"{self.number} {word} of {self.step}"

    def there(self) -> str:
        """That there are so many."""
        word, verb = (self.of, "are") if self.number != 1 else (self.of[:-1], "is")
        return f"{self.number:,} {word} {verb} there"


_ITEMS = ("item", "exposure", "movie", "micrograph", "result", "map", "volume")
_PARTICLES = ("particle", "pick")
_ENOUGH = re.compile(r"\s*(\d[\d,_ ]*?)\s*([a-z]+)\s+of\s+(\S+)\s*")


def read_enough(text: str) -> Enough:
    """Read ``50000 particles of select`` or ``1 item of classes``.

    Raises
    ------
    ValueError
        Saying what was found, and how it is written.
    """
    found = _ENOUGH.fullmatch(text)
    advice = "write it as '500 items of STEP' or '50000 particles of STEP'"
    if found is None:
        raise ValueError(f"{text!r} is no count of a step; {advice}")
    number = int(re.sub(r"\D", "", found[1]))
    word = found[2].removesuffix("s")
    if number < 1:
        raise ValueError(
            f"{text!r}: found {number}, and nothing is there before the first; {advice}"
        )
    if word in _ITEMS:
        return Enough(found[3], number, "items")
    if word in _PARTICLES:
        return Enough(found[3], number, "particles")
    raise ValueError(f"{text!r}: {found[2]!r} cannot be counted; {advice}")
