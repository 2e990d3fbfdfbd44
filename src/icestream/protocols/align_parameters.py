"""What a person says about the alignment of movies, and what the numerics make of it."""

from typing import Annotated, Literal, Self

from annotated_types import Ge, Gt, Le
from pydantic import field_validator, model_validator

from icestream.model import Movie
from icestream.processing.dose import Dose
from icestream.processing.motion.magnification import Distortion
from icestream.processing.motion.track import TrackSearch
from icestream.processing.motion.warp import Recipe
from icestream.protocol import Advanced, InputFile, Operational, Parameters, shown_if
from icestream.units import Angstrom, Pixel, Unit, Usual

__all__ = ["AlignMoviesParameters"]


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

    bfactor: Annotated[float, Unit("Å²"), Ge(0), Usual(1.0, 5000.0, also=(0.0,)), Advanced] = 0.0
    """Extra fall-off of the weights with resolution; 0 leaves it to what the movie shows."""

    smooth_track: Annotated[bool, Advanced] = True
    """Learn from each movie how abruptly its specimen moves, and use it against noise."""

    max_shift: Annotated[Angstrom, Gt(1), Usual(5.0, 5000.0), Advanced] = 150.0
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

    @property
    def search(self) -> TrackSearch:
        """How the track of the whole frames is looked for."""
        return TrackSearch(
            resolution=self.resolution,
            bfactor=self.bfactor,
            max_shift=self.max_shift,
            smooth=self.smooth_track,
            method=self.alignment,
        )

    @property
    def distortion(self) -> Distortion:
        """What the microscope does to the image, and is undone."""
        return Distortion(
            angle=self.distortion_angle,
            major=self.distortion_major,
            minor=self.distortion_minor,
        )

    def recipe(self, movie: Movie, dose: Dose | None, frames: int) -> Recipe:
        """How so many frames of a movie are summed; `dose` is None where it is not known."""
        return Recipe(
            dose=dose if self.dose_weighting else None,
            binning=self.binning or (2.0 if movie.is_super_resolution else 1.0),
            halves=self.halves and frames > 1,
            exact=self.exact,
            distortion=self.distortion,
        )
