"""Estimate the camera's gain with Xmipp, from one movie in so many, and check the reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from icestream.formats import FormatError, open_movie, write_mrc, write_picture
from icestream.formats.counts import read_counts
from icestream.formats.gain import read_factors, write_gain
from icestream.formats.renamed import present_path
from icestream.model import ORIENTATIONS, Gain, Movie, Orientation, column
from icestream.processing.defects import find_outliers
from icestream.processing.gain.detail import Pattern, detail, repeated_pattern
from icestream.processing.gain.orientation import Fit, find_orientation
from icestream.processing.grey import draw_thumbnail
from icestream.protocol import (
    Advanced,
    BadOutput,
    Batch,
    BatchProtocol,
    Command,
    ItemFailed,
    Operational,
    Parameters,
    Program,
    Resources,
    Work,
    run_program,
)
from icestream.units import Second, Unit
from icestream_xmipp.elsewhere import GAIN
from icestream_xmipp.frames import FRAMES
from icestream_xmipp.spider import read_spider
from icestream_xmipp.suite import CITE, FAILURES, lacking_options, software, xmipp

__all__ = ["EstimateGainWithXmipp", "GainEstimates", "XmippGainParameters"]

_PROGRAM = xmipp("xmipp_movie_estimate_gain", "--singleRef", "--frameStep", "--sigma", "--iter")
_ROOT = "estimate"
_PICTURE = 512
"""Pixels of its longer side."""


class XmippGainParameters(Parameters):
    """Which movies and frames are looked at."""

    movie_step: Annotated[int, Ge(1), Le(10000)] = 250
    """One movie in so many is looked at, and the first one."""

    frame_step: Annotated[int, Ge(1), Le(1000)] = 5
    """One frame in so many (`--frameStep`)."""

    iterations: Annotated[int, Ge(1), Le(20), Advanced] = 1
    """Rounds of the estimate (`--iter`)."""

    sigma: Annotated[int, Unit("px"), Ge(-1), Le(3), Advanced] = 0
    """How far neighbouring rows and columns are alike (`--sigma`); 0: not at all, -1: the program
    searches for it, which takes far longer."""

    one_reference: Annotated[bool, Advanced] = True
    """All rows and columns should show the same (`--singleRef`): no carbon, no contamination."""

    batch: Annotated[int, Ge(1), Le(100), Advanced] = 5
    """Movies that are looked through together."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 3600.0
    """Time after which the program is ended."""


