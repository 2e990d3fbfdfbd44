"""The nodes that serve a session now, and those that it waits for, for whoever asks.

The executor writes them into the session's scratch folder, and takes them away when it ends. All
times are durations: whoever reads them may be on another machine, with another clock.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

__all__ = [
    "AwaitedNode",
    "NodesTold",
    "PresentNode",
    "PresentNodes",
    "by_reason",
    "read_nodes",
]

_FORMAT = 1
_AGAIN = 5.0
"""Seconds after which they are told again, with other durations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentNode:
    """A node that serves the session."""

    name: str
    kind: str
    """Which of the cluster's kinds it is; empty for one that joined by itself."""
    host: str
    job: str
    """Of the queuing system; empty where there is none."""
    cores: int
    busy: int
    """Cores that leases hold."""
    gpus: int
    gpus_busy: int
    lane: str
    """Whose leases it takes, live or reprocess; empty: both."""
    since: float
    """Seconds for which it has been there."""
    left: float | None
    """Seconds until the queuing system ends it; None: not known, or never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedNode:
    """A node that was asked for and has not come."""

    name: str
    kind: str
    job: str
    since: float
    """Seconds since it was asked for."""
    said: str
    """What the queuing system says of it, such as why it waits; empty: nothing yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentNodes:
    """All of a session."""

    nodes: tuple[PresentNode, ...] = ()
    awaited: tuple[AwaitedNode, ...] = ()


class NodesTold:
    """Writes them for others, when something is otherwise, and once in a while.

    Parameters
    ----------
    scratch
        Folder of the session; it is there when something is told.
    """

    def __init__(self, scratch: Path) -> None:
        self._path = _file(scratch)
        self._told: Any = None
        self._when = float("-inf")

    def tell(self, said: PresentNodes, now: float) -> None:
        """Have others read them; a disk that is full or away leaves those of before.

        Parameters
        ----------
        now
            Seconds of any clock that only goes forward.
        """
        without = _without_durations(said)
        if without == self._told and now - self._when < _AGAIN:
            return
        self._told, self._when = without, now
        fresh = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):
            fresh.write_text(json.dumps({"format": _FORMAT, **asdict(said)}))
            fresh.replace(self._path)

    def end(self) -> None:
        """There are none any more."""
        with contextlib.suppress(OSError):
            self._path.unlink()


def _without_durations(said: PresentNodes) -> Any:
    return (
        [replace(one, since=0.0, left=None) for one in said.nodes],
        [replace(one, since=0.0) for one in said.awaited],
    )


def read_nodes(scratch: Path) -> PresentNodes | None:
    """Those of a session that runs; None where it runs on one machine, or none have been told.

    Parameters
    ----------
    scratch
        Folder of the session in which they were told.
    """
    try:
        document = json.loads(_file(scratch).read_text())
    except (OSError, ValueError):
        return None
    if document.pop("format", None) != _FORMAT:
        return None  # another version of icestream runs it
    return PresentNodes(
        nodes=tuple(PresentNode(**one) for one in document["nodes"]),
        awaited=tuple(AwaitedNode(**one) for one in document["awaited"]),
    )


def by_reason(awaited: Iterable[AwaitedNode]) -> Iterator[tuple[str, list[AwaitedNode]]]:
    """Nodes that are awaited, by what is said of them; those that were asked for first, first."""
    by_said: dict[str, list[AwaitedNode]] = {}
    for one in sorted(awaited, key=lambda one: -one.since):
        by_said.setdefault(_reason_of(one.said), []).append(one)
    yield from by_said.items()


def _reason_of(said: str) -> str:
    """Why a job waits, of what squeue says: ``PENDING Resources`` is Resources."""
    state, _, reason = said.partition(" ")
    return reason if state == "PENDING" and reason not in ("", "None") else said


def _file(scratch: Path) -> Path:
    return scratch / "nodes.json"
