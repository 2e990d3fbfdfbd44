"""Nodes of a cluster, as `icestream status` shows them."""

from dataclasses import replace

import pytest

from icestream.cli.nodes import print_nodes
from icestream.engine.executors.cluster.present import AwaitedNode, PresentNode, PresentNodes

NODE = PresentNode(
    name="icestream-S-gpu-1", kind="gpu", host="n1", job="17", cores=8, busy=3, gpus=2,
    gpus_busy=1, lane="live", since=60.0, left=7200.0,
)  # fmt: skip
ASKED = AwaitedNode(
    name="icestream-S-gpu-2", kind="gpu", job="18", since=180.0, said="PENDING Resources"
)


def test_who_works_and_who_waits(capsys: pytest.CaptureFixture[str]) -> None:
    joined = replace(
        NODE, name="n2 (tcp://n2:1)", kind="", host="n2", job="", gpus=0, lane="", left=None
    )
    later = replace(ASKED, job="19", since=60.0)
    print_nodes(PresentNodes(nodes=(joined, NODE), awaited=(later, ASKED)))
    assert capsys.readouterr().out.splitlines() == [
        "node\thost\tcores busy\tGPUs busy\t",
        "icestream-S-gpu-1\tn1\t3 of 8\t1 of 2\tjob 17, for live work, up 60 s, ends in 2 h",
        "joined by itself\tn2\t3 of 8\t\tup 60 s",
        "2 more nodes wait in the queue for 3 min (jobs 18, 19): Resources",
    ]


def test_that_there_is_none_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    print_nodes(PresentNodes(awaited=(replace(ASKED, job="", said=""),)))
    assert capsys.readouterr().out.splitlines() == [
        "no node serves the session now",
        "1 more node waits for 3 min",
    ]
