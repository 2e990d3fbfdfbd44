"""Exposures of a session: pages of the table, columns for plots, and what was measured."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.responses import Response

from icestream.alike import hint
from icestream.model import QUALITIES, quality_of
from icestream.report.limits import Drawn
from icestream.report.live import SHORT
from icestream.report.numbers import digits_of
from icestream.report.trends import BINS, MEANINGS, bins_of, in_page_order, is_count
from icestream.server.context import ThisServer
from icestream.server.drawing import Gallery, ThisGallery
from icestream.server.errors import Problem, Refused
from icestream.server.sessions import AskedBranch
from icestream.server.shown_states import STATE_WORDS, ShownExposureState
from icestream.store.exposure_pages import count_bins, exposure_columns, exposure_page
from icestream.store.exposure_queries import (
    ExposureQuery,
    ExposureRow,
    ExposureWindow,
    QualityRange,
)
from icestream.store.follow import mark_of
from icestream.store.measures import quality_spreads
from icestream.store.open import Store
from icestream.store.records import DecisionRecord
from icestream.store.standing import reruns

__all__ = ["router"]

router = APIRouter(tags=["exposures"])

_STORED = {word: state for state, word in STATE_WORDS.items() if word}
_PLAIN = ("number", "name", "found")
_PSEUDO = ("time", "found", "name", "square")
_MOST_NAMES = 24
"""Qualities in one question."""


class ExposureInTable(BaseModel):
    """One exposure in a table; its values are in the units of files."""

    number: int
    name: str
    state: ShownExposureState
    """Empty where a branch does not have it: `reasons` say why."""
    reasons: tuple[str, ...]
    found: float
    time: float | None
    """When it was taken."""
    qualities: dict[str, float]
    grid_square: str | None
    foil_hole: str | None
    group: int | None
    decision: DecisionRecord | None
    """The last word of a person on it."""


class ExposureTablePage(BaseModel):
    """A part of the table of exposures."""

    total: int
    matching: int
    at: int
    """Exposures before the first of the rows."""
    rows: tuple[ExposureInTable, ...]
    next: int | None
    """What to give as `after` for the page that follows; null: this is the last."""


class MeasuredQuality(BaseModel):
    """A quality that was measured on exposures; its values are in the unit of files."""

    name: str
    title: str
    short: str
    """Title for the head of a column."""
    unit: str
    """That people are shown."""
    scale: float
    """Value × scale = shown value."""
    whole: bool
    """Whether it is a number of things."""
    digits: int
    """After the point, of the shown value."""
    meaning: str
    limits: tuple[Drawn, ...]
    """What is refused and what is warned of, in the shown unit."""
    count: int
    low: float
    high: float
    median: float


class ColumnsForPlot(BaseModel):
    """Columns of exposures in order of arrival, thinned out where there are many."""

    number: tuple[int, ...]
    state: str
    """A letter for each: p in progress, a accepted, r rejected, f failed, - not in the branch."""
    name: tuple[str, ...] | None
    square: tuple[int | None, ...] | None
    """Place of each one's grid square among `squares`."""
    squares: tuple[str, ...] | None
    columns: dict[str, tuple[float | None, ...]]
    total: int
    """Exposures that were asked for."""
    shown: int
    """Those that are in the columns; a fair sample where they are fewer."""


class QualityBins(BaseModel):
    """How the values of a quality lie, in bins of equal width."""

    name: str
    edges: tuple[float, ...]
    """One more than bins. What lies beyond the ends is counted in the outermost bins."""
    counts: tuple[int, ...]
    """All exposures that have a value."""
    accepted: tuple[int, ...]
    rejected: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Which:
    """Which exposures are asked for, as a person says it."""

    branch: AskedBranch
    state: Annotated[
        list[Literal["pending", "accepted", "rejected", "failed"]] | None,
        Query(description="Those in any of these states."),
    ] = None
    search: Annotated[
        str, Query(max_length=200, description="A part of the name or a reason; or a number.")
    ] = ""
    where: Annotated[
        list[str] | None,
        Query(
            max_length=_MOST_NAMES,
            description="`quality:low:high`, in the unit of files, both ends included; an empty"
            " end is open. Also `number` and `found`.",
        ),
    ] = None
    square: Annotated[
        list[str] | None, Query(max_length=500, description="Those on any of these grid squares.")
    ] = None
    alert: Annotated[
        int | None, Query(ge=1, lt=1 << 63, description="Those that show what it is about.")
    ] = None


