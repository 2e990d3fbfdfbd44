"""The same movies in another folder, with another number of workers, give the same numbers."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from icestream.store import queries
from icestream.store.open import open_store

MOVIES = 3
EACH = ("align", "ctf", "judge", "select", "pick", "extract")
"""Steps that look at one exposure at a time: in what order they come cannot matter."""


def _icestream(*arguments: str | Path, state: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "icestream", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={**os.environ, "ICESTREAM_STATE": str(state)},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sessions of one worker and of two. Fields of 768 pixels have spectra of groups."""
    folder = tmp_path_factory.mktemp("again")
    _icestream(
        "simulate", folder / "microscope", "--movies", MOVIES, "--size", 768, "--frames", 8,
        "--dose-per-frame", 4, "--particles", 40, "--seed", 5, "--speed", 0,
        state=folder / "state",
    )  # fmt: skip
    for cores, order in ((1, "newest"), (2, "oldest")):
        _icestream(
            "process", folder / "microscope", "--out", folder / f"session_{cores}",
            "--cores", cores, "--order", order, state=folder / "state",
        )  # fmt: skip
    return folder / "session_1", folder / "session_2"


def _results(session: Path, step: str) -> dict[str, tuple[str, Mapping[str, Any]]]:
    with closing(open_store(session, readonly=True)) as store:
        made = queries.results(store, step)
    return {one.exposure: (one.key, _relative(one.outputs, session)) for one in made}


def _relative(value: Any, session: Path) -> Any:
    """The same without the folder of the session in its paths."""
    if isinstance(value, str):
        return value.replace(f"{session}/", "")
    if isinstance(value, Mapping):
        return {key: _relative(inner, session) for key, inner in value.items()}
    return [_relative(inner, session) for inner in value] if isinstance(value, list) else value


@pytest.mark.slow
@pytest.mark.parametrize("step", EACH)
def test_what_is_made_of_one_exposure_is_the_same_to_the_last_bit(
    step: str, twice: tuple[Path, Path]
) -> None:
    one, two = (_results(session, step) for session in twice)
    assert one.keys() == two.keys()
    assert len(one) == MOVIES
    assert one == two


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "suffix"), [("align", "mrc"), ("ctf", "mrc"), ("extract", "mrcs")]
)
def test_so_are_the_files(step: str, suffix: str, twice: tuple[Path, Path]) -> None:
    files = [
        {path.name: path.read_bytes() for path in (session / step).glob(f"*.{suffix}*")}
        for session in twice
    ]
    assert len(files[0]) >= MOVIES
    assert step != "align" or any("_spectra" in name for name in files[0])
    assert files[0].keys() == files[1].keys()
    assert [name for name in files[0] if files[0][name] != files[1][name]] == []
