"""The program: which versions are known, how it is started, and how it fails."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import FormatError
from icestream.formats.arrays import map_array
from icestream.protocol import (
    BadOutput,
    Command,
    Failure,
    Probe,
    Program,
    Work,
    found_by,
    interpreter_of,
)

__all__ = ["ASPIRE", "CITES", "FAILURES", "call", "read_array"]

CITES = (
    "ASPIRE developers, ComputationalCryoEM/ASPIRE-Python, https://doi.org/10.5281/zenodo.5657281",
)

ASPIRE = Program(
    "aspire",
    package="PyPI: aspire",
    # Its command tells no version, and with Python 3.12 does not even start.
    probe=Probe(
        arguments=("-c", "from importlib.metadata import version; print(version('aspire'))"),
        pattern=r"(?m)^(\d+\.\d+[\w.]*)$",
        timeout=60.0,
        interpreter=True,
    ),
    known=("0.14",),
    licence="GPL-3.0",
    cites=CITES,
)

FAILURES = (
    Failure(
        code="no-memory",
        when=r"MemoryError|Unable to allocate|Cannot allocate memory|signal 9 \(SIGKILL\)",
        advice="let fewer tasks run at once, or give smaller or fewer images",
        retry=True,
    ),
    Failure(
        code="no-place",
        when=r"No space left on device",
        advice="make room on the disk of the session",
    ),
    Failure(
        code="no-aspire",
        when=r"ModuleNotFoundError|ImportError",
        advice="the installation of aspire is not whole: install it again into an environment of "
        "its own, and name its command in the settings (programs.aspire)",
    ),
)
"""Those that all of its algorithms may have, by what it prints."""

_LAUNCHER = Path(__file__).with_name("launcher.py")


def call(words: tuple[str, ...], work: Work, timeout: float) -> Command:
    """The command line that runs a part of ASPIRE by the Python that it is installed for.

    What a person has configured for it is not read: a GPU that the session did not grant might
    be named there.

    Raises
    ------
    ItemFailed
        If it is not installed.
    """
    python = interpreter_of(found_by(ASPIRE, work).path)
    return Command(
        (*python, str(_LAUNCHER), *words),
        environment={
            "ASPIREDIR": ".",
            "CUDA_VISIBLE_DEVICES": "",
            "MPLBACKEND": "agg",
            "OPENBLAS_NUM_THREADS": str(work.cores),
        },
        timeout=timeout,
    )


def read_array(path: Path, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """An array of numbers that the launcher wrote; 0 in `shape` stands for any length.

    Raises
    ------
    BadOutput
        If it is missing, cut off, of another shape, or has what is no finite number.
    """
    if not path.is_file():
        raise BadOutput(f"{path.name} was not written", code="no-output")
    try:
        array = map_array(path)
    except (FormatError, OSError) as error:
        raise BadOutput(f"{path.name} is not whole: {error}", code="half-output") from error
    fits = len(array.shape) == len(shape) and all(
        wanted in {0, found} for wanted, found in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = " x ".join(str(side or "any") for side in shape)
        found = " x ".join(map(str, array.shape))
        raise BadOutput(f"{path.name} should be {wanted}, and is {found}", code="garbage-output")
    numbers = np.asarray(array, np.float64)
    if not np.isfinite(numbers).all():
        raise BadOutput(f"{path.name} has values that are no numbers", code="garbage-output")
    return numbers
