"""What a person says about RELION's motion correction, in our units and by its own names."""

from typing import Annotated, Self

from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from icestream.model import Movie
from icestream.protocol import Advanced, InputFile, Operational, Parameters, shown_if
from icestream.units import Second, Unit

__all__ = ["RelionMotionParameters"]


class RelionMotionParameters(Parameters):
    """How RELION aligns and sums the frames of a movie."""

    use_motioncor2: bool = False
    """Have UCSF's MotionCor2 do it (`--use_motioncor2`); RELION's own implementation else
    (`--use_own`)."""

    dose_weighting: bool = True
    """Weigh frames by the signal that radiation damage has left (`--dose_weighting`,
    `--dose_per_frame`, `--preexposure`); needs the dose per frame."""

    patches: Annotated[int, Ge(1), Le(20)] = 5
    """Patches along each side, whose motion is followed (`--patch_x`, `--patch_y`); up to 2 RELION
    aligns whole frames only."""

    binning: Annotated[float, Ge(0), Le(8)] = 0.0
    """Pixel of the micrograph in pixels of the movie (`--bin_factor`); 0 takes 2 for
    super-resolution movies and upsampled EER, and 1 for others."""

    bfactor: Annotated[float, Unit("px²"), Ge(0)] = 150.0
    """Fall-off of the weights with resolution (`--bfactor`)."""

    group: Annotated[int, Ge(1), Le(50)] = 1
    """Frames that are added up before they are aligned (`--group_frames`)."""

    first_frame: Annotated[int, Ge(1)] = 1
    """First frame of the sum, from 1 (`--first_frame_sum`)."""

    last_frame: Annotated[int, Ge(0)] = 0
    """Last frame of the sum (`--last_frame_sum`); 0 uses all."""

    defects: Annotated[InputFile | None, Advanced] = None
    """Defect map or list (`--defect_file`), where the movies bring none."""

    iterations: Annotated[int, Ge(1), Le(100), Advanced, shown_if("use_motioncor2", False)] = 5
    """Most iterations of an alignment (`--max_iter`); of RELION's own implementation."""

    unweighted: Annotated[bool, Advanced, shown_if("dose_weighting")] = True
    """Keep the sum without dose weighting, too (`--save_noDW`): the CTF is better seen in it."""

    cores: Annotated[int, Ge(1), Le(64), Operational, Advanced] = 1
    """Threads for one movie (`--j`)."""

    memory: Annotated[float, Unit("GiB"), Gt(0), Operational, Advanced] = 4.0
    """Memory that is set aside for a movie: all its frames are in it, more than once."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 3600.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_frames(self) -> Self:
        """Refuse a range that holds no frame, and a binning that makes pixels smaller."""
        if 0 < self.last_frame <= self.first_frame:
            raise ValueError(
                f"last_frame ({self.last_frame}) must be 0 or beyond "
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

    def is_weighted(self, movie: Movie) -> bool:
        """Whether a dose-weighted sum is made of this movie."""
        return self.dose_weighting and movie.dose_per_frame > 0
