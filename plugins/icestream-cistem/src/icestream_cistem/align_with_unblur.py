"""Align the frames of each movie with cisTEM's unblur."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Annotated, Self

from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from icestream.formats import read_gain, read_mrc_header, write_mrc
from icestream.model import Micrograph, Movie
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Figure,
    ItemFailed,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
    found_by,
    shown_if,
)
from icestream.units import Angstrom, Pixel, Second, Unit
from icestream_cistem.elsewhere import UNBLUR
from icestream_cistem.suite import FAILURES, GRANT, ask, cistem, is_first, link, number, said
from icestream_cistem.sums import GAIN, SHIFTS, SUM, is_turned, make_micrograph, read_shifts

__all__ = ["AlignWithUnblur", "UnblurParameters"]

_CITES = (
    GRANT,
    "Grant & Grigorieff (2015) eLife 4, e06980, doi:10.7554/eLife.06980",
)
_ENDINGS = (".mrc", ".mrcs", ".tif", ".tiff", ".eer")
_MODES = (0, 1, 2, 6)
_UPSAMPLINGS = (1, 2, 4)
_WEIGHTS = ", with an exposure filter where the dose is known"
"""A movie without a dose is summed without it, whatever is asked."""


class UnblurParameters(Parameters):
    """How unblur aligns and sums the frames of a movie."""

    dose_weighting: bool = True
    """Weigh frames by the signal that radiation damage has left (`Apply Exposure filter?`); needs
    the dose per frame."""

    restore_power: Annotated[bool, Advanced, shown_if("dose_weighting")] = True
    """Bring the noise back to its power without the weights (`Restore Noise Power?`)."""

    binning: Annotated[float, Ge(0), Le(8)] = 0.0
    """Pixel of the micrograph in pixels of the movie (`Output binning factor`); 0 takes 2 for
    super-resolution movies and upsampled EER, and 1 for others."""

    first_frame: Annotated[int, Ge(1)] = 1
    """First frame in the sum, from 1 (`First frame to use for sum`). All are aligned."""

    last_frame: Annotated[int, Ge(0)] = 0
    """Last frame in the sum (`Last frame to use for sum`); 0 is the last of the movie."""

    shift_min: Annotated[Angstrom, Ge(0), Advanced] = 2.0
    """Shifts that the first round passes over, where patterns of the camera correlate (`Minimum
    shift for initial search`)."""

    shift_max: Annotated[Angstrom, Gt(0)] = 40.0
    """Largest shift of a frame in one round (`Outer radius shift limit`)."""

    bfactor: Annotated[float, Unit("Å²"), Ge(0), Advanced] = 1500.0
    """Fall-off of the weights with resolution (`B-factor to apply to images`)."""

    mask_vertical: Annotated[Pixel, Ge(1), Advanced] = 1
    """Half width of the vertical line that is left out of the transform (`Half-width of vertical
    Fourier mask`)."""

    mask_horizontal: Annotated[Pixel, Ge(1), Advanced] = 1
    """The same of the horizontal line (`Half-width of horizontal Fourier mask`)."""

    tolerance: Annotated[Angstrom, Ge(0), Advanced] = 1.0
    """Shift below which an alignment is done (`Termination shift threshold`)."""

    iterations: Annotated[int, Ge(1), Le(1000), Advanced] = 20
    """Most rounds (`Maximum number of iterations`)."""

    running_average: Annotated[int, Ge(1), Le(99), Advanced] = 1
    """Frames in a running average that is aligned in place of each, an odd number (`Number of
    frames for running average`); cisTEM 2 has it."""

    cores: Annotated[int, Ge(1), Le(64), Operational, Advanced] = 1
    """Threads for one movie (`Max. threads to use for calculation`); cisTEM 2 has them."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_limits(self) -> Self:
        """Refuse a range that holds no frame or no shift, and a binning that enlarges."""
        if 0 < self.last_frame < self.first_frame:
            raise ValueError(
                f"last_frame ({self.last_frame}) must not be before "
                f"first_frame ({self.first_frame})"
            )
        if 0 < self.binning < 1:
            raise ValueError(f"binning must be 0 or at least 1, not {self.binning}")
        if self.shift_max <= self.shift_min:
            raise ValueError(
                f"shift_max ({self.shift_max:g} Å) must be above shift_min ({self.shift_min:g} Å)"
            )
        if self.running_average % 2 == 0:
            raise ValueError(f"running_average must be odd, not {self.running_average}")
        return self

    def binning_of(self, movie: Movie) -> float:
        """Pixel of the micrograph in pixels of this movie."""
        return self.binning or (2.0 if movie.is_super_resolution else 1.0)

    def frames_of(self, movie: Movie) -> range:
        """Numbers of the frames of this movie that are summed, from 0."""
        last = min(self.last_frame, movie.frames) if self.last_frame else movie.frames
        return range(self.first_frame - 1, last)

    def is_weighted(self, movie: Movie) -> bool:
        """Whether a dose-weighted sum is made."""
        return self.dose_weighting and movie.dose_per_frame > 0


