"""What the alignments by correlation, on a CPU and on a GPU, are told and leave."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Gt, Le

from icestream.model import Micrograph, Movie
from icestream.protocol import Advanced, Failure, Work
from icestream.units import Angstrom, Usual
from icestream_xmipp.frames import GAIN, LIST, check_frames
from icestream_xmipp.movies import FrameParameters, Sums, make_micrograph, read_shifts
from icestream_xmipp.suite import FAILURES, number

__all__ = [
    "ALIGNMENT_FAILURES",
    "FLEXALIGN_CITE",
    "OPTIONS",
    "WANTED",
    "CorrelationParameters",
    "arguments",
    "read_alignment",
]

FLEXALIGN_CITE = "Střelák et al. (2020) Electronics 9, 1040, doi:10.3390/electronics9061040"
OPTIONS = (
    "--maxShift",
    "--maxResForCorrelation",
    "--skipLocalAlignment",
    "--frameRange",
    "we will multiply by it",
)
"""What the help has to list: older releases divide by the gain, and call the others otherwise."""

WANTED = (
    "Xmipp 3.25.06 has them, and older ones with --skipLocalAlignment, --maxResForCorrelation and "
    "a gain that is multiplied by"
)
_SUM, _SHIFTS = "sum.mrc", "shifts.xmd"

ALIGNMENT_FAILURES = (
    Failure(
        code="pixels-too-large",
        when=r"correlation scale factor is bigger than one",
        advice="raise resolution_max: it has to be more than seven pixels of the micrograph",
    ),
    Failure(
        code="few-patches",
        when=r"More control points than patches",
        advice="raise patches, or lower control_points",
    ),
    Failure(
        code="small-movie",
        when=r"Movie is too small for local alignment",
        advice="set local_motion to false",
    ),
    Failure(
        code="gain-size",
        when=r"gain image size does not match",
        advice="give the gain reference of this camera and mode",
    ),
    *FAILURES,
)


class CorrelationParameters(FrameParameters):
    """How frames are correlated with each other."""

    resolution_max: Annotated[Angstrom, Gt(0), Le(200), Usual(5.0, 100.0)] = 30.0
    """Finest detail that is correlated (`--maxResForCorrelation`): more than seven pixels of the
    micrograph."""

    shift_max: Annotated[Angstrom, Gt(0), Le(1000), Advanced] = 50.0
    """Most that a frame may be shifted from another (`--maxShift`)."""


def arguments(movie: Movie, wanted: CorrelationParameters, binning: float = 1.0) -> Iterator[str]:
    """The arguments that both programs know, without the program's name.

    Raises
    ------
    ItemFailed
        If the movie has too few frames.
    """
    used = wanted.frames_of(movie)
    check_frames(movie, used)
    yield from ("-i", LIST, "-o", _SHIFTS, "--oavg", _SUM)
    yield from ("--sampling", number(movie.optics.pixel_size))
    yield from ("--maxResForCorrelation", number(wanted.resolution_max))
    yield from ("--maxShift", number(wanted.shift_max))
    # The list holds the frames that are used, and no other.
    yield from ("--frameRange", "0", str(len(used) - 1))
    yield from ("--frameRangeSum", "0", str(len(used) - 1))
    if binning > 1:
        yield from ("--bin", number(binning))
    if movie.gain is not None:
        yield from ("--gain", GAIN)


def read_alignment(
    movie: Movie, wanted: CorrelationParameters, work: Work, binning: float = 1.0
) -> Micrograph:
    """The micrograph and its motion; raises BadOutput if something is missing or garbage."""
    used = wanted.frames_of(movie)
    shifts = read_shifts(work.path(_SHIFTS), len(used))
    sums = Sums(best=work.path(_SUM), binning=binning)
    return make_micrograph(movie, used, shifts, sums, work)
