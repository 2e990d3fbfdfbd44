"""One exposure: what was made of it, its pictures, curves, tracks, picks and log."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from icestream.model import Ctf, Micrograph, Picks
from icestream.report.details import shot_facts
from icestream.report.shots import (
    ShotItem,
    errors_of,
    first_item,
    motion_field,
    picks_of,
    ring_edge,
    shot,
    specimen_track,
    taken_of,
)
from icestream.report.views.pictures import pictures_of_result
from icestream.server.drawing import Gallery, ThisGallery
from icestream.server.errors import Refused
from icestream.server.result_links import PictureLink, picture_links
from icestream.server.sessions import AskedBranch
from icestream.server.shown_states import STATE_WORDS, ShownExposureState
from icestream.store import queries
from icestream.store.corrections import corrections, standing_corrections
from icestream.store.exposure_pages import exposure_page
from icestream.store.exposure_queries import (
    ExposureQuery,
    ExposureRow,
    ExposureWindow,
    QualityRange,
)
from icestream.store.items import UnknownItem
from icestream.store.lineage import lineages_of
from icestream.store.records import (
    AlertRecord,
    CorrectionRecord,
    DecisionRecord,
    ExposureRecord,
    FailureRecord,
    ResultRecord,
)
from icestream.store.workload import acquired_at

__all__ = ["router"]

router = APIRouter(tags=["exposures"])

_HERE = "/sessions/{id}/exposures/{name}"
_MOST_PICKS = 20_000
_MOMENT = 0.2
"""Seconds for which an answer is given again though something has happened."""
_LAST_BYTES = 200_000
"""Of a log: what came last says what went wrong."""


class ResultFacts(BaseModel):
    """What one task made of an exposure."""

    id: int
    revision: int
    finished: float
    seconds: float
    passed: bool
    attempt: int
    host: str
    outputs: tuple[str, ...]
    """Names of the ports."""


class StepOfExposure(BaseModel):
    """What a step made of an exposure."""

    step: str
    title: str
    result: ResultFacts
    pictures: tuple[PictureLink, ...]
    lineage_url: str


class ValueOfExposure(BaseModel):
    """A quality of one exposure, in the unit of files."""

    value: float
    error: float | None
    """Standard error; null where nobody told one."""
    step: str


class Neighbours(BaseModel):
    """Names of the exposures that came before and after; null at the ends."""

    previous: str | None
    next: str | None


class MicrographPlace(BaseModel):
    """The image to look at, and what its pixels are."""

    result: int
    port: str
    index: int
    width: int
    height: int
    pixel_size: float
    """Å"""
    tiles: bool
    """Whether it comes in tiles."""


class SpectrumPlace(BaseModel):
    """The picture of the power spectrum with the fitted rings."""

    url: str


class CtfOptics(BaseModel):
    """What the fitted function is of."""

    pixel_size: float
    voltage: float
    spherical_aberration: float
    amplitude_contrast: float


class CtfCurve(BaseModel):
    """The CTF that was fitted to an exposure: its rings, and its numbers in the units of files."""

    step: str
    frequency: tuple[float, ...]
    """1/Å; empty where the curve was not kept."""
    power: tuple[float | None, ...]
    fit: tuple[float | None, ...]
    edge: float
    """Spatial frequency at the edge of the picture of the spectrum, 1/Å."""
    defocus_u: float
    defocus_v: float
    angle: float
    angle_known: bool
    phase_shift: float
    resolution: float | None
    score: float
    ice_ring: float
    doubt: str
    defocus_error: float | None
    astigmatism_error: float | None
    angle_error: float | None
    phase_shift_error: float | None
    tilt: float | None
    tilt_axis: float | None
    thickness: float | None
    thickness_error: float | None
    thickness_least: float | None
    optics: CtfOptics


class ExposureInFull(BaseModel):
    """All that is known of one exposure."""

    number: int
    name: str
    state: ShownExposureState
    reasons: tuple[str, ...]
    found: float
    time: float | None
    """When it was taken."""
    details: dict[str, Any]
    """What the metadata said."""
    steps: dict[str, str]
    """State of its task at each step."""
    facts: tuple[tuple[str, str], ...]
    """Label and value of what else a person may ask."""
    qualities: dict[str, ValueOfExposure]
    results: tuple[StepOfExposure, ...]
    """Of the first steps first."""
    micrograph: MicrographPlace | None
    spectrum: SpectrumPlace | None
    ctf: CtfCurve | None
    """Null where none was fitted, or not yet."""
    decisions: tuple[DecisionRecord, ...]
    corrections: tuple[CorrectionRecord, ...]
    """Picks that people corrected by hand, the last of each step; none that was taken back."""
    failures: tuple[FailureRecord, ...]
    alerts: tuple[AlertRecord, ...]
    """Those that name it."""
    neighbours: Neighbours
    unread: tuple[str, ...]
    """Results that this version cannot show, and why."""


class Point(BaseModel):
    """Where the specimen was at one frame, Å from the first."""

    x: float
    y: float


class FieldPoint(BaseModel):
    """Where, in pixels of the micrograph, and how far the specimen moved there, Å."""

    x: float
    y: float
    dx: float
    dy: float


class ShotTracks(BaseModel):
    """How the specimen moved during an exposure."""

    step: str
    known: bool
    """False: there was no signal to align, and the track means nothing."""
    pixel_size: float
    """Å, of the micrograph."""
    shape: tuple[int, int]
    """(height, width) of the micrograph."""
    dose_per_frame: float | None
    first_frame: int
    frames: tuple[Point, ...]
    patches: tuple[FieldPoint, ...] | None
    total: float
    """Length of the track, Å."""


class ShotCorrection(BaseModel):
    """What a person changed about the picks of an exposure."""

    added: int
    """How many of the points: the first ones."""
    removed: tuple[tuple[float, float], ...]
    """x and y of those that are not among the points, pixels of the micrograph."""
    who: str
    why: str
    time: float


class ShotPicks(BaseModel):
    """Particles that a step found in an exposure."""

    step: str
    title: str
    result: int
    port: str
    diameter: float
    """Å"""
    diameter_px: float
    pixel_size: float
    known: bool
    """Whether the diameter is known; else it is a placeholder that leaves room."""
    shape: tuple[int, int] | None
    """(height, width) of the micrograph."""
    total: int
    points: tuple[tuple[float, float, float | None], ...]
    """x, y in pixels of the micrograph, and the score, null where it is not known and for what a
    person added. What was added comes first, then the best; where they are too many, the last are
    not here."""
    by_hand: ShotCorrection | None
    """What a person changed; null where nobody has."""


class LogOfTask(BaseModel):
    """What a program printed while it worked on an exposure."""

    step: str
    path: str
    """Within the session's folder."""
    bytes: int
    cut: bool
    """Whether only its end is here."""
    lines: tuple[str, ...]


