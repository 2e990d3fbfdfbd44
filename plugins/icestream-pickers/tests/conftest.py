"""A micrograph with particles at known places, and a PATH on which the stand-ins are."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.formats import write_mrc
from icestream.model import Micrograph, Optics
from icestream.protocol import Work

Install = Callable[..., Path]

VERSIONS = {
    "cryolo_predict.py": "1.9.9",
    "Gautomatch": "0.56",
    "e2boxer.py": "2.99.47",
    "e2boxer_old.py": "2.31",
    "ApDogPicker.py": "",
}
SHAPE = (120, 160)
PLACES = {(30, 20): 12.0, (100, 40): 18.0, (60, 95): 15.0}
"""(x, y) of the particles, and how dark they are: in no symmetry of the micrograph."""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a stand-in of a name and a version onto a PATH on which nothing else is."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("ICESTREAM_PROGRAM_PLACES", "{}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def write(name: str, version: str | None = None) -> Path:
        path = folder / name
        stand_in = Path(__file__).with_name("stand_in.py")
        said = VERSIONS[name] if version is None else version
        words = f'exec "{sys.executable}" "{stand_in}" {name} "{said}" "$@"'
        # A hang begins before Python does, which may take long on a busy machine.
        hang = 'case "$STAND_IN $1" in hang\\ --version|hang\\ --help) ;; hang*) touch started; '
        hang += "sleep 600 & wait ;; esac"
        path.write_text(f"#!/bin/sh\n{hang}\n{words}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def places() -> dict[tuple[int, int], float]:
    """(x, y) of the particles, and how dark they are."""
    return PLACES


@pytest.fixture
def image() -> NDArray[np.float32]:
    """A micrograph: ice, and dark squares of nine pixels."""
    made = np.random.default_rng(1).normal(0.0, 1.0, SHAPE).astype(np.float32)
    for (x, y), depth in PLACES.items():
        made[y - 4 : y + 5, x - 4 : x + 5] = -depth
    return made


@pytest.fixture
def micrograph(tmp_path: Path, image: NDArray[np.float32]) -> Micrograph:
    return Micrograph(
        exposure="a",
        path=write_mrc(tmp_path / "a micrograph.mrc", image, 10.0),
        shape=SHAPE,
        optics=Optics(pixel_size=10.0, voltage=300.0),
    )


@pytest.fixture
def work(tmp_path: Path) -> Work:
    folder = tmp_path / "work"
    folder.mkdir()
    return Work(folder=folder, exposure="a", gpus=(3,), cores=1)
