"""Stand-ins on a PATH on which nothing else is, and the items that protocols are given."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.formats import write_mrc, write_tiff
from icestream.model import Micrograph, Movie, Optics
from icestream.protocol import Work

Install = Callable[..., Path]

MOVES = ((0, 0), (1, -2), (3, -3), (4, -5), (6, -6))
"""(dy, dx) by which the content of each frame lies from where it was in the first one."""

_PROGRAMS = ("stand_in", "options")
_SCRIPT = """#!/bin/sh
if [ "$STAND_IN" = library ]; then
    echo "$0: error while loading shared libraries: libXmipp.so: cannot open" >&2
    exit 127
fi
if [ "$1" = --more ]; then
    exec "{0}" -S "{2}" {3}
fi
if [ "$STAND_IN" = hang ]; then
    touch started
    sleep 600 &
    wait
fi
exec "{0}" "{1}" {3} "$@"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts the stand-in of a program where an installation of a release has it."""
    monkeypatch.setenv("ICESTREAM_PROGRAM_PLACES", "{}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def write(program: str, installation: str = "xmippSrc-v3.25.06.0") -> Path:
        folder = tmp_path / installation / "dist" / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
        path = folder / program
        stand_in, options = (Path(__file__).with_name(f"{name}.py") for name in _PROGRAMS)
        path.write_text(_SCRIPT.format(sys.executable, stand_in, options, program))
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def counts() -> NDArray[np.uint8]:
    """Frames ``(5, 64, 96)`` of one specimen that moves as `MOVES` say."""
    specimen = np.random.default_rng(1).poisson(6.0, (64, 96)).astype(np.uint8)
    return np.stack([np.roll(specimen, move, (0, 1)) for move in MOVES])


@pytest.fixture
def movie(tmp_path: Path, counts: NDArray[np.uint8]) -> Movie:
    """A TIFF, whose rows Xmipp would read from the other end."""
    path = tmp_path / "a movie.tiff"
    write_tiff(path, counts)
    return Movie(
        exposure="a",
        path=path,
        frames=len(counts),
        shape=(64, 96),
        optics=Optics(pixel_size=0.8, voltage=300.0),
        dose_per_frame=1.2,
    )


@pytest.fixture
def micrograph(tmp_path: Path) -> Micrograph:
    """Noise, with dark spots at known places and no symmetry."""
    image = np.random.default_rng(2).normal(0.0, 1.0, (160, 224)).astype(np.float32)
    for x, y, depth in ((30, 20, 12.0), (180, 40, 18.0), (60, 95, 15.0)):
        image[y - 4 : y + 5, x - 4 : x + 5] = -depth
    return Micrograph(
        exposure="a",
        path=write_mrc(tmp_path / "a micrograph.mrc", image, 1.75),
        shape=(160, 224),
        optics=Optics(pixel_size=1.75, voltage=300.0, amplitude_contrast=0.1),
    )


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """The folder of a task that was granted the third GPU."""
    folder = tmp_path / "work"
    folder.mkdir()
    return Work(folder=folder, exposure="a", gpus=(2,))
