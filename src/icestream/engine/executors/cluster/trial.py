"""Trying a cluster before a session does: whether each kind of node comes and can be used."""

import contextlib
import queue
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from icestream.engine.executors.cluster.jobs import CannotStart, NodeStarter, starter_of
from icestream.engine.executors.cluster.kinds import DaskCluster, QueueCluster, SshCluster
from icestream.engine.executors.cluster.link import Joiner, Link, LinkLost, open_link
from icestream.engine.executors.cluster.node import MARKER, Greeting

__all__ = ["Tried", "try_cluster"]

_LOOK = 0.5
_MARK = "doctor:"
_EPOCH = "trial"
_SILENT = 60.0


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a node."""

    kind: str
    """Of nodes, or the node's own name; empty when it is about the whole cluster."""
    how: Literal["well", "waits", "wrong"]
    said: str


def try_cluster(
    cluster: DaskCluster | SshCluster | QueueCluster, folder: Path, patience: float
) -> Iterator[Tried]:
    """Have one node of each kind started, or take those that have joined; nothing is left of it.

    Parameters
    ----------
    folder
        There already, on the disk on which sessions are to be.
    patience
        Seconds for nodes to come and to answer.
    """
    with contextlib.ExitStack() as around:
        try:
            scratch = Path(
                around.enter_context(
                    tempfile.TemporaryDirectory(
                        prefix=".icestream-doctor-", dir=folder, ignore_cleanup_errors=True
                    )
                )
            )
            (scratch / MARKER).write_text(_EPOCH)
            link = open_link(cluster, scratch / ".keys", _SILENT)
        except (LinkLost, OSError) as error:
            yield Tried("", "wrong", str(error))
            return
        around.callback(link.close)
        starter = starter_of(cluster, scratch / "logs")
        if starter is not None:
            around.callback(starter.close)
        yield from _Trial(cluster, link, starter, scratch, patience).run()


class _Trial:
    def __init__(
        self,
        cluster: DaskCluster | SshCluster | QueueCluster,
        link: Link,
        starter: NodeStarter | None,
        scratch: Path,
        patience: float,
    ) -> None:
        self._cluster = cluster
        self._link = link
        self._starter = starter
        self._scratch = scratch
        self._until = time.monotonic() + patience
        self._patience = patience
        self._called: dict[str, tuple[str, str]] = {}
        """Kind, and how whoever started it calls it, by the name of a node that was asked for."""
        self._answers: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()

    def run(self) -> Iterator[Tried]:
        try:
            yield from self._start()
            yield from self._meet()
        except LinkLost as error:
            yield Tried("", "wrong", str(error))
        finally:
            for _, called in self._called.values():
                with contextlib.suppress(CannotStart):
                    assert self._starter is not None
                    self._starter.stop(called)

    def _start(self) -> Iterator[Tried]:
        if self._starter is None:
            return
        for kind, given in self._cluster.nodes_of.items():
            name = f"icestream-doctor-{kind}"
            try:
                self._called[name] = kind, self._starter.start(name, given, self._link.door)
            except CannotStart as error:
                yield Tried(kind, "wrong", str(error))

    def _meet(self) -> Iterator[Tried]:
        """Greet who comes, until all have answered or the time is up."""
        greeted: dict[str, Joiner] = {}
        open_: set[str] = set()
        wanted = set(self._called)
        while time.monotonic() < self._until:
            for address, member in self._link.members().items():
                if address not in greeted and (self._starter is None or member.name in wanted):
                    greeted[address] = member
                    open_.add(address)
                    self._greet(address, member)
            with contextlib.suppress(queue.Empty):
                address, said = self._answers.get(timeout=_LOOK)
                open_.discard(address)
                yield self._judge(greeted[address], said)
            there = {member.name for member in greeted.values()}
            if greeted and not open_ and wanted <= there:
                break
        self._link.leave(list(greeted), _MARK)
        yield from self._missing(greeted, open_)

    def _missing(self, greeted: dict[str, Joiner], unheard: set[str]) -> Iterator[Tried]:
        for address in unheard:
            said = f"has joined, and not answered within {self._patience:.0f} s"
            yield Tried(self._kind(greeted[address]), "wrong", said)
        if self._starter is None:
            if not greeted:
                yield Tried("", "waits", f"no node has joined {self._link.door.address}")
            return
        there = {member.name for member in greeted.values()}
        for name, (kind, called) in self._called.items():
            if name in there:
                continue
            try:
                comes, said = self._starter.look(called)
            except CannotStart as error:
                comes, said = True, str(error)
            late = f"asked for, and not there after {self._patience:.0f} s: {said}"
            yield Tried(kind, "waits" if comes else "wrong", late if comes else said)

    def _greet(self, address: str, member: Joiner) -> None:
        greeting = Greeting(mark=_MARK, epoch=_EPOCH, scratch=str(self._scratch), gpus=None)
        self._link.greet(
            address,
            greeting.as_bytes(),
            member.threads,
            lambda said: self._answers.put((address, said)),
        )

    def _kind(self, member: Joiner) -> str:
        return self._called[member.name][0] if member.name in self._called else member.name

    def _judge(self, member: Joiner, said: Any) -> Tried:
        kind = self._kind(member)
        if said.get("problem"):
            return Tried(kind, "wrong", said["problem"])
        ours = self._cluster.nodes_of.get(kind)
        if ours is not None and said["gpus"] < ours.gpus:
            few = f"{said['host']} has GPUs: {said['gpus']}, and was to have {ours.gpus}"
            return Tried(kind, "wrong", few)
        return Tried(kind, "well", f"{said['host']}, cores: {said['cores']}, GPUs: {said['gpus']}")
