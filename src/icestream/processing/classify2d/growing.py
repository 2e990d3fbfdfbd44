"""Arrays that rows are appended to, at a cost that does not depend on how many there are."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Growing"]


class Growing:
    """Rows of one shape and type; `rows` is a view of those in use, and may be written to.

    The room doubles when it is full. Only rows in use are pickled.
    """

    __slots__ = ("_room", "_used")

    def __init__(self, dtype: DTypeLike, shape: tuple[int, ...] = ()) -> None:
        self._room: NDArray[Any] = np.zeros((0, *shape), dtype)
        self._used = 0

    @property
    def rows(self) -> NDArray[Any]:
        """``(n, *shape)``."""
        return self._room[: self._used]

    def __len__(self) -> int:
        return self._used

    def append(self, values: NDArray[Any]) -> None:
        """Add rows ``(m, *shape)`` at the end."""
        total = self._used + len(values)
        if total > len(self._room):
            room = np.zeros((max(total, 2 * len(self._room)), *self._room.shape[1:]), self.dtype)
            room[: self._used] = self.rows
            self._room = room
        self._room[self._used : total] = values
        self._used = total

    def discard(self, places: NDArray[np.int64]) -> None:
        """Take out the rows at `places`, all different; the last ones move into the gaps."""
        left = self._used - len(places)
        tail = np.setdiff1d(np.arange(left, self._used), places)
        self._room[places[places < left]] = self._room[tail]
        self._used = left

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self._room.dtype

    def __getstate__(self) -> NDArray[Any]:
        return self.rows.copy()

    def __setstate__(self, rows: NDArray[Any]) -> None:
        self._room, self._used = rows, len(rows)
