"""Only `decide` changes the state: nobody else assigns to it, or to what is in it."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.decisions import state as module
from toy_session import Session

SOURCE = Path(module.__file__).parents[1]
STATE = {"State", "StepState", "Free"}
CHANGES = {
    "append", "clear", "extend", "pop", "popleft", "push", "remove", "setdefault", "take", "update",
    "give_back", "withdraw", "insert", "discard", "add",
}  # fmt: skip
OTHERS = sorted(p for p in SOURCE.rglob("*.py") if p.parent.name != "decisions")


def _root(node: ast.AST) -> str:
    """The name at the beginning of ``self._state.steps[3].state``: ``_state``."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(node, ast.Attribute) and node.attr in ("state", "_state"):
            inner = node.value
            if isinstance(inner, ast.Name) and inner.id == "self":
                return node.attr
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _writes(tree: ast.AST) -> list[int]:
    """Lines that assign to something in a state, or call what changes it."""
    lines = []
    for node in ast.walk(tree):
        targets: list[ast.AST] = []
        if isinstance(node, ast.Assign):
            targets = [*node.targets]
        elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.Delete):
            targets = [*node.targets] if isinstance(node, ast.Delete) else [node.target]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            within = isinstance(node.func.value, ast.Attribute) and node.func.attr in CHANGES
            targets = [node.func.value] if within else []
        for target in targets:
            for part in ast.walk(target):
                deeper = isinstance(part, ast.Attribute | ast.Subscript)
                if deeper and _root(part.value) in ("state", "_state"):
                    lines.append(node.lineno)  # type: ignore[attr-defined]
    return sorted(set(lines))


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_no_module_outside_the_room_of_decisions_writes_to_a_state(path: Path) -> None:
    assert _writes(ast.parse(path.read_text())) == []


@pytest.mark.parametrize(
    "line",
    [
        "state.session = 'x'",
        "self._state.steps[3].closed = False",
        "self._state.leases.clear()",
        "state.steps[1].window.append(1)",
        "del state.leases['a']",
        "state.free.cores += 1",
        "a, state.slots = 1, 2",
    ],
)
def test_a_writer_would_be_found(line: str) -> None:
    assert _writes(ast.parse(line)) == [1]


def test_a_session_runs_with_a_state_that_refuses_other_writers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every assignment to a state, while a session runs, is made in the room of decisions."""
    writers: set[str] = set()

    def guarded(plain: Callable[..., None]) -> Callable[..., None]:
        def write(self: Any, name: str, value: Any) -> None:
            frame = sys._getframe(1)
            if frame.f_code.co_name != "__init__":
                writers.add(Path(frame.f_code.co_filename).parent.name)
            plain(self, name, value)

        return write

    for name in STATE:
        kind = getattr(module, name)
        monkeypatch.setattr(kind, "__setattr__", guarded(object.__setattr__), raising=False)
    session = Session(tmp_path / "session")
    session.run(
        ("src", "toy.count", {"count": 6}, {}),
        ("a", "toy.add", {"add": 1}, {"number": "src"}),
    )
    assert writers == {"decisions"}
