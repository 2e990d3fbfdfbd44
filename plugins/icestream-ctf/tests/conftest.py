"""Stand-ins where the protocols look for programs, and a micrograph."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from icestream.formats import write_mrc
from icestream.model import Micrograph, Optics
from icestream.protocol import Work


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Puts the stand-in for a program and a version where it is looked for."""

    def write(name: str, version: str) -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        kind = "gctf" if name == "Gctf" else "ctffind"
        program = Path(__file__).with_name(f"{kind}_stand_in.py")
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" {version} "$@"\n')
        path.chmod(0o755)
        monkeypatch.setenv("ICESTREAM_PROGRAM_PLACES", json.dumps({name: str(path)}))
        return path

    return write


@pytest.fixture
def micrograph(tmp_path: Path) -> Micrograph:
    """A weighted sum that no program could read, and the sum without weights."""
    pixels = np.random.default_rng(1).normal(size=(64, 96)).astype(np.float32)
    return Micrograph(
        exposure="a",
        path=tmp_path / "not there.mrc",
        unweighted=write_mrc(tmp_path / "a sum.mrc", pixels, 0.83),
        shape=(64, 96),
        optics=Optics(pixel_size=0.83, voltage=300.0, amplitude_contrast=0.1),
    )


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """The folder of a task that was granted the third GPU."""
    folder = tmp_path / "work"
    folder.mkdir()
    return Work(folder=folder, exposure="a", gpus=(2,))
