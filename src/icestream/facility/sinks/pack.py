"""Parcels of a session as it is now: what its store holds, in the words that sinks understand."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from icestream import __version__
from icestream.engine.machine.lock import as_it_is
from icestream.exports.chain import Makers, find_chain
from icestream.facility.sinks.parcels import (
    ClassContent,
    ClassesContent,
    CtfContent,
    ModelContent,
    MotionContent,
    MovieContent,
    Parcel,
    PicksContent,
    SessionContent,
    StatusContent,
    VerdictContent,
)
from icestream.facility.sinks.pictures import Attached, class_picture, drift_plot
from icestream.formats.errors import FormatError
from icestream.formats.mrc import map_mrc
from icestream.model import (
    Classes,
    Ctf,
    Exposure,
    Micrograph,
    Movie,
    Optics,
    Picks,
    Volume,
    from_document,
    safe_file_name,
)
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.follow import newest_event
from icestream.store.items import item_of
from icestream.store.newest import newest_medians
from icestream.store.open import Store
from icestream.store.records import ExposureRecord, ResultRecord, SessionRecord, StepRecord
from icestream.store.touched import event_time, exposures_of

__all__ = ["GOES_ON", "Packer", "Packing"]

GOES_ON = 86400.0
"""Seconds after which a session that was stopped is not expected to go on."""

T = TypeVar("T")
_MEDIANS = (
    "motion.total",
    "ctf.defocus",
    "ctf.astigmatism",
    "ctf.resolution",
    "ctf.ice_ring",
    "picks.count",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """What a session does not know of itself, and sinks want to."""

    microscope: str = ""
    project: str = ""
    seen_as: Callable[[Path], str] = str
    """A path as the sink's side sees it."""
    pictures: Path | None = None
    """Folder for the files that are made for this sink; None: it wants none."""