def _query(which: Annotated[_Which, Depends()]) -> ExposureQuery:
    return ExposureQuery(
        branch=which.branch,
        states=tuple(_STORED[word] for word in which.state or ()),
        search=which.search.strip().replace("\0", ""),
        squares=tuple(which.square or ()),
        alert=which.alert,
        ranges=tuple(map(_range, which.where or ())),
    )


AskedExposures = Annotated[ExposureQuery, Depends(_query)]


@dataclass(frozen=True, slots=True)
class _Window:
    """Which part of the table is asked for."""

    sort: Annotated[str, Query(description="number, name, found, or a quality.")] = "number"
    descending: bool = False
    after: Annotated[int | None, Query(ge=1, lt=1 << 31, description="Begin after that one.")] = (
        None
    )
    around: Annotated[
        str | None, Query(description="Name of an exposure: the page that has it.")
    ] = None
    at: Annotated[int, Query(ge=0, lt=1 << 31, description="Exposures to pass over.")] = 0
    limit: Annotated[int, Query(ge=1, le=500)] = 100


def _range(text: str) -> QualityRange:
    """What ``ctf.resolution:3:6`` asks for."""
    name, _, ends = text.partition(":")
    low, colon, high = ends.partition(":")
    try:
        asked = QualityRange(name=name, low=_end(low), high=_end(high))
    except ValueError:
        colon = ""
    if not colon or not name or "\0" in name:
        problem = Problem(where="query.where", what=f"{text!r} is no quality:low:high")
        advice = "such as ctf.resolution:3:6, or ctf.resolution::6 with an open end"
        raise Refused(422, "1 value is not valid", advice, [problem])
    return asked


def _end(text: str) -> float | None:
    value = float(text) if text else None
    if value is not None and not np.isfinite(value):
        raise ValueError
    return value


@router.get("/sessions/{id}/exposures")
def list_exposures(
    gallery: ThisGallery, query: AskedExposures, asked: Annotated[_Window, Depends()]
) -> ExposureTablePage:
    """A page of the exposures that are asked for, in order of arrival or of a value.

    Exposures that have no value of the quality that is sorted by come last.
    """
    if asked.sort not in _PLAIN:
        _check_names(gallery.store, [asked.sort], query.branch)
    window = ExposureWindow(
        sort=asked.sort,
        descending=asked.descending,
        after=asked.after,
        around=asked.around,
        at=asked.at,
        limit=asked.limit,
    )
    page = exposure_page(gallery.store, query, window)
    return ExposureTablePage(
        total=page.total,
        matching=page.matching,
        at=page.at,
        rows=tuple(map(_row, page.rows)),
        next=page.next,
    )


def _row(row: ExposureRow) -> ExposureInTable:
    return ExposureInTable(
        number=row.number,
        name=row.name,
        state=STATE_WORDS[row.state],
        reasons=row.reasons,
        found=row.found,
        time=row.time,
        qualities=dict(row.qualities),
        grid_square=row.grid_square,
        foil_hole=row.foil_hole,
        group=row.group,
        decision=row.decision,
    )


@router.get("/sessions/{id}/qualities", response_model=tuple[MeasuredQuality, ...])
def list_qualities(gallery: ThisGallery, branch: AskedBranch) -> Response:
    """What was measured on exposures: titles, units, limits, and how the values lie."""
    return gallery.answer(("qualities", branch), lambda: _qualities(gallery, branch))


def _qualities(gallery: Gallery, branch: str | None) -> tuple[MeasuredQuality, ...]:
    store = gallery.store
    standing = reruns(store).standing if branch is None else None
    spreads = {one.name: one for one in quality_spreads(store, branch=branch, standing=standing)}
    limits = gallery.limits(branch)
    made = []
    for name in in_page_order(spreads):
        spread, quality = spreads[name], quality_of(name)
        whole = is_count(name)
        made.append(
            MeasuredQuality(
                name=name,
                title=quality.title,
                short=SHORT.get(name, quality.title),
                unit=quality.shown_unit,
                scale=quality.scale,
                whole=whole,
                digits=0 if whole else digits_of((spread.high - spread.low) * quality.scale),
                meaning=MEANINGS.get(name, ""),
                limits=tuple(limits.get(name, ())),
                count=spread.count,
                low=spread.low,
                high=spread.high,
                median=spread.median,
            )
        )
    return tuple(made)


