"""Arrays that rows are appended to, at a cost that does not depend on how many there are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Growing"]


@dataclass(eq=False)
class Growing:
    """Rows of one shape and type, in a room that doubles when it is full."""

    rows: NDArray[Any]
    """``(n, *shape)``, a view of those in use; may be written to."""

    # The room is no field, so that a checkpoint holds the rows in use only.
    __slots__ = ("_room", "rows")

    @classmethod
    def empty(cls, dtype: DTypeLike, shape: tuple[int, ...] = ()) -> "Growing":
        """No row yet."""
        return cls(np.zeros((0, *shape), dtype))

    def __len__(self) -> int:
        return len(self.rows)

    def append(self, values: NDArray[Any]) -> None:
        """Add rows ``(m, *shape)`` at the end."""
        used, total = len(self), len(self) + len(values)
        room: NDArray[Any] = getattr(self, "_room", self.rows)
        if total > len(room):
            room = np.zeros((max(total, 2 * len(room)), *room.shape[1:]), room.dtype)
            room[:used] = self.rows
        room[used:total] = values
        self._room, self.rows = room, room[:total]

    def discard(self, places: NDArray[np.int64]) -> None:
        """Take out the rows at `places`, all different; the last ones move into the gaps."""
        left = len(self) - len(places)
        tail = np.setdiff1d(np.arange(left, len(self)), places)
        self.rows[places[places < left]] = self.rows[tail]
        self.rows = self.rows[:left]
