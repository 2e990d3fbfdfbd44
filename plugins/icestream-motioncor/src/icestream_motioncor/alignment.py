"""What MotionCor2 and MotionCor3 have in common as protocols."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import ClassVar

from icestream.model import Micrograph, Movie
from icestream.protocol import (
    Command,
    Failure,
    Figure,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream_motioncor.inputs import arguments, write_inputs
from icestream_motioncor.outputs import read_results
from icestream_motioncor.parameters import MotionCorParameters

__all__ = ["CITES", "FAILURES", "MotionCorAlignment"]

CITES = ("Zheng et al. (2017) Nat. Methods 14, 331, doi:10.1038/nmeth.4193",)

FAILURES = (
    Failure(
        code="no-gpu-memory",
        when=r"(?i)out of memory|cudaErrorMemoryAllocation",
        advice="lower gpu_memory, give a movie a GPU of its own, or bin super-resolution movies",
        retry=True,
    ),
    Failure(
        code="gpu-taken",
        when=r"All GPUs are in use",
        advice="another MotionCor holds the GPU by its own list in /tmp; wait, or remove that list",
        retry=True,
    ),
    Failure(
        code="no-gpu",
        when=r"no valid device detected|no CUDA-capable device|driver version is insufficient",
        advice="see nvidia-smi: this machine has no GPU, or a driver older than the program's CUDA",
    ),
    Failure(
        code="no-cuda-library",
        when=r"error while loading shared libraries: (\S+)",
        advice="install the CUDA that the program was built with, or put it into LD_LIBRARY_PATH",
    ),
    Failure(
        code="gpu-too-new",
        when=r"no kernel image is available",
        advice="take a build of the program for this GPU",
    ),
    Failure(
        code="gain-size",
        when=r"Gain and frame dimensions mismatch",
        advice="give the gain reference of this camera and mode, turned as it lies on the frames",
    ),
    Failure(
        code="movie-not-readable",
        when=r"Unable to open EER file|no valid input file name|error: load tiff image|"
        r"Invalid compression|Invalid image size",
        advice="look whether the movie is whole and of a kind that this version reads",
    ),
    Failure(
        code="no-place",
        when=r"cannot open output MRC file|No space left on device",
        advice="make room on the disk of the session",
    ),
)
"""By what the programs print."""
_WEIGHTS = ", with weights for radiation damage where the dose is known"
"""A movie without a dose is summed without them, whatever is asked."""


class MotionCorAlignment(ProgramProtocol[MotionCorParameters]):
    """Align movies by one of the programs."""

    version = 2
    cites = CITES
    failures = FAILURES
    estimates_ctf: ClassVar[bool] = False
    """Whether the program would estimate the CTF of each movie, too."""

    def need(self) -> Resources:
        """GPUs as asked; memory for the frames of a large movie as they are read."""
        return Resources(
            cores=1, memory=8 * 2**30, gpus=self.parameters.gpus, tokens=(self.program.executable,)
        )

    def prepare(self, work: Work, movie: Movie) -> None:
        write_inputs(movie, self.parameters, work)

    def command(self, movie: Movie, work: Work) -> Command:
        said = arguments(movie, self.parameters, work, estimates_ctf=self.estimates_ctf)
        return Command((self.program.executable, *said), timeout=self.parameters.timeout)

    def collect(self, movie: Movie, work: Work) -> Micrograph:
        log = work.path(f"{self.program.executable}.log")
        return read_results(movie, self.parameters, work, log)

    def methods(self) -> str:
        """How frames were aligned and summed."""
        wanted = self.parameters
        parts = f"in {wanted.patches} x {wanted.patches} patches" if wanted.patches > 1 else "whole"
        weights = _WEIGHTS if wanted.dose_weighting else ""
        return (
            f"Movie frames were aligned {parts} by {self.program.executable} and summed{weights}."
        )

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