@dataclass(slots=True)
class GainEstimates:
    """What was estimated so far, in two halves that have no movie in common."""

    movie: Movie
    """The one that was estimated last."""
    eer: bool
    """Whether it is EER, of which other references divide."""
    sums: NDArray[np.float32]
    """``(2, y, x)``: sums of the sensitivity of each pixel over the movies of each half."""
    seen: int = 0
    """Movies that came in."""
    taken: int = 0
    """Movies that are in the sums."""
    frames: int = 0
    snapshots: int = 0
    fresh: list[int] = field(default_factory=list)
    """Movies that the newest batch brought into the sums, by their number."""

    def mean(self) -> NDArray[np.float32]:
        """The sensitivity of each pixel, ``(y, x)``."""
        return np.asarray(self.sums.sum(axis=0) / np.float32(max(self.taken, 1)), np.float32)

    def halves(self) -> NDArray[np.float32] | None:
        """``(2, y, x)``: the same of each half; None while one of them has no movie."""
        counts = np.array([(self.taken + 1) // 2, self.taken // 2], np.float32)
        return None if counts[1] == 0 else self.sums / counts[:, None, None]


class EstimateGainWithXmipp(BatchProtocol[XmippGainParameters, GainEstimates | None]):
    """Estimate the gain from some of the movies, and check the reference in eight orientations."""

    name = "gain.xmipp"
    title = "Xmipp gain estimation"
    cites = (CITE,)
    elsewhere = GAIN
    resources = Resources(cores=1, memory=6 * 2**30)

    def programs(self) -> Sequence[Program]:
        """The one."""
        return (_PROGRAM,)

    def software(self) -> Mapping[str, str]:
        """What tells the program from one with other options."""
        return software(self.programs())

    def lacking(self) -> Sequence[str]:
        """That the program on this machine is of a release with other options."""
        return lacking_options(_PROGRAM, "Xmipp 3.25.06 has them")

    def batch_size(self) -> int:
        return self.parameters.batch

    def start(self, first: Batch[Movie], work: Work) -> GainEstimates | None:
        return self.update(None, first, work)

    def update(
        self, state: GainEstimates | None, new: Batch[Movie], work: Work
    ) -> GainEstimates | None:
        if state is not None:
            state.fresh = []
        for movie in new:
            if state is None:
                state = self._begin(movie, work)
                continue
            state.seen += 1
            same = movie.shape == state.movie.shape
            if same and (state.seen - 1) % self.parameters.movie_step == 0:
                self._add(state, movie, work)
        if state is not None:
            state.snapshots += 1
        return state

    def _begin(self, movie: Movie, work: Work) -> GainEstimates | None:
        sums = np.zeros((2, *movie.shape), np.float32)
        state = GainEstimates(movie, movie.path.suffix.lower() == ".eer", sums, seen=1)
        self._add(state, movie, work)
        return state if state.taken else None

    def _add(self, state: GainEstimates, movie: Movie, work: Work) -> None:
        """Take in one movie; one that cannot be read is the business of the alignment."""
        wanted = self.parameters
        try:
            frames = _lay_out(movie, work)
        except (FormatError, OSError):
            return
        command = Command(_command(wanted), timeout=wanted.timeout)
        run_program(_PROGRAM, command, work, FAILURES)
        factors = read_spider(work.path(f"{_ROOT}_gain.xmp"))
        if factors.shape != movie.shape or not factors.mean() > 0:
            raise BadOutput(
                f"its estimate has {factors.shape[0]} x {factors.shape[1]} pixels with a mean of "
                f"{factors.mean():g}, and frames have {movie.shape[0]} x {movie.shape[1]}",
                code="garbage-output",
            )
        # Counts are multiplied by it: where it is low, a pixel counts much.
        state.sums[state.taken % 2] += 1 / np.maximum(factors, np.float32(1e-3))
        state.movie, state.taken = movie, state.taken + 1
        state.frames += len(range(0, frames, wanted.frame_step))
        state.fresh.append(state.seen)

    def snapshot(self, state: GainEstimates | None, work: Work) -> Gain:
        if state is None:
            raise ItemFailed(
                "no movie could be read, so nothing is known of the gain",
                advice="see at the alignment why",
                code="no-movies",
            )
        return _item(state, work)

    def methods(self) -> str:
        """What the gain was estimated from."""
        return (
            f"The gain was estimated by Xmipp from one movie in {self.parameters.movie_step}, and "
            "the reference was checked against it in eight orientations."
        )

    def summarize(self, items: Sequence[Gain]) -> str:
        """What was found about the reference."""
        if not items:
            return ""
        last = items[-1]
        judged = {
            "right": "the gain reference fits",
            "wrong": f"the gain reference fits only when {last.orientation}",
            "undecided": "whether the gain reference fits could not be told",
            "none": "no gain reference was given",
        }[last.verdict]
        return f"{judged}, by Xmipp's estimate from {last.movies} movies"


def _lay_out(movie: Movie, work: Work) -> int:
    """Write the raw counts of a movie as a stack; the number of frames."""
    path, upsampling = present_path(movie), movie.eer_upsampling
    with open_movie(path, movie.eer_grouping, eer_upsampling=upsampling) as file:
        counts = read_counts(file, range(movie.frames), threads=work.cores)
    write_mrc(work.path(FRAMES), counts, movie.optics.pixel_size)
    return len(counts)


def _command(wanted: XmippGainParameters) -> tuple[str, ...]:
    return (
        *(_PROGRAM.executable, "-i", FRAMES, "--oroot", _ROOT),
        *("--iter", str(wanted.iterations), "--frameStep", str(wanted.frame_step)),
        *("--sigma", str(wanted.sigma), *(("--singleRef",) if wanted.one_reference else ())),
    )


def _item(state: GainEstimates, work: Work) -> Gain:
    """What is known of the gain now."""
    movie, sensitivity = state.movie, state.mean()
    fit, factors = _fit(state, sensitivity)
    bad = find_outliers(sensitivity)
    good = ~bad
    raw = corrected = Pattern(0.0, 0.0, 0.0, 0.0)
    halves = state.halves()
    if halves is None:
        # Of a single movie nobody knows what of it would repeat: all of it may be noise.
        error = float(detail(sensitivity, good)[good].std())
    else:
        raw = corrected = repeated_pattern(halves[0], halves[1], good)
        first, second = (detail(half, good) for half in halves)
        error = float((first - second)[good].std()) / 2
        if factors is not None:
            kept = good & (factors > 0)
            corrected = repeated_pattern(halves[0] * factors, halves[1] * factors, kept)
    files = _write(state, sensitivity, bad, work) if state.fresh else (None, None, None)
    return Gain(
        iteration=state.snapshots,
        movies=state.taken,
        frames=state.frames,
        shape=movie.shape,
        reference=movie.gain,
        verdict="none" if fit is None else fit.judge(movie.gain_orientation),
        orientation=fit.orientation if fit is not None else Orientation(),
        certainty=fit.certainty if fit is not None else 0.0,
        scores=column(fit.scores if fit is not None else np.zeros(len(ORIENTATIONS))),
        pattern=raw.pixels,
        residual=corrected.pixels,
        residual_rows=corrected.rows,
        residual_columns=corrected.columns,
        residual_error=corrected.error,
        error=error,
        bad_pixels=int(bad.sum()),
        defects=movie.defects,
        dose=column(np.zeros(state.taken)),
        estimate=files[0],
        bad=files[1],
        picture=files[2],
    )


def _fit(
    state: GainEstimates, sensitivity: NDArray[np.float32]
) -> tuple[Fit | None, NDArray[np.float32] | None]:
    """How the reference fits best, and its factors as they are laid now; None without one."""
    movie = state.movie
    if movie.gain is None:
        return None, None
    reference = read_factors(movie.gain, eer=state.eer)
    fit = find_orientation(sensitivity, reference)
    laid = movie.gain_orientation.turn(reference)
    fits = laid.shape == sensitivity.shape and not movie.gain_orientation.inverse
    return fit, np.ascontiguousarray(laid) if fits else None


def _write(
    state: GainEstimates, sensitivity: NDArray[np.float32], bad: NDArray[np.bool_], work: Work
) -> tuple[Path, Path, Path]:
    """The estimate as a reference, the map of bad pixels, and a picture in which those are grey."""
    pixel_size = state.movie.optics.pixel_size
    stem = f"gain_{state.snapshots:04d}"
    factors = np.where(bad, np.float32(0), 1 / np.maximum(sensitivity, np.float32(1e-3)))
    estimate = write_gain(work.path(f"{stem}.mrc"), factors, pixel_size, eer=state.eer)
    listed = write_mrc(work.path(f"{stem}_bad.mrc"), bad.astype(np.int8), pixel_size)
    shown = draw_thumbnail(np.where(bad, np.float32(1), factors), pixel_size, _PICTURE)
    return estimate, listed, write_picture(work.path(f"{stem}.jpg"), shown)
