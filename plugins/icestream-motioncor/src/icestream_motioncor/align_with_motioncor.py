"""Align the frames of each movie with the first MotionCor, of 2013."""

import re
from collections.abc import Sequence
from statistics import median
from typing import Annotated

from annotated_types import Ge

from icestream.formats import read_gain, write_mrc
from icestream.model import Micrograph, Movie
from icestream.protocol import (
    Advanced,
    Command,
    Failure,
    ItemFailed,
    Operational,
    Parameters,
    Probe,
    Program,
    ProgramProtocol,
    Resources,
    Work,
    read_output,
)
from icestream.units import Pixel, Second, Unit
from icestream_motioncor.inputs import GAIN
from icestream_motioncor.outputs import Sums, check_size, make_micrograph, numbers_of

__all__ = ["AlignWithMotionCor", "WholeFrameParameters"]

_PROGRAM = "dosefgpu_driftcorr"
_REPORT = "motioncor.log"
_SHIFT = re.compile(r"Shift of Frame #(\d+)\s*:\s*(\S+)\s+(\S+)")
_CITES = ("Li et al. (2013) Nat. Methods 10, 584, doi:10.1038/nmeth.2472",)


class WholeFrameParameters(Parameters):
    """How the first MotionCor aligns whole frames."""

    binned: bool = False
    """Bin twice before the alignment (`-bin`); it knows no other binning."""

    first_frame: Annotated[int, Ge(1)] = 1
    """First frame to use, from 1 (`-nst`)."""

    last_frame: Annotated[int, Ge(0)] = 0
    """Last frame to use (`-ned`); 0 uses all."""

    running: Annotated[int, Ge(1)] = 1
    """Frames in a running average: 1, 3, 5 ... (`-nrw`)."""

    bfactor: Annotated[float, Unit("px²"), Ge(0), Advanced] = 150.0
    """Fall-off of the weights with resolution (`-bft`)."""

    search: Annotated[Pixel, Ge(8), Advanced] = 96
    """Side of the box in which the peak is looked for (`-pbx`)."""

    offset: Annotated[int, Ge(0), Advanced] = 2
    """Frames apart that are compared (`-fod`): less than half of the frames."""

    noise: Annotated[Pixel, Ge(0), Advanced] = 0
    """Radius of a peak of noise at the origin (`-nps`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""

    def frames_of(self, movie: Movie) -> range:
        """Numbers of the frames of this movie that are used, from 0."""
        last = min(self.last_frame, movie.frames) if self.last_frame else movie.frames
        return range(self.first_frame - 1, last)


class AlignWithMotionCor(ProgramProtocol[WholeFrameParameters]):
    """Align whole frames of a movie in MRC with the MotionCor of 2013; no dose weighting."""

    name = "movies.motioncor"
    title = "MotionCor (2013)"
    cites = _CITES
    resources = Resources(cores=1, memory=8 * 2**30, gpus=1, tokens=(_PROGRAM,))
    program = Program(
        _PROGRAM,
        package="cryoem.ucsf.edu",
        probe=Probe(arguments=(), pattern=r"Drift correction v(\d+(?:\.\d+)*)"),
        known=("2.0", "2.1"),
        licence="free for academic use",
        cites=_CITES,
    )
    failures = (
        Failure(
            code="no-gpu",
            when=r"Failed to initialize GPU",
            advice="see nvidia-smi: this machine has no GPU that the program can use",
        ),
        Failure(
            code="movie-not-readable",
            when=r"Failed to open stack|Not a stack or wrong file|Error when reading",
            advice="look whether the movie is a whole MRC stack",
        ),
        Failure(
            code="few-frames",
            when=r"Frame distance offset is too big",
            advice="lower offset below half of the frames",
        ),
        Failure(
            code="gain-skipped",
            when=r"Failed to read gain reference",
            advice="look into its log for what it found wrong with the reference",
        ),
    )

    def prepare(self, work: Work, movie: Movie) -> None:
        if movie.gain is not None:
            gain = read_gain(movie.gain, movie.shape, orientation=movie.gain_orientation)
            write_mrc(work.path(GAIN), gain)

    def command(self, movie: Movie, work: Work) -> Command:
        wanted, used = self.parameters, self.parameters.frames_of(movie)
        if movie.path.suffix.lower() not in (".mrc", ".mrcs"):
            raise ItemFailed(
                f"{movie.path} is no .mrc, which is all that {_PROGRAM} reads",
                advice="take movies.motioncor2, movies.motioncor3 or movies.align",
                code="movie-name",
            )
        if len(used) < 2:
            raise ItemFailed(
                f"frames {used.start + 1} to {used.stop} of {movie.path} were asked for, which has "
                f"{movie.frames}; two are needed",
                advice="change first_frame and last_frame",
                code="no-frames",
            )
        gain = ("-fgr", str(work.path(GAIN))) if movie.gain is not None else ()
        argv = (
            *(_PROGRAM, str(movie.path), "-fcs", str(work.path(f"{movie.exposure}.mrc"))),
            *("-flg", str(work.path(_REPORT)), "-hgr", "0", *gain),
            *("-bin", "2" if wanted.binned else "1"),
            *("-nst", str(used.start), "-ned", str(used.stop - 1)),
            *("-nss", str(used.start), "-nes", str(used.stop - 1)),
            *("-nrw", str(wanted.running), "-bft", f"{wanted.bfactor:g}"),
            *("-pbx", str(wanted.search), "-fod", str(wanted.offset), "-nps", str(wanted.noise)),
            *("-dsp", "0", "-gpu", "0"),
        )
        return Command(argv, timeout=wanted.timeout)

    def collect(self, movie: Movie, work: Work) -> Micrograph:
        used, binning = self.parameters.frames_of(movie), 2.0 if self.parameters.binned else 1.0
        path = work.path(f"{movie.exposure}.mrc")
        image = read_output(path)
        check_size(movie, binning, image)
        report = work.path(_REPORT).read_text(encoding="utf-8", errors="replace")
        # Pixels are binned before anything is measured.
        shifts = numbers_of(report.splitlines(), _SHIFT, first=used.start) * binning
        return make_micrograph(movie, used, shifts, Sums(best=path, image=image), work)

    def summarize(self, micrographs: Sequence[Micrograph]) -> str:
        totals = [made.motion.total for made in micrographs if made.motion is not None]
        if not totals:
            return ""
        return f"{len(totals)} movies aligned, median motion {median(totals):.1f} Å"

    def methods(self) -> str:
        """How frames were aligned and summed."""
        return "Movie frames were aligned as a whole by MotionCor (2013) and summed."
