"""Nodes of a cluster on the live screen: those that are there now, and no others."""

from pathlib import Path

from icestream.engine.executors.cluster.present import (
    AwaitedNode,
    NodesTold,
    PresentNode,
    PresentNodes,
)
from icestream.engine.machine.lock import hold
from icestream.server.live_nodes import node_loads
from icestream.server.live_view import LiveLoad

NODE = PresentNode(
    name="icestream-S-gpu-1", kind="gpu", host="n1", job="17", cores=8, busy=3, gpus=2,
    gpus_busy=1, lane="", since=60.0, left=7200.0,
)  # fmt: skip
ASKED = AwaitedNode(name="a", kind="gpu", job="18", since=180.0, said="PENDING Priority")


def test_nodes_are_told_while_the_session_runs(tmp_path: Path) -> None:
    assert list(node_loads(tmp_path)) == []
    (tmp_path / ".scratch").mkdir()
    NodesTold(tmp_path / ".scratch").tell(PresentNodes(nodes=(NODE,), awaited=(ASKED,)), 1.0)
    assert list(node_loads(tmp_path)) == []  # whoever wrote that was killed
    with hold(tmp_path):
        node, awaited = (LiveLoad(**one) for one in node_loads(tmp_path))
    assert (node.title, node.text, node.now) == ("n1", "3 of 8 cores, 1 of 2 GPUs", 3.0)
    assert node.note == "job 17, up 60 s, ends in 2 h"
    assert awaited.text == "1 more node waits"
    assert awaited.note == "in the queue for 3 min (job 18): Priority"
