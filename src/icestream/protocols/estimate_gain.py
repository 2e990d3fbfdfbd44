"""Learn the camera's gain from a few frames of each movie, and check the reference against it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from icestream.formats.defects import read_defects
from icestream.formats.errors import FormatError
from icestream.formats.gain import read_factors, read_gain, write_gain
from icestream.formats.image import write_picture
from icestream.formats.movie import open_movie
from icestream.formats.mrc import write_mrc
from icestream.model import ORIENTATIONS, Gain, Image, Movie, Orientation, column
from icestream.processing.gain.bad_pixels import find_bad_pixels
from icestream.processing.gain.detail import Pattern, repeated_pattern
from icestream.processing.gain.estimate import GainEstimate, estimate_gain
from icestream.processing.gain.orientation import Fit, find_orientation
from icestream.processing.gain.sums import GainSums
from icestream.processing.grey import draw_thumbnail
from icestream.protocol import (
    Advanced,
    Batch,
    BatchProtocol,
    ItemFailed,
    Parameters,
    Resources,
    Work,
)

__all__ = ["EstimateGain", "EstimateGainParameters"]

_EARLY = 10
"""Movies after which a second look is taken, however long the pause between later ones is."""
_FEW = 4
"""Fewest movies that a residual is measured on, once there were more."""
_CHANGED = 2.0
"""The camera has changed when its residual has grown by this factor between two looks."""
_GROWN = 1.25
"""The estimate is written again when it is made of so many times more movies."""
_PICTURE = 512


class EstimateGainParameters(Parameters):
    """How much of the movies is read."""

    whole_movies: Annotated[int, Ge(2), Le(100)] = 10
    """Movies at the beginning of which every frame is read."""

    every: Annotated[int, Ge(1), Le(1000)] = 10
    """One in so many frames is read of later movies."""

    look: Annotated[int, Ge(2), Advanced] = 20
    """Movies after which the reference is checked and the gain estimated again; at the beginning
    that is done after 5 and 10."""

    batch: Annotated[int, Ge(1), Le(100), Advanced] = 5
    """Movies that are read together."""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What was found when the sums were last looked at."""

    movies: int
    """Of the session, so far."""
    fit: Fit | None
    verdict: Literal["right", "wrong", "undecided", "none"]
    raw: Pattern
    corrected: Pattern
    error: float
    bad_pixels: int


@dataclass(slots=True)
class Progress:
    """Sums so far. What is older than the last look is apart from what has come since."""

    old: GainSums
    new: GainSums
    movie: Movie
    """The newest that could be read."""
    eer: bool
    """Whether it is EER, of which other references divide."""
    taken: int = 0
    doses: list[float] = field(default_factory=list)
    look: _Look | None = None
    written: int = 0
    """Movies in the estimate that was written last."""
    snapshots: int = 0
    final: bool = False


class EstimateGain(BatchProtocol[EstimateGainParameters, Progress | None]):
    """Estimate the gain from the counts themselves, and check the reference in eight orientations.

    Every frame of the first movies is read, and one in ten of those that follow: the frames that
    alignment decodes, a tenth of them once more.
    """

    name = "gain.estimate"
    title = "Gain estimation"
    cites = ("doi:10.1038/srep10317",)
    resources = Resources(cores=1, memory=2048 * 2**20)

    def batch_size(self) -> int:
        return self.parameters.batch

    def start(self, first: Batch[Movie], work: Work) -> Progress | None:
        return self.update(None, first, work)

    def update(self, state: Progress | None, new: Batch[Movie], work: Work) -> Progress | None:
        for movie in new:
            state = self._add(state, movie)
        if state is not None:
            state.final = new.final
        return state

    def snapshot(self, state: Progress | None, work: Work) -> Gain:
        if state is None:
            raise ItemFailed(
                "no movie could be read, so nothing is known of the gain",
                advice="see at the alignment why",
                code="no-movies",
            )
        state.snapshots += 1
        files: dict[str, Path] = {}
        if state.look is None or state.final or state.taken >= self._next(state.look.movies):
            files = _look(state, work)
        return _item(state, files)

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
        return (
            f"{judged}; from {last.movies} movies, {100 * last.residual:.1f} % of fixed pattern is "
            f"left after correction, and {last.bad_pixels} bad pixels were found"
        )

    def _next(self, movies: int) -> int:
        return _EARLY if movies < _EARLY else movies + self.parameters.look

    def _add(self, state: Progress | None, movie: Movie) -> Progress | None:
        """Read a movie into the sums; one that cannot be read is the business of the alignment."""
        if state is not None and movie.shape != state.movie.shape:
            return state
        taken = state.taken if state is not None else 0
        step = 1 if taken < self.parameters.whole_movies else self.parameters.every
        try:
            total, frames, eer = _read(movie, taken % step, step)
        except (FormatError, OSError):
            return state
        if state is None:
            real = total.dtype.kind == "f"
            shape = total.shape[0], total.shape[1]
            state = Progress(GainSums(shape, real=real), GainSums(shape, real=real), movie, eer)
        state.new.add(total, frames)
        state.movie, state.eer = movie, eer
        state.taken += 1
        state.doses.append(_dose(movie, total, frames))
        return state


