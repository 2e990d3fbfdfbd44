"""The nodes of a cluster that serve a session, in words."""

from collections.abc import Iterator

from icestream.engine.executors.cluster.present import PresentNode, PresentNodes, by_reason

__all__ = ["awaited_words", "duration", "node_words"]

_LANES = {"live": "live work", "reprocess": "branches"}


def node_words(node: PresentNode) -> str:
    """What more is to be said of a node than who it is and how busy: ``job 17, ends in 2 h``."""
    parts = (
        f"job {node.job}" if node.job else "",
        f"for {_LANES[node.lane]}" if node.lane in _LANES else "",
        f"up {duration(node.since)}",
        "" if node.left is None else f"ends in {duration(node.left)}",
    )
    return ", ".join(filter(None, parts))


def awaited_words(said: PresentNodes) -> Iterator[tuple[str, str]]:
    """Nodes that were asked for and have not come: how many, and where, since when and why.

    Why is in the queuing system's words.
    """
    for reason, waiting in by_reason(said.awaited):
        many = len(waiting)
        what = "node waits" if many == 1 else "nodes wait"
        where = "in the queue " if any(one.job for one in waiting) else ""
        jobs = ", ".join(one.job for one in waiting if one.job)
        which = f" (job{'' if many == 1 else 's'} {jobs})" if jobs else ""
        why = f": {reason}" if reason else ""
        yield f"{many} more {what}", f"{where}for {duration(waiting[0].since)}{which}{why}"


def duration(seconds: float) -> str:
    """How long, for people: ``8 s``, ``3 min``, ``2 h 5 min``, ``3 days``."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{round(hours / 24)} days"