class ExposureLog(BaseModel):
    """What is logged of an exposure."""

    logs: tuple[LogOfTask, ...]
    failures: tuple[FailureRecord, ...]


class _Shot:
    """The exposure that a route is about."""

    def __init__(
        self,
        gallery: ThisGallery,
        branch: AskedBranch,
        name: Annotated[str, Path(max_length=500, description="Of the exposure.")],
    ) -> None:
        self.gallery, self.branch, self.name = gallery, branch, name
        self.store = gallery.store

    @cached_property
    def _read(self) -> tuple[dict[str, ResultRecord], tuple[ShotItem, ...]]:
        return shot(self.store, self.name, self.gallery.known, self.branch)

    @property
    def results(self) -> dict[str, ResultRecord]:
        return self._read[0]

    @property
    def items(self) -> tuple[ShotItem, ...]:
        return self._read[1]

    @cached_property
    def titles(self) -> dict[str, str]:
        return self.gallery.shelf.step_titles(self.store, self.branch)

    @cached_property
    def corrections(self) -> dict[str, CorrectionRecord]:
        """What people corrected by hand, by the step whose picks they are."""
        return standing_corrections(corrections(self.store, exposure=self.name))

    def answer(self, what: str, make: Callable[[], object], asof: int | None) -> Response:
        """Many tabs ask for the newest exposure at the same moment; who comes later gets it anew.

        Who asks as of an event is given nothing that was worked out before anything happened.
        """
        gallery = self.gallery if asof is None else replace(self.gallery, now=True)
        return gallery.answer((what, self.name, self.branch), make, longest=_MOMENT)

    def title(self, step: str) -> str:
        return self.titles.get(step, step)

    def failures(self) -> tuple[FailureRecord, ...]:
        found = queries.failures_of(self.store, self.name, branch=self.branch)
        return tuple(one for one in found if one.reason or one.details or one.state == "failed")


ThisShot = Annotated[_Shot, Depends()]
AsOf = Annotated[
    int | None,
    Query(ge=0, description="Number of an event: an answer that was made for it will do."),
]