def _read(movie: Movie, first: int, step: int) -> tuple[NDArray[Any], int, bool]:
    """Sum of every `step`-th frame of a movie from `first` on, their number, whether it is EER."""
    with open_movie(movie.path, movie.eer_grouping, eer_upsampling=movie.eer_upsampling) as file:
        real = file.dtype.kind == "f"
        total = np.zeros(file.shape, dtype=np.float64 if real else np.uint32)
        chosen = range(min(first, file.frames - 1), file.frames, step)
        for index in chosen:
            frame = file.read(index)
            np.add(total, frame, out=total, casting="unsafe")
        return total, len(chosen), file.container == "eer"


def _dose(movie: Movie, total: NDArray[Any], frames: int) -> float:
    """Electrons counted, over those that the metadata say; 0 when they say nothing."""
    said = movie.dose_per_frame * movie.optics.pixel_size**2 * frames
    if said <= 0:
        return 0.0
    typical = float(np.median(total[::8, ::8]))
    return float(np.minimum(total, 4 * typical + 10).mean(dtype=np.float64)) / said


def _look(state: Progress, work: Work) -> dict[str, Path]:
    """Check the reference and estimate the gain; the files that were written, by their field."""
    newest = state.new
    state.old.merge(state.new)
    if newest.movies < _FEW:
        newest = state.old
    movie = state.movie
    applied = _applied(state)
    corrected = _pattern(newest, applied)
    before = state.look.corrected.pixels if state.look is not None else 0.0
    if (
        newest is not state.old
        and before
        and corrected.pixels > _CHANGED * before + corrected.error
    ):
        state.old, state.written = newest, 0  # what the camera was before is no longer of use
    fit, verdict = _judge(state)
    known = np.zeros(state.old.shape, dtype=np.bool_) if applied is None else applied <= 0
    if movie.defects is not None:
        known |= read_defects(movie.defects, state.old.shape)
    bad = find_bad_pixels(state.old, applied if verdict == "right" else None)
    estimate = estimate_gain(state.old, bad | known)
    state.look = _Look(
        state.taken,
        fit,
        verdict,
        _pattern(newest, None),
        corrected,
        estimate.error,
        int((bad & ~known).sum()),
    )
    state.new = GainSums(state.old.shape, real=state.old.halves.dtype.kind == "f")
    if state.old.movies < _GROWN * state.written:
        return {}
    state.written = state.old.movies
    return _write(state, estimate, bad | known, work)


def _applied(state: Progress) -> Image | None:
    """The factors that the alignment multiplies with."""
    movie = state.movie
    if movie.gain is None:
        return None
    shape, orientation = state.old.shape, movie.gain_orientation
    return read_gain(movie.gain, shape, eer=state.eer, orientation=orientation)


def _judge(state: Progress) -> tuple[Fit | None, Literal["right", "wrong", "undecided", "none"]]:
    movie = state.movie
    if movie.gain is None:
        return None, "none"
    fit = find_orientation(state.old.mean(), read_factors(movie.gain, eer=state.eer))
    if not fit.decided:
        return fit, "undecided"
    return fit, "right" if fit.orientation.is_same_as(movie.gain_orientation) else "wrong"


def _pattern(sums: GainSums, factors: Image | None) -> Pattern:
    """What repeats in both halves of the sums, after correction with `factors`."""
    halves = sums.half_means()
    if halves is None:
        return Pattern(0.0, 0.0, 0.0, 0.0)
    valid = (halves[0] + halves[1]) > 0
    if factors is not None:
        valid &= factors > 0
        halves = halves[0] * factors, halves[1] * factors
    return repeated_pattern(*halves, valid)


def _write(
    state: Progress, estimate: GainEstimate, bad: NDArray[np.bool_], work: Work
) -> dict[str, Path]:
    pixel_size = state.movie.optics.pixel_size
    stem = f"gain_{state.snapshots:04d}"
    files = {
        "estimate": work.path(f"{stem}.mrc"),
        "bad": work.path(f"{stem}_bad.mrc"),
        "picture": work.path(f"{stem}.jpg"),
    }
    write_gain(files["estimate"], estimate.gain, pixel_size, eer=state.eer)
    write_mrc(files["bad"], bad.astype(np.int8), pixel_size)
    shown = np.where(bad, np.float32(1), estimate.gain)
    write_picture(files["picture"], draw_thumbnail(shown, pixel_size, _PICTURE))
    return files


def _item(state: Progress, files: dict[str, Path]) -> Gain:
    look, movie = state.look, state.movie
    if look is None:
        raise RuntimeError("the first snapshot takes a look")
    fit = look.fit
    return Gain(
        iteration=state.snapshots,
        movies=state.old.movies + state.new.movies,
        frames=sum(state.old.frames) + sum(state.new.frames),
        shape=state.old.shape,
        reference=movie.gain,
        verdict=look.verdict,
        orientation=fit.orientation if fit is not None else Orientation(),
        certainty=fit.certainty if fit is not None else 0.0,
        scores=column(fit.scores if fit is not None else np.zeros(len(ORIENTATIONS))),
        pattern=look.raw.pixels,
        residual=look.corrected.pixels,
        residual_rows=look.corrected.rows,
        residual_columns=look.corrected.columns,
        residual_error=look.corrected.error,
        error=look.error,
        bad_pixels=look.bad_pixels,
        defects=movie.defects,
        dose=column(np.array(state.doses)),
        **files,
    )