class Packer:
    """Makes parcels of what is in a session's store.

    What it knows of the workflow is of the moment when it was made: when that changed, there has
    to be another.
    """

    def __init__(self, store: Store, registry: Registry, about: Packing) -> None:
        self._store = store
        self._about = about
        self._chain: Makers = find_chain(store, registry)
        self._steps = {step.name: step for step in queries.steps(store)}
        self._taken: Movie | Micrograph | None = None

    # -- the session ---------------------------------------------------------------------------

    def session(self) -> Parcel | None:
        """The acquisition; None before anything was taken in."""
        taken = self._first_taken()
        if taken is None:
            return None
        record = queries.session(self._store)
        content = SessionContent(
            uid=record.uid,
            name=record.name,
            workflow=record.workflow,
            folder=self._about.seen_as(self._store.folder),
            microscope=self._about.microscope,
            project=self._about.project,
            began=record.created,
            steps=tuple((step.name, step.protocol) for step in self._steps.values()),
            software=f"icestream {__version__}",
            **self._seen_first(taken),
        )
        return Parcel("session", content)

    def _seen_first(self, taken: Movie | Micrograph) -> dict[str, Any]:
        """What the first movie or micrograph says of all."""
        optics: Optics = taken.optics
        details = taken.details
        return {
            "images": self._about.seen_as(taken.path.parent),
            "suffix": taken.path.suffix.lstrip("."),
            "frames": taken.frames or None,
            "shape": taken.shape,
            "pixel_size": optics.pixel_size,
            "voltage": optics.voltage,
            "spherical_aberration": optics.spherical_aberration,
            "amplitude_contrast": optics.amplitude_contrast,
            "dose": (taken.dose_per_frame * taken.frames) or None,
            "phase_plate": None if details is None else details.phase_plate,
        }

    def status(self, *, counted: bool = True) -> Parcel:
        """How far the processing is."""
        record = as_it_is(queries.session(self._store), self._store.folder)
        ended = _ended(self._store, record)
        counts = queries.count_exposures(self._store)
        found = newest_medians(self._store, _MEDIANS) if counted else {}
        content = StatusContent(
            state=record.state,
            reason=record.reason,
            began=record.created,
            ended=ended,
            exposures=sum(counts.values()),
            accepted=counts["done"],
            rejected=counts["rejected"],
            failed=counts["failed"],
            medians={name: float(f"{one.value:.6g}") for name, one in found.items()},
            final=record.state == "done" or (ended is not None and time.time() - ended >= GOES_ON),
        )
        return Parcel("status", content, ("session",))

    # -- exposures -----------------------------------------------------------------------------

    def exposures(self, ids: Sequence[int]) -> Iterator[Parcel]:
        """All that is known now of some exposures."""
        wanted = {self._chain.places[kind][0] for kind in (Movie, Micrograph, Ctf, Picks)
                  if kind in self._chain}  # fmt: skip
        made = queries.results_among(self._store, ids, sorted(wanted))
        for exposure in exposures_of(self._store, ids):
            yield from self._exposure(exposure, made[exposure.id])

    def _exposure(
        self, exposure: ExposureRecord, results: Mapping[str, ResultRecord]
    ) -> Iterator[Parcel]:
        movie = self._item(results, Movie)
        micrograph = self._item(results, Micrograph)
        taken = movie if movie is not None else micrograph
        if taken is None:
            return
        number = exposure.number
        yield Parcel(f"movie:{number}", self._movie(exposure, taken), ("session",))
        if micrograph is not None:
            yield self._motion(number, micrograph)
            ctf = self._item(results, Ctf)
            if ctf is not None:
                yield Parcel(f"ctf:{number}", self._ctf(number, ctf), (f"motion:{number}",))
            picks = self._item(results, Picks)
            if picks is not None:
                yield Parcel(f"picks:{number}", self._picks(number, picks), (f"motion:{number}",))
        verdict = VerdictContent(
            number=number, exposure=exposure.name, state=exposure.state, reasons=exposure.reasons
        )
        about = "movie" if micrograph is None else "motion"
        yield Parcel(f"verdict:{number}", verdict, (f"{about}:{number}",))

    def _movie(self, record: ExposureRecord, taken: Movie | Micrograph) -> MovieContent:
        said = _details(record, taken.details)
        return MovieContent(
            number=record.number,
            exposure=record.name,
            path=self._about.seen_as(taken.path),
            taken_in=record.found,
            acquired=None if said.acquired is None else said.acquired.timestamp(),
            frames=taken.frames or None,
            dose=(taken.dose_per_frame * taken.frames) or None,
            nominal_defocus=said.nominal_defocus,
            tilt=said.tilt,
            stage=said.stage,
            grid_square=said.grid_square,
            foil_hole=said.foil_hole,
            group=said.group,
            size=taken.size or None if isinstance(taken, Movie) else None,
        )

    def _motion(self, number: int, micrograph: Micrograph) -> Parcel:
        motion = micrograph.motion
        measured = micrograph.qualities()
        known = motion is not None and motion.known
        shifts = np.asarray(motion.shifts) * motion.pixel_size if motion is not None else None
        track = () if shifts is None or not known else tuple(
            (round(float(x), 3), round(float(y), 3)) for y, x in shifts
        )  # fmt: skip
        files: tuple[Attached, ...] = ()
        plot = None
        if track and self._about.pictures is not None:
            name = f"{safe_file_name(micrograph.exposure)}_drift_plot.json"
            path = self._about.pictures / "drift" / name
            files, plot = (Attached(path, partial(drift_plot, track)),), self._about.seen_as(path)
        first = motion.first_frame if motion is not None else None
        total = measured.get("motion.total")
        content = MotionContent(
            number=number,
            exposure=micrograph.exposure,
            micrograph=self._about.seen_as(micrograph.path),
            thumbnail=self._path(micrograph.thumbnail),
            plot=plot,
            track=track,
            first_frame=first,
            last_frame=None if first is None or shifts is None else first + len(shifts) - 1,
            dose_per_frame=micrograph.dose_per_frame or None,
            dose_weighted=micrograph.unweighted is not None,
            total=_finite(total),
            per_frame=None if total is None or not track else _finite(total / len(track)),
            early=_finite(measured.get("motion.early")),
            late=_finite(measured.get("motion.late")),
            pixel_size=micrograph.optics.pixel_size,
        )
        return Parcel(f"motion:{number}", content, (f"movie:{number}",), files)

    def _ctf(self, number: int, ctf: Ctf) -> CtfContent:
        step = self._step_of(Ctf)
        said = step.parameters if step is not None else {}
        searched = _pair(said.get("defocus_min"), said.get("defocus_max"), 1e4)
        return CtfContent(
            number=number,
            exposure=ctf.exposure,
            defocus_u=ctf.defocus_u,
            defocus_v=ctf.defocus_v,
            defocus=ctf.defocus,
            astigmatism=ctf.astigmatism,
            angle=ctf.angle if ctf.angle_known else None,
            phase_shift=ctf.phase_shift,
            resolution=_finite(ctf.resolution) or None,
            score=ctf.score,
            ice_ring=ctf.ice_ring,
            amplitude_contrast=ctf.optics.amplitude_contrast,
            spectrum=self._path(ctf.spectrum),
            box=said.get("tile_size"),
            searched=searched,
            fitted=_pair(said.get("resolution_min"), said.get("resolution_max"), 1.0),
            tilt=ctf.tilt,
            thickness=ctf.thickness,
            doubt=ctf.doubt,
        )

    def _picks(self, number: int, picks: Picks) -> PicksContent:
        step = self._step_of(Picks)
        return PicksContent(
            number=number,
            exposure=picks.exposure,
            particles=len(picks),
            picker="" if step is None else step.protocol,
            diameter=picks.diameter if picks.diameter_known else None,
            by_hand=0 if picks.by_hand is None else picks.by_hand.added,
        )

    # -- classes and models --------------------------------------------------------------------

    def snapshots(self, known: Iterable[int] = ()) -> Iterator[Parcel]:
        """The newest 2D classes, and the newest initial model.

        Parameters
        ----------
        known
            Numbers of classes that were delivered before. Those that are gone have no particles.
        """
        classes = self._newest(Classes)
        if classes is not None:
            yield from self._classes(classes)
            yield from map(_gone, sorted(set(known) - set(class_numbers(classes))))
        volume = self._newest(Volume)
        if volume is not None and volume.map is not None:
            yield self._model(volume, classes)

    def _classes(self, classes: Classes) -> Iterator[Parcel]:
        step = self._step_of(Classes)
        content = ClassesContent(
            snapshot=classes.iteration,
            particles=classes.particles,
            classes=int((np.asarray(classes.counts) > 0).sum()),
            pixel_size=classes.pixel_size,
            diameter=(classes.diameter or None) if classes.diameter_known else None,
            step="" if step is None else step.name,
        )
        yield Parcel("classes", content, ("session",))
        numbers = class_numbers(classes)
        for place, number in enumerate(numbers):
            yield self._class(classes, place, number)

    def _class(self, classes: Classes, place: int, number: int) -> Parcel:
        files: tuple[Attached, ...] = ()
        picture = None
        count = float(classes.counts[place])
        if self._about.pictures is not None and count > 0:
            path = self._about.pictures / "classes" / f"class_{number:03d}.png"
            files = (Attached(path, partial(_average, classes.averages, place)),)
            picture = self._about.seen_as(path)
        content = ClassContent(
            number=number,
            particles=round(count),
            share=round(count / max(float(np.sum(classes.counts)), 1.0), 6),
            resolution=_finite(float(classes.resolution[place])) or None,
            score=_finite(float(classes.score[place])),
            selected=None if classes.selected is None else bool(classes.selected[place]),
            picture=picture,
        )
        return Parcel(f"class:{number}", content, ("classes",), files)

    def _model(self, volume: Volume, classes: Classes | None) -> Parcel:
        chosen = tuple(_chosen(classes)) if classes is not None else ()
        assert volume.map is not None
        content = ModelContent(
            snapshot=volume.iteration,
            particles=volume.particles,
            resolution=_finite(volume.resolution) or None if volume.even else None,
            symmetry=volume.symmetry,
            pixel_size=volume.pixel_size,
            map=self._about.seen_as(volume.map),
            picture=self._path(volume.picture),
            classes=chosen,
        )
        return Parcel("model", content, ("session", *(f"class:{one}" for one in chosen)))

    # -- reading -------------------------------------------------------------------------------

    def _first_taken(self) -> Movie | Micrograph | None:
        if self._taken is None:
            self._taken = self._first(Movie) or self._first(Micrograph)
        return self._taken

    def _first(self, kind: type[T]) -> T | None:
        if kind not in self._chain:
            return None
        step, _ = self._chain.places[kind]
        first = queries.results(self._store, step, limit=1)
        return self._item({step: first[0]}, kind) if first else None

    def _item(self, results: Mapping[str, ResultRecord], kind: type[T]) -> T | None:
        if kind not in self._chain:
            return None
        step, port = self._chain.places[kind]
        record = results.get(step)
        if record is None or port not in record.outputs:
            return None
        return item_of(self._store, record, port, kind)

    def _newest(self, kind: type[T]) -> T | None:
        if kind not in self._chain:
            return None
        step, _ = self._chain.places[kind]
        newest = queries.latest_results(self._store, step, limit=1)
        return self._item({step: newest[0]}, kind) if newest else None

    def _step_of(self, kind: type[Any]) -> StepRecord | None:
        return self._steps.get(self._chain.places[kind][0]) if kind in self._chain else None

    def _path(self, path: Path | None) -> str | None:
        return None if path is None else self._about.seen_as(path)


