"""Align the frames of each movie with FlexAlign, on a GPU."""

import math
from collections.abc import Iterator
from typing import Annotated, Self

from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from icestream.model import Micrograph, Movie
from icestream.protocol import Advanced, Command, Resources, Work, shown_if
from icestream.units import Angstrom
from icestream_xmipp.correlation import (
    ALIGNMENT_FAILURES,
    FLEXALIGN_CITE,
    OPTIONS,
    WANTED,
    CorrelationParameters,
    arguments,
    read_alignment,
)
from icestream_xmipp.elsewhere import FLEXALIGN
from icestream_xmipp.movies import MovieAlignment
from icestream_xmipp.suite import CITE, GPU_FAILURES, number, xmipp

__all__ = ["AlignWithFlexAlign", "FlexAlignParameters"]

_PROGRAM = "xmipp_cuda_movie_alignment_correlation"


class FlexAlignParameters(CorrelationParameters):
    """How FlexAlign follows the motion, of whole frames and of places in them."""

    local_motion: bool = True
    """Follow the motion of patches, too (without it `--skipLocalAlignment`)."""

    binning: Annotated[float, Ge(1), Le(8)] = 1.0
    """Pixel of the micrograph in pixels of the movie (`--bin`)."""

    patches: Annotated[int, Ge(0), Le(50), Advanced, shown_if("local_motion")] = 0
    """Patches along each side (`--patches`); 0 makes as many as `patch_size` says."""

    patch_size: Annotated[Angstrom, Gt(0), Le(10000), Advanced, shown_if("local_motion")] = 500.0
    """Least side of a patch (`--minLocalRes`), which is taken in whole Å."""

    control_points: Annotated[int, Ge(0), Le(50), Advanced, shown_if("local_motion")] = 0
    """Points of the smooth surface along each side (first two numbers of `--controlPoints`), fewer
    than patches; 0 takes one for each 1000 Å and two more. From 3 on."""

    control_points_time: Annotated[int, Ge(0), Le(50), Advanced, shown_if("local_motion")] = 0
    """Its points in time (third number of `--controlPoints`); 0 takes one for each 7 frames and two
    more. From 3 on."""

    group: Annotated[int, Ge(1), Le(50), Advanced, shown_if("local_motion")] = 3
    """Frames whose mean is followed in a patch (`--patchesAvg`)."""

    @model_validator(mode="after")
    def check_points(self) -> Self:
        """Refuse what the program refuses."""
        for name in ("control_points", "control_points_time"):
            if 0 < getattr(self, name) < 3:
                raise ValueError(f"{name} must be 0 or at least 3, not {getattr(self, name)}")
        if 0 < self.patches <= self.control_points:
            raise ValueError(
                f"patches ({self.patches}) must be more than control_points ({self.control_points})"
            )
        return self

    def points_of(self, movie: Movie) -> tuple[int, int, int]:
        """Control points along x, y and time."""
        height, width = (
            self.control_points or max(3, int(side * movie.optics.pixel_size / 1000) + 2)
            for side in movie.shape
        )
        time = self.control_points_time or max(3, math.ceil(len(self.frames_of(movie)) / 7) + 2)
        return width, height, time


class AlignWithFlexAlign(MovieAlignment[FlexAlignParameters]):
    """Align whole frames and patches of a movie, and average them; no dose weighting."""

    name = "movies.xmipp_flexalign"
    title = "FlexAlign"
    cites = (FLEXALIGN_CITE, CITE)
    resources = Resources(cores=1, memory=12 * 2**30, gpus=1, tokens=(_PROGRAM,))
    program = xmipp(
        _PROGRAM, *OPTIONS, "--patchesAvg", "--minLocalRes", "--controlPoints", "--device",
        cites=(FLEXALIGN_CITE,),
    )  # fmt: skip
    failures = (*GPU_FAILURES, *ALIGNMENT_FAILURES)
    elsewhere = FLEXALIGN
    wanted = WANTED

    def command(self, movie: Movie, work: Work) -> Command:
        wanted = self.parameters
        said = arguments(movie, wanted, wanted.binning)
        local = self._local(movie) if wanted.local_motion else ("--skipLocalAlignment",)
        # The task sees its own GPU alone, as number 0.
        argv = (_PROGRAM, *said, *local, "--device", "0")
        return Command(argv, timeout=wanted.timeout)

    def _local(self, movie: Movie) -> Iterator[str]:
        wanted = self.parameters
        yield from ("--controlPoints", *map(str, wanted.points_of(movie)))
        if wanted.patches:
            yield from ("--patches", str(wanted.patches), str(wanted.patches))
        yield from ("--minLocalRes", number(round(wanted.patch_size)))
        yield from ("--patchesAvg", str(wanted.group))

    def collect(self, movie: Movie, work: Work) -> Micrograph:
        return read_alignment(movie, self.parameters, work, self.parameters.binning)

    def methods(self) -> str:
        """How frames were aligned."""
        how = "as a whole and in patches" if self.parameters.local_motion else "as a whole"
        return f"Movie frames were aligned {how} by FlexAlign in Xmipp, and averaged."