class AlignWithUnblur(ProgramProtocol[UnblurParameters]):
    """Align the whole frames of a movie with unblur, and sum them with dose weights."""

    name = "movies.unblur"
    title = "unblur"
    cites = _CITES
    elsewhere = UNBLUR
    failures = FAILURES
    program = cistem("unblur", "1.00", _CITES)

    def need(self) -> Resources:
        """Memory for the frames of a large movie, twice."""
        return Resources(cores=self.parameters.cores, memory=16 * 2**30)

    def lacking(self) -> Sequence[str]:
        """The running average, which cisTEM 1 does not have."""
        version, wanted = self.program.version(), self.parameters.running_average
        if wanted == 1 or not version or not is_first(version):
            return ()
        return (
            f"running_average is {wanted}, and unblur {version} at {self.program.find()}, of "
            "cisTEM 1, has none: set running_average to 1, or install cisTEM 2",
        )

    def prepare(self, work: Work, movie: Movie) -> None:
        _refuse(movie, self.parameters, first=is_first(found_by(self.program, work).version))
        link(movie.path, work, _name(movie))
        if movie.gain is not None:
            eer = movie.path.suffix.lower() == ".eer"
            gain = read_gain(movie.gain, movie.shape, eer=eer, orientation=movie.gain_orientation)
            write_mrc(work.path(GAIN), gain[::-1] if is_turned(movie) else gain)

    def command(self, movie: Movie, work: Work) -> Command:
        first = is_first(found_by(self.program, work).version)
        return ask(
            self.program, tuple(_answers(movie, self.parameters, first)), self.parameters.timeout
        )

    def collect(self, movie: Movie, work: Work) -> Micrograph:
        first = is_first(found_by(self.program, work).version)
        log = work.path(f"{self.program.executable}.log")
        if "seems to be corrupt" in log.read_text(encoding="utf-8", errors="replace"):
            raise BadOutput("it read a movie that is not whole", code="garbage-output")
        source = log if first else work.path(SHIFTS)
        shifts = read_shifts(source, movie, printed=first)
        wanted = self.parameters
        made = make_micrograph(
            movie, wanted.frames_of(movie), shifts, wanted.binning_of(movie), work
        )
        if not first:
            source.rename(work.path("unblur.shifts.log"))
        return made

    def methods(self) -> str:
        """How frames were aligned and summed."""
        weights = _WEIGHTS if self.parameters.dose_weighting else ""
        return f"Movie frames were aligned as a whole by unblur of cisTEM and summed{weights}."

    def summarize(self, micrographs: Sequence[Micrograph]) -> str:
        totals = [made.motion.total for made in micrographs if made.motion is not None]
        if not totals:
            return ""
        return f"{len(totals)} movies aligned, median motion {median(totals):.1f} Å"

    def plot(self, micrographs: Sequence[Micrograph]) -> Iterator[Figure]:
        totals = [made.motion.total for made in micrographs if made.motion is not None]
        if totals:
            yield Figure("Total motion", "series", totals, "motion / Å")
            yield Figure("Total motion", "histogram", totals, "motion / Å")


def _name(movie: Movie) -> str:
    """What the movie is called in the folder of the task: the program goes by its ending."""
    return f"movie{movie.path.suffix.lower()}"


def _refuse(movie: Movie, wanted: UnblurParameters, *, first: bool) -> None:
    """Refuse what unblur would not read, or would read as something else."""
    ending = movie.path.suffix.lower()
    if ending not in _ENDINGS or (ending == ".eer" and first):
        read = ", ".join(_ENDINGS[:-1] if first else _ENDINGS)
        raise ItemFailed(
            f"{movie.path} is none of {read}, which this unblur reads",
            advice="align them with movies.align"
            + (", or install cisTEM 2, which reads EER" if ending == ".eer" else ""),
            code="movie-kind",
        )
    if ending == ".eer" and movie.eer_upsampling not in _UPSAMPLINGS:
        raise ItemFailed(
            f"EER is upsampled {movie.eer_upsampling} times, and unblur takes 1, 2 or 4",
            advice="change the upsampling of the step that imports the movies",
            code="movie-kind",
        )
    if ending in (".mrc", ".mrcs") and (mode := read_mrc_header(movie.path).mode) not in _MODES:
        raise ItemFailed(
            f"{movie.path} is an MRC file of mode {mode}, and unblur reads "
            f"{', '.join(map(str, _MODES))}",
            advice="align them with movies.align",
            code="movie-kind",
        )
    if not wanted.frames_of(movie):
        raise ItemFailed(
            f"frames from {wanted.first_frame} on were asked for of {movie.path}, which has "
            f"{movie.frames}",
            advice="change first_frame and last_frame",
            code="no-frames",
        )
    if wanted.is_weighted(movie) and len(set(movie.frame_doses or ())) > 1:
        raise ItemFailed(
            f"the frames of {movie.path} have different doses, and unblur takes one for all",
            advice="set dose_weighting to false, or align these movies with movies.align",
            code="different-doses",
        )


def _answers(movie: Movie, wanted: UnblurParameters, first: bool) -> Iterator[str]:
    """What is answered to the questions, in their order."""
    weighted = wanted.is_weighted(movie)
    yield from (_name(movie), SUM)
    if not first:
        yield SHIFTS
    yield from (number(movie.optics.pixel_size), number(wanted.binning_of(movie)), said(weighted))
    if weighted:
        yield number(movie.optics.voltage)
        yield from (number(movie.dose_per_frame), number(movie.pre_exposure))
    yield "yes"  # to the expert's options
    yield from (number(wanted.shift_min), number(wanted.shift_max), number(wanted.bfactor))
    yield from (str(wanted.mask_vertical), str(wanted.mask_horizontal))
    yield from (number(wanted.tolerance), str(wanted.iterations))
    if weighted:
        yield said(wanted.restore_power)
    if not first:
        yield "yes"  # the dark image is subtracted
    yield from ("yes",) if movie.gain is None else ("no", GAIN)
    used = wanted.frames_of(movie)
    yield from (str(used.start + 1), str(used.stop))
    if not first:
        yield from (str(wanted.running_average), "no")
        if movie.path.suffix.lower() == ".eer":
            yield from (str(movie.eer_grouping), str(movie.eer_upsampling))
    yield "no"  # no distortion of the magnification
    if not first:
        yield str(wanted.cores)
