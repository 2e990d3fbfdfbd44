"""Where on the grid exposures lie, and which exposure group they are of."""

from array import array
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from icestream.report.trends import rounded

__all__ = ["NOWHERE", "PlaceColumns", "Where", "shift_scale", "where_of"]

_SAME = 0.3
"""Stage positions closer together than this, in µm, are one: stages come back that well."""
_SHIFTED = 1e-9
"""Beam shifts that differ by less than this, in whatever unit, are one."""
_ALONE = 10.0
"""µm over which beam shifts are drawn where no stage position has a neighbour in its square."""
_FAR = 40.0
"""µm beyond which another stage position is in another square."""


class Where(NamedTuple):
    """What the metadata say of an exposure's place; NaN and empty where they do not."""

    square: str = ""
    hole: str = ""
    group: int = 0
    x: float = float("nan")
    """Of the stage, µm."""
    y: float = float("nan")
    shift_x: float = float("nan")
    """Of the beam, in the microscope's own units."""
    shift_y: float = float("nan")


NOWHERE = Where()


class PlaceColumns(Sequence[Where]):
    """Where the exposures of a session lie, in columns: so many objects would take ten times it."""

    def __init__(self) -> None:
        self.square: list[str] = []
        self.hole: list[str] = []
        self.group: list[int] = []
        self._points = array("d")

    def append(self, where: Where) -> None:
        """Add the place of the next exposure."""
        self.square.append(where.square)
        self.hole.append(where.hole)
        self.group.append(where.group)
        self._points.extend((where.x, where.y, where.shift_x, where.shift_y))

    @property
    def stage(self) -> NDArray[np.float64]:
        """``(n, 2)`` (x, y) µm, a copy."""
        return self._columns()[:, :2]

    @property
    def shift(self) -> NDArray[np.float64]:
        """``(n, 2)`` (x, y) of the beam, in the microscope's own units, a copy."""
        return self._columns()[:, 2:]

    def __len__(self) -> int:
        return len(self.square)

    @overload
    def __getitem__(self, order: int) -> Where: ...

    @overload
    def __getitem__(self, order: slice) -> list[Where]: ...

    def __getitem__(self, order: int | slice) -> Where | list[Where]:
        if isinstance(order, slice):
            return [self[one] for one in range(*order.indices(len(self)))]
        at = range(len(self))[order]
        x, y, shift_x, shift_y = self._points[4 * at : 4 * at + 4]
        return Where(self.square[at], self.hole[at], self.group[at], x, y, shift_x, shift_y)

    def _columns(self) -> NDArray[np.float64]:
        return np.array(self._points).reshape(-1, 4)


def where_of(details: Mapping[str, Any]) -> Where:
    """The place that the document of an exposure says."""
    stage, shift = _pair(details.get("stage")), _pair(details.get("beam_shift"))
    group = details.get("group")
    return Where(
        square=str(details.get("grid_square") or ""),
        hole=str(details.get("foil_hole") or ""),
        group=group if isinstance(group, int) else 0,
        x=stage[0],
        y=stage[1],
        shift_x=shift[0],
        shift_y=shift[1],
    )


def _pair(given: Any) -> tuple[float, float]:
    try:
        x, y = float(given[0]), float(given[1])
    except (TypeError, ValueError, IndexError, KeyError):
        return float("nan"), float("nan")
    return (x, y) if np.isfinite(x) and np.isfinite(y) else (float("nan"), float("nan"))


def shift_scale(places: Sequence[Where]) -> float | None:
    """µm on the map for one unit of beam shift; None where shifts tell nothing of places.

    A microscope takes many holes from one stage position by shifting the beam, in a unit of its
    own. What is known is that the holes of neighbouring positions do not overlap and leave no gap:
    the holes of a position are spread over as much as lies between it and its neighbours.
    """
    known = [each for each in places if np.isfinite(each.x) and np.isfinite(each.shift_x)]
    if not known:
        return None
    stage = np.array([(each.x, each.y) for each in known])
    shift = np.array([(each.shift_x, each.shift_y) for each in known])
    cells = np.round(stage / _SAME).astype(np.int64)
    _, first, member = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    member = member.reshape(-1)
    sizes, holes = [], []
    for position in range(len(first)):
        inside = member == position
        span = float(np.ptp(shift[inside], axis=0).max())
        if span > _SHIFTED:
            sizes.append(span)
            holes.append(len({known[index].hole or str(index) for index in np.flatnonzero(inside)}))
    if not sizes:
        return None
    span, many = float(np.median(sizes)), max(1.0, float(np.median(holes)))
    near = _nearest(stage[first], [known[index].square for index in first])
    width = _ALONE if near is None else near * (1.0 - 1.0 / max(np.sqrt(many), np.sqrt(2.0)))
    return rounded(width / span)


def _nearest(points: NDArray[np.float64], squares: Sequence[str]) -> float | None:
    """Median distance from a stage position to the nearest in its square; None without one."""
    some, names = points[-300:], np.asarray(squares)[-300:]
    distance = np.linalg.norm(some[:, None] - some[None], axis=-1)
    distance[names[:, None] != names[None]] = np.inf
    np.fill_diagonal(distance, np.inf)
    nearest = distance.min(axis=1)
    nearest = nearest[nearest <= _FAR]
    return float(np.median(nearest)) if len(nearest) else None
