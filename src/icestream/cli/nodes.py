"""The nodes of a cluster that serve a session, for people."""

from icestream.cli.terminal import print_table
from icestream.engine.executors.cluster.present import PresentNode, PresentNodes
from icestream.report.node_words import awaited_words, node_words

__all__ = ["print_nodes"]


def print_nodes(said: PresentNodes) -> None:
    """Print which nodes serve a session, how busy they are, and what others wait for."""
    if said.nodes:
        print_table(
            ("node", "host", "cores busy", "GPUs busy", ""),
            [_row(node) for node in sorted(said.nodes, key=lambda node: node.name)],
        )
    else:
        print("no node serves the session now")
    for how_many, why in awaited_words(said):
        print(how_many, why)


def _row(node: PresentNode) -> tuple[str, ...]:
    return (
        node.name if node.kind else "joined by itself",
        node.host,
        f"{node.busy} of {node.cores}",
        f"{node.gpus_busy} of {node.gpus}" if node.gpus else "",
        node_words(node),
    )
