"""The shape of the code: sizes of files, functions and classes, and a test file for each module.

Sizes are signs, not goals. What exceeds a limit is listed here with its reason, or split.
`pytest -k aims -s` prints what is above the aims without being wrong.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "icestream"
TESTS = ROOT / "tests" / "unit"

FILE_LINES = 600
BODY_LINES = 60
NUMERICS_BODY_LINES = 100
CLASS_LINES = 300
CLASS_METHODS = 20

AIM_FILE_LINES = 300
AIM_BODY_LINES = 30

EXCEPTIONS: dict[str, str] = {
    "engine/record/record.py:Record": "a short method for each of the coordinator's transactions",
}
"""What may exceed a limit, as the test names it, and the reason."""

TESTED_ELSEWHERE: dict[str, str] = {
    "__main__.py": "two lines; every test in tests/unit/cli goes through it",
}
"""Modules without a test file of their own in the mirror, and where they are tested."""

MODULES = sorted(
    path for path in SOURCE.rglob("*.py") if "versions" not in path.relative_to(SOURCE).parts
)


@dataclass(frozen=True)
class Size:
    """Something measured: what it is, its size, its limit and its aim."""

    what: str
    lines: int
    limit: int
    aim: int


def _module_name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first statement after the docstring to the end."""
    body = function.body
    if ast.get_docstring(function, clean=False) is not None:
        body = body[1:]
    if not body or function.end_lineno is None:
        return 0
    return function.end_lineno - body[0].lineno + 1


def _sizes(path: Path) -> Iterator[Size]:
    text = path.read_text()
    name = _module_name(path)
    yield Size(name, text.count("\n"), FILE_LINES, AIM_FILE_LINES)
    limit = NUMERICS_BODY_LINES if name.startswith("processing/") else BODY_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Size(f"{name}:{node.name}", _body_lines(node), limit, AIM_BODY_LINES)
        elif isinstance(node, ast.ClassDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            methods = sum(isinstance(part, ast.FunctionDef) for part in node.body)
            yield Size(f"{name}:{node.name}", lines, CLASS_LINES, CLASS_LINES)
            yield Size(f"{name}:{node.name} (methods)", methods, CLASS_METHODS, CLASS_METHODS)


@pytest.mark.parametrize("path", MODULES, ids=_module_name)
def test_nothing_is_too_long(path: Path) -> None:
    """Files, function bodies and classes stay within the limits, or say why not."""
    found = [
        f"{size.what}: {size.lines}, limit {size.limit}"
        for size in _sizes(path)
        if size.lines > size.limit and size.what not in EXCEPTIONS
    ]
    assert not found, "\n".join(found)


def test_exceptions_are_still_needed() -> None:
    """An exception that is no longer one is taken off the list."""
    large = {size.what for path in MODULES for size in _sizes(path) if size.lines > size.limit}
    assert set(EXCEPTIONS) <= large


def test_print_what_exceeds_the_aims(capsys: pytest.CaptureFixture[str]) -> None:
    """Every function above its aim is printed with its size; at most one in six may be."""
    sizes = [size for path in MODULES for size in _sizes(path)]
    above = sorted((s for s in sizes if s.lines > s.aim), key=lambda s: -s.lines / s.aim)
    with capsys.disabled():
        if above:
            print(f"\n{len(above)} of {len(sizes)} parts exceed their aims; the largest:")
        for size in above[:12]:
            print(f"  {size.what}: {size.lines} (aim {size.aim}, limit {size.limit})")
    assert len(above) <= len(sizes) / 6


def _is_plain(path: Path) -> bool:
    """Whether a module only imports, names and declares values: no function, nothing to test."""
    tree = ast.parse(path.read_text())
    return not any(isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) for n in ast.walk(tree))


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if not _is_plain(path)],
    ids=_module_name,
)
def test_every_module_has_its_test_file(path: Path) -> None:
    """`src/icestream/a/b.py` is tested by `tests/unit/a/test_b.py`."""
    name = _module_name(path)
    if name in TESTED_ELSEWHERE:
        return
    mirror = _mirror(path)
    assert mirror.exists(), f"{name} has no {mirror.relative_to(ROOT)}"


def _mirror(path: Path) -> Path:
    own = "package" if path.name == "__init__.py" else path.stem.lstrip("_")
    return TESTS / path.relative_to(SOURCE).parent / f"test_{own}.py"


def test_elsewhere_is_about_modules_without_a_test_file() -> None:
    """The table of exceptions does not outlive its modules, nor their lack of tests."""
    lacking = {_module_name(path) for path in MODULES if not _mirror(path).exists()}
    assert set(TESTED_ELSEWHERE) <= lacking


def test_no_word_that_says_nothing() -> None:
    """No module is called by a name that could hold anything."""
    empty = {"utils", "helpers", "common", "misc", "base", "manager", "handler", "info", "data"}
    assert not [_module_name(path) for path in MODULES if path.stem.strip("_") in empty]


def test_no_two_public_classes_have_one_name() -> None:
    """One word per thing: a name says which class is meant, wherever it is read."""
    places: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(_module_name(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
