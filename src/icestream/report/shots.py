"""One exposure for those who look closely: its curves, its tracks, its picks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from icestream.model import Ctf, Micrograph, Movie, Picks
from icestream.model.micrograph import Motion
from icestream.processing.motion.local_motion import LocalMotion
from icestream.report.follow import rank
from icestream.store import queries
from icestream.store.current import Branch
from icestream.store.items import Known, items_of
from icestream.store.open import Store
from icestream.store.records import ResultRecord, StandingRecord
from icestream.store.standing import reruns

__all__ = [
    "ShotItem",
    "errors_of",
    "first_item",
    "motion_field",
    "picks_of",
    "ring_edge",
    "shot",
    "specimen_track",
    "taken_of",
]

T = TypeVar("T")
_FIELD = 6
"""Places along each side at which the motion over the field is told."""


@dataclass(frozen=True, slots=True)
class ShotItem:
    """An item that was made of an exposure, and the result that it is in."""

    record: ResultRecord
    port: str
    item: Any


def shot(
    store: Store, name: str, known: Known, branch: str | None = None
) -> tuple[dict[str, ResultRecord], tuple[ShotItem, ...]]:
    """The results of an exposure by step, and their items, the best of each kind first.

    Where a change waits to be carried out, what stands until then is among them.

    Raises
    ------
    LookupError
        If there is no such exposure or branch.
    """
    queries.exposure(store, name, branch=branch)
    standing: StandingRecord | None = reruns(store).standing if branch is None else None
    parts: list[Branch] = [branch] if standing is None else [standing, branch]
    steps = {step.name: step for step in queries.steps(store, branch=branch)}
    results: dict[str, ResultRecord] = {}
    for part in parts:
        found = queries.results_of(store, name, branch=part)
        results |= {step: record for step, record in found.items() if step in steps}
    ordered = sorted(results.values(), key=lambda one: rank(steps[one.step]), reverse=True)
    items = tuple(
        ShotItem(record, port, item)
        for record in ordered
        for port, item in items_of(store, record, known).items()
    )
    return {record.step: record for record in reversed(ordered)}, items


def first_item(items: tuple[ShotItem, ...], kind: type[T]) -> tuple[ShotItem, T] | None:
    """The best item of a kind; None where there is none."""
    return next(((one, one.item) for one in items if isinstance(one.item, kind)), None)


def errors_of(items: tuple[ShotItem, ...]) -> dict[str, tuple[float, str]]:
    """Standard errors of qualities, in their own units, and the step that tells each."""
    found = first_item(items, Ctf)
    if found is None:
        return {}
    made, ctf = found
    errors: Mapping[str, float | None] = {
        "ctf.defocus": ctf.defocus_error,
        "ctf.astigmatism": ctf.astigmatism_error,
        "ctf.angle": ctf.angle_error,
        "ctf.phase_shift": ctf.phase_shift_error,
        "ctf.tilt": ctf.tilt_error,
        "ctf.thickness": ctf.thickness_error,
    }
    return {name: (value, made.record.step) for name, value in errors.items() if value is not None}


def ring_edge(ctf: Ctf) -> float:
    """Spatial frequency at the edge of the picture of the spectrum, 1/Å."""
    end = max(1.0 / 3.0, 1.1 / ctf.resolution if ctf.resolution > 0 else 0.0)
    if ctf.curve is not None and ctf.curve.shape[1]:
        end = min(end, float(np.max(np.asarray(ctf.curve)[0])))
    return end


def specimen_track(motion: Motion) -> NDArray[np.float64]:
    """Where the specimen was in each frame: ``(frames, 2)`` as (y, x), Å from the first one.

    y grows with the rows, which pictures show from the top down: a track that is drawn so beside
    the micrograph goes the way that things in it went.
    """
    # A shift brings a frame back onto the first one: the specimen itself went the other way.
    track = -np.asarray(motion.shifts, dtype=np.float64) * motion.pixel_size
    return track - track[:1]


def motion_field(micrograph: Micrograph, motion: Motion) -> NDArray[np.float64] | None:
    """Motion of the specimen over the field: ``(places, 4)`` of x, y, dx, dy; None without any.

    x and y are pixels of the micrograph; dx and dy the motion from the first frame to the last, Å.
    """
    if motion.local is None or not motion.known:
        return None
    model = LocalMotion(
        shifts=np.asarray(motion.shifts, dtype=np.float64) * motion.pixel_size,
        coefficients=np.asarray(motion.local, dtype=np.float64) * motion.pixel_size,
        gain=0.0,
    )
    middles = (np.arange(_FIELD) + 0.5) / _FIELD - 0.5
    y, x = (axis.ravel() for axis in np.meshgrid(middles, middles, indexing="ij"))
    moved = model.at(np.stack([y, x], axis=1))
    # A shift brings a frame back onto the first one: the specimen itself went the other way.
    way = -(moved[-1] - moved[0])
    height, width = micrograph.shape
    places = np.stack([(x + 0.5) * width - 0.5, (y + 0.5) * height - 0.5], axis=1)
    return np.concatenate([places, way[:, ::-1]], axis=1)


def picks_of(items: tuple[ShotItem, ...]) -> Iterator[tuple[ShotItem, Picks]]:
    """The picks of every step that made some, those of the deepest last."""
    for one in reversed(items):
        if isinstance(one.item, Picks):
            yield one, one.item


def taken_of(items: tuple[ShotItem, ...]) -> Movie | Micrograph | None:
    """What came in: the movie, or the micrograph that was aligned elsewhere."""
    movie, micrograph = first_item(items, Movie), first_item(items, Micrograph)
    if movie is not None:
        return movie[1]
    return None if micrograph is None else micrograph[1]
