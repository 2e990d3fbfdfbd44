"""Learn the camera's gain from a few frames of each movie, and check the reference against it."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from icestream.formats.camera import read_camera
from icestream.formats.counts import read_frame_sum
from icestream.formats.errors import FormatError
from icestream.formats.gain import read_factors
from icestream.model import ORIENTATIONS, Gain, Movie, Orientation, column
from icestream.processing.gain.bad_pixels import find_bad_pixels
from icestream.processing.gain.detail import local_mean, pattern_in_sums
from icestream.processing.gain.estimate import estimate_gain
from icestream.processing.gain.orientation import Fit, find_orientation
from icestream.protocol import (
    Advanced,
    Batch,
    BatchProtocol,
    ItemFailed,
    Parameters,
    Resources,
    Work,
)
from icestream.protocols.gain_files import GainFiles, write_estimate
from icestream.protocols.gain_progress import GainLook, GainProgress

__all__ = ["EstimateGain", "EstimateGainParameters"]


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


class EstimateGain(BatchProtocol[EstimateGainParameters, GainProgress | None]):
    """Estimate the gain from the counts themselves, and check the reference in eight orientations.

    Every frame of the first movies is read, and one in ten of those that follow: the frames that
    alignment decodes, a tenth of them once more.
    """

    name = "gain.estimate"
    title = "Gain estimation"
    version = 2
    cites = ("Afanasyev et al. (2015) Sci. Rep. 5, 10317, doi:10.1038/srep10317",)
    resources = Resources(cores=1, memory=2048 * 2**20)

    @classmethod
    def warm(cls) -> None:
        local_mean(np.ones((4, 4), dtype=np.float32), np.ones((4, 4), dtype=np.bool_))

    def batch_size(self) -> int:
        return self.parameters.batch

    def start(self, first: Batch[Movie], work: Work) -> GainProgress | None:
        return self.update(None, first, work)

    def update(
        self, state: GainProgress | None, new: Batch[Movie], work: Work
    ) -> GainProgress | None:
        for movie in new:
            state = self._add(state, movie)
        if state is not None:
            state.snapshots += 1
            state.wrote = False
            if state.is_time(self.parameters.look, final=new.final):
                _look(state, work)
        return state

    def _add(self, state: GainProgress | None, movie: Movie) -> GainProgress | None:
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
            state = GainProgress.begin(movie, read)
        state.add(movie, read)
        return state

    def snapshot(self, state: GainProgress | None, work: Work) -> Gain:
        if state is None or state.look is None:
            raise ItemFailed(
                "no movie could be read, so nothing is known of the gain",
                advice="see at the alignment why",
                code="no-movies",
            )
        look = state.look
        fit = look.fit
        files = _files(state, work) if state.wrote else None
        return Gain(
            iteration=state.snapshots,
            movies=state.old.movies + state.new.movies,
            frames=sum(state.old.frames) + sum(state.new.frames),
            shape=state.old.shape,
            reference=state.movie.gain,
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
            defects=state.movie.defects,
            dose=column(np.array(state.doses)),
            estimate=files.estimate if files is not None else None,
            bad=files.bad if files is not None else None,
            picture=files.picture if files is not None else None,
        )

    def methods(self) -> str:
        """What the gain was estimated from."""
        return (
            "The gain reference was checked in eight orientations against the mean counts of the "
            "movies."
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
        return (
            f"{judged}; from {last.movies} movies, {100 * last.residual:.1f} % of fixed pattern is "
            f"left after correction, and {last.bad_pixels} bad pixels were found"
        )


def _look(state: GainProgress, work: Work) -> None:
    """Check the reference, look for bad pixels, estimate the gain, and write it if it is better."""
    movie = state.movie
    camera = read_camera(movie, state.old.shape, eer=state.eer)
    newest = state.merge()
    corrected = pattern_in_sums(newest, camera.factors)
    if newest is not state.old and state.has_changed(corrected):
        state.forget_all_but(newest)
    fit = _fit_reference(state)
    verdict = "none" if fit is None else fit.judge(movie.gain_orientation)
    bad = find_bad_pixels(state.old, camera.factors if verdict == "right" else None)
    estimate = estimate_gain(state.old, bad | camera.defects)
    look = GainLook(
        movies=state.taken,
        fit=fit,
        verdict=verdict,
        raw=pattern_in_sums(newest, None),
        corrected=corrected,
        error=estimate.error,
        bad_pixels=int((bad & ~camera.defects).sum()),
    )
    state.note(look)
    if state.wrote:
        pixel_size = movie.optics.pixel_size
        unusable = bad | camera.defects
        write_estimate(_files(state, work), estimate.gain, unusable, pixel_size, eer=state.eer)


def _fit_reference(state: GainProgress) -> Fit | None:
    """How the reference fits best, however it is laid now; None without one."""
    if state.movie.gain is None:
        return None
    return find_orientation(state.old.mean(), read_factors(state.movie.gain, eer=state.eer))


def _files(state: GainProgress, work: Work) -> GainFiles:
    """Those of the newest snapshot."""
    return GainFiles.of(work.path(f"gain_{state.snapshots:04d}"))
