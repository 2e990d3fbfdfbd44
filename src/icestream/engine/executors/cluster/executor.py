"""Leases on the nodes of a cluster."""

import queue
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from icestream.engine.executors.cluster.fleet import (
    Fleet,
    awaited_nodes,
    job_of,
    waiting_note,
)
from icestream.engine.executors.cluster.jobs import starter_of
from icestream.engine.executors.cluster.kinds import (
    DaskCluster,
    NodeKind,
    QueueCluster,
    SshCluster,
    lasts,
)
from icestream.engine.executors.cluster.leases import LeasesOnNodes, Terms
from icestream.engine.executors.cluster.link import Joiner, Link, LinkLost, open_link
from icestream.engine.executors.cluster.node import MARKER, Greeting
from icestream.engine.executors.cluster.placing import (
    ClusterNode,
    Size,
    is_spent,
    nodes_wanted,
    suits,
)
from icestream.engine.executors.cluster.present import NodesTold, PresentNode, PresentNodes
from icestream.engine.executors.contract import CapacityChanged, Fusing, Gpus, Inbox, Lease
from icestream.engine.machine.programs import end_programs
from icestream.engine.machine.watched import run_once

__all__ = ["ClusterExecutor", "Connect"]

Connect = Callable[[DaskCluster | SshCluster | QueueCluster, Path, float], Link]
"""Joins or starts the scheduler, given a folder for certificates and the seconds without a sign of
life after which a node is gone."""

_LOOK = 1.0
"""Seconds between two looks at who has joined."""
_PAUSES = (1.0, 60.0)
"""Seconds of the first and of the longest pause before a scheduler is looked for again."""
_SILENT = (5.0, 60.0)
"""Seconds, at least and at most, after which a node that says nothing is taken to be gone."""


@dataclass(slots=True)
class _Trouble:
    """The scheduler is not there: how often in a row, why, and when it is looked for again."""

    reason: str = ""
    times: int = 0
    again: float = field(default_factory=time.monotonic)

    def begin(self, reason: str) -> None:
        """It was not found, once more."""
        first, longest = _PAUSES
        self.reason = reason
        self.again = time.monotonic() + min(longest, first * 2 ** min(self.times, 10))
        self.times += 1