def _curve(made: ShotItem, ctf: Ctf) -> CtfCurve:
    curve = np.zeros((3, 0)) if ctf.curve is None else np.asarray(ctf.curve)
    frequency = tuple(map(float, curve[0]))
    power, fit = (tuple(map(_finite, row)) for row in curve[1:])
    optics = ctf.optics
    return CtfCurve(
        step=made.record.step,
        frequency=frequency,
        power=power,
        fit=fit,
        edge=ring_edge(ctf),
        resolution=ctf.resolution or None,
        tilt=ctf.tilt,
        tilt_axis=ctf.tilt_axis,
        angle_known=ctf.angle_known,
        **{
            name: getattr(ctf, name)
            for name in (
                "defocus_u", "defocus_v", "angle", "phase_shift", "score", "ice_ring", "doubt",
                "defocus_error", "astigmatism_error", "angle_error", "phase_shift_error",
                "thickness", "thickness_error", "thickness_least",
            )
        },
        optics=CtfOptics(
            pixel_size=optics.pixel_size,
            voltage=optics.voltage,
            spherical_aberration=optics.spherical_aberration,
            amplitude_contrast=optics.amplitude_contrast,
        ),
    )  # fmt: skip


def _finite(value: float) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None


@router.get(f"{_HERE}/tracks")
def show_tracks(this: ThisShot) -> ShotTracks:
    """How the specimen moved: a place for each frame, and the motion over the field."""
    found = first_item(this.items, Micrograph)
    if found is None or found[1].motion is None:
        raise Refused(
            404, f"no track of {this.name} is known", "it was not aligned here, or not yet"
        )
    made, micrograph = found
    motion = micrograph.motion
    assert motion is not None
    field = motion_field(micrograph, motion)
    return ShotTracks(
        step=made.record.step,
        known=motion.known,
        pixel_size=micrograph.optics.pixel_size,
        shape=micrograph.shape,
        dose_per_frame=micrograph.dose_per_frame or None,
        first_frame=motion.first_frame,
        frames=tuple(Point(x=float(x), y=float(y)) for y, x in specimen_track(motion)),
        patches=None
        if field is None
        else tuple(FieldPoint(x=x, y=y, dx=dx, dy=dy) for x, y, dx, dy in field.tolist()),
        total=motion.total,
    )


@router.get(f"{_HERE}/picks", response_model=tuple[ShotPicks, ...])
def show_picks(this: ThisShot, asof: AsOf = None) -> Response:
    """The particles of an exposure, of every step that picked or chose some, the last step last."""
    return this.answer("picks", lambda: _picks(this), asof)


def _picks(this: _Shot) -> tuple[ShotPicks, ...]:
    micrograph = first_item(this.items, Micrograph)
    shape = None if micrograph is None else micrograph[1].shape
    return tuple(
        ShotPicks(
            step=made.record.step,
            title=this.title(made.record.step),
            result=made.record.id,
            port=made.port,
            diameter=picks.diameter,
            diameter_px=picks.diameter / picks.pixel_size,
            pixel_size=picks.pixel_size,
            known=picks.diameter_known,
            shape=shape,
            total=len(picks),
            points=_points(picks.x, picks.y, picks.score),
            by_hand=_by_hand(picks, this.corrections.get(made.record.step)),
        )
        for made, picks in picks_of(this.items)
    )


def _by_hand(picks: Picks, told: CorrectionRecord | None) -> ShotCorrection | None:
    by_hand = picks.by_hand
    if by_hand is None:
        return None
    removed = np.asarray(by_hand.removed, dtype=np.float64).tolist()
    return ShotCorrection(
        added=by_hand.added,
        removed=tuple((round(x, 2), round(y, 2)) for x, y in removed),
        who="" if told is None else told.who,
        why="" if told is None else told.why,
        time=0.0 if told is None else told.time,
    )


def _points(x: Any, y: Any, score: Any) -> tuple[tuple[float, float, float | None], ...]:
    best = np.argsort(-np.asarray(score), kind="stable")[:_MOST_PICKS]
    columns = (np.asarray(column, dtype=np.float64)[best] for column in (x, y, score))
    return tuple((round(a, 2), round(b, 2), _finite(c)) for a, b, c in zip(*columns, strict=True))


@router.get(f"{_HERE}/log")
def show_log(
    this: ThisShot,
    lines: Annotated[int, Query(ge=1, le=5000, description="Of each log, the last.")] = 500,
) -> ExposureLog:
    """What programs printed while they worked on an exposure, and why tasks failed."""
    logs = [
        _read_log(this.gallery, made.step, path, lines)
        for made in lineages_of(this.store, [record.id for record in this.results.values()])
        for path, _ in made.files
        if path.endswith(".log")
    ]
    return ExposureLog(logs=tuple(filter(None, logs)), failures=this.failures())


