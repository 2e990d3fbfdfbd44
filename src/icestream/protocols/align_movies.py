"""Align the frames of each movie as it arrives, and sum them with dose weights."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from icestream.formats import read_raw_movie, write_picture, write_tiff
from icestream.model import Micrograph, Movie, Optics, PartialSpectra
from icestream.processing.ctf.groups import LEAST_FIELD, group_tiles
from icestream.processing.dose import Dose
from icestream.processing.motion.camera import CorrectedFrames, TooManyOutliers, correct_frames
from icestream.processing.motion.measure import FoundMotion, count_early_frames, measure_motion
from icestream.processing.motion.picture import draw_tracks
from icestream.processing.motion.spectra import Frames
from icestream.processing.motion.warp import MovieSums, sum_frames
from icestream.protocol import Figure, ItemFailed, ItemProtocol, Resources, Work
from icestream.protocols.align_parameters import AlignMoviesParameters
from icestream.protocols.micrograph_files import write_spectra, write_sums


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Aligned:
    """The frames to be summed, and how they moved."""

    frames: Frames
    found: FoundMotion
    first: int
    """Number of the first of the frames, from 0."""
    hot_pixels: NDArray[np.bool_]
    """``(y, x)``, true where a pixel was found to be defective that nobody had listed."""


_WEIGHTS = ", with weights for radiation damage where the dose is known"
"""A movie without a dose is summed without them, whatever is asked."""


class AlignMovies(ItemProtocol[AlignMoviesParameters]):
    """Align the frames of a movie, whole and locally, and sum them with dose weights."""

    name = "movies.align"
    title = "Movie alignment"
    version = 2
    cites = ("Grant & Grigorieff (2015) eLife 4, e06980, doi:10.7554/eLife.06980",)

    def need(self) -> Resources:
        """Cores as asked; memory for 50 frames of 4096 x 4096 counting pixels."""
        return Resources(cores=self.parameters.threads, memory=2500 * 2**20)

    def process(self, movie: Movie, work: Work) -> Micrograph:
        wanted = self.parameters
        aligned = self._align(movie, work)
        frames, found = aligned.frames, aligned.found
        spectra = self._write_spectra(movie, aligned, work)
        recipe = wanted.recipe(movie, _dose(movie, aligned.first), len(frames))
        sums = sum_frames(frames, found.best, recipe, cores=work.cores)
        shape = (sums.plain.shape[0], sums.plain.shape[1])
        binning = frames.shape[0] / shape[0]
        optics = movie.optics.binned(binning)
        stem = work.path(movie.exposure)
        files = write_sums(stem, sums, optics.pixel_size, wanted.thumbnail_size)
        tracks = work.path(f"{movie.exposure}_tracks.png")
        return Micrograph(
            exposure=movie.exposure,
            path=files.best,
            shape=shape,
            optics=optics,
            unweighted=files.unweighted,
            spectra=spectra,
            motion=found.record(
                movie.optics.pixel_size,
                first_frame=aligned.first + 1,
                hot_pixels=aligned.hot_pixels,
            ),
            movie=movie.path,
            gain=movie.gain,
            dose_per_frame=movie.dose_per_frame,
            pre_exposure=movie.pre_exposure,
            frames=len(frames),
            binning=binning,
            eer_grouping=movie.eer_grouping,
            group=movie.details.group if movie.details else 1,
            phase_plate=bool(movie.details and movie.details.phase_plate),
            thumbnail=files.thumbnail,
            odd=files.odd,
            even=files.even,
            half_correlation=sums.agreement(optics.pixel_size),
            counted=_counted(sums, len(frames)),
            tracks=write_picture(tracks, draw_tracks(found.best, frames.shape)),
        )

    def _align(self, movie: Movie, work: Work) -> _Aligned:
        """Read the frames, replace bad pixels, measure the motion, leave out the first if asked."""
        wanted = self.parameters
        chosen = self._choose_frames(movie)
        corrected = self._correct_camera(movie, chosen, work)
        frames = corrected.frames
        found = measure_motion(
            frames,
            wanted.search,
            _dose(movie, chosen.start),
            patches=wanted.patches if wanted.local_motion else 0,
            cores=work.cores,
        )
        first = chosen.start
        early = self._count_unsummed(movie, chosen, found)
        if early:
            frames = frames.without_first(early)
            found = found.without_first(early)
            first += early
        return _Aligned(frames=frames, found=found, first=first, hot_pixels=corrected.hot_pixels)

    def _choose_frames(self, movie: Movie) -> range:
        """Numbers of the frames to align, from 0."""
        wanted = self.parameters
        first = wanted.first_frame - 1
        last = min(wanted.last_frame, movie.frames) if wanted.last_frame else movie.frames
        if first >= last:
            raise ItemFailed(
                f"frames from {first + 1} on were asked for, {movie.path} has {movie.frames}",
                advice="lower first_frame",
                code="no-frames",
            )
        return range(first, last)

    def _correct_camera(self, movie: Movie, chosen: range, work: Work) -> CorrectedFrames:
        """Read frames, with their gain; defects get the counts of a neighbour."""
        wanted = self.parameters
        raw = read_raw_movie(movie, chosen, defects=wanted.defects, threads=work.cores)
        try:
            return correct_frames(
                raw.counts,
                raw.gain,
                raw.defects,
                movie.optics.pixel_size,
                threshold=wanted.defect_threshold,
                seed=work.seed,
            )
        except TooManyOutliers as error:
            raise ItemFailed(
                f"{100 * error.share:.0f} % of the pixels of {movie.path} stand out of the sum "
                "of its frames",
                advice="check the gain reference and its orientation, or raise defect_threshold",
                code="too-many-defects",
            ) from error

    def _count_unsummed(self, movie: Movie, chosen: range, found: FoundMotion) -> int:
        """How many of the aligned frames are left out of the sums."""
        wanted = self.parameters
        if wanted.unsummed >= len(chosen):
            raise ItemFailed(
                f"{wanted.unsummed} frames were to be left out of the sum, but only {len(chosen)} "
                f"of {movie.path} are aligned, from {chosen.start + 1} on",
                advice="lower unsummed",
                code="no-frames",
            )
        moved = count_early_frames(found.best, wanted.early_motion) if wanted.early_motion else 0
        return max(wanted.unsummed, moved)

    def _write_spectra(self, movie: Movie, aligned: _Aligned, work: Work) -> PartialSpectra | None:
        """Write what the CTF is to be estimated on, where it is better than the sum."""
        wanted = self.parameters
        small = min(aligned.frames.shape) < LEAST_FIELD
        if not wanted.spectra or movie.dose_per_frame <= 0 or small:
            return None
        tiles = group_tiles(
            aligned.frames,
            aligned.found.best,
            movie.dose_per_frame,
            distortion=wanted.distortion,
            cores=work.cores,
        )
        return None if tiles is None else write_spectra(work.path(movie.exposure), tiles)

    def methods(self) -> str:
        """How frames were aligned and summed."""
        wanted = self.parameters
        parts = "as a whole and in parts of the field" if wanted.local_motion else "as a whole"
        weights = _WEIGHTS if wanted.dose_weighting else ""
        binned = f", binned {wanted.binning:g} times" if wanted.binning > 1 else ""
        return (
            f"Movie frames were aligned {parts}, on detail down to {wanted.resolution:g} Å, and "
            f"summed{weights}{binned}."
        )

    def summarize(self, micrographs: Sequence[Micrograph]) -> str:
        tracks = [m.motion for m in micrographs if m.motion is not None]
        if not tracks:
            return ""
        known = [motion for motion in tracks if motion.known]
        without = len(tracks) - len(known)
        nothing = f"no signal to align in {without} of {len(tracks)} movies" if without else ""
        if not known:
            return nothing
        local = sum(motion.local is not None for motion in known)
        text = (
            f"{len(known)} movies aligned, median motion "
            f"{median(motion.total for motion in known):.1f} Å, "
            f"local motion corrected in {local}"
        )
        return f"{text}; {nothing}" if nothing else text

    def plot(self, micrographs: Sequence[Micrograph]) -> Iterator[Figure]:
        totals = [m.motion.total for m in micrographs if m.motion and m.motion.known]
        if totals:
            yield Figure("Total motion", "series", totals, "motion / Å")
            yield Figure("Total motion", "histogram", totals, "motion / Å")

    @classmethod
    def warm(cls) -> None:
        """Align a small movie of noise: what it makes numba compile, the first movie needs."""
        shape = (LEAST_FIELD, LEAST_FIELD)
        counts = np.random.default_rng(1).poisson(2.0, (3, *shape)).astype(np.uint16)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "warm.tiff"
            write_tiff(path, counts)
            movie = Movie(
                exposure="warm",
                path=path,
                frames=len(counts),
                shape=shape,
                optics=Optics(pixel_size=4.0, voltage=300.0),
                dose_per_frame=1.0,
            )
            cls().process(movie, Work(folder=Path(folder)))


def _counted(sums: MovieSums, frames: int) -> float | None:
    """Mean count in a pixel of a frame; None where it says nothing, as of frames without a mean."""
    mean = float(np.mean(sums.plain, dtype=np.float64)) / frames
    return mean if np.isfinite(mean) and mean > 0 else None


def _dose(movie: Movie, first: int) -> Dose | None:
    """What each frame from `first` on brings; None where the metadata do not say."""
    if movie.dose_per_frame <= 0:
        return None
    whole = Dose(
        per_frame=movie.dose_per_frame,
        pre=movie.pre_exposure,
        voltage=movie.optics.voltage,
        each=movie.frame_doses,
    )
    return whole.without_first(first)
