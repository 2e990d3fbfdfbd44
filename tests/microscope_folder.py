"""A folder of small simulated movies as a microscope leaves it, made once for all tests."""

import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from icestream.simulator.truth import truth_folder

MOVIES = 3


@functools.cache
def _simulated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="icestream-movies-")) / "microscope"
    words = ("--movies", str(MOVIES), "--size", "384", "--frames", "8", "--particles", "10")
    command = [sys.executable, "-m", "icestream", "simulate", str(folder), *words, "--speed", "0"]
    subprocess.run([*command, "--seed", "7"], check=True, capture_output=True, timeout=240)
    return folder


def movies_in(folder: Path, *, truth: bool = False) -> Path:
    """A copy of the microscope's folder below `folder`, with the truth beside it where asked."""
    made = _simulated()
    if truth:
        shutil.copytree(truth_folder(made), truth_folder(folder / "microscope"))
    return Path(shutil.copytree(made, folder / "microscope"))
