"""The nodes of a cluster that serve a session, beside the load of the machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from icestream.engine.executors.cluster.present import read_nodes
from icestream.engine.machine.lock import holder
from icestream.engine.record.leases import SCRATCH
from icestream.report.node_words import awaited_words, node_words

__all__ = ["node_loads"]


def node_loads(session: Path) -> Iterator[dict[str, Any]]:
    """Each node that serves a session now, and those that it waits for; of others nothing.

    Parameters
    ----------
    session
        Its folder.
    """
    said = read_nodes(session / SCRATCH) if holder(session) else None
    if said is None:
        return
    for node in said.nodes:
        gpus = f", {node.gpus_busy} of {node.gpus} GPUs" if node.gpus else ""
        text = f"{node.busy} of {node.cores} cores{gpus}"
        yield _load(f"node.{node.name}", node.host, text, node_words(node), float(node.busy))
    for number, (how_many, why) in enumerate(awaited_words(said)):
        yield _load(f"awaited.{number}", "Cluster", how_many, why, None)


def _load(name: str, title: str, text: str, note: str, now: float | None) -> dict[str, Any]:
    """As a measured value without a past."""
    return {
        "name": name, "title": title, "unit": "", "now": now, "text": text, "note": note,
        "points": (),
    }  # fmt: skip
