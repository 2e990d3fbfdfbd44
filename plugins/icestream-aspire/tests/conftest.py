"""ASPIRE as it is installed, a stand-in for it, and particles of blobs whose places are known."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.protocol import Work

sys.path.insert(0, str(Path(__file__).parent))  # for five_blobs

_PYTHON = """#!/bin/sh
[ "$1" = -c ] && {{ echo {version}; exit 0; }}
shift 2
{script}
"""
"""Stands for the Python that ASPIRE is installed for: it tells its version, or runs the launcher,
whose part and options the script gets."""


@pytest.fixture
def aspire(monkeypatch: pytest.MonkeyPatch) -> Path:
    """ASPIRE itself; skips where it is not installed."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("aspire", path=os.pathsep.join([beside, os.environ["PATH"]]))
    if found is None:
        pytest.skip("aspire is not installed (pip install --group pyproject.toml:test)")
    monkeypatch.setenv("ICESTREAM_PROGRAM_PLACES", json.dumps({"aspire": found}))
    return Path(found)


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts a stand-in where ASPIRE is looked for, which does what a script for the shell says."""

    def put(script: str, version: str = "0.14.3") -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        python, command = folder / "python", folder / "aspire"
        python.write_text(_PYTHON.format(version=version, script=script))
        command.write_text(f"#!{python}\n")
        for path in (python, command):
            path.chmod(0o755)
        monkeypatch.setenv("ICESTREAM_PROGRAM_PLACES", json.dumps({"aspire": str(command)}))
        return python

    return put


@pytest.fixture
def work(tmp_path: Path) -> Callable[..., Work]:
    """Makes the folder of a task; a blank in its name, as sessions may have."""

    def make(name: str = "a task", cores: int = 1) -> Work:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return Work(folder=folder, exposure="a b", cores=cores)

    return make
