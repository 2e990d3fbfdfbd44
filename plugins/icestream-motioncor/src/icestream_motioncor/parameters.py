"""What a person says about MotionCor2 and MotionCor3, in our units and by the programs' names."""

from typing import Annotated, Self

from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from icestream.model import Movie
from icestream.protocol import Advanced, InputFile, Operational, Parameters, shown_if
from icestream.units import Degree, Second, Unit

__all__ = ["MotionCorParameters"]


class MotionCorParameters(Parameters):
    """How MotionCor aligns and sums the frames of a movie."""

    dose_weighting: bool = True
    """Weigh frames by the signal that radiation damage has left (`-FmDose`, `-InitDose`, `-kV`,
    `-PixSize`); needs the dose per frame."""

    patches: Annotated[int, Ge(1), Le(20)] = 5
    """Patches along each side, whose motion is followed (`-Patch`); 1 aligns whole frames only."""

    patch_overlap: Annotated[int, Unit("%"), Ge(0), Le(80), Advanced] = 0
    """Part that neighbouring patches share (third number of `-Patch`)."""

    binning: Annotated[float, Ge(0), Le(8)] = 0.0
    """Pixel of the micrograph in pixels of the movie (`-FtBin`); 0 takes 2 for super-resolution
    movies and upsampled EER, and 1 for others."""

    group: Annotated[int, Ge(1), Le(50)] = 1
    """Frames that are added up before whole frames are aligned (`-Group`)."""

    group_local: Annotated[int, Ge(0), Le(50), Advanced] = 0
    """Frames that are added up before patches are aligned (second number of `-Group`); 0 leaves it
    to the program. MotionCor2 has it from 1.5.4 on."""

    first_frame: Annotated[int, Ge(1)] = 1
    """First frame to use, from 1 (`-Throw`); not for EER."""

    last_frame: Annotated[int, Ge(0)] = 0
    """Last frame to use (`-Trunc`); 0 uses all. Not for EER."""

    halves: bool = False
    """Write the sums of the odd and of the even frames too (`-SplitSum`)."""

    defects: Annotated[InputFile | None, Advanced] = None
    """Defect map or list (`-DefectMap`), where the movies bring none."""

    iterations: Annotated[int, Ge(1), Le(100), Advanced] = 15
    """Most iterations of an alignment (`-Iter`)."""

    tolerance: Annotated[float, Unit("px"), Gt(0), Le(5), Advanced] = 0.1
    """Error at which an alignment is done (`-Tol`)."""

    bfactor: Annotated[float, Unit("Å²"), Ge(0), Advanced] = 500.0
    """Fall-off of the weights with resolution, for whole frames (`-Bft`)."""

    bfactor_local: Annotated[float, Unit("Å²"), Ge(0), Advanced] = 100.0
    """The same for patches (second number of `-Bft`)."""

    in_frame_motion: Annotated[bool, Advanced] = False
    """Account for the motion during each frame (`-InFmMotion`)."""

    distortion_major: Annotated[float, Ge(0.5), Le(2), Advanced] = 1.0
    """Magnification along the major axis (first number of `-Mag`)."""

    distortion_minor: Annotated[float, Ge(0.5), Le(2), Advanced] = 1.0
    """Magnification along the minor axis (second number of `-Mag`)."""

    distortion_angle: Annotated[Degree, Ge(-180), Le(180), Advanced] = 0.0
    """Angle of the major axis (third number of `-Mag`), as mag_distortion_estimate tells it."""

    unweighted: Annotated[bool, Advanced, shown_if("dose_weighting")] = True
    """Keep the sum without dose weighting, too."""

    gpus: Annotated[int, Ge(1), Le(8), Operational, Advanced] = 1
    """GPUs for one movie (`-Gpu`)."""

    gpu_memory: Annotated[float, Ge(0), Le(1), Operational, Advanced] = 0.5
    """Part of a GPU's memory that frames are kept in (`-GpuMemUsage`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_frames(self) -> Self:
        """Refuse a range that holds no frame, and a binning that makes pixels smaller."""
        if 0 < self.last_frame < self.first_frame:
            raise ValueError(
                f"last_frame ({self.last_frame}) must not be before "
                f"first_frame ({self.first_frame})"
            )
        if 0 < self.binning < 1:
            raise ValueError(f"binning must be 0 or at least 1, not {self.binning}")
        return self

    def binning_of(self, movie: Movie) -> float:
        """Pixel of the micrograph in pixels of this movie."""
        return self.binning or (2.0 if movie.is_super_resolution else 1.0)

    def frames_of(self, movie: Movie) -> range:
        """Numbers of the frames of this movie that are used, from 0."""
        last = min(self.last_frame, movie.frames) if self.last_frame else movie.frames
        return range(self.first_frame - 1, last)

    @property
    def distorted(self) -> bool:
        """Whether the microscope magnifies differently along two axes."""
        return (self.distortion_major, self.distortion_minor) != (1.0, 1.0)
