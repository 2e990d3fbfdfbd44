"""The microscope at work: exposures are taken and their files appear, in their time."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from icestream.formats.eer import write_eer
from icestream.formats.mrc import write_mrc
from icestream.formats.tiff import write_tiff
from icestream.processing.simulate.camera import Camera, age_camera, make_camera
from icestream.processing.simulate.exposure import simulate_movie
from icestream.processing.simulate.specimen import Specimen
from icestream.simulator import epu, serialem
from icestream.simulator.arrival import deliver
from icestream.simulator.load import load_specimen
from icestream.simulator.plan import SessionPlan, check_plan
from icestream.simulator.schedule import Shot, schedule
from icestream.simulator.truth import truth_folder, write_truth

__all__ = ["Acquired", "acquire"]

TRUNCATED = 0.6
"""Part of a truncated movie that arrives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquired:
    """What a microscope left behind."""

    folder: Path
    gain: Path
    truth: Path
    """Folder of the truth: ``session.json`` and one file for each exposure."""
    movies: int
    """Exposures taken; movies that arrived twice count once."""


class _Session:
    """The files of one session and the clock that they follow."""

    def __init__(self, plan: SessionPlan, folder: Path, stop: Event) -> None:
        self.plan = plan
        self.folder = folder
        self.stop = stop
        self.truth = truth_folder(folder)
        self.staging = self.truth / "staging"
        self.started = plan.started or datetime.now().astimezone().replace(microsecond=0)
        self.names = epu if plan.layout == "epu" else serialem
        self.gain = folder / self.names.gain_name(plan, self.started)
        self._begun = time.monotonic()

    def begin(self, camera: Camera, specimen: Specimen) -> None:
        """Write what is there before the first exposure."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.staging.mkdir(parents=True, exist_ok=True)
        seen = camera.gain[::-1] if "wrong-gain" in self.plan.faults else camera.gain
        if self.gain.suffix == ".gain":
            # A .gain has its rows as the EER movie has; a TIFF is turned on writing.
            write_tiff(self.gain, np.ascontiguousarray(seen[::-1]), pixel_size=self.plan.pixel_size)
        else:
            write_mrc(self.gain, np.ascontiguousarray(seen), self.plan.pixel_size)
        if self.plan.layout == "epu":
            document = epu.session_document(self.plan, self.folder.name, self.started)
            (self.folder / "EpuSession.dm").write_text(document, encoding="utf-8")
        else:
            text = serialem.defects_document(camera)
            (self.folder / serialem.defects_name(self.started)).write_text(text, encoding="utf-8")
        facts = asdict(self.plan) | {
            "started": self.started.isoformat(),
            "faults": sorted(self.plan.faults),
            "gain": self.gain.name,
            "specimen": specimen.name,
            "diameter": specimen.diameter,
            "hot_pixels": camera.hot.tolist(),
            "dead_pixels": np.argwhere(camera.gain == 0).tolist(),
        }
        (self.truth / "session.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
        self._begun = time.monotonic()

    def wait_for(self, shot: Shot) -> None:
        """Until the exposure is due by the microscope's clock."""
        if self.plan.speed > 0:
            left = self._begun + shot.due / self.plan.speed - time.monotonic()
            self.stop.wait(max(left, 0.0))

    def deliver(self, shot: Shot, staged: Path) -> Path:
        """Bring the movie and its metadata to the session's folder."""
        movie = self.folder / self._place(shot)
        if self.plan.metadata_first:
            self._write_metadata(shot)
        interval = 3600.0 / self.plan.rate / self.plan.speed if self.plan.speed > 0 else 0.0
        again = self.staging / f"again_{staged.name}"
        if "duplicate" in shot.faults:
            shutil.copy(staged, again)
        deliver(
            staged,
            movie,
            arrival=self.plan.arrival,
            pause=self.stop.wait,
            seconds=min(0.25 * interval, 2.0),
            upto=TRUNCATED if "truncated" in shot.faults else 1.0,
        )
        if "duplicate" in shot.faults:
            second = self.folder / self._second_place(shot)
            deliver(again, second, arrival=self.plan.arrival, pause=self.stop.wait)
        if not self.plan.metadata_first:
            self._write_metadata(shot)
        return movie

    def _place(self, shot: Shot) -> Path:
        name = self.names.movie_name(self.plan, shot)
        return epu.data_folder(shot) / name if self.plan.layout == "epu" else Path(name)

    def _second_place(self, shot: Shot) -> Path:
        second = self._place(shot)
        if self.plan.layout == "epu":
            return Path("Images-Disc2").joinpath(*second.parts[1:])
        return Path("copied") / second

    def _write_metadata(self, shot: Shot) -> None:
        if self.plan.layout == "epu":
            documents = epu.exposure_files(self.plan, shot, self.started)
        else:
            path = Path(f"{self._place(shot)}.mdoc")
            documents = {path: serialem.mdoc(self.plan, shot, self.started)}
        for name, text in documents.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def acquire(
    plan: SessionPlan,
    folder: Path | str,
    *,
    stop: Event | None = None,
    on_movie: Callable[[Shot, Path], None] | None = None,
) -> Acquired:
    """Take every exposure of a plan; returns when the last has arrived or `stop` is set.

    Parameters
    ----------
    plan
        What to do.
    folder
        Of the session; made, or empty. The truth goes beside it, in ``<folder>_truth``.
    stop
        Set it to end early: the movie that is arriving arrives whole, none is begun.
    on_movie
        Called with the exposure and its movie's path when both are there.

    Notes
    -----
    May run in a thread, and several may: there is no global state, and the kernels and transforms
    let other threads run.

    Raises
    ------
    ValueError
        If the plan cannot be carried out; the message says all that is wrong with it.
    FileExistsError
        If the folder holds something.
    """
    check_plan(plan)
    folder = Path(folder).absolute()
    for folder_ in (folder, truth_folder(folder)):
        if folder_.exists() and any(folder_.iterdir()):
            raise FileExistsError(
                f"{folder_} is not empty: a simulated session needs a new folder, so that its "
                "truth stays true; remove it or give another name"
            )
    specimen = load_specimen(plan.specimen)
    stop = stop or Event()
    session = _Session(plan, folder, stop)
    camera = make_camera(np.random.default_rng([plan.seed, 1]), (plan.size, plan.size))
    aged = age_camera(np.random.default_rng([plan.seed, 13]), camera)
    session.begin(camera, specimen)
    taken = 0
    for shot in schedule(plan, session.started):
        if stop.is_set():
            break
        movie = _take(session, shot, specimen, aged if "aged-gain" in shot.faults else camera)
        taken += 1
        if on_movie is not None:
            on_movie(shot, movie)
    shutil.rmtree(session.staging, ignore_errors=True)
    return Acquired(folder=folder, gain=session.gain, truth=session.truth, movies=taken)