class ClusterExecutor:
    """Runs leases on nodes that have joined a scheduler, and has nodes started for them.

    Parameters
    ----------
    cluster
        Which nodes there are.
    warm
        Protocols (``module:Class``) that workers import before their first lease.
    silence
        Seconds without a sign of life after which a worker is killed, and its lease lost.
    path
        Where Python looks for the modules of plugins.
    connect
        Joins or starts the scheduler.
    """

    def __init__(
        self,
        cluster: DaskCluster | SshCluster | QueueCluster,
        *,
        warm: Iterable[str] = (),
        silence: float = 120.0,
        path: Iterable[str] = (),
        connect: Connect = open_link,
    ) -> None:
        self._cluster = cluster
        self._warm = tuple(warm)
        self._silence = silence
        self._path = tuple(path)
        self._connect = connect
        self._mark = ""
        self._scratch = Path()
        self._nodes_told: NodesTold | None = None
        self._asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._inbox: Inbox
        self._leases: LeasesOnNodes
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._fleet: Fleet | None = None
        self._greeted: set[str] = set()
        """Addresses that were greeted, whatever they said."""
        self._problems: dict[str, str] = {}
        """Why nodes that have joined cannot be used, by address."""
        self._trouble = _Trouble()
        self._told: CapacityChanged | None = None
        self._looked = 0.0
        self._epoch = ""

    # -- the contract --------------------------------------------------------------------------

    def sweep(self, mark: str, scratch: Path) -> None:
        """End what dead leases left here; on nodes that is done when they are greeted."""
        self._mark, self._scratch = mark, scratch
        self._nodes_told = NodesTold(scratch)
        end_programs(mark)
        shutil.rmtree(scratch, ignore_errors=True)

    def start(self, inbox: Inbox) -> None:
        """Join the scheduler, or start it."""
        self._inbox = inbox
        self._epoch = f"{time.time_ns()}"
        forgot = partial(self._mourn, why="was started anew")
        terms = Terms(self._mark, self._cluster.arrives_within, self._silence)
        self._leases = LeasesOnNodes(terms, inbox, self._asked.put, forgot)
        run = ("executor", self._serve, inbox)
        self._thread = threading.Thread(target=run_once, args=run, name="executor", daemon=True)
        self._thread.start()

    def fusing(self) -> Fusing:
        """A lease costs some ten milliseconds of the scheduler, and a way over the network."""
        return Fusing(seconds=1.0, most=64)

    def allow(self, gpus: Iterable[int]) -> None:
        """Do nothing: GPUs are those of nodes, not of this machine."""

    def gpus(self) -> Gpus:
        """Nothing is done with this machine's."""
        return Gpus()

    def submit(self, lease: Lease) -> None:
        """Run a lease on a node that has room for it, or as soon as one does."""
        self._asked.put(lambda: self._leases.waiting.append(lease))

    def cancel(self, lease: str) -> None:
        """End a lease on its node."""
        self._asked.put(lambda: self._leases.cancel(lease))

    def stop(self) -> None:
        """End all leases and all nodes that were started; nothing more is said to the inbox."""
        self._stopping = True
        self._asked.put(_look_again)
        if self._thread is not None:
            self._thread.join()

    # -- its own thread ------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            while not self._stopping:
                self._turn()
                self._listen()
        finally:
            self._close()

    def _turn(self) -> None:
        """Look who is there, hand out what waits, and say how much room there is."""
        now = time.monotonic()
        if self._leases.link is None and now >= self._trouble.again:
            self._join()
        if self._leases.link is not None and now - self._looked >= _LOOK:
            self._looked = now
            self._look(self._leases.link)
        self._leases.look(now)
        self._leases.hand_out(self._fleet.leaving() if self._fleet is not None else (), now)
        if self._fleet is not None:
            _ask_for_nodes(self._fleet, self._leases, now)
        self._tell_room()
        if self._nodes_told is not None:
            self._nodes_told.tell(_present(self._leases, self._fleet, now), now)

    def _listen(self) -> None:
        """Carry out what was asked, for as long as nothing else is due."""
        try:
            self._asked.get(timeout=0.1 if self._leases.arriving else _LOOK / 2)()
            while True:
                self._asked.get_nowait()()
        except queue.Empty:
            pass

    def _join(self) -> None:
        least, most = _SILENT
        try:
            self._scratch.mkdir(parents=True, exist_ok=True)
            (self._scratch / MARKER).write_text(self._epoch)
            silent = max(least, min(most, self._silence))
            link = self._connect(self._cluster, self._scratch / ".keys", silent)
        except (LinkLost, OSError) as error:
            self._trouble.begin(str(error))
            return
        self._leases.link = link
        self._trouble = _Trouble()
        starter = starter_of(self._cluster, self._scratch.parent / "logs" / "nodes")
        if starter is not None:
            ring = partial(self._asked.put, _look_again)
            name = f"icestream-{self._scratch.parent.name}"[:40]
            self._fleet = Fleet(self._cluster.nodes_of, starter, link.door, name, ring)
            self._fleet.start()

    def _look(self, link: Link) -> None:
        """Greet who has joined, and mourn who has gone."""
        try:
            members = link.members()
        except LinkLost as error:
            self._lose_scheduler(link, str(error))
            return
        for address in self._greeted - set(members):
            self._mourn(address, "has gone")
        for address, member in members.items():
            if address not in self._greeted:
                self._greet(link, address, member)

    def _greet(self, link: Link, address: str, member: Joiner) -> None:
        kind = self._fleet.kind_of(member.name) if self._fleet is not None else ""
        if self._fleet is not None and not kind:
            return  # it is not ours: a node of before that has not noticed yet
        self._greeted.add(address)
        ours = self._cluster.nodes_of.get(kind)
        greeting = Greeting(
            mark=self._mark,
            epoch=self._epoch,
            scratch=str(self._scratch),
            warm=self._warm,
            path=self._path,
            silence=self._silence,
            gpus=ours.gpus if ours is not None else None,
        )

        def welcome(said: Mapping[str, Any]) -> None:
            self._asked.put(lambda: self._welcome(address, member, kind, said))

        link.greet(address, greeting.as_bytes(), member.threads, welcome)

    def _welcome(self, address: str, member: Joiner, kind: str, said: Mapping[str, Any]) -> None:
        """A node has answered its greeting."""
        if address not in self._greeted:
            return  # it has gone meanwhile
        name = member.name if kind else f"{said.get('host', member.host)} ({address})"
        if said.get("problem"):
            self._problems[address] = f"{name}: {said['problem']}"
            if said.get("again"):
                self._greeted.discard(address)
            return
        self._problems.pop(address, None)
        ours = self._cluster.nodes_of.get(kind)
        gpus = int(said["gpus"])
        if ours is not None and self._fleet is not None:
            if gpus < ours.gpus:
                self._problems[address] = (
                    f"{name} was to have GPUs: {ours.gpus}, and sees {gpus} on {said['host']}"
                    f" (CUDA_VISIBLE_DEVICES is {said['visible']!r} there)"
                )
            size = Size(ours.cores, int(ours.memory), min(ours.gpus, gpus))
            node = ClusterNode(address, name, kind, size, ours.lane, ours.hosts)
            node.ends = _end_of(self._cluster.kind, ours, said)
            self._fleet.well(kind)
        else:
            size = Size(int(said["cores"]), member.memory or int(said["memory"]), gpus)
            node = ClusterNode(address, name, "", size)
        node.host = str(said.get("host", member.host))
        node.joined = node.idle_since = time.monotonic()
        self._leases.nodes[address] = node

    def _mourn(self, address: str, why: str) -> None:
        """A node has gone, or has forgotten the session: then it is greeted anew."""
        self._greeted.discard(address)
        self._problems.pop(address, None)
        node = self._leases.bury(address, why)
        if node is not None and self._fleet is not None:
            self._fleet.gone(node.name)

    def _lose_scheduler(self, link: Link, reason: str) -> None:
        """Everything is lost with the scheduler; it is looked for again."""
        for address in tuple(self._leases.nodes):
            self._leases.bury(address, "is lost with its scheduler", suspect=False)
        self._leases.link = None
        if self._fleet is not None:
            self._fleet.stop()
            self._fleet = None
        self._greeted.clear()
        self._problems.clear()
        link.close()
        self._trouble.begin(reason)

    # -- room ----------------------------------------------------------------------------------

    def _tell_room(self) -> None:
        problems = tuple(self._problems.values())
        room = CapacityChanged(0, self._trouble.reason)
        if self._leases.link is not None:
            room = _room(self._cluster.nodes_of, self._leases, self._fleet, problems)
        if room != self._told:
            self._told = room
            self._inbox(room)
        if not room.leases:
            self._leases.give_back()
            return
        kinds = self._cluster.nodes_of
        if kinds or self._leases.nodes:
            self._leases.refuse(lambda lease: any(suits(lease, one) for one in kinds.values()))

    def _close(self) -> None:
        link = self._leases.link
        self._leases.forget()
        if self._fleet is not None:
            self._fleet.stop()
        elif link is not None:
            link.leave(list(self._leases.nodes), self._mark)
        if link is not None:
            link.close()
        if self._nodes_told is not None:
            self._nodes_told.end()