@router.get("/sessions/{id}/columns", response_model=ColumnsForPlot)
def list_columns(
    gallery: ThisGallery,
    query: AskedExposures,
    names: Annotated[
        str, Query(description="Qualities, and time, found, name, square; commas between them.")
    ] = "",
    fields: Annotated[str, Query(description="More of them.")] = "",
    most: Annotated[int, Query(ge=1, le=200_000, description="Exposures at most, about.")] = 5000,
) -> Response:
    """Columns for a plot; of more exposures than `most` a fair sample, the same each time."""
    wanted = tuple(name for name in dict.fromkeys(f"{names},{fields}".split(",")) if name)
    asked = ("columns", query, wanted, most)
    return gallery.answer(asked, lambda: _columns(gallery.store, query, wanted, most))


def _columns(
    store: Store, query: ExposureQuery, wanted: tuple[str, ...], most: int
) -> ColumnsForPlot:
    qualities = [name for name in wanted if name not in _PSEUDO]
    _check_names(store, qualities, query.branch)
    places = "time" in wanted or "square" in wanted
    found = exposure_columns(store, query, qualities, most, places=places)
    columns = dict(found.columns)
    if "time" in wanted:  # where the metadata do not say, when it came, as everywhere
        both = zip(found.time, found.found, strict=True)
        columns["time"] = tuple(came if taken is None else taken for taken, came in both)
    if "found" in wanted:
        columns["found"] = found.found
    squares = {name: place for place, name in enumerate(dict.fromkeys(filter(None, found.square)))}
    with_squares = "square" in wanted
    return ColumnsForPlot(
        number=found.number,
        state="".join(_LETTERS[state] for state in found.state),
        name=found.name if "name" in wanted else None,
        square=tuple(map(squares.get, found.square)) if with_squares else None,  # type: ignore[arg-type]
        squares=tuple(squares) if with_squares else None,
        columns=columns,
        total=found.total,
        shown=found.shown,
    )


_LETTERS = {"going": "p", "done": "a", "rejected": "r", "failed": "f", "": "-"}


@router.get("/sessions/{id}/histograms")
def list_histograms(
    gallery: ThisGallery,
    server: ThisServer,
    query: AskedExposures,
    names: Annotated[str, Query(description="Qualities, commas between them.")],
) -> tuple[QualityBins, ...]:
    """How the values of qualities lie; their bins are where most of them are."""
    wanted = [name for name in dict.fromkeys(names.split(",")) if name]
    _check_names(gallery.store, wanted, query.branch)
    asked = ("histograms", gallery.entry.folder, query, tuple(wanted))
    kept, store = server.catalogue.remembered, gallery.store
    return kept.get(asked, mark_of(store), lambda: tuple(_bins(store, query, wanted)))


def _bins(store: Store, query: ExposureQuery, names: list[str]) -> Iterable[QualityBins]:
    # Where the bins lie is told from a sample; what is in them is counted.
    sample = exposure_columns(store, query, names).columns
    for name in names:
        values = np.array([v for v in sample[name] if v is not None and np.isfinite(v)])
        if not len(values):
            yield QualityBins(name=name, edges=(), counts=(), accepted=(), rejected=())
            continue
        low, step = bins_of(values, whole=is_count(name))
        edges = tuple(low + step * place for place in range(BINS + 1))
        counts = count_bins(store, query, name, edges)
        none = (0,) * BINS
        yield QualityBins(
            name=name,
            edges=edges,
            counts=tuple(map(sum, zip(*counts.values(), strict=True))) if counts else none,
            accepted=counts.get("done", none),
            rejected=counts.get("rejected", none),
        )


def _check_names(store: Store, names: list[str], branch: str | None) -> None:
    """Refuse what is no quality, saying what may be meant."""
    if len(names) > _MOST_NAMES:
        raise Refused(422, f"{len(names)} qualities were asked for; {_MOST_NAMES} at most are")
    strange = [name for name in names if name not in QUALITIES]
    if not strange:
        return
    known = {one.name for one in quality_spreads(store, branch=branch)}
    for name in strange:
        if name not in known:
            asked = hint(name, known | QUALITIES.keys())
            raise Refused(404, f"there is no quality {name!r} in this session{asked}")
