"""Nodes of a cluster in words."""

from dataclasses import replace

import pytest

from icestream.engine.executors.cluster.present import AwaitedNode, PresentNode, PresentNodes
from icestream.report.node_words import awaited_words, duration, node_words

NODE = PresentNode(
    name="icestream-S-gpu-1", kind="gpu", host="n1", job="17", cores=8, busy=3, gpus=2,
    gpus_busy=1, lane="reprocess", since=7500.0, left=7200.0,
)  # fmt: skip
ASKED = AwaitedNode(name="a", kind="gpu", job="18", since=180.0, said="PENDING Priority")


def test_what_is_said_of_a_node() -> None:
    assert node_words(NODE) == "job 17, for branches, up 2 h 5 min, ends in 2 h"
    assert node_words(replace(NODE, job="", lane="", left=None)) == "up 2 h 5 min"


def test_what_is_said_of_those_that_wait() -> None:
    process = replace(ASKED, job="", said="", since=5.0)
    assert list(awaited_words(PresentNodes(awaited=(process, ASKED)))) == [
        ("1 more node waits", "in the queue for 3 min (job 18): Priority"),
        ("1 more node waits", "for 5 s"),
    ]
    assert list(awaited_words(PresentNodes(nodes=(NODE,)))) == []


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(8, "8 s"), (89.6, "2 min"), (3600, "1 h"), (7500, "2 h 5 min"), (3 * 86400, "3 days")],
)
def test_how_long(seconds: float, said: str) -> None:
    assert duration(seconds) == said