def _look_again() -> None:
    """What is asked of the executor's thread when it only has to look around."""


def _ask_for_nodes(fleet: Fleet, leases: LeasesOnNodes, now: float) -> None:
    nodes = tuple(leases.nodes.values())
    spent = {node.name for node in nodes if is_spent(node, leases.waiting, now)}
    useful = [node for node in nodes if node.name not in spent]
    wanted = nodes_wanted(fleet.kinds, useful, leases.waiting, now)
    idle = [
        node.name
        for node in nodes
        if not node.leases and now - node.idle_since >= fleet.kinds[node.kind].idle
    ]
    fleet.want(wanted, [node.name for node in nodes], idle, spent)


def _end_of(system: str, kind: NodeKind, said: Mapping[str, Any]) -> float | None:
    """When a node ends that was greeted now: as it says itself, or by when its process began."""
    left = said.get("left")
    if left is None:
        whole = lasts(system, kind.walltime)
        left = None if whole is None else max(0.0, whole - float(said.get("age", 0.0)))
    return None if left is None else time.monotonic() + float(left)


def _present(leases: LeasesOnNodes, fleet: Fleet | None, now: float) -> PresentNodes:
    """Who serves the session, for others to read."""
    asked = fleet.asked() if fleet is not None else ()
    jobs = {one.name: job_of(one) for one in asked}
    return PresentNodes(
        nodes=tuple(
            PresentNode(
                name=node.name,
                kind=node.kind,
                host=node.host,
                job=jobs.get(node.name, ""),
                cores=node.size.cores,
                busy=node.size.cores - node.free.cores,
                gpus=node.size.gpus,
                gpus_busy=node.size.gpus - node.free.gpus,
                lane=node.lane or "",
                since=now - node.joined,
                left=None if node.ends is None else max(0.0, node.ends - now),
            )
            for node in leases.nodes.values()
        ),
        awaited=awaited_nodes(asked, now),
    )


def _room(
    kinds: Mapping[str, NodeKind],
    leases: LeasesOnNodes,
    fleet: Fleet | None,
    problems: Sequence[str],
) -> CapacityChanged:
    """How many leases can run at once: on nodes that are there, and on those that will come."""
    nodes, problem = leases.nodes.values(), next(iter(problems), "")
    if not kinds:
        there = sum(node.size.cores for node in nodes)
        where = leases.link.door.address if leases.link is not None else "the cluster"
        return CapacityChanged(there, problem or ("" if there else f"no node has joined {where}"))
    by_kind = Counter(node.kind for node in nodes)
    cores = sum(
        kind.cores * (kind.most if fleet is None or fleet.can_start(name) else by_kind[name])
        for name, kind in kinds.items()
    )
    if fleet is None:
        return CapacityChanged(cores, problem)
    problem = problem or fleet.problem()
    awaited = awaited_nodes(fleet.asked(), time.monotonic())
    return CapacityChanged(cores, problem, "" if problem else waiting_note(awaited))
