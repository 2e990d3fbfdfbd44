"""RELION's programs: where they are, which versions are known, and how they are known to fail."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from icestream.protocol import BadOutput, Failure, Probe, Program, Work, found_by

__all__ = [
    "AUTO_REFINE",
    "BAYESIAN",
    "FAILURES",
    "KNOWN",
    "gpus_lacking",
    "refuse_ignored",
    "relion",
    "version_numbers",
    "version_of",
]

BAYESIAN = "Scheres (2012) J. Struct. Biol. 180, 519, doi:10.1016/j.jsb.2012.09.006"
AUTO_REFINE = "Zivanov et al. (2018) eLife 7, e42166, doi:10.7554/eLife.42166"
KNOWN = ("3.1", "4.0", "5.0")
"""Versions whose options were compared."""


def relion(executable: str, known: Sequence[str] = KNOWN) -> Program:
    """One of RELION's programs, each of which is asked for its version itself."""
    return Program(
        executable,
        package="Debian: relion, or relion.readthedocs.io",
        probe=Probe(arguments=("--version",), pattern=r"RELION version:\s*(\d\S*)"),
        known=tuple(known),
        licence="GPL-2.0",
        cites=(BAYESIAN,),
    )


def version_of(program: Program, work: Work) -> tuple[int, ...]:
    """The version as the session found it: ``(3, 1, 3)``."""
    return version_numbers(found_by(program, work).version)


def version_numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with.

    >>> version_numbers("5.0.1-commit-1a2b3c")
    (5, 0, 1)
    """
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def gpus_lacking(program: Program, gpus: int) -> Sequence[str]:
    """That a program was built without code for GPUs, which it tells beside its version."""
    path = program.find()
    if not gpus or path is None:
        return ()
    built = replace(program, probe=Probe(("--version",), r"(?:CUDA|HIP|SYCL)\S*ACC=(\w+)"))
    if built.version():
        return ()
    return (
        f"gpus is {gpus}, and {program.executable} at {path} was built without code for GPUs, and "
        "would compute on the CPU: set gpus to 0, or install a RELION that was built for them",
    )


def refuse_ignored(log: Path) -> None:
    """Raise BadOutput if the program tells as a mere warning what makes its result another one."""
    printed = log.read_text(encoding="utf-8", errors="replace")
    if "have not been normalised" in printed:
        raise BadOutput(
            "it found images whose background is not of mean 0 and standard deviation 1",
            advice="extract them with a radius that leaves background in the corners",
            code="not-normalised",
        )
    ignored = re.findall(r"Option (\S+)\s+is not a valid RELION argument", printed)
    if ignored:
        raise BadOutput(
            f"it passed over {', '.join(ignored)}, which this version does not know",
            advice="take a version that the documentation of this protocol names",
            code="option-unknown",
        )


FAILURES = (
    Failure(
        code="no-gpu-support",
        when=r"compiled without CUDA support|HAVE NO GPU|no GPUs compatible with RELION",
        advice="set gpus to 0: this RELION, or this machine, computes on the CPU only",
    ),
    Failure(
        code="no-gpu-memory",
        when=r"(?i)cudaErrorMemoryAllocation|out of memory[^\n]*(gpu|device)|"
        r"(gpu|device)[^\n]*out of memory",
        advice="give the task a GPU of its own, fewer threads, or smaller boxes",
        retry=True,
    ),
    Failure(
        code="no-memory",
        when=r"(?i)not enough memory|std::bad_alloc|cannot allocate memory",
        advice="use fewer threads or processes, smaller boxes, or a machine with more memory",
        retry=True,
    ),
    Failure(
        code="no-place",
        when=r"(?i)no space left on device|Disk quota exceeded",
        advice="make room on the disk of the session",
    ),
    Failure(
        code="no-optics",
        when=r"(?i)optics (group|table)[^\n]*(not|missing|undefined)|"
        r"does not contain (a|any) optics|BadStarFile|"
        r"(Voltage|SphericalAberration|AmplitudeContrast)[^\n]*not (present|found|defined)",
        advice="give voltage, spherical aberration, amplitude contrast and pixel size where "
        "movies or micrographs come in",
    ),
    Failure(
        code="not-normalised",
        when=r"(?i)not normali[sz]ed|rlnMicrographScaleCorrection is very high|"
        r"background (average|standard)",
        advice="extract with normalize on, and with a radius that leaves background in the corners",
    ),
    Failure(
        code="no-mpi",
        when=r"need at least 3 MPI|without using MPI|There are not enough slots|ORTE_ERROR_LOG|"
        r"could not be (started|launched)",
        advice="install Open MPI and a RELION that was built with it (relion_refine_mpi)",
    ),
    Failure(
        code="sizes-differ",
        when=r"(?i)the size of the image and the size of the gain|Unsupported gain size|"
        r"incorrect (image )?size|box size[^\n]*(differ|not (the same|equal))",
        advice="give a gain reference, reference map or mask of the same size as the images",
    ),
    Failure(
        code="too-few",
        when=r"(?i)SIGSEGV|Segmentation fault|zero sum of weights|"
        r"fewer particles than|cannot find positive values in sigma2_noise",
        advice="RELION breaks off so when there are very few particles or micrographs, or images "
        "without contrast: wait for more, and look at the stacks",
    ),
    Failure(
        code="not-readable",
        when=r"(?i)cannot (be )?read|does not exist|cannot open|"
        r"(TIFF|EER)[^\n]*(error|failed)|File [^\n]* cannot",
        advice="look whether the file that the log names is whole, and of a kind that RELION reads",
    ),
)
"""By what RELION prints, and by how it ended; the first that is found is told."""
