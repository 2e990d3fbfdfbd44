"""`make check` runs the tests of what changed, and names them right."""

import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".ci" / "changed"


@pytest.fixture(scope="module")
def changed() -> ModuleType:
    loader = SourceFileLoader("changed", str(SCRIPT))
    spec = spec_from_loader("changed", loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("src/icestream/server/app.py", "tests/unit/server/test_app.py"),
        ("src/icestream/protocols/ctf_fit.py", "tests/contract/test_protocols.py"),
        ("tests/web/test_application.py", "tests/web/test_application.py"),
        ("tests/served.py", "tests/unit/server/routes/test_live.py"),
        (
            "plugins/icestream-motioncor/src/icestream_motioncor/inputs.py",
            "plugins/icestream-motioncor/tests/test_motioncor.py",
        ),
        ("docs/how-to/index.md", "tests/unit/test_docs.py"),
        ("README.md", "tests/unit/test_docs.py"),
        ("frontend/src/units.ts", "tests/unit/test_front_end.py"),
    ],
)
def test_what_changed_names_its_tests(changed: ModuleType, file: str, named: str) -> None:
    assert named in changed.tests_of([Path(file)], ROOT)


def test_what_has_no_test_names_none(changed: ModuleType) -> None:
    assert changed.tests_of([Path("LICENSE"), Path("src/icestream/gone.py")], ROOT) == [
        "tests/unit/test_shape.py",
        "tests/unit/test_words.py",
    ]


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def said(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_changes_are_told_from_where_a_branch_left(tmp_path: Path) -> None:
    git(tmp_path, "init", "-b", "main")
    for name in ("one", "two", "three", "new"):
        (tmp_path / "tests" / "unit").mkdir(parents=True, exist_ok=True)
        (tmp_path / "tests" / "unit" / f"test_{name}.py").write_text("")
        if name == "new":  # git does not know it
            continue
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-m", name)
        if name == "one":
            git(tmp_path, "checkout", "-b", "other")
    here = [f"tests/unit/test_{name}.py" for name in ("new", "three", "two")]
    assert said(tmp_path).stdout.split() == here
    assert said(tmp_path, "HEAD").stdout.split() == here[:1]
    (tmp_path / "tests" / "unit" / "test_new.py").unlink()
    git(tmp_path, "checkout", "-B", "main")
    assert said(tmp_path).stdout.split() == here[1:2]
    wrong = said(tmp_path, "nothing")
    assert wrong.returncode != 0
    assert "no commit 'nothing'" in wrong.stderr
