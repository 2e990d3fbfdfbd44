"""A sample of the whole session that is kept for another look."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.model import Stack
from icestream.processing.classify2d.growing import Growing
from icestream.processing.classify2d.polar import Float

__all__ = ["Reservoir"]

_QUANTUM = 1.0 / 20.0
"""Step of the stored grey values, in standard deviations of the noise: one byte a pixel."""


@dataclass(slots=True)
class Reservoir:
    """Images of which each particle ever seen is equally likely to be one (algorithm R).

    Source: J. S. Vitter (1985), https://doi.org/10.1145/3147.3165
    """

    memory: int
    """Most images kept between batches."""
    stored: Growing
    """Grey values as bytes, ``(n, box, box)``."""
    contrast: Growing
    """``(n, rings)`` CTF."""
    particle: Growing
    """``(n,)`` which particles they are, in the order of arrival."""

    @classmethod
    def empty(cls, memory: int, box: int, rings: int) -> "Reservoir":
        """No image yet."""
        stored, contrast = Growing.empty(np.int8, (box, box)), Growing.empty(np.float32, (rings,))
        return cls(memory, stored, contrast, Growing.empty(np.int64))

    def __len__(self) -> int:
        return len(self.particle)

    @property
    def rows(self) -> NDArray[np.int64]:
        """``(n,)`` which particles the kept images are."""
        return self.particle.rows

    @property
    def transfer(self) -> Float:
        """``(n, rings)`` CTF of the kept images."""
        return self.contrast.rows

    def images(self, kept: NDArray[np.int64]) -> Stack:
        """Kept images ``(m, box, box)`` by their place."""
        return np.asarray(self.stored.rows[kept] * np.float32(_QUANTUM), dtype=np.float32)

    def store(self, images: Stack, transfer: Float, first: int) -> NDArray[np.int64]:
        """Keep images of the particles from number `first` on; returns their places."""
        start = len(self)
        coarse = np.rint(images * np.float32(1.0 / _QUANTUM))
        self.stored.append(np.clip(coarse, -127, 127).astype(np.int8))
        self.contrast.append(transfer)
        self.particle.append(np.arange(first, first + len(images)))
        return np.arange(start, len(self))

    def forget(self, fresh: int, seen: int, random: np.random.Generator) -> None:
        """Let images go until the memory holds, when the last `fresh` of `seen` are new."""
        over = len(self) - self.memory
        if over <= 0:
            return
        old = len(self) - fresh
        staying = round(self.memory * fresh / seen)
        leaving = min(over, max(fresh - staying, over - old))
        gone = np.concatenate(
            [
                old + random.choice(fresh, leaving, replace=False),
                random.choice(old, over - leaving, replace=False),
            ]
        )
        for each in (self.stored, self.contrast, self.particle):
            each.discard(gone)
