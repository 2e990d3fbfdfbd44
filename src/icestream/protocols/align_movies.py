"""Align the frames of each movie as it arrives, and sum them with dose weights."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Annotated, Literal, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray
from pydantic import field_validator, model_validator

from icestream.formats import read_raw_movie, write_mrc, write_picture, write_tiff
from icestream.model import Image, Micrograph, Movie, Optics, PartialSpectra, column
from icestream.processing.ctf.groups import LEAST_FIELD, group_tiles
from icestream.processing.defects import find_outliers_in_movie, replace_defects
from icestream.processing.dose import Dose
from icestream.processing.gain.reference import dead_pixels, usable_gain
from icestream.processing.grey import draw_thumbnail
from icestream.processing.motion.magnification import Distortion
from icestream.processing.motion.measure import FoundMotion, count_early_frames, measure_motion
from icestream.processing.motion.picture import draw_tracks
from icestream.processing.motion.spectra import Frames
from icestream.processing.motion.track import Search
from icestream.processing.motion.warp import Recipe, Sums, sum_frames
from icestream.protocol import (
    Advanced,
    Figure,
    InputFile,
    ItemFailed,
    ItemProtocol,
    Operational,
    Parameters,
    Resources,
    Work,
    shown_if,
)
from icestream.units import Angstrom, Pixel, Unit

_TOO_MANY = 0.05
"""A larger part of the camera cannot be defective: the gain or its orientation is wrong."""


class AlignMoviesParameters(Parameters):
    """How motion is measured and corrected."""

    dose_weighting: bool = True
    """Weigh frames by the signal that radiation damage has left at each resolution; needs the
    dose per frame."""

    local_motion: bool = True
    """Follow the motion of parts of the field too. It is used only where it predicts parts that
    were left out of its fit."""

    binning: Annotated[float, Ge(0), Le(8)] = 0.0
    """Pixel of the micrograph in pixels of the movie; 0 takes 2 for super-resolution movies of K2
    and K3 cameras and for upsampled EER, and 1 for others."""

    first_frame: Annotated[int, Ge(1)] = 1
    """First frame to use, from 1."""

    last_frame: Annotated[int, Ge(0)] = 0
    """Last frame to use; 0 uses all."""

    unsummed: Annotated[int, Ge(0), Advanced] = 0
    """First frames that are aligned but left out of the sums."""

    early_motion: Annotated[Angstrom, Ge(0), Advanced] = 0.0
    """Leave out of the sums the first frames, during each of which the specimen moved farther than
    this; 0 keeps them. Nothing is left out where more than half of the frames moved so."""

    halves: bool = False
    """Write the sums of the odd and of the even frames too, and say how well they agree."""

    spectra: Annotated[bool, Advanced] = True
    """Write the power spectra of groups of frames that the CTF is estimated on, where the dose is
    known and the field has 768 pixels or more. Without them the CTF is estimated on the sum."""

    exact: Annotated[bool, Advanced] = False
    """Shift and weigh each frame in Fourier space; only local motion is interpolated. Takes several
    times as long, for what lies above 0.7 of the Nyquist frequency."""

    defects: Annotated[InputFile | None, Advanced] = None
    """Defect map or list beyond that of the movies, such as one found over many movies."""

    distortion_angle: Annotated[float, Unit("°"), Ge(-180), Le(180), Advanced] = 0.0
    """Direction in which the microscope magnifies most, from x towards y of the micrograph."""

    distortion_major: Annotated[float, Ge(0.5), Le(2), Advanced] = 1.0
    """Magnification in that direction over the nominal one."""

    distortion_minor: Annotated[float, Ge(0.5), Le(2), Advanced] = 1.0
    """Magnification across that direction over the nominal one."""

    resolution: Annotated[Angstrom, Ge(2), Le(40), Advanced] = 10.0
    """Finest detail that motion is measured on."""

    bfactor: Annotated[float, Unit("Å²"), Ge(0), Advanced] = 0.0
    """Extra fall-off of the weights with resolution; 0 leaves it to what the movie shows."""

    smooth_track: Annotated[bool, Advanced] = True
    """Learn from each movie how abruptly its specimen moves, and use it against noise."""

    max_shift: Annotated[Angstrom, Gt(1), Advanced] = 150.0
    """Largest distance of a frame from the others."""

    alignment: Annotated[Literal["likelihood", "pairwise"], Advanced] = "likelihood"
    """How whole frames are aligned: by the likelihood of all of them together, or from the shifts
    between all pairs of frames."""

    patches: Annotated[int, Ge(4), Le(15), Advanced, shown_if("local_motion")] = 8
    """Patches across the shorter side of the field."""

    defect_threshold: Annotated[float, Ge(4), Advanced] = 7.0
    """Pixels of the sum that are off by more standard deviations than this are replaced."""

    thumbnail_size: Annotated[Pixel, Ge(64), Le(4096), Advanced] = 512
    """Longest side of the thumbnail."""

    threads: Annotated[int, Ge(1), Le(64), Operational, Advanced] = 1
    """Cores for one movie. Many movies at once with one core each are faster than one movie
    with many."""

    @field_validator("binning")
    @classmethod
    def check_binning(cls, binning: float) -> float:
        """Refuse to make pixels smaller."""
        if 0 < binning < 1:
            raise ValueError(f"binning must be 0 or at least 1, not {binning}")
        return binning

    @model_validator(mode="after")
    def check_frames(self) -> Self:
        """Refuse a range that holds no frame."""
        if 0 < self.last_frame < self.first_frame:
            raise ValueError(
                f"last_frame ({self.last_frame}) must not be before "
                f"first_frame ({self.first_frame})"
            )
        return self


@dataclass(frozen=True, slots=True, eq=False)
class _Corrected:
    """Frames without the faults of the camera."""

    frames: Frames
    hot_pixels: NDArray[np.bool_]
    """``(y, x)``, true where a pixel was found to be defective that nobody had listed."""


class AlignMovies(ItemProtocol[AlignMoviesParameters]):
    """Align the frames of a movie, whole and locally, and sum them with dose weights."""

    name = "movies.align"
    title = "Movie alignment"
    cites = ("doi:10.7554/eLife.06980",)

    def need(self) -> Resources:
        """Cores as asked; memory for 50 frames of 4096 x 4096 counting pixels."""
        return Resources(cores=self.parameters.threads, memory=2500 * 2**20)

    def process(self, movie: Movie, work: Work) -> Micrograph:
        wanted = self.parameters
        chosen = self._choose_frames(movie)
        corrected = self._correct_camera(movie, chosen, work)
        frames = corrected.frames
        found = measure_motion(
            frames,
            self._search,
            _dose(movie, chosen),
            patches=wanted.patches if wanted.local_motion else 0,
            cores=work.cores,
        )
        early = self._count_unsummed(movie, chosen, found)
        if early:
            chosen = chosen[early:]
            frames, found = frames.without_first(early), found.without_first(early)
        spectra = self._write_spectra(movie, frames, found, work)
        sums = sum_frames(frames, found.best, self._recipe(movie, chosen), cores=work.cores)
        tracks = work.path(f"{movie.exposure}_tracks.png")
        return replace(
            self._write_sums(movie, frames, sums, work),
            motion=found.record(
                movie.optics.pixel_size,
                first_frame=chosen.start + 1,
                hot_pixels=corrected.hot_pixels,
            ),
            spectra=spectra,
            tracks=write_picture(tracks, draw_tracks(found.best, frames.shape)),
        )

    def _choose_frames(self, movie: Movie) -> range:
        """Numbers of the frames to align, from 0."""
        first, last = self.parameters.first_frame - 1, self.parameters.last_frame
        last = min(last, movie.frames) if last else movie.frames
        if first >= last:
            raise ItemFailed(
                f"frames from {first + 1} on were asked for, {movie.path} has {movie.frames}",
                advice="lower first_frame",
                code="no-frames",
            )
        return range(first, last)

    def _correct_camera(self, movie: Movie, chosen: range, work: Work) -> _Corrected:
        """Read frames, with their gain; defects get the counts of a neighbour."""
        wanted = self.parameters
        raw = read_raw_movie(movie, chosen, defects=wanted.defects, threads=work.cores)
        known = raw.defects if raw.gain is None else raw.defects | dead_pixels(raw.gain)
        gain = usable_gain(raw.gain, raw.shape, known)
        outliers = find_outliers_in_movie(
            raw.counts, gain, known, threshold=wanted.defect_threshold
        )
        if outliers.mean() > _TOO_MANY:
            raise ItemFailed(
                f"{100 * outliers.mean():.0f} % of the pixels of {movie.path} stand out of the sum "
                "of its frames",
                advice="check the gain reference and its orientation, or raise defect_threshold",
                code="too-many-defects",
            )
        replace_defects(raw.counts, known | outliers, seed=work.seed)
        frames = Frames(raw.counts, gain, movie.optics.pixel_size)
        return _Corrected(frames, hot_pixels=outliers & ~known)

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

    def _write_sums(self, movie: Movie, frames: Frames, sums: Sums, work: Work) -> Micrograph:
        """Write the images; the micrograph, as far as they tell of it."""
        shape = (sums.plain.shape[0], sums.plain.shape[1])
        binning = frames.shape[0] / shape[0]
        optics = movie.optics.binned(binning)

        def write(ending: str, image: Image) -> Path:
            return write_mrc(work.path(f"{movie.exposure}{ending}"), image, optics.pixel_size)

        small = draw_thumbnail(sums.best, optics.pixel_size, self.parameters.thumbnail_size)
        return Micrograph(
            exposure=movie.exposure,
            path=write(".mrc", sums.best),
            shape=shape,
            optics=optics,
            unweighted=None if sums.weighted is None else write("_noDW.mrc", sums.plain),
            movie=movie.path,
            gain=movie.gain,
            dose_per_frame=movie.dose_per_frame,
            pre_exposure=movie.pre_exposure,
            frames=len(frames),
            binning=binning,
            eer_grouping=movie.eer_grouping,
            group=movie.details.group if movie.details else 1,
            thumbnail=write_picture(work.path(f"{movie.exposure}.jpg"), small),
            odd=None if sums.halves is None else write("_odd.mrc", sums.halves[0]),
            even=None if sums.halves is None else write("_even.mrc", sums.halves[1]),
            half_correlation=sums.agreement(optics.pixel_size),
        )

    def _write_spectra(
        self, movie: Movie, frames: Frames, found: FoundMotion, work: Work
    ) -> PartialSpectra | None:
        """Write what the CTF is to be estimated on, where it is better than the sum."""
        dose, small = movie.dose_per_frame, min(frames.shape) < LEAST_FIELD
        if not self.parameters.spectra or dose <= 0 or small:
            return None
        tiles = group_tiles(frames, found.best, dose, distortion=self._distortion, cores=work.cores)
        if tiles is None:
            return None
        path = work.path(f"{movie.exposure}_spectra.mrcs")
        write_mrc(path, tiles.power, tiles.side / len(tiles.power[0]))
        places = column(tiles.places)
        return PartialSpectra(path=path, places=places, side=tiles.side, taper=tiles.taper)

    @property
    def _search(self) -> Search:
        wanted = self.parameters
        return Search(
            resolution=wanted.resolution,
            bfactor=wanted.bfactor,
            max_shift=wanted.max_shift,
            smooth=wanted.smooth_track,
            method=wanted.alignment,
        )

    @property
    def _distortion(self) -> Distortion:
        wanted = self.parameters
        return Distortion(
            angle=wanted.distortion_angle,
            major=wanted.distortion_major,
            minor=wanted.distortion_minor,
        )

    def _recipe(self, movie: Movie, chosen: range) -> Recipe:
        wanted = self.parameters
        return Recipe(
            dose=_dose(movie, chosen) if wanted.dose_weighting else None,
            binning=wanted.binning or (2.0 if movie.is_super_resolution else 1.0),
            halves=wanted.halves and len(chosen) > 1,
            exact=wanted.exact,
            distortion=self._distortion,
        )

    def summarize(self, micrographs: Sequence[Micrograph]) -> str:
        tracks = [m.motion for m in micrographs if m.motion is not None]
        if not tracks:
            return ""
        local = sum(motion.local is not None for motion in tracks)
        return (
            f"{len(tracks)} movies aligned, median motion "
            f"{median(motion.total for motion in tracks):.1f} Å, "
            f"local motion corrected in {local}"
        )

    def plot(self, micrographs: Sequence[Micrograph]) -> Iterator[Figure]:
        totals = [m.motion.total for m in micrographs if m.motion is not None]
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


def _dose(movie: Movie, chosen: range) -> Dose | None:
    """What each of the frames brings; None where the metadata do not say."""
    if movie.dose_per_frame <= 0:
        return None
    before = movie.pre_exposure + chosen.start * movie.dose_per_frame
    return Dose(per_frame=movie.dose_per_frame, pre=before, voltage=movie.optics.voltage)
