"""The layers of the architecture: imports point down, and the light layers stay light."""

import ast
import os
import pkgutil
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import icestream

ROOT = Path(__file__).parents[2]


def test_imports_point_down() -> None:
    """The contracts in pyproject.toml are kept."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_added_is_closed_to_protocols() -> None:
    """Every layer but those of the plugin API is named in the contract of the protocols."""
    (contract,) = (
        contract
        for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
            "importlinter"
        ]["contracts"]
        if contract.get("source_modules") == ["icestream.protocols"]
    )
    open_to_plugins = {"units", "model", "formats", "processing", "protocol"}
    layers = {layer.name for layer in pkgutil.iter_modules(icestream.__path__)}
    # threads, compiled, documents, whole: how files and numerics are worked on; alike: what the
    # protocol language asks with
    below = {"protocols", "threads", "compiled", "documents", "whole", "alike", "__main__"}
    closed = {f"icestream.{name}" for name in layers - open_to_plugins - below}
    assert set(contract["forbidden_modules"]) == closed


@pytest.mark.parametrize(
    ("place", "line", "contract"),
    [
        ("protocols", "import icestream.store.queries", "Protocols import what a plugin may"),
        ("protocols", "from icestream import settings", "Protocols import what a plugin may"),
        ("simulator", "from icestream.engine import workflow", "The simulator knows neither"),
        ("formats", "import sqlalchemy", "know the database"),
    ],
)
def test_a_contract_that_is_broken_is_told(
    place: str, line: str, contract: str, tmp_path: Path
) -> None:
    """In a copy of the package with one import too many."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "src", tmp_path, dirs_exist_ok=True)
    module = tmp_path / "icestream" / place / "one_more.py"
    module.write_text(f"{line}\n")
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert any(contract in row for row in done.stdout.splitlines() if row.endswith("BROKEN"))


def _imported_by(module: str) -> set[str]:
    """Top-level packages that importing `module` brings in, in a fresh interpreter."""
    code = f"import {module}, sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


HEAVY = {"sqlalchemy", "alembic", "duckdb", "matplotlib", "pydantic_settings", "jinja2", "rich"}


@pytest.mark.parametrize("module", ["icestream.protocol", "icestream.model", "icestream.units"])
def test_the_protocol_language_is_light(module: str) -> None:
    """What a plugin imports brings in neither the database nor the numerics."""
    assert not _imported_by(module) & (HEAVY | {"numba", "scipy", "tifffile"})


def test_the_command_line_starts_light() -> None:
    """`icestream --help` loads no command, so none of their libraries."""
    assert not _imported_by("icestream.cli.app") & (
        HEAVY - {"rich"} | {"numba", "scipy", "numpy", "pydantic"}
    )


def test_the_server_starts_light() -> None:
    """It serves small machines beside the engine; kernels are for those who compute."""
    assert not _imported_by("icestream.server.app") & {"numba", "llvmlite", "duckdb", "matplotlib"}


def _pythons(path: Path) -> list[str]:
    """Where a module lists arguments of a Python that would import from where it stands."""
    return [
        f"{path.name}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.List)
        and node.elts
        and ast.unparse(node.elts[0]) == "sys.executable"
        and ast.unparse(node.elts[1]) not in ("'-P'", "'-I'")
    ]


def test_every_python_we_start_imports_nothing_from_where_it_stands() -> None:
    """People stand in sessions' folders; Python would look there first (-c and -m)."""
    paths = list((ROOT / "src" / "icestream").rglob("*.py"))
    assert [place for path in paths for place in _pythons(path)] == []
    assert sum("[sys.executable" in path.read_text() for path in paths) >= 3


READERS_OF_ANYTHING = (
    "pickle.load",
    "allow_pickle=True",
    "marshal",
    "shelve",
    "joblib",
    "eval(",
    "exec(",
)


OF_DASK = ("executors/cluster/node.py", "executors/cluster/leases.py")
"""Nothing of a file: what Dask brings between a session and its nodes, which it reads as pickles
itself, from those alone who have the session's certificates."""


def test_nothing_that_is_read_can_run() -> None:
    """No reader executes what a file says; see the decision record on checkpoints."""
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in (ROOT / "src" / "icestream").rglob("*.py")
        if not str(path).endswith(OF_DASK)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if any(word in line for word in READERS_OF_ANYTHING)
    ]
    assert not found, "\n".join(found)


def test_processing_opens_no_file() -> None:
    """Arrays in, arrays out: files are opened by formats and protocols."""
    words = ("open(", ".read_text(", ".write_text(", ".read_bytes(", ".write_bytes(", "mrcfile")
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in (ROOT / "src" / "icestream" / "processing").rglob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if any(word in line for word in words) and "zipfile" not in line
    ]
    assert not found, "\n".join(found)
