"""Stand-ins where the protocols look for programs."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.protocol import Work

VERSIONS = ("1.0.0-beta", "2.0.0-alpha")


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Of cisTEM."""
    return str(request.param)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts stand-ins for a version of cisTEM where programs are looked for."""

    def write(version: str, *names: str) -> None:
        places = json.loads(os.environ.get("ICESTREAM_PROGRAM_PLACES") or "{}")
        for name in names:
            path = tmp_path / "bin" / name
            path.parent.mkdir(exist_ok=True)
            program = Path(__file__).with_name("stand_in.py")
            path.write_text(
                f'#!/bin/sh\nexec "{sys.executable}" "{program}" {name} {version} "$@"\n'
            )
            path.chmod(0o755)
            places[name] = str(path)
        monkeypatch.setenv("ICESTREAM_PROGRAM_PLACES", json.dumps(places))

    return write


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """The folder of a task, and the one that outlives it."""
    folder = tmp_path / "work"
    folder.mkdir()
    return Work(folder=folder, exposure="a", kept=tmp_path / "kept")
