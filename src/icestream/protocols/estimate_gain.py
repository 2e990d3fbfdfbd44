"""Learn the camera's gain from a few frames of each movie, and check the reference against it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from icestream.formats.counts import FrameSum, read_frame_sum
from icestream.formats.defects import read_defects
from icestream.formats.errors import FormatError
from icestream.formats.gain import read_factors, read_gain, write_gain
from icestream.formats.image import write_picture
from icestream.formats.mrc import write_mrc
from icestream.model import (
    ORIENTATIONS,
    Gain,
    GainVerdict,
    Image,
    Movie,
    Orientation,
    column,
)
from icestream.processing.counts import mean_count
from icestream.processing.gain.bad_pixels import find_bad_pixels
from icestream.processing.gain.detail import Pattern, local_mean, pattern_in_sums
from icestream.processing.gain.estimate import estimate_gain
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Look:
    """What was found when the sums were last looked at."""

    movies: int
    """Of the session, so far."""
    fit: Fit | None
    verdict: GainVerdict
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """What a look has written, if it has."""

    estimate: Path | None = None
    bad: Path | None = None
    picture: Path | None = None


class EstimateGain(BatchProtocol[EstimateGainParameters, Progress | None]):
    """Estimate the gain from the counts themselves, and check the reference in eight orientations.

    Every frame of the first movies is read, and one in ten of those that follow: the frames that
    alignment decodes, a tenth of them once more.
    """

    name = "gain.estimate"
    title = "Gain estimation"
    cites = ("doi:10.1038/srep10317",)
    resources = Resources(cores=1, memory=2048 * 2**20)

    @classmethod
    def warm(cls) -> None:
        local_mean(np.ones((4, 4), dtype=np.float32), np.ones((4, 4), dtype=np.bool_))

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

    def _add(self, state: Progress | None, movie: Movie) -> Progress | None:
        """Read a movie into the sums; one that cannot be read is the business of the alignment."""
        if state is not None and movie.shape != state.movie.shape:
            return state
        taken = state.taken if state is not None else 0
        step = 1 if taken < self.parameters.whole_movies else self.parameters.every
        try:
            read = read_frame_sum(movie, taken % step, step)
        except (FormatError, OSError):
            return state
        if state is None:
            sums = GainSums((read.total.shape[0], read.total.shape[1]), real=read.is_real)
            state = Progress(sums, sums.emptied(), movie, read.eer)
        state.new.add(read.total, read.frames)
        state.movie, state.eer = movie, read.eer
        state.taken += 1
        state.doses.append(_counted_dose(movie, read))
        return state

    def snapshot(self, state: Progress | None, work: Work) -> Gain:
        if state is None:
            raise ItemFailed(
                "no movie could be read, so nothing is known of the gain",
                advice="see at the alignment why",
                code="no-movies",
            )
        state.snapshots += 1
        look, files = state.look, _Files()
        if look is None or (state.new.movies and self._is_time(state, look)):
            look, files = _look(state, work)
        return _describe(state, look, files)

    def _is_time(self, state: Progress, last: _Look) -> bool:
        """Whether to look again: at the end, early, or when enough movies have come."""
        pause = self.parameters.look if last.movies >= _EARLY else _EARLY - last.movies
        return state.final or state.taken >= last.movies + pause

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


def _counted_dose(movie: Movie, read: FrameSum) -> float:
    """Electrons counted, over those that the metadata say; 0 when they say nothing."""
    said = movie.dose_per_frame * movie.optics.pixel_size**2 * read.frames
    return mean_count(read.total) / said if said > 0 else 0.0


def _look(state: Progress, work: Work) -> tuple[_Look, _Files]:
    """Check the reference, look for bad pixels, and estimate the gain."""
    factors = _read_applied(state)
    newest = state.new
    state.old.merge(state.new)
    if newest.movies < _FEW:
        newest = state.old
    corrected = pattern_in_sums(newest, factors)
    if newest is not state.old and _has_changed(state.look, corrected):
        state.old, state.written = newest, 0  # what the camera was before is no longer of use
    fit = _fit_reference(state)
    verdict = "none" if fit is None else fit.judge(state.movie.gain_orientation)
    known = _read_known_defects(state, factors)
    bad = find_bad_pixels(state.old, factors if verdict == "right" else None)
    estimate = estimate_gain(state.old, bad | known)
    state.new = state.old.emptied()
    state.look = _Look(
        movies=state.taken,
        fit=fit,
        verdict=verdict,
        raw=pattern_in_sums(newest, None),
        corrected=corrected,
        error=estimate.error,
        bad_pixels=int((bad & ~known).sum()),
    )
    if state.old.movies < _GROWN * state.written:
        return state.look, _Files()
    state.written = state.old.movies
    return state.look, _write(state, estimate.gain, bad | known, work)


def _read_applied(state: Progress) -> Image | None:
    """The factors that the alignment multiplies with."""
    movie = state.movie
    if movie.gain is None:
        return None
    shape, orientation = state.old.shape, movie.gain_orientation
    return read_gain(movie.gain, shape, eer=state.eer, orientation=orientation)


def _has_changed(last: _Look | None, corrected: Pattern) -> bool:
    """Whether the camera is no longer what it was when it was last looked at."""
    before = last.corrected.pixels if last is not None else 0.0
    return before > 0 and corrected.pixels > _CHANGED * before + corrected.error


def _fit_reference(state: Progress) -> Fit | None:
    """How the reference fits best, however it is laid now; None without one."""
    if state.movie.gain is None:
        return None
    return find_orientation(state.old.mean(), read_factors(state.movie.gain, eer=state.eer))


def _read_known_defects(state: Progress, factors: Image | None) -> NDArray[np.bool_]:
    """Pixels that the reference or the list of defects calls bad."""
    shape = state.old.shape
    known = np.zeros(shape, dtype=np.bool_) if factors is None else factors <= 0
    if state.movie.defects is not None:
        known |= read_defects(state.movie.defects, shape)
    return known


def _write(state: Progress, gain: Image, bad: NDArray[np.bool_], work: Work) -> _Files:
    pixel_size = state.movie.optics.pixel_size
    stem = f"gain_{state.snapshots:04d}"
    shown = draw_thumbnail(np.where(bad, np.float32(1), gain), pixel_size, _PICTURE)
    return _Files(
        estimate=write_gain(work.path(f"{stem}.mrc"), gain, pixel_size, eer=state.eer),
        bad=write_mrc(work.path(f"{stem}_bad.mrc"), bad.astype(np.int8), pixel_size),
        picture=write_picture(work.path(f"{stem}.jpg"), shown),
    )


def _describe(state: Progress, look: _Look, files: _Files) -> Gain:
    fit, movie = look.fit, state.movie
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
        estimate=files.estimate,
        bad=files.bad,
        picture=files.picture,
    )
