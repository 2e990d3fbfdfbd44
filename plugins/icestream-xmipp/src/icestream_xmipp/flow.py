"""What the alignments by optical flow, on a CPU and on a GPU, are told and leave."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from annotated_types import Ge, Le
from pydantic import model_validator

from icestream.model import Micrograph, Movie
from icestream.protocol import (
    Advanced,
    Command,
    Failure,
    ItemFailed,
    Operational,
    Work,
    shown_if,
)
from icestream.units import Pixel
from icestream_xmipp.frames import GAIN, LIST, check_frames
from icestream_xmipp.metadata import read_block, read_column
from icestream_xmipp.movies import FrameParameters, MovieAlignment, Sums, make_micrograph
from icestream_xmipp.suite import FAILURES, number

__all__ = ["FLOW_CITE", "FLOW_FAILURES", "FLOW_OPTIONS", "FlowAlignment", "FlowParameters"]

FLOW_CITE = "Abrishami et al. (2015) J. Struct. Biol. 189, 163, doi:10.1016/j.jsb.2015.02.001"
FLOW_OPTIONS = ("--winSize", "--groupSize", "--oUnc", "--doseCorrection", "we will multiply by it")
"""What the help has to list: builds before 2019 divide by the gain."""
_SUM, _SHIFTS, _PLAIN, _PLAIN_FRAMES = "sum.mrc", "shifts.xmd", "plain.mrc", "plain.mrcs"
_WEIGHED = (200.0, 300.0)
"""kV that the weights are made for."""
_WEIGHTS = ", with weights for radiation damage where the dose is known"
"""A movie without a dose is averaged without them, whatever is asked."""

FLOW_FAILURES = (
    Failure(
        code="bad-voltage",
        when=r"Bad acceleration voltage",
        advice="set dose_weighting to false: the program weighs at 200 and 300 kV alone",
    ),
    Failure(
        code="gain-unusable",
        when=r"gain image is incorrect",
        advice="look at the gain reference: it has pixels that are no numbers",
    ),
    *FAILURES,
)


class FlowParameters(FrameParameters):
    """How the flow from frame to frame is followed."""

    window: Annotated[Pixel, Ge(5), Le(2000)] = 150
    """Side of the window within which all moves alike (`--winSize`)."""

    group: Annotated[int, Ge(1), Le(50)] = 1
    """Frames that are added up in the finest level (`--groupSize`)."""

    dose_weighting: bool = False
    """Weigh frames by the signal that radiation damage has left (`--doseCorrection`); needs the
    dose per frame, the same for all, and 200 or 300 kV."""

    before: Annotated[bool, Advanced, shown_if("dose_weighting")] = False
    """Weigh before the alignment (`pre`), not after it (`post`)."""

    unweighted: Annotated[bool, Advanced, shown_if("dose_weighting")] = True
    """Keep the sum without dose weighting, too (`--oUnc`)."""

    in_memory: Annotated[bool, Operational, Advanced] = False
    """Keep all frames in memory, not in a file (`--inmemory`)."""

    @model_validator(mode="after")
    def check_groups(self) -> Self:
        """Refuse weights that the program would not mean."""
        if self.dose_weighting and self.group > 1 and not self.before:
            raise ValueError(
                f"group is {self.group} with dose_weighting: after the alignment the program takes "
                "each group for one frame, and would weigh by too small a dose; set before to "
                "true, or group to 1"
            )
        return self

    def weighs(self, movie: Movie) -> bool:
        """Whether the sum of this movie is weighted."""
        return self.dose_weighting and movie.dose_per_frame > 0


class FlowAlignment(MovieAlignment[FlowParameters]):
    """Align frames by the optical flow between them, with one of the two programs."""

    wanted = (
        "the programs of optical flow were part of Xmipp from 2019 until they were taken out of "
        "it, and builds before that divide by the gain"
    )

    def said(self) -> Sequence[str]:
        """What this program is told beside what both are; nothing by default."""
        return ()

    def command(self, movie: Movie, work: Work) -> Command:
        wanted, used = self.parameters, self.parameters.frames_of(movie)
        check_frames(movie, used, least=wanted.group + 1)
        if wanted.weighs(movie):
            _check_doses(movie)
        program = self.program.executable
        argv = (program, *_arguments(movie, wanted), *self.said())
        return Command(argv, timeout=wanted.timeout)

    def collect(self, movie: Movie, work: Work) -> Micrograph:
        wanted = self.parameters
        path = work.path(_SHIFTS)
        # How far frames move on average, without a direction: whether it is whole is all it tells.
        read_column(read_block(path), "opticalMeanX", path)
        keeps = wanted.weighs(movie) and wanted.unweighted
        sums = Sums(best=work.path(_SUM), unweighted=work.path(_PLAIN) if keeps else None)
        return make_micrograph(movie, wanted.frames_of(movie), None, sums, work)

    def methods(self) -> str:
        """How frames were aligned."""
        weights = _WEIGHTS if self.parameters.dose_weighting else ""
        return f"Movie frames were aligned by optical flow in Xmipp, and averaged{weights}."


def _arguments(movie: Movie, wanted: FlowParameters) -> Iterator[str]:
    used = wanted.frames_of(movie)
    yield from ("-i", LIST, "-o", _SHIFTS, "--oavg", _SUM)
    # The list holds the frames that are used, and no other.
    yield from ("--frameRange", "0", str(len(used) - 1))
    yield from ("--winSize", str(wanted.window), "--groupSize", str(wanted.group))
    if movie.gain is not None:
        yield from ("--gain", GAIN)
    if wanted.in_memory:
        yield "--inmemory"
    if wanted.weighs(movie):
        before = movie.pre_exposure + used.start * movie.dose_per_frame
        numbers = (movie.dose_per_frame, movie.optics.pixel_size, movie.optics.voltage, before)
        yield from ("--doseCorrection", *map(number, numbers))
        yield "pre" if wanted.before else "post"
        if wanted.unweighted:
            yield from ("--oUnc", _PLAIN, _PLAIN_FRAMES)


def _check_doses(movie: Movie) -> None:
    """Refuse what the program cannot weigh."""
    if movie.frame_doses:
        raise ItemFailed(
            f"the frames of {movie.path} have different doses, and Xmipp's optical flow takes one "
            "for all of them",
            advice="set dose_weighting to false, or align with movies.align",
            code="varied-dose",
        )
    if all(abs(movie.optics.voltage - each) >= 1 for each in _WEIGHED):
        raise ItemFailed(
            f"{movie.path} was taken at {movie.optics.voltage:g} kV, and the program weighs by "
            "dose at 200 and 300 kV alone",
            advice="set dose_weighting to false",
            code="bad-voltage",
        )
