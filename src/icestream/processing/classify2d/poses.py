"""What is known of each particle of a classification."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.processing.classify2d.expectation import ClassExpectation
from icestream.processing.classify2d.growing import GrowingRows
from icestream.processing.classify2d.polar import Float

__all__ = ["Poses"]

_POSE = np.dtype(
    [("number", "i4"), ("angle", "f4"), ("shift", "f4", 2), ("likelihood", "f4"), ("visits", "i4")]
)


@dataclass(slots=True, eq=False)
class Poses:
    """One row for each particle, in the order of arrival."""

    table: GrowingRows = field(default_factory=lambda: GrowingRows.empty(_POSE))

    def __len__(self) -> int:
        return len(self.table)

    @property
    def number(self) -> NDArray[np.int32]:
        """``(n,)`` number of the particle's class; 0 before the first look."""
        return self._column("number")

    @property
    def angle(self) -> Float:
        """``(n,)`` degrees, from +x towards +y, that turn the class to lie as the particle."""
        return self._column("angle")

    @property
    def shift(self) -> Float:
        """``(n, 2)`` (dy, dx) pixels at which the particle lies from the center of its box."""
        return self._column("shift")

    @property
    def likelihood(self) -> Float:
        """``(n,)`` posterior probability of the class at the last look."""
        return self._column("likelihood")

    @property
    def visits(self) -> NDArray[np.int32]:
        """``(n,)`` looks so far."""
        return self._column("visits")

    def grow(self, more: int) -> None:
        """Make room for `more` particles."""
        self.table.append(np.zeros(more, _POSE))

    def record(
        self, rows: NDArray[np.int64], expected: ClassExpectation, numbers: NDArray[Any]
    ) -> None:
        """Write what a look at the particles `rows` found; `numbers` are those of the classes."""
        self.number[rows] = numbers[expected.best_class]
        self.angle[rows] = expected.angle
        self.shift[rows] = expected.shift
        self.likelihood[rows] = expected.likelihood
        self.visits[rows] += 1

    def move(self, source: int, target: int, angle: float, shift: Float) -> None:
        """Give the particles of class `source` to `target`.

        `source` lies as `target` does when it is turned by `angle` degrees and then moved by
        `shift` (dy, dx) pixels.
        """
        rows = np.flatnonzero(self.number == source)
        turn = np.radians(self.angle[rows])
        y, x = float(shift[0]), float(shift[1])
        self.shift[rows, 0] += y * np.cos(turn) + x * np.sin(turn)
        self.shift[rows, 1] += x * np.cos(turn) - y * np.sin(turn)
        self.angle[rows] = (self.angle[rows] + angle) % 360.0
        self.number[rows] = target

    def _column(self, name: str) -> NDArray[Any]:
        column: NDArray[Any] = self.table.rows[name]
        return column