def _read_log(gallery: Gallery, step: str, path: str, lines: int) -> LogOfTask | None:
    try:
        file = gallery.readable(gallery.store.folder / path)
        with file.open("rb") as opened:
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - _LAST_BYTES))
            text = opened.read().decode("utf-8", errors="replace")
    except (OSError, Refused):
        return None  # it was cleaned
    found = text.splitlines()
    cut = size > _LAST_BYTES or len(found) > lines
    return LogOfTask(step=step, path=path, bytes=size, cut=cut, lines=tuple(found[-lines:]))


@router.get(_HERE, response_model=ExposureInFull)
def show_exposure(this: ThisShot, asof: AsOf = None) -> Response:
    """All that is known of one exposure."""
    return this.answer("exposure", lambda: _in_full(this), asof)


def _in_full(this: _Shot) -> ExposureInFull:
    record = queries.exposure(this.store, this.name, branch=this.branch)
    near = QualityRange(name="number", low=record.number - 1, high=record.number + 1)
    asked = ExposureQuery(branch=this.branch, ranges=(near,))
    rows = {row.number: row for row in exposure_page(this.store, asked, ExposureWindow()).rows}
    row = rows.get(record.number)
    micrograph, ctf = first_item(this.items, Micrograph), first_item(this.items, Ctf)
    results = tuple(_step(this, one) for one in this.results.values())
    links = [link for one in results for link in one.pictures]
    return ExposureInFull(
        number=record.number,
        name=record.name,
        state="" if row is None else STATE_WORDS[row.state],
        reasons=row.reasons
        if row is not None
        else (f"not in the sample that the branch {this.branch} is for",),
        found=record.found,
        time=acquired_at(record.details),
        details=dict(record.details),
        steps=dict(record.steps),
        facts=tuple(shot_facts(taken_of(this.items), None if ctf is None else ctf[1])),
        qualities={} if row is None else _values(this, row.qualities),
        results=results,
        micrograph=None if micrograph is None else _micrograph(*micrograph, links),
        spectrum=next(
            (SpectrumPlace(url=link.url) for link in links if link.role == "spectrum"), None
        ),
        ctf=None if ctf is None else _curve(*ctf),
        decisions=queries.decisions(this.store, exposure=this.name),
        corrections=tuple(this.corrections.values()),
        failures=this.failures(),
        alerts=_alerts(this, record),
        neighbours=Neighbours(
            previous=_name(rows.get(record.number - 1)), next=_name(rows.get(record.number + 1))
        ),
        unread=tuple(
            f"{this.title(one.record.step)}: {one.item.why}"
            for one in this.items
            if isinstance(one.item, UnknownItem)
        ),
    )


def _step(this: _Shot, record: ResultRecord) -> StepOfExposure:
    pictures = pictures_of_result(this.store, record, this.gallery.known)
    return StepOfExposure(
        step=record.step,
        title=this.title(record.step),
        result=ResultFacts(
            id=record.id,
            revision=record.revision,
            finished=record.finished,
            seconds=record.seconds,
            passed=record.passed,
            attempt=record.attempt,
            host=record.host,
            outputs=tuple(record.outputs),
        ),
        pictures=tuple(picture_links(this.gallery.entry, pictures, record.id)),
        lineage_url=f"{this.gallery.base}/lineage/{record.id}",
    )


def _values(this: _Shot, qualities: Any) -> dict[str, ValueOfExposure]:
    errors = errors_of(this.items)
    said = queries.qualities(this.store, exposure=this.name, branch=this.branch)
    steps = {(one.name, one.value): one.step for one in said}
    return {
        name: ValueOfExposure(
            value=value, error=errors.get(name, (None,))[0], step=steps.get((name, value), "")
        )
        for name, value in sorted(qualities.items())
    }


def _micrograph(
    made: ShotItem, micrograph: Micrograph, links: list[PictureLink]
) -> MicrographPlace | None:
    """The micrograph itself where it is there, else its small picture."""
    base = f"/results/{made.record.id}/"
    ours = [link for link in links if base in link.url and link.port == made.port]
    for role in ("image", "micrograph"):
        for link in ours:
            if link.role == role:
                return MicrographPlace(
                    result=made.record.id,
                    port=link.port,
                    index=link.index,
                    width=micrograph.shape[1],
                    height=micrograph.shape[0],
                    pixel_size=micrograph.optics.pixel_size,
                    tiles=link.tiles is not None,
                )
    return None


def _alerts(this: _Shot, record: ExposureRecord) -> tuple[AlertRecord, ...]:
    every = queries.alerts(this.store, open_only=False, limit=10_000)
    names = (
        (alert, {alert.exposure, *map((alert.extent or {}).get, ("first", "last"))})
        for alert in every
    )
    return tuple(alert for alert, named in names if record.name in named)


def _name(row: ExposureRow | None) -> str | None:
    return None if row is None else row.name
