"""Questions about the exposures of a session, and their answers: a table of any length."""

from collections.abc import Mapping
from dataclasses import dataclass

from icestream.store.records import DecisionRecord

__all__ = [
    "ExposureColumns",
    "ExposurePage",
    "ExposureQuery",
    "ExposureRow",
    "ExposureWindow",
    "QualityRange",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRange:
    """Values of a quality that are asked for, both ends included; None: no end."""

    name: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureQuery:
    """Which exposures are asked for; all by default."""

    branch: str | None = None
    """Name of a branch, by which states and values are meant; None: the adopted one."""
    states: tuple[str, ...] = ()
    """going, done, rejected, failed; empty: any."""
    search: str = ""
    """A part of the name or of a reason, whatever its capitals; or a number."""
    squares: tuple[str, ...] = ()
    """Names of grid squares; empty: any."""
    alert: int | None = None
    """Number of an alert: the exposures that show what it is about."""
    ranges: tuple[QualityRange, ...] = ()
    """Of qualities, and of `number` and `found`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureWindow:
    """Which part of the table is asked for, and in which order."""

    sort: str = "number"
    """number, name, found, or a quality; those without a value come last."""
    descending: bool = False
    after: int | None = None
    """Number of the exposure after which the page begins."""
    at: int = 0
    """Exposures that are passed over."""
    around: str | None = None
    """Name of an exposure: the page that has it, instead of `after` and `at`."""
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureRow:
    """One exposure in a table."""

    number: int
    """In order of arrival, from 1."""
    name: str
    state: str
    """going, done, rejected, failed; empty where a branch does not have it."""
    reasons: tuple[str, ...]
    found: float
    """When it was taken in, seconds since the epoch."""
    time: float | None
    """When it was taken, seconds since the epoch, where the metadata say so."""
    qualities: Mapping[str, float]
    """In their own units."""
    grid_square: str | None
    foil_hole: str | None
    group: int | None
    decision: DecisionRecord | None
    """The last word of a person on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposurePage:
    """A part of the table."""

    total: int
    """Exposures of the session, or of the sample that a branch is for."""
    matching: int
    """Those that were asked for."""
    rows: tuple[ExposureRow, ...]
    next: int | None
    """What to give as `after` for the page that follows; None: this is the last."""
    at: int
    """Exposures before the page, of those that were asked for; after `after`, of those behind it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureColumns:
    """Columns of the table for a plot: of all that were asked for, or of a fair sample."""

    number: tuple[int, ...]
    name: tuple[str, ...]
    state: tuple[str, ...]
    found: tuple[float, ...]
    time: tuple[float | None, ...]
    """When each was taken; empty unless asked for."""
    square: tuple[str | None, ...]
    """The grid square of each; empty unless asked for."""
    columns: Mapping[str, tuple[float | None, ...]]
    """By quality, in its own unit."""
    total: int
    """Exposures that were asked for."""
    shown: int
    """Those that are in the columns."""