def _details(record: ExposureRecord, said: Exposure | None) -> Exposure:
    """What is known of a shot: by its movie, and where that does not say, by its record."""
    known = from_document(Exposure, {**record.details, "name": record.name})
    if said is None:
        return known
    values = {field.name: getattr(said, field.name) for field in fields(said)}
    return replace(known, **{name: value for name, value in values.items() if value is not None})


def _gone(number: int) -> Parcel:
    """A class that was joined to another."""
    content = ClassContent(
        number=number, particles=0, share=0.0, resolution=None, score=None, selected=False,
        picture=None,
    )  # fmt: skip
    return Parcel(f"class:{number}", content, ("classes",))


def class_numbers(classes: Classes) -> list[int]:
    """Numbers of classes, in the order of their averages."""
    if classes.numbers is None:
        return list(range(1, len(classes.counts) + 1))
    return [int(number) for number in classes.numbers]


def _chosen(classes: Classes) -> Iterator[int]:
    """Numbers of the classes that were selected; of all with particles where nobody has judged."""
    for place, number in enumerate(class_numbers(classes)):
        there = float(classes.counts[place]) > 0
        if there and (classes.selected is None or bool(classes.selected[place])):
            yield number


def _average(stack: Path, place: int) -> bytes:
    """Picture of a class average; of nothing where the stack is there no more."""
    try:
        averages = map_mrc(stack)
        return class_picture(np.asarray(averages[place], dtype=np.float32))
    except (FormatError, OSError, IndexError):
        return class_picture(np.zeros((8, 8), dtype=np.float32))


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _pair(low: Any, high: Any, factor: float) -> tuple[float, float] | None:
    numbers = (low, high)
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
        return None
    return float(low) * factor, float(high) * factor


def _ended(store: Store, record: SessionRecord) -> float | None:
    """When a session was done, or stopped; None while it goes on."""
    if record.state not in ("done", "stopped"):
        return None
    if queries.session(store).state not in ("done", "stopped"):  # its process was killed
        return event_time(store, newest_event(store)) or record.changed
    return record.changed
