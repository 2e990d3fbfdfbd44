"""`icestream history`."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import toys
from icestream.cli.history import history_of, who_words
from icestream.engine.record.revisions import change_at_rest
from icestream.engine.requests.models import Pause, Reject
from icestream.engine.requests.send import send
from icestream.store.records import HistoryRecord
from toy_record import Desk, desks


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    yield from desks(tmp_path)


@pytest.fixture
def made(desk: Callable[..., Desk]) -> Desk:
    add: Any = ("a", "toy.add", {}, {"number": "src"})
    made = desk(("src", "toy.count", {}, {}), add)
    made.find(1, 2, 3)
    return made


def test_what_was_decided_is_listed_with_the_newest_last(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    history_of(made.folder)
    assert capsys.readouterr().out == "nobody has decided anything\n"
    change_at_rest(made.store, toys.registry(), "a", {"add": 3.0}, "ann", "too small")
    send(made.folder, Reject(exposures=("e1", "e2"), who="bob", why="ice"))
    capsys.readouterr()
    history_of(made.folder)
    _, first, second = capsys.readouterr().out.splitlines()
    assert first.split("\t")[1:] == ["ann", "set a add=3.0", "too small"]
    assert second.split("\t")[1:] == [
        *("bob", "reject 2 exposures: e1, e2 (waits to be carried out)", "ice")
    ]


def test_of_one_step_or_one_exposure(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    send(made.folder, Pause(step="a", who="ann"))
    send(made.folder, Pause(step="src", who="ann"))
    send(made.folder, Reject(exposures=("e1", "e2"), who="bob"))
    history_of(made.folder, step="a", json=True)
    assert [one["document"] for one in json.loads(capsys.readouterr().out)] == [{"step": "a"}]
    history_of(made.folder, exposure="2", json=True)
    assert [one["who"] for one in json.loads(capsys.readouterr().out)] == ["bob"]
    history_of(made.folder, exposure="3")
    assert capsys.readouterr().out == "nobody has decided anything\n"


@pytest.mark.parametrize(
    ("who", "by_session", "said"),
    [("ann", False, "ann"), ("watch", True, "watch (by itself)"), ("", False, "whoever ran it")],
)
def test_who_did_it(who: str, by_session: bool, said: str) -> None:
    record = HistoryRecord(
        time=0.0, who=who, by_session=by_session, verb="set", document={}, why="", state="done",
        answer="",
    )  # fmt: skip
    assert who_words(record) == said
