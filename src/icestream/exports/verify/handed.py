"""Particles as the files of an export hand them over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

__all__ = ["HandedList", "HandedParticle", "spread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedParticle:
    """One particle, with nothing but what the files say."""

    micrograph: Path
    elsewhere: bool = False
    """The files hand over no micrographs: `micrograph` is a name alone, of one of the session's."""
    x: float
    """Pixels along the rows of the micrograph as it is stored, from its first pixel."""
    y: float
    number: int
    """Which it is of those of its micrograph, in the session's order, from 0."""
    stack: Path | None = None
    """Its images; None where the files have places alone."""
    index: int = 0
    """Of its image in the stack, from 0."""
    sign: float = 1.0
    """By what its image is to be multiplied for its particle to be bright."""
    dark: bool = True
    """Particles are darker than what surrounds them in the micrograph."""
    box: int | None = None
    """Pixels along a side of its image."""
    says: Mapping[str, float] = field(default_factory=dict)
    """Values of the optics by name: ``micrograph pixel size`` and ``image pixel size`` in Å, and so
    on; what is not said is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedList:
    """A sample of the particles of one table, or of the files of one kind."""

    name: str
    """As people read it."""
    of: str
    """``particles`` of the session, or its ``picks``."""
    total: int
    """Particles that it has."""
    sample: Sequence[HandedParticle]


def spread(total: int, most: int) -> list[int]:
    """At most so many of `total` rows, evenly from the first to the last."""
    if total <= most:
        return list(range(total))
    rows: list[int] = np.linspace(0, total - 1, most).round().astype(int).tolist()
    return rows
