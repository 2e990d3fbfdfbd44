"""The leases that wait for nodes or run on them; one thread's own."""

import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from icestream.engine.executors.cluster.link import STARTED_ANEW, Link
from icestream.engine.executors.cluster.node import with_times
from icestream.engine.executors.cluster.placing import (
    ClusterNode,
    Size,
    choose_node,
    fits,
    size_of,
)
from icestream.engine.executors.contract import CANCELLED, NO_ROOM, Ended, Inbox, Lease
from icestream.engine.executors.seen import unseen

__all__ = ["LeasesOnNodes", "Terms"]

_REST = 30.0
"""Seconds for which a node that has no room of its own is given nothing."""
_BLAMELESS = 2
"""Nodes that may go while they run one task, until it is taken to be what ends them."""
_LATE = 5.0
"""Seconds beyond its own time that a node has for saying how a lease has ended."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a session asks of its nodes."""

    mark: str
    """How the names of its leases begin."""
    arrives_within: float
    """Seconds after which a file that one machine wrote is seen by another."""
    silence: float
    """Seconds without a sign of life after which a worker is killed."""


@dataclass(slots=True)
class _Arriving:
    """A lease that has ended, whose files are not all seen here yet."""

    ended: Ended
    files: list[Path]
    until: float


@dataclass(slots=True)
class _Out:
    """A lease on a node."""

    lease: Lease
    node: ClusterNode
    due: float
    """When it is given up: the node, which should have ended it, is not believed any more."""
    cancelled: bool = False


