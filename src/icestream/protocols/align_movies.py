"""Align the frames of each movie as it arrives, and sum them with dose weights."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Literal, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray
from pydantic import field_validator, model_validator

from icestream.formats import (
    MovieFile,
    open_movie,
    read_defects,
    write_mrc,
    write_picture,
    write_tiff,
)
from icestream.model import Image, Micrograph, Motion, Movie, Optics, PartialSpectra, column
from icestream.processing.counts import narrow_counts, sum_counts
from icestream.processing.ctf.groups import TILE_SIZE, group_tiles
from icestream.processing.defects import find_outliers, replace_defects
from icestream.processing.dose import Dose
from icestream.processing.gain.reference import dead_pixels, usable_gain
from icestream.processing.grey import draw_thumbnail
from icestream.processing.motion.halves import half_correlation
from icestream.processing.motion.magnification import Distortion, undo_distortion
from icestream.processing.motion.measure import FoundMotion, count_early_frames, measure_motion
from icestream.processing.motion.picture import draw_tracks
from icestream.processing.motion.spectra import Frames, in_threads
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

_SUPER_RESOLUTION = frozenset({frozenset({11520, 8184}), frozenset({7676, 7420})})
"""Sides of the frames that K3 and K2 cameras write in super-resolution."""

_TOO_MANY = 0.05
"""A larger part of the camera cannot be defective: the gain or its orientation is wrong."""


_LEAST_TILES = 1.5
"""Tiles along a field, at least, for spectra of groups of frames. In a smaller one only coarse
rings rise above the noise, and those, which need no groups, are clearer in the sum."""


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
class _Loaded:
    frames: Frames
    outliers: NDArray[np.bool_]


class AlignMovies(ItemProtocol[AlignMoviesParameters]):
    """Align the frames of a movie, whole and locally, and sum them with dose weights."""

    name = "movies.align"
    title = "Movie alignment"
    cites = ("doi:10.7554/eLife.06980",)

    @classmethod
    def warm(cls) -> None:
        """Align a small movie of noise: what it makes numba compile, the first movie needs."""
        size = round(_LEAST_TILES * TILE_SIZE)
        counts = np.random.default_rng(1).poisson(2.0, (3, size, size)).astype(np.uint16)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "warm.tiff"
            write_tiff(path, counts)
            movie = Movie(
                exposure="warm",
                path=path,
                frames=len(counts),
                shape=(size, size),
                optics=Optics(pixel_size=4.0, voltage=300.0),
                dose_per_frame=1.0,
            )
            cls().process(movie, Work(folder=Path(folder)))

    def need(self) -> Resources:
        """Cores as asked; memory for 50 frames of 4096 x 4096 counting pixels."""
        return Resources(cores=self.parameters.threads, memory=2500 * 2**20)

    def process(self, movie: Movie, work: Work) -> Micrograph:
        wanted = self.parameters
        first, last = self._range(movie)
        loaded = self._load(movie, first, last, work)
        dose = _dose(movie, first)
        found = measure_motion(
            loaded.frames,
            Search(
                resolution=wanted.resolution,
                bfactor=wanted.bfactor,
                max_shift=wanted.max_shift,
                smooth=wanted.smooth_track,
                method=wanted.alignment,
            ),
            dose,
            patches=wanted.patches if wanted.local_motion else 0,
            cores=work.cores,
        )
        early = self._early(movie, found, first)
        if early:
            frames = replace(loaded.frames, counts=loaded.frames.counts[early:])
            loaded, found = replace(loaded, frames=frames), found.without_first(early)
            first += early
            dose = _dose(movie, first)
        recipe = Recipe(
            dose=dose if wanted.dose_weighting else None,
            binning=wanted.binning or _usual_binning(movie),
            halves=wanted.halves and len(loaded.frames) > 1,
            exact=wanted.exact,
        )
        spectra = self._spectra(movie, work, loaded, found)
        sums = sum_frames(loaded.frames, found.best, recipe, cores=work.cores)
        sums = self._straighten(sums, work)
        return replace(self._write(movie, work, loaded, found, sums, first), spectra=spectra)

    def _spectra(
        self, movie: Movie, work: Work, loaded: _Loaded, found: FoundMotion
    ) -> PartialSpectra | None:
        """Write what the CTF is to be estimated on, where it is better than the sum."""
        small = min(loaded.frames.shape) < _LEAST_TILES * TILE_SIZE
        if not self.parameters.spectra or movie.dose_per_frame <= 0 or small:
            return None
        tiles = group_tiles(
            loaded.frames,
            found.best,
            movie.dose_per_frame,
            distortion=self._distortion,
            cores=work.cores,
        )
        if tiles is None:
            return None
        path = work.path(f"{movie.exposure}_spectra.mrcs")
        write_mrc(path, tiles.power, tiles.side / len(tiles.power[0]))
        places = column(tiles.places)
        return PartialSpectra(path=path, places=places, side=tiles.side, taper=tiles.taper)

    def _early(self, movie: Movie, found: FoundMotion, first: int) -> int:
        """How many of the aligned frames are left out of the sums."""
        wanted, count = self.parameters, len(found.shifts)
        if wanted.unsummed >= count:
            raise ItemFailed(
                f"{wanted.unsummed} frames were to be left out of the sum, but only {count} of "
                f"{movie.path} are aligned, from {first + 1} on",
                advice="lower unsummed",
                code="no-frames",
            )
        moved = count_early_frames(found.best, wanted.early_motion) if wanted.early_motion else 0
        return max(wanted.unsummed, moved)

    @property
    def _distortion(self) -> Distortion:
        wanted = self.parameters
        return Distortion(
            angle=wanted.distortion_angle,
            major=wanted.distortion_major,
            minor=wanted.distortion_minor,
        )

    def _straighten(self, sums: Sums, work: Work) -> Sums:
        """Undo what the microscope distorts."""
        distortion = self._distortion
        if distortion.major == distortion.minor == 1:
            return sums

        def straight(image: Image) -> Image:
            return undo_distortion(image, distortion, threads=work.cores)

        return Sums(
            straight(sums.plain),
            None if sums.weighted is None else straight(sums.weighted),
            None if sums.halves is None else (straight(sums.halves[0]), straight(sums.halves[1])),
        )

    def _range(self, movie: Movie) -> tuple[int, int]:
        """Frames to use, from 0, the last one excluded."""
        first, last = self.parameters.first_frame - 1, self.parameters.last_frame
        last = min(last, movie.frames) if last else movie.frames
        if first >= last:
            raise ItemFailed(
                f"frames from {first + 1} on were asked for, {movie.path} has {movie.frames}",
                advice="lower first_frame",
                code="no-frames",
            )
        return first, last

    def _load(self, movie: Movie, first: int, last: int, work: Work) -> _Loaded:
        """Counts, gain and the pixels that stand out; defects are replaced."""
        with open_movie(
            movie.path, movie.eer_grouping, eer_upsampling=movie.eer_upsampling
        ) as file:
            counts = _read_counts(file, range(first, last), work.cores)
            gain = None
            if movie.gain is not None:
                gain = file.read_gain(movie.gain, movie.gain_orientation)
            defects = np.zeros(file.shape, dtype=np.bool_)
        for listed in (movie.defects, self.parameters.defects):
            if listed is not None:
                defects |= read_defects(listed, (counts.shape[1], counts.shape[2]))
        if gain is not None:
            defects |= dead_pixels(gain)
        factors = usable_gain(gain, (counts.shape[1], counts.shape[2]), defects)
        total = sum_counts(counts, factors)
        broken = ~np.isfinite(total)
        total[broken | defects] = np.median(total[::4, ::4][~(broken | defects)[::4, ::4]])
        outliers = find_outliers(total, threshold=self.parameters.defect_threshold) | broken
        if outliers.mean() > _TOO_MANY:
            raise ItemFailed(
                f"{100 * outliers.mean():.0f} % of the pixels of {movie.path} stand out of the sum "
                "of its frames",
                advice="check the gain reference and its orientation, or raise defect_threshold",
                code="too-many-defects",
            )
        replace_defects(counts, defects | outliers, seed=work.seed)
        frames = Frames(counts, factors, movie.optics.pixel_size)
        return _Loaded(frames, outliers & ~defects)

    def _write(
        self,
        movie: Movie,
        work: Work,
        loaded: _Loaded,
        found: FoundMotion,
        sums: Sums,
        first: int,
    ) -> Micrograph:
        shape = (sums.plain.shape[0], sums.plain.shape[1])
        binning = loaded.frames.shape[0] / shape[0]
        optics = movie.optics.binned(binning)
        path = work.path(f"{movie.exposure}.mrc")
        unweighted = None
        shown = sums.plain if sums.weighted is None else sums.weighted
        write_mrc(path, shown, optics.pixel_size)
        if sums.weighted is not None:
            unweighted = work.path(f"{movie.exposure}_noDW.mrc")
            write_mrc(unweighted, sums.plain, optics.pixel_size)
        halves: list[Path] = []
        for name, image in zip(("odd", "even"), sums.halves or (), strict=False):
            halves.append(work.path(f"{movie.exposure}_{name}.mrc"))
            write_mrc(halves[-1], image, optics.pixel_size)
        tracks = work.path(f"{movie.exposure}_tracks.png")
        write_picture(tracks, draw_tracks(found.best, loaded.frames.shape))
        thumbnail = work.path(f"{movie.exposure}.jpg")
        write_picture(
            thumbnail, draw_thumbnail(shown, optics.pixel_size, self.parameters.thumbnail_size)
        )
        frames = len(loaded.frames)
        return Micrograph(
            exposure=movie.exposure,
            path=path,
            shape=shape,
            optics=optics,
            unweighted=unweighted,
            motion=_motion(found, loaded, movie.optics.pixel_size, first),
            movie=movie.path,
            gain=movie.gain,
            dose_per_frame=movie.dose_per_frame,
            pre_exposure=movie.pre_exposure,
            frames=frames,
            binning=binning,
            eer_grouping=movie.eer_grouping,
            group=movie.details.group if movie.details else 1,
            thumbnail=thumbnail,
            odd=halves[0] if halves else None,
            even=halves[1] if halves else None,
            half_correlation=_agreement(sums, optics.pixel_size),
            tracks=tracks,
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


def _usual_binning(movie: Movie) -> float:
    """2 where a pixel of the movie is half a pixel of the camera."""
    fine = movie.eer_upsampling == 2 or frozenset(movie.shape) in _SUPER_RESOLUTION
    return 2.0 if fine else 1.0


def _agreement(sums: Sums, pixel_size: float) -> float | None:
    if sums.halves is None:
        return None
    found = half_correlation(*sums.halves, pixel_size)
    return found if np.isfinite(found) else None


def _dose(movie: Movie, first: int) -> Dose | None:
    if movie.dose_per_frame <= 0:
        return None
    before = movie.pre_exposure + first * movie.dose_per_frame
    return Dose(per_frame=movie.dose_per_frame, pre=before, voltage=movie.optics.voltage)


def _read_counts(file: MovieFile, frames: range, cores: int) -> NDArray[Any]:
    """Frames of a movie, in one of the three types that the kernels are compiled for."""
    shape = (len(frames), *file.shape)
    if file.dtype.kind in "iu" and file.dtype.itemsize == 2:
        small = np.empty(shape, dtype=np.uint8)

        def narrow(i: int) -> bool:
            return narrow_counts(file.read(frames[i]), small[i])

        # The first alone, so that a movie of high counts is not read twice.
        if narrow(0) and all(in_threads(narrow, range(1, len(frames)), cores)):
            return small
    counts = np.empty(shape, dtype=file.dtype)
    in_threads(lambda i: file.read(frames[i], counts[i]), range(len(frames)), cores)
    return _native(counts)


def _native(counts: NDArray[Any]) -> NDArray[Any]:
    """Counts as one of the three types that the kernels are compiled for."""
    if counts.dtype in (np.uint8, np.uint16, np.float32):
        return counts
    if counts.dtype.kind in "bui" and counts.min() >= 0:
        if counts.dtype.itemsize == 1:
            return counts.view(np.uint8)
        if counts.max() < 2**16:
            return counts.astype(np.uint16)
    return counts.astype(np.float32)


def _motion(found: FoundMotion, loaded: _Loaded, pixel_size: float, first: int) -> Motion:
    local = None
    if found.local is not None:
        local = column(found.local.coefficients / pixel_size)
    hot = np.argwhere(loaded.outliers)
    return Motion(
        shifts=column(found.shifts / pixel_size),
        local=local,
        pixel_size=pixel_size,
        first_frame=first + 1,
        hot_pixels=column(hot) if len(hot) else None,
        frame_errors=column(found.frame_errors / pixel_size),
        frame_agreement=column(found.frame_agreement),
        patch_quality=None if found.patches is None else column(found.patches.table),
    )
