"""What holds for the tests of icestream holds for those of its plugins; and programs of several."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rules import (
    own_places,
    pytest_make_collect_report,
    pytest_runtest_makereport,
    shared_data,
)

__all__ = [
    "own_places",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
    "shared_data",
]

_LAUNCHER = """#!{python}
import runpy, sys, torch
made = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    made.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
sys.argv[0] = {topaz!r}
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""torchvision looks for these operators, which Topaz never calls, in its compiled part, and that
loads with the torch that it was built beside alone. Where pip had a torch without CUDA and a
torchvision with it, they are declared, and all else is what was installed."""


@pytest.fixture(scope="session")
def topaz_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `topaz` is, and runs; skips where it is not installed."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("topaz", path=os.pathsep.join([beside, os.environ["PATH"]]))
    if found is None:
        pytest.skip("topaz is not installed (pip install --group pyproject.toml:test)")
    asked = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    if not asked.returncode:
        return Path(found).parent
    if "operator torchvision::" not in asked.stderr:
        pytest.fail(f"{found} does not run: {asked.stderr[-2000:]}")
    python = Path(found).read_text().splitlines()[0].removeprefix("#!")
    launcher = tmp_path_factory.mktemp("topaz") / "topaz"
    launcher.write_text(_LAUNCHER.format(python=python, topaz=found))
    launcher.chmod(0o755)
    return launcher.parent


@pytest.fixture
def topaz(topaz_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Topaz, as the first on the PATH."""
    monkeypatch.setenv("PATH", f"{topaz_folder}{os.pathsep}{os.environ['PATH']}")
    return topaz_folder / "topaz"


@pytest.fixture
def servalcat(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Servalcat, as the first on the PATH; skips where it is not installed."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("servalcat", path=os.pathsep.join([beside, os.environ["PATH"]]))
    if found is None:
        pytest.skip("servalcat is not installed (pip install --group pyproject.toml:test)")
    monkeypatch.setenv("PATH", f"{Path(found).parent}{os.pathsep}{os.environ['PATH']}")
    return Path(found)
