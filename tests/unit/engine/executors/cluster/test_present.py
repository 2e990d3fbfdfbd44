"""Which nodes serve a session, as others read it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from icestream.engine.executors.cluster.present import (
    AwaitedNode,
    NodesTold,
    PresentNode,
    PresentNodes,
    by_reason,
    read_nodes,
)

NODE = PresentNode(
    name="icestream-S-cpu-1", kind="cpu", host="n1", job="17", cores=8, busy=3, gpus=0,
    gpus_busy=0, lane="", since=60.0, left=3600.0,
)  # fmt: skip
ASKED = AwaitedNode(name="icestream-S-cpu-2", kind="cpu", job="18", since=90.0, said="")
SAID = PresentNodes(nodes=(NODE,), awaited=(ASKED,))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    made = tmp_path / ".scratch"
    made.mkdir()
    return made


def test_what_is_told_is_read_until_it_ends(scratch: Path) -> None:
    told = NodesTold(scratch)
    assert read_nodes(scratch) is None
    told.tell(SAID, 1.0)
    assert read_nodes(scratch) == SAID
    told.end()
    told.end()
    assert read_nodes(scratch) is None


def test_durations_are_told_anew_once_in_a_while_and_all_else_at_once(scratch: Path) -> None:
    told = NodesTold(scratch)
    told.tell(SAID, 1.0)
    older = replace(SAID, nodes=(replace(NODE, since=61.0, left=3599.0),))
    told.tell(older, 2.0)
    assert read_nodes(scratch) == SAID
    told.tell(older, 7.0)
    assert read_nodes(scratch) == older
    busy = replace(older, nodes=(replace(NODE, busy=4),))
    told.tell(busy, 7.1)
    assert read_nodes(scratch) == busy


def test_a_folder_that_is_not_there_holds_nothing_up(tmp_path: Path) -> None:
    told = NodesTold(tmp_path / "gone")
    told.tell(SAID, 1.0)
    told.end()


@pytest.mark.parametrize("text", ["", "{", json.dumps({"format": 99, "nodes": [{"name": "a"}]})])
def test_what_another_version_wrote_is_not_read(scratch: Path, text: str) -> None:
    (scratch / "nodes.json").write_text(text)
    assert read_nodes(scratch) is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("PENDING Resources", "Resources"),
        ("PENDING None", "PENDING None"),
        ("RUNNING None", "RUNNING None"),
        ("", ""),
        ("PEND", "PEND"),
    ],
)
def test_why_jobs_wait(said: str, reason: str) -> None:
    assert [why for why, _ in by_reason([replace(ASKED, said=said)])] == [reason]


def test_those_that_wait_for_the_same_are_one_the_longest_first() -> None:
    many = [replace(ASKED, name=name, since=since, said=said) for name, since, said in (
        ("a", 10.0, "PENDING Priority"),
        ("b", 30.0, "PENDING Resources"),
        ("c", 20.0, "PENDING Priority"),
    )]  # fmt: skip
    found = [(why, [one.name for one in each]) for why, each in by_reason(many)]
    assert found == [("Resources", ["b"]), ("Priority", ["c", "a"])]
