"""What the alignments have in common: which frames, and the micrograph that comes of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, ClassVar, Self, TypeVar

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray
from pydantic import model_validator

from icestream.formats import write_picture
from icestream.model import Micrograph, Motion, Movie, column
from icestream.processing.grey import draw_thumbnail
from icestream.processing.motion.picture import draw_tracks
from icestream.protocol import (
    Advanced,
    BadOutput,
    Figure,
    InputFile,
    Operational,
    Parameters,
    ProgramProtocol,
    Work,
    read_output,
)
from icestream.units import Second
from icestream_xmipp.frames import lay_out_frames
from icestream_xmipp.metadata import read_block, read_column
from icestream_xmipp.suite import lacking_options, software

__all__ = ["FrameParameters", "MovieAlignment", "Sums", "make_micrograph", "read_shifts"]

_THUMBNAIL = 512
"""Pixels of its longer side."""


class FrameParameters(Parameters):
    """Which frames are aligned, and of which pixels."""

    first_frame: Annotated[int, Ge(1)] = 1
    """First frame to use, from 1 (`--frameRange`)."""

    last_frame: Annotated[int, Ge(0)] = 0
    """Last frame to use (`--frameRange`); 0 uses all."""

    defects: Annotated[InputFile | None, Advanced] = None
    """Defect map or list beside that of the movies; defective pixels get the counts of a neighbour
    before the program sees them."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_frames(self) -> Self:
        """Refuse a range that holds no frame."""
        if 0 < self.last_frame < self.first_frame:
            raise ValueError(
                f"last_frame ({self.last_frame}) must not be before "
                f"first_frame ({self.first_frame})"
            )
        return self

    def frames_of(self, movie: Movie) -> range:
        """Numbers of the frames of this movie that are used, from 0."""
        last = min(self.last_frame, movie.frames) if self.last_frame else movie.frames
        return range(self.first_frame - 1, last)


F = TypeVar("F", bound=FrameParameters)


class MovieAlignment(ProgramProtocol[F]):
    """Align movies by one of Xmipp's programs."""

    wanted: ClassVar[str] = ""
    """The release that has the options, in words."""

    def software(self) -> dict[str, str]:
        """What tells the program from one with other options."""
        return dict(software(self.programs()))

    def lacking(self) -> Sequence[str]:
        """That the program on this machine is of a release with other options."""
        return lacking_options(self.program, self.wanted)

    def prepare(self, work: Work, movie: Movie) -> None:
        lay_out_frames(movie, self.parameters.frames_of(movie), work, self.parameters.defects)

    def summarize(self, micrographs: Sequence[Micrograph]) -> str:
        totals = [made.motion.total for made in micrographs if made.motion is not None]
        if totals:
            return f"{len(totals)} movies aligned, median motion {median(totals):.1f} Å"
        return f"{len(micrographs)} movies aligned" if micrographs else ""

    def plot(self, micrographs: Sequence[Micrograph]) -> Iterator[Figure]:
        totals = [made.motion.total for made in micrographs if made.motion is not None]
        if totals:
            yield Figure("Total motion", "series", totals, "motion / Å")
            yield Figure("Total motion", "histogram", totals, "motion / Å")


def read_shifts(path: Path, frames: int) -> NDArray[np.float64]:
    """Shifts of the whole frames, as the alignments by correlation write them.

    Returns
    -------
    NDArray
        ``(frames, 2)`` as (dy, dx), pixels of the movie, relative to the frame that the program
        chose for the sum to lie on: what is added to the coordinates of a frame. The program writes
        what is to be applied, in pixels before binning.

    Raises
    ------
    BadOutput
        If the table is missing or cut off, or has another number of frames.
    """
    table = read_block(path, "frameShifts")
    shifts = np.stack([read_column(table, f"shift{axis}", path) for axis in "YX"], axis=1)
    used = read_column(table, "enabled", path) > 0
    if len(shifts) != frames or not used.all():
        raise BadOutput(
            f"{path.name} has shifts of {int(used.sum())} frames, and {frames} were to be aligned",
            code="half-output",
        )
    return np.asarray(shifts, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The images of a movie as they were written."""

    best: Path
    unweighted: Path | None = None
    binning: float = 1.0
    """Pixel of them in pixels of the movie."""


def make_micrograph(
    movie: Movie, used: range, shifts: NDArray[np.float64] | None, sums: Sums, work: Work
) -> Micrograph:
    """The micrograph of a movie, with small pictures of it and of the motion.

    Parameters
    ----------
    movie
        What was aligned.
    used
        Numbers of its frames that were, from 0.
    shifts
        As `read_shifts` gives them; None where the program tells none.
    sums
        What was written; the files get the name of the exposure.
    work
        Where the pictures go.

    Raises
    ------
    BadOutput
        If an image is missing, cut off, without contrast or of another size than was to be made.
    """
    image = read_output(sums.best)
    if any(
        abs(side / sums.binning - made) > 2
        for side, made in zip(movie.shape, image.shape, strict=True)
    ):
        raise BadOutput(
            f"its micrograph has {image.shape[0]} x {image.shape[1]} pixels, and frames of "
            f"{movie.shape[0]} x {movie.shape[1]} were to be binned {sums.binning:g} times",
            code="garbage-output",
        )
    shape = (image.shape[0], image.shape[1])
    plain = None
    if sums.unweighted is not None:
        read_output(sums.unweighted, shape)
        plain = sums.unweighted.rename(work.path(f"{movie.exposure}_unweighted.mrc"))
    binning = movie.shape[0] / shape[0]
    optics, pixel_size = movie.optics.binned(binning), movie.optics.pixel_size
    motion = tracks = None
    if shifts is not None:
        motion = Motion(shifts=column(shifts), pixel_size=pixel_size, first_frame=used.start + 1)
        picture = draw_tracks(shifts * pixel_size, movie.shape)
        tracks = write_picture(work.path(f"{movie.exposure}_tracks.png"), picture)
    return Micrograph(
        exposure=movie.exposure,
        path=sums.best.rename(work.path(f"{movie.exposure}.mrc")),
        shape=shape,
        optics=optics,
        unweighted=plain,
        motion=motion,
        movie=movie.path,
        gain=movie.gain,
        dose_per_frame=movie.dose_per_frame,
        pre_exposure=movie.pre_exposure,
        frames=len(used),
        binning=binning,
        eer_grouping=movie.eer_grouping,
        group=movie.details.group if movie.details else 1,
        phase_plate=bool(movie.details and movie.details.phase_plate),
        thumbnail=write_picture(
            work.path(f"{movie.exposure}.jpg"), draw_thumbnail(image, optics.pixel_size, _THUMBNAIL)
        ),
        tracks=tracks,
    )
