"""Making a session at home in another folder."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import toys
from icestream.engine.graph.workflow import Workflow
from icestream.engine.record.workflows import session_workflow
from icestream.facility.backup import relocating
from icestream.facility.backup.relocating import relocate
from icestream.store.open import FILE, open_store
from toy_session import Session

SRC: Any = ("src", "toy.count", {"count": 2}, {})


@pytest.fixture
def toy_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relocating, "Registry", toys.registry)


def numbers(folder: Path) -> Any:
    return ("src", "toy.count", {"folder": str(folder)}, {})


def rows(folder: Path, asked: str) -> list[Any]:
    with sqlite3.connect(folder / FILE) as connection:
        found = connection.execute(asked).fetchall()
    connection.close()
    return found


@pytest.mark.usefixtures("toy_registry")
def test_paths_are_rewritten_and_nothing_is_made_again(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new é"
    (old / "in").mkdir(parents=True)
    for name in ("1", "2"):
        (old / "in" / name).write_text(name)
    (old / "in" / "closed").touch()
    session = Session(old / "s")
    add = ("a", "toy.add", {"write": True}, {"number": "src"})
    session.run(numbers(old / "in"), add)
    keys = rows(old / "s", "SELECT key, started FROM result ORDER BY id")
    prints = rows(old / "s", "SELECT fingerprint FROM revision ORDER BY id")
    session.close()
    old.rename(new)
    assert relocate(new / "s", [(old / "s", new / "s"), (old / "in", new / "in")]) > 0
    store = open_store(new / "s", readonly=True)
    workflow = session_workflow(store)
    store.close()
    assert workflow.step("src").parameters["folder"] == str(new / "in")
    documents = rows(new / "s", "SELECT document FROM result")
    assert not [text for (text,) in documents if json.dumps(str(old))[1:-1] + "/" in text]
    assert rows(new / "s", "SELECT fingerprint FROM revision ORDER BY id") != prints
    moved = Session(new / "s")
    moved.run(numbers(new / "in"), add)
    assert rows(new / "s", "SELECT key, started FROM result ORDER BY id") == keys
    assert len(rows(new / "s", "SELECT id FROM revision")) == len(prints)
    moved.close()


@pytest.mark.usefixtures("toy_registry")
def test_steps_read_what_they_might_read_where_it_is_now(tmp_path: Path) -> None:
    """A session that was begun in the browser reads below some folders alone."""
    old, new = tmp_path / "sessions" / "old", tmp_path / "elsewhere" / "new"
    session = Session(old / "s")
    session.run(SRC)
    session.close()
    inside = [str(tmp_path / "sessions"), str(tmp_path / "nas"), str(old / "raw" / "inner")]
    with sqlite3.connect(old / "s" / FILE) as connection:
        connection.execute("UPDATE revision SET within = ?", [json.dumps(inside)])
    connection.close()
    new.parent.mkdir()
    old.rename(new)
    moved = [(old / "s", new / "s"), (old / "raw", new / "raw")]
    relocate(new / "s", moved)
    ((text,),) = rows(new / "s", "SELECT DISTINCT within FROM revision")
    more = [str(new / "raw" / "inner"), str(new / "s"), str(new / "raw")]
    assert json.loads(text) == [*inside[:2], *more]
    assert relocate(new / "s", [(new / "s", new / "s")]) == 0


def test_only_whole_folders_are_moved(tmp_path: Path) -> None:
    parameters = {"a": "/data/s", "b": "/data/s/x", "c": "/data/s2/x", "d": 5, "e": ["/data/s"]}
    document = {
        "name": "w",
        "steps": [{"name": "n", "protocol": "p", "parameters": parameters, "inputs": {}}],
    }
    workflow = Workflow.from_document(document)
    moved = [(Path("/data/s"), Path("/new")), (Path("/data/s/x"), Path("/inner"))]
    step = relocating._with_paths(workflow, moved).steps[0]
    assert dict(step.parameters) == {
        "a": "/new", "b": "/inner", "c": "/data/s2/x", "d": 5, "e": ["/new"],
    }  # fmt: skip
    assert relocate(tmp_path, [(tmp_path, tmp_path)]) == 0