def _take(session: _Session, shot: Shot, specimen: Specimen, camera: Camera) -> Path:
    """Make one movie, wait until it is due, and deliver it."""
    plan = session.plan
    rng = np.random.default_rng([plan.seed, 9, shot.number])
    truth, frames = simulate_movie(shot.conditions, specimen, camera, rng)
    staged = session.staging / session.names.movie_name(plan, shot)
    _write_movie(plan, staged, frames, camera, rng)
    session.wait_for(shot)
    movie = session.deliver(shot, staged)
    write_truth(
        session.truth / f"{shot.exposure.name}.json",
        shot,
        truth,
        movie=movie.relative_to(session.folder).as_posix(),
        specimen=specimen.name,
        diameter=specimen.diameter,
    )
    return movie


def _write_movie(
    plan: SessionPlan,
    path: Path,
    frames: Iterator[NDArray[np.uint8]],
    camera: Camera,
    rng: np.random.Generator,
) -> None:
    if plan.container == "eer":
        write_eer(
            path,
            _camera_frames(frames, plan.eer_frames, rng),
            camera.shape,
            metadata={
                "exposureTime": f"{plan.exposure_time:.4f}",
                "numberOfFrames": str(plan.frames * plan.eer_frames),
                "totalDose": f"{plan.dose * plan.pixel_size**2:.4f}",
            },
        )
        return
    stack = np.empty((plan.frames, *camera.shape), dtype=np.uint8)
    for frame, counts in enumerate(frames):
        stack[frame] = counts
    if plan.container == "tiff":
        write_tiff(path, stack, pixel_size=plan.pixel_size)
    else:
        write_mrc(path, stack.astype(np.int16), plan.pixel_size)


def _camera_frames(
    frames: Iterator[NDArray[np.uint8]], count: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Share the electrons of each frame out over `count` camera frames and quarter pixels."""
    for counts in frames:
        y, x = np.nonzero(counts)
        times = counts[y, x]
        places = np.stack([y, x], axis=1).repeat(times, axis=0) * 4
        places += rng.integers(0, 4, places.shape)
        when = rng.integers(0, count, len(places))
        for frame in range(count):
            yield places[when == frame]
