"""Rounds of refine2d: what each is told, several jobs at once, their sums merged, and kept.

What a round has found lies in a folder that outlives the attempt, so that a session that was killed
goes on with the round that it was in.
"""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import FormatError, read_stack, write_mrc
from icestream.protocol import BadOutput, Work, run_program
from icestream_cistem.suite import FAILURES, ask, cistem, number, said
from icestream_cistem.tables import ParticleTable, read_found, write_table

__all__ = ["MERGE", "REFINE", "Averages", "Refinement", "Settings", "Stacked", "schedule"]

REFINE, MERGE = cistem("refine2d", "1.02"), cistem("merge2d", "1.00")

_STACK, _AVERAGES = "stack.mrc", "averages.mrc"
_PER_CLASS = 300
"""Particles of each class with which cisTEM begins."""
_NOTHING = "/dev/null"

Averages = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What all rounds are told alike."""

    mask: float
    """Å."""
    resolution_low: float
    angle_step: float
    search_range: float
    smoothing: float
    exclude_edges: bool
    auto_mask: bool
    auto_center: bool
    jobs: int
    timeout: float
    """Seconds for one round."""


def schedule(
    rounds: int, start: float, resolution: float, classes: int, particles: int
) -> tuple[tuple[float, float], ...]:
    """Resolution (Å) and share of the particles in each round, as cisTEM has them by itself.

    The resolution is reached after three quarters of the rounds. Of 10 rounds and more the first
    take 300 particles a class, then at least 30 %, and the last five all of them.

    >>> [f"{finest:.0f} Å {share:.0%}" for finest, share in schedule(4, 40, 8, 50, 90_000)]
    ['40 Å 100%', '24 Å 100%', '8 Å 100%', '8 Å 100%']
    """
    reached = rounds * 3 // 4 if rounds >= 4 else rounds
    few = min(1.0, classes * _PER_CLASS / max(1, particles))
    begins = 0 if rounds < 10 else 5 if rounds < 20 else 10 if rounds < 30 else 15
    told = []
    for number_ in range(rounds):
        finest = resolution
        if rounds > 1 and number_ < reached:
            finest = start + number_ / (reached - 1) * (resolution - start)
        share = few if number_ < begins else max(few, 0.3)
        told.append((finest, 1.0 if rounds < 10 or number_ >= rounds - 5 else share))
    return tuple(told)


class Refinement:
    """The rounds of one attempt.

    Parameters
    ----------
    table
        The particles, as they were before.
    averages
        ``(k, y, x)`` of before; None: they are made of particles at random.
    settings
        What all rounds are told.
    work
        The attempt.
    first
        The programs are those of cisTEM 1.
    """

    def __init__(
        self,
        table: ParticleTable,
        averages: Averages | None,
        settings: Settings,
        work: Work,
        *,
        first: bool,
    ) -> None:
        self.table, self.averages, self.settings = table, averages, settings
        self.work, self.first = work, first
        self.kept = work.kept if work.kept is not None else work.folder / "kept"

    def begin(self, about: dict[str, int | str], classes: int, stack: "Stacked") -> int:
        """Make ready, from where an attempt of before was; the number of rounds that it did.

        Parameters
        ----------
        about
            What tells this work from any other: what another one has left is thrown away.
        classes
            Number of classes, where there are no averages.
        stack
            The images, which are written where they are not there.
        """
        mark = self.kept / "about.json"
        if not mark.is_file() or json.loads(mark.read_text(encoding="utf-8")) != about:
            shutil.rmtree(self.kept, ignore_errors=True)
            self.kept.mkdir(parents=True)
            stack.write(self.kept / _STACK, self.table.pixel_size)
            # Last, and whole: with it, all of the others are there.
            _write_whole(mark, json.dumps(about).encode())
        done = self._last()
        if done < 0 and self.averages is None:
            self.averages = self._first_averages(classes)
            self._keep(0)
        return max(0, done)

    def run(self, number_: int, finest: float, share: float) -> None:
        """One round: all jobs at once, and their sums merged."""
        count = min(self.settings.jobs, len(self.table))
        edges = np.linspace(0, len(self.table), count + 1).round().astype(int).tolist()
        spans = [(begin + 1, end) for begin, end in pairwise(edges)]
        jobs = self._lay_out(count)
        try:
            with ThreadPoolExecutor(count) as pool:
                calls = [
                    pool.submit(self._call, job, span, finest, share)
                    for job, span in zip(jobs, spans, strict=True)
                ]
                found = np.concatenate([call.result() for call in calls])
        finally:
            self._take_logs(jobs[0])
        merging = jobs[0].folder.parent
        answers = (_AVERAGES, "dump_.dump", str(count))
        command = ask(MERGE, answers, self.settings.timeout)
        run_program(MERGE, command, replace(self.work, folder=merging, cores=1), FAILURES)
        assert self.averages is not None
        self.averages = _read_averages(merging / _AVERAGES, self.averages.shape)
        if np.abs(found[:, 0]).max() > len(self.averages):
            raise BadOutput(
                f"it put a particle into class {np.abs(found[:, 0]).max():.0f} of "
                f"{len(self.averages)}",
                code="garbage-output",
            )
        self.table = replace(self.table, found=found)
        self._keep(number_)
        shutil.rmtree(merging)

    def _call(
        self, job: Work, span: tuple[int, int], finest: float, share: float
    ) -> NDArray[np.float64]:
        answers = tuple(self._answers(job.folder.name, span, finest, share))
        run_program(REFINE, ask(REFINE, answers, self.settings.timeout), job, FAILURES)
        if not (job.folder.parent / _dump(job.folder.name)).is_file():
            raise BadOutput("it left no sums to merge", code="no-output")
        return read_found(job.folder / f"out{_ending(self.first)}", *span, frealign=self.first)

    def _first_averages(self, classes: int) -> Averages:
        """Averages of particles at random, with which cisTEM begins."""
        (job,) = self._lay_out(1)
        share = min(1.0, classes * _PER_CLASS / len(self.table))
        whole = (1, len(self.table))
        coarse = self.settings.resolution_low
        answers = tuple(self._answers(job.folder.name, whole, coarse, share, classes))
        try:
            run_program(REFINE, ask(REFINE, answers, self.settings.timeout), job, FAILURES)
        finally:
            self._take_logs(job)
        side = _side(self.kept / _STACK)
        return _read_averages(job.folder / _AVERAGES, (classes, side, side))

    def _lay_out(self, count: int) -> list[Work]:
        """A folder with what all jobs of a round read, and in it the folder of each."""
        folder = self.work.folder / "round"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / _STACK).symlink_to((self.kept / _STACK).absolute())
        write_table(folder / f"in{_ending(self.first)}", self.table, first=self.first)
        if self.averages is not None:
            write_mrc(folder / "before.mrc", self.averages, self.table.pixel_size)
        jobs = [replace(self.work, folder=folder / f"job{n + 1}", cores=1) for n in range(count)]
        for job in jobs:
            job.folder.mkdir()
        return jobs

    def _answers(
        self,
        job: str,
        span: tuple[int, int],
        finest: float,
        share: float,
        classes: int = 0,
    ) -> Iterator[str]:
        """What a job is told; with `classes` it makes so many averages of particles at random."""
        told, ending, begins = self.settings, _ending(self.first), classes > 0
        yield from (f"../{_STACK}", f"../in{ending}", _NOTHING if begins else "../before.mrc")
        yield from (_NOTHING if begins else f"out{ending}", _AVERAGES, str(classes))
        yield from (str(span[0]), str(span[1]), number(share), number(self.table.pixel_size))
        if self.first:
            yield from (number(value) for value in self.table.optics[0])
        yield from (number(told.mask), number(told.resolution_low), number(finest))
        yield from (number(told.angle_step), number(told.search_range))
        if self.first:
            yield number(told.search_range)  # in y
        yield from (number(told.smoothing), "2")
        yield "yes"  # normalize
        yield "yes"  # invert: particles are bright here, and cisTEM takes dark ones
        yield said(told.exclude_edges)
        if not self.first:
            yield from (said(told.auto_mask), said(told.auto_center))
        yield from (said(not begins), _NOTHING if begins else f"../{_dump(job)}")
        if not self.first:
            yield "1"  # thread

    def _take_logs(self, job: Work) -> None:
        """Keep what the first job of the round printed, in place of the round's before."""
        for log in job.folder.glob("*.log"):
            shutil.copyfile(log, self.work.folder / log.name)

    def _keep(self, number_: int) -> None:
        assert self.averages is not None
        unfinished = self.kept / "round.part.npz"
        np.savez(unfinished, averages=self.averages, found=self.table.found)
        unfinished.replace(self.kept / f"round_{number_:04d}.npz")

    def _last(self) -> int:
        """Take the last round that an attempt of before did; -1: none."""
        rounds = sorted(self.kept.glob("round_*.npz"))
        if not rounds:
            return -1
        with np.load(rounds[-1], allow_pickle=False) as last:
            self.averages = last["averages"]
            self.table = replace(self.table, found=last["found"])
        return int(rounds[-1].stem.partition("_")[2])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stacked:
    """Images of all particles, to be written into one stack."""

    stacks: tuple[tuple[Path, int], ...]
    """Files, and the number of particles in each."""
    size: int
    """Side of the images, pixels; larger ones are cropped in Fourier space."""

    def write(self, path: Path, pixel_size: float) -> None:
        """Write the stack, exposure by exposure: all of it need not fit into memory."""
        from icestream.processing.fourier import fourier_crop  # slow to load

        count = sum(number_ for _, number_ in self.stacks)
        raw = path.with_suffix(".raw")
        images = np.memmap(raw, np.float32, "w+", shape=(count, self.size, self.size))
        at = 0
        for stack, number_ in self.stacks:
            read = read_stack(stack, slice(0, number_)).astype(np.float32)
            images[at : at + number_] = fourier_crop(read, (self.size, self.size))
            at += number_
        write_mrc(path, images, pixel_size)
        del images
        raw.unlink()


def _dump(job: str) -> str:
    """The file of a job's sums; merge2d puts numbers from 1 behind what they all begin with."""
    return f"dump_{job.removeprefix('job')}.dump"


def _ending(first: bool) -> str:
    return ".par" if first else ".star"


def _side(path: Path) -> int:
    return int(read_stack(path, slice(0, 1)).shape[-1])


def _read_averages(path: Path, shape: tuple[int, ...]) -> Averages:
    """Class averages that a program wrote.

    Raises
    ------
    BadOutput
        If they are missing, cut off, others than were asked for, or what is no number.
    """
    if not path.is_file():
        raise BadOutput(f"{path.name} was not written", code="no-output")
    try:
        images = np.asarray(read_stack(path), np.float32)
    except FormatError as error:
        raise BadOutput(f"{path.name} is not whole: {error}", code="half-output") from error
    if images.shape != tuple(shape) or not np.isfinite(images).all():
        wanted = " x ".join(map(str, shape))
        found = " x ".join(map(str, images.shape))
        raise BadOutput(
            f"{path.name} has {found} pixels where {wanted} were expected, or pixels that are no "
            "numbers",
            code="garbage-output",
        )
    return images


def _write_whole(path: Path, data: bytes) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(data)
    unfinished.replace(path)
