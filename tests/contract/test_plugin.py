"""A plugin that is installed by pip appears; a broken one is told apart, and never hidden."""

import os
import subprocess
import sys

import pytest

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "icestream-tiny"
version = "0.3"
dependencies = ["icestream"]

[project.entry-points."icestream.protocols"]
"picks.none" = "icestream_tiny:PickNothing"
"picks.lost" = "icestream_tiny.lost:PickLost"
"""

PROTOCOL = '''\
"""A plugin in one file."""

from icestream.model import Micrograph, Picks, column
from icestream.protocol import ItemProtocol, Parameters
from icestream.units import Angstrom


class NothingParameters(Parameters):
    """What not to look for."""

    diameter: Angstrom = 100.0
    """Diameter of the particles that are not picked."""


class PickNothing(ItemProtocol[NothingParameters]):
    """Pick nothing at all."""

    name = "picks.none"
    title = "No picks"

    def process(self, micrograph: Micrograph) -> Picks:
        """Return an empty list of picks."""
        none = column([])
        return Picks(
            exposure=micrograph.exposure,
            x=none,
            y=none,
            score=none,
            diameter=self.parameters.diameter,
            pixel_size=micrograph.optics.pixel_size,
        )
'''

BROKEN = '''\
"""A module that needs a library that is not installed."""

import library_that_is_not_installed
'''


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Python in which the tiny plugin was installed by pip."""
    source = tmp_path_factory.mktemp("icestream-tiny")
    package = source / "src" / "icestream_tiny"
    package.mkdir(parents=True)
    (source / "pyproject.toml").write_text(PYPROJECT)
    (package / "__init__.py").write_text(PROTOCOL)
    (package / "lost.py").write_text(BROKEN)
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    done = subprocess.run(
        [*pip, *options, str(source)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return {**os.environ, "PYTHONPATH": str(target)}


def _icestream(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "icestream", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_it_appears_in_the_list(environment: dict[str, str]) -> None:
    done = _icestream(environment, "protocols", "list")
    assert "picks.none\tNo picks\titem\ticestream-tiny 0.3" in done.stdout.splitlines()


def test_its_parameters_are_shown(environment: dict[str, str]) -> None:
    done = _icestream(environment, "protocols", "show", "picks.none")
    assert "Diameter of the particles that are not picked. [Å] Default: 100 Å." in done.stdout


def test_the_broken_one_is_listed_with_its_traceback(environment: dict[str, str]) -> None:
    done = _icestream(environment, "protocols", "list", "--broken")
    assert done.returncode == 1
    assert "picks.lost (icestream_tiny.lost:PickLost, icestream-tiny 0.3)" in done.stdout
    assert "lost.py" in done.stdout
    assert "import library_that_is_not_installed" in done.stdout


def test_the_check_tells_good_from_broken(environment: dict[str, str]) -> None:
    done = _icestream(environment, "plugin", "check", "icestream-tiny")
    assert done.returncode == 1
    assert "picks.none: ok" in done.stdout
    assert "picks.lost: 1 problem(s)" in done.stdout