class LeasesOnNodes:
    """Hands leases to nodes, and says to the inbox what becomes of them.

    Parameters
    ----------
    terms
        Of the session.
    inbox
        Of the coordinator.
    later
        Has something done in the thread that owns this, from any thread.
    forgot
        Called with the address of a node that knows nothing of the session any more.
    """

    def __init__(
        self,
        terms: Terms,
        inbox: Inbox,
        later: Callable[[Callable[[], None]], None],
        forgot: Callable[[str], None],
    ) -> None:
        self.link: Link | None = None
        """The scheduler; None while there is none."""
        self.nodes: dict[str, ClusterNode] = {}
        """Nodes that can be used, by address."""
        self.waiting: deque[Lease] = deque()
        self._terms = terms
        self._inbox = inbox
        self._later = later
        self._forgot = forgot
        self._out: dict[str, _Out] = {}
        self._arriving: list[_Arriving] = []
        self._lost: Counter[int] = Counter()
        """By task: nodes that have gone while they ran it."""

    @property
    def arriving(self) -> bool:
        """Whether files are awaited that others wrote."""
        return bool(self._arriving)

    def hand_out(self, leaving: Collection[str], now: float) -> None:
        """Send what waits to nodes with room for it, but to none whose name is among `leaving`."""
        if self.link is None or not self.waiting:
            return
        nodes = [node for node in self.nodes.values() if node.name not in leaving]
        full: set[tuple[Size, str, bool, float]] = set()
        left: deque[Lease] = deque()
        for lease in self.waiting:
            programs = all(call.programs for call in lease.calls)
            alike = size_of(lease), lease.lane, programs, lease.expected
            node = None if alike in full else choose_node(lease, nodes, now)
            if node is None:
                full.add(alike)
                left.append(lease)
            else:
                self._send(self.link, lease, node, now)
        self.waiting = left

    def cancel(self, lease_id: str) -> None:
        """End a lease on its node, or where it waits."""
        out = self._out.get(lease_id)
        if out is not None:
            out.cancelled = True
            out.due = min(out.due, time.monotonic() + _LATE)
            if self.link is not None:
                self.link.cancel(out.node.address, self._terms.mark, lease_id)
            return
        for waiting in self.waiting:
            if waiting.id == lease_id:
                self.waiting.remove(waiting)
                self._inbox(Ended(lease_id, (), CANCELLED))
                return

    def give_back(self) -> None:
        """Say of all that waits that there is no room for it."""
        while self.waiting:
            self._inbox(Ended(self.waiting.popleft().id, (), NO_ROOM))

    def refuse(self, possible: Callable[[Lease], bool]) -> None:
        """Give back what no node takes that is there or may come, with the reason."""
        for lease in tuple(self.waiting):
            there = any(fits(lease, n.size, n.lane, n.hosts) for n in self.nodes.values())
            if not (there or possible(lease)):
                self.waiting.remove(lease)
                self._inbox(Ended(lease.id, (), "no node of the cluster is large enough for it"))

    def bury(self, address: str, why: str, *, suspect: bool = True) -> ClusterNode | None:
        """A node is there no more: its leases are lost.

        Parameters
        ----------
        suspect
            Whether a lease may be what ended it: a scheduler that goes takes all with it.
        """
        node = self.nodes.pop(address, None)
        if node is not None:
            for lease in tuple(node.leases.values()):
                self._mourn(self._take_off(lease.id), why, suspect=suspect)
        return node

    def look(self, now: float) -> None:
        """Tell of leases whose files have come, and give up those that are long overdue."""
        left = []
        for one in self._arriving:
            one.files = unseen(one.files)
            if one.files and now < one.until:
                left.append(one)
                continue
            self._inbox(one.ended)
        self._arriving = left
        for out in [out for out in self._out.values() if now > out.due]:
            if self.link is not None:
                self.link.cancel(out.node.address, self._terms.mark, out.lease.id)
            self._take_off(out.lease.id)
            out.node.rests_until = now + _REST
            self._mourn(out, f"has not said how it ended within {out.lease.timeout:g} s")

    def forget(self) -> None:
        """Wait for nothing any more."""
        for lease in self._out:
            if self.link is not None:
                self.link.forget(lease)

    def _send(self, link: Link, lease: Lease, node: ClusterNode, now: float) -> None:
        patience = self._terms.arrives_within
        calls = tuple(replace(call, patience=patience) for call in lease.calls)
        wait = patience * (1 + len(calls)) + self._terms.silence + _LATE
        out = self._out[lease.id] = _Out(lease, node, now + lease.timeout + wait)
        node.take(lease)

        def done(data: bytes, why: str) -> None:
            self._later(lambda: self._ended(out, data, why))

        try:
            data = pickle.dumps(replace(lease, calls=calls))
            link.send(lease.id, node.address, self._terms.mark, data, done)
        except Exception as error:
            self._take_off(lease.id)
            self._inbox(Ended(lease.id, (), f"it cannot be sent to a node: {error}"))

    def _ended(self, out: _Out, data: bytes, why: str) -> None:
        """A lease has ended on a node, or the node cannot say how."""
        if self._out.get(out.lease.id) is not out:
            return  # it was given up, and is another's by now
        self._take_off(out.lease.id)
        if why:
            self._mourn(out, why)
            if why == STARTED_ANEW:
                self._forgot(out.node.address)
            return
        ended = with_times(pickle.loads(data))  # noqa: S301 - of a node that it has greeted
        if ended.lost == NO_ROOM and not out.cancelled:  # on that node: it waits for another
            out.node.rests_until = time.monotonic() + _REST
            self.waiting.appendleft(out.lease)
            return
        for ending in ended.endings:
            self._lost.pop(ending.task, None)
        scratch = {call.task: Path(call.scratch) for call in out.lease.calls}
        files = [scratch[e.task] / name for e in ended.endings for name, _, _ in e.files]
        now = time.monotonic()
        self._arriving.append(_Arriving(ended, files, now + self._terms.arrives_within))

    def _mourn(self, out: _Out, why: str, *, suspect: bool = True) -> None:
        """A lease is lost with its node."""
        lease = out.lease
        if self.link is not None:
            self.link.forget(lease.id)
        if out.cancelled:
            self._inbox(Ended(lease.id, (), CANCELLED))
            return
        for call in lease.calls if suspect else ():
            self._lost[call.task] += 1
        often = max((self._lost[call.task] for call in lease.calls), default=0)
        said = f"the node {out.node.name} {why}"
        self._inbox(Ended(lease.id, (), said, blameless=often <= _BLAMELESS))

    def _take_off(self, lease_id: str) -> _Out:
        out = self._out.pop(lease_id)
        out.node.give_back(out.lease, time.monotonic())
        return out
