"""The map of a session: its grid squares with what was measured on them, and every exposure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.report.control import color_range
from icestream.report.table import CHUNK, ExposureTable
from icestream.report.trends import in_page_order, rounded
from icestream.report.where import shift_scale

__all__ = ["GridMap", "GridSquare", "MapPlaces", "grid_map", "squares_in_files"]

MOST_PLACES = 3000
"""Exposures up to which all are sent though no square is asked for."""
_NEIGHBOURS = 2000
"""Exposures from which the scale of beam shifts is told: the newest."""
_UNKNOWN = ""
"""Name of the square of exposures that do not say theirs."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridSquare:
    """A grid square; lengths are µm of the stage, None without positions."""

    name: str
    """Empty: of exposures that do not say theirs."""
    count: int
    accepted: int
    rejected: int
    failed: int
    median: float | None
    """Of the quality that was asked for, as it is stored; None where nothing was measured."""
    left: float | None
    right: float | None
    bottom: float | None
    top: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPlaces:
    """Exposures in columns, in order of arrival."""

    number: tuple[int, ...]
    name: tuple[str, ...]
    state: str
    """A letter for each: p in progress, a accepted, r rejected, f failed."""
    square: tuple[int, ...]
    """Place of its square in `GridMap.squares`."""
    hole: tuple[str, ...]
    group: tuple[int, ...]
    x: tuple[float | None, ...]
    """µm of the stage, with the beam's shift put in."""
    y: tuple[float | None, ...]
    value: tuple[float | None, ...]
    """Of the quality, as it is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridMap:
    """All squares, and the exposures of one or of all."""

    qualities: tuple[str, ...]
    """Those that have values, in the order of screens."""
    quality: str
    """That `median`, `value` and `range` are of; empty where nothing was measured."""
    range: tuple[float, float] | None
    """Between which colours change: few values lie beyond."""
    positions: bool
    """Whether the metadata tell stage positions."""
    squares: tuple[GridSquare, ...]
    """In the order in which they were first seen."""
    places: MapPlaces | None
    """None where they are too many: ask for one square."""
    shown: int
    total: int


def grid_map(
    table: ExposureTable, quality: str | None = None, square: str | None = None
) -> GridMap:
    """The map of a session.

    Parameters
    ----------
    table
        Its exposures.
    quality
        Name of what colours the map; the first that has values by default.
    square
        Name of a square whose exposures are wanted; all of them, where they are few, by default.

    Raises
    ------
    LookupError
        If there is no such quality or square.
    """
    measured = tuple(
        name for name in in_page_order(table.qualities) if table.qualities[name].filled
    )
    if quality is not None and quality not in measured:
        there = ", ".join(measured) or "none"
        raise LookupError(f"nothing was measured that is called {quality}; there are {there}")
    quality = quality or (measured[0] if measured else "")
    names, square_of = _squares(table)
    if square is not None and square not in names:
        raise LookupError(f"no exposure says that it is on square {square!r}")
    x, y = _positions(table)
    values = _values(table, quality)
    chosen = np.arange(len(table))
    if square is not None:
        chosen = np.flatnonzero(square_of == names.index(square))
    some = None
    if square is not None or len(table) <= MOST_PLACES:
        some = _places(table, chosen, square_of, (x, y, values))
    return GridMap(
        qualities=measured,
        quality=quality,
        range=color_range(table.qualities[quality].values) if quality else None,
        positions=bool(np.isfinite(x).any()),
        squares=tuple(
            _square(table, name, np.flatnonzero(square_of == place), (x, y, values))
            for place, name in enumerate(names)
        ),
        places=some,
        shown=len(chosen) if some is not None else 0,
        total=len(table),
    )


def squares_in_files(table: ExposureTable) -> dict[str, dict[str, Any]]:
    """Where each square lies, and which files of a report tell of its exposures, by its name.

    Its ``box`` is left, right, bottom, top in µm of the stage, None without positions; ``files``
    are numbers from 1. So the map of a long session is drawn without reading all of them.
    """
    names, square_of = _squares(table)
    x, y = _positions(table)
    ends = [np.full(len(names), np.inf) for _ in range(4)]
    known = np.isfinite(x) & np.isfinite(y)
    for end, values in zip(ends, (x, -x, y, -y), strict=True):
        np.minimum.at(end, square_of[known], values[known])
    pairs = np.unique(np.stack([square_of, np.arange(len(table)) // CHUNK + 1]), axis=1)
    return {
        name: {
            "box": None
            if not np.isfinite(ends[0][place])
            else [
                rounded(float(sign * end[place]), 6)
                for sign, end in zip((1, -1, 1, -1), ends, strict=True)
            ],
            "files": pairs[1, pairs[0] == place].tolist(),
        }
        for place, name in enumerate(names)
    }


def _squares(table: ExposureTable) -> tuple[list[str], NDArray[np.int64]]:
    """Names of squares as they were first seen, and the place of that of each exposure."""
    places: dict[str, int] = {}
    of = [places.setdefault(square or _UNKNOWN, len(places)) for square in table.where.square]
    return list(places), np.array(of, dtype=np.int64)


def _positions(table: ExposureTable) -> tuple[Floats, Floats]:
    """Where exposures lie, µm, NaN where that is not known."""
    scale = shift_scale(table.where[-_NEIGHBOURS:]) or 0.0
    place = table.where.stage + np.nan_to_num(table.where.shift) * scale
    return place[:, 0], place[:, 1]


def _values(table: ExposureTable, quality: str) -> Floats:
    values = np.full(len(table), np.nan)
    if quality:
        known = np.asarray(table.qualities[quality].values)
        values[: len(known)] = known[: len(values)]
    return values


def _square(
    table: ExposureTable,
    name: str,
    orders: NDArray[np.int64],
    columns: tuple[Floats, Floats, Floats],
) -> GridSquare:
    x, y, values = (column[orders] for column in columns)
    states = bytes(table.state[order] for order in orders.tolist())
    known = values[np.isfinite(values)]
    inside = np.isfinite(x)
    there = bool(inside.any())
    return GridSquare(
        name=name,
        count=len(orders),
        accepted=states.count(b"a"),
        rejected=states.count(b"r"),
        failed=states.count(b"f"),
        median=float(np.median(known)) if len(known) else None,
        left=float(x[inside].min()) if there else None,
        right=float(x[inside].max()) if there else None,
        bottom=float(y[inside].min()) if there else None,
        top=float(y[inside].max()) if there else None,
    )


def _places(
    table: ExposureTable,
    orders: NDArray[np.int64],
    square_of: NDArray[np.int64],
    columns: tuple[Floats, Floats, Floats],
) -> MapPlaces:
    x, y, values = (_some(column[orders]) for column in columns)
    chosen = orders.tolist()
    return MapPlaces(
        number=tuple(table.numbers[order] for order in chosen),
        name=tuple(table.names[order] for order in chosen),
        state=bytes(table.state[order] for order in chosen).decode("ascii"),
        square=tuple(square_of[orders].tolist()),
        hole=tuple(table.where.hole[order] for order in chosen),
        group=tuple(table.where.group[order] for order in chosen),
        x=x,
        y=y,
        value=values,
    )


def _some(values: Floats) -> tuple[float | None, ...]:
    return tuple(value if np.isfinite(value) else None for value in values.tolist())
