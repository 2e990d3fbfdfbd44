"""The nodes that a session has started: as many as there is work for, and no more."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from icestream.engine.executors.cluster.jobs import CannotStart, Door, NodeStarter
from icestream.engine.executors.cluster.kinds import NodeKind
from icestream.engine.executors.cluster.present import AwaitedNode, by_reason

__all__ = ["Fleet", "NodeAsked", "awaited_nodes", "job_of", "waiting_note"]

_TURN = 1.0
"""Seconds between two turns when nothing happens."""
_FIRST = 2.0
_LONGEST = 120.0
"""Seconds of the first and of the longest pause before it is tried again to start a node."""
_LOOK = 15.0
"""Seconds between two looks at a node that has not joined yet."""
_LOOKS = 2
"""Nodes that are looked at in one turn: a queuing system is not to be busy with our questions."""
_LATE = 600.0
"""Seconds that a node may be on its way before people are told what it waits for."""
_NOTED = (60.0, 180.0, 300.0)
"""Seconds after which it is noted that nodes are on their way."""
_FAREWELL = 1.0
"""Seconds for which a node gets no lease before it is ended."""
_SETTLE = 5.0
"""Seconds for which more nodes than wanted are borne: work comes in bursts."""


@dataclass(slots=True)
class NodeAsked:
    """A node that was asked for."""

    name: str
    kind: str
    called: str = ""
    """By whoever started it; empty until it was."""
    asked: float = field(default_factory=time.monotonic)
    looked: float = 0.0
    said: str = ""
    """What is said of it while it has not joined."""
    joined: bool = False
    lost: bool = False
    """Whether it had joined and has gone: what is left of it is ended."""
    leaving: float = 0.0
    """Since when it is to be ended, and gets no lease any more; 0: it is not."""
    again: float = 0.0
    """When it is tried again to end it, after that has failed."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """Nodes of a kind cannot be started."""

    times: int
    """In a row."""
    why: str
    again: float
    """When it is tried again."""
    refused: bool
    """Whether none could be asked for; else those that were asked for ended too early."""


class Fleet:
    """Starts and ends nodes, in a thread of its own: queuing systems take their time.

    Parameters
    ----------
    kinds
        Kinds of nodes, by name.
    starter
        Who starts them.
    door
        Where they come in.
    name
        How the names of all begin.
    changed
        Called, in that thread, when something happened that others should look at.
    """

    def __init__(
        self,
        kinds: Mapping[str, NodeKind],
        starter: NodeStarter,
        door: Door,
        name: str,
        changed: Callable[[], None],
    ) -> None:
        self.kinds = kinds
        self._starter = starter
        self._door = door
        self._name = name
        self._changed = changed
        self._each: dict[str, NodeAsked] = {}
        self._wanted: dict[str, int] = {name: kind.least for name, kind in kinds.items()}
        self._idle: frozenset[str] = frozenset()
        """Names of nodes that have no lease and may be ended."""
        self._spent: frozenset[str] = frozenset()
        """Names of those that get none any more, and are replaced."""
        self._number = 0
        self._failed: dict[str, _Failure] = {}
        """By kind."""
        self._above_since: dict[str, float] = {}
        self._rings: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End every node, and come back when that was asked of all."""
        self._rings.put(True)
        if self._thread.is_alive():
            self._thread.join()

    def want(
        self,
        many: Mapping[str, int],
        joined: Iterable[str],
        idle: Iterable[str],
        spent: Iterable[str] = (),
    ) -> None:
        """Say how many of each kind there should be, which have joined, and which do nothing.

        Those that are `spent` get no lease any more: they are ended, and replaced.
        """
        with self._turn:
            there = set(joined)
            for one in self._each.values():
                one.joined = one.name in there
            said = dict(many), frozenset(idle), frozenset(spent)
            changed = said != (self._wanted, self._idle, self._spent)
            self._wanted, self._idle, self._spent = said
        if changed:
            self._rings.put(False)

    def gone(self, name: str) -> None:
        """A node has left that had joined: it is not waited for any more."""
        with self._turn:
            one = self._each.get(name)
            if one is not None:
                one.lost = True
        self._rings.put(False)

    def leaving(self) -> frozenset[str]:
        """Names of nodes that are about to be ended, and may get no lease any more."""
        with self._turn:
            return frozenset(one.name for one in self._each.values() if one.leaving)

    def asked(self) -> tuple[NodeAsked, ...]:
        """Nodes that were asked for and not ended."""
        with self._turn:
            return tuple(self._each.values())

    def kind_of(self, name: str) -> str:
        """The kind of a node; empty for one that this fleet has not started."""
        with self._turn:
            one = self._each.get(name)
            return one.kind if one is not None else ""

    def problem(self) -> str:
        """Why nodes do not come, where they should; empty when all is as it should be."""
        with self._turn:
            for kind, failure in self._failed.items():
                if failure.times > 1:
                    return f"nodes of the kind {kind} cannot be started: {failure.why}"
            now = time.monotonic()
            coming = [one for one in self._each.values() if not (one.joined or one.lost)]
            late = [one for one in coming if now - one.asked > _LATE]
            if late:
                what = f"{late[0].name} ({late[0].said or 'nothing is said of it'})"
                return f"{_nodes(len(late))} asked for {_LATE / 60:.0f} min ago: {what}"
            return ""

    def can_start(self, kind: str) -> bool:
        """Whether nodes of a kind come when they are asked for, as far as is known."""
        with self._turn:
            failure = self._failed.get(kind)
            return failure is None or failure.times < 2

    # In its own thread.

    def _run(self) -> None:
        while True:
            try:
                if self._rings.get(timeout=_TURN):
                    break
            except queue.Empty:
                pass
            self._look()
            for one in self.asked():
                if one.lost:
                    self._end(one)
            self._start_missing()
            self._end_idle()
        for one in self.asked():
            one.again = 0.0
            self._end(one)
        self._starter.close()

    def _look(self) -> None:
        """Ask after those that have not joined."""
        now = time.monotonic()
        coming = [
            one
            for one in self.asked()
            if one.called and not (one.joined or one.lost) and now - one.looked >= _LOOK
        ]
        for one in sorted(coming, key=lambda one: one.looked)[:_LOOKS]:
            one.looked = now
            try:
                there, one.said = self._starter.look(one.called)
            except CannotStart as error:
                there, one.said = True, str(error)
            if not there and not one.joined:
                with self._turn:
                    self._each.pop(one.name, None)
                why = f"{one.name} ended before it had joined: {one.said}"
                self._fail(one.kind, why, refused=False)

    def _start_missing(self) -> None:
        for kind in self.kinds:
            failure = self._failed.get(kind)
            if failure is not None and time.monotonic() < failure.again:
                continue
            mine = [one for one in self.asked() if one.kind == kind and not one.lost]
            missing = self._want(kind) - len(mine)
            # While they fail, one is tried.
            for _ in range(missing if failure is None else min(missing, 1)):
                if not self._start_one(kind):
                    break

    def _want(self, kind: str) -> int:
        """How many of a kind; one at least while they fail, when no work is sent for any."""
        with self._turn:
            return max(self._wanted.get(kind, 0), int(kind in self._failed))

    def _start_one(self, kind: str) -> bool:
        self._number += 1
        one = NodeAsked(f"{self._name}-{kind}-{self._number}", kind)
        with self._turn:
            self._each[one.name] = one
        try:
            called = self._starter.start(one.name, self.kinds[kind], self._door)
        except CannotStart as error:
            with self._turn:
                del self._each[one.name]
            self._fail(kind, str(error), refused=True)
            return False
        with self._turn:
            one.called = called
            failure = self._failed.get(kind)
            over = failure is not None and failure.refused
            if over:
                del self._failed[kind]
        if over:
            self._changed()
        return True

    def _fail(self, kind: str, why: str, *, refused: bool) -> None:
        with self._turn:
            before = self._failed.get(kind)
            times = before.times + 1 if before is not None else 1
            pause = min(_LONGEST, _FIRST * 2 ** min(times, 10))
            self._failed[kind] = _Failure(times, why, time.monotonic() + pause, refused)
        self._changed()

    def well(self, kind: str) -> None:
        """A node of a kind has joined: they can be started again."""
        with self._turn:
            was = self._failed.pop(kind, None)
        if was is not None:
            self._changed()

    def _end_idle(self) -> None:
        """End what is more than wanted: first what has not come, then what does nothing."""
        now = time.monotonic()
        for kind in self.kinds:
            mine = [one for one in self.asked() if one.kind == kind and not one.lost]
            for one in [one for one in mine if one.name in self._spent]:
                mine.remove(one)
                self._let_go(one, now)
            more = len(mine) - self._want(kind)
            if more <= 0:
                self._above_since.pop(kind, None)
                _keep(mine)
                continue
            if now - self._above_since.setdefault(kind, now) < _SETTLE:
                continue
            coming = [one for one in mine if not one.joined]
            idle = [one for one in mine if one.joined and one.name in self._idle]
            surplus = (*reversed(coming), *idle)[:more]
            _keep(one for one in mine if one not in surplus)
            for one in surplus:
                self._let_go(one, now)

    def _let_go(self, one: NodeAsked, now: float) -> None:
        """End a node; one that has joined a moment after nobody sends it leases any more."""
        if one.joined and not one.leaving:
            one.leaving = now
        elif not one.joined or now - one.leaving >= _FAREWELL:
            self._end(one)

    def _end(self, one: NodeAsked) -> None:
        if time.monotonic() < one.again:
            return
        try:
            if one.called:
                self._starter.stop(one.called)
        except CannotStart:
            # With the session it ends by itself: it finds no scheduler any more.
            one.again = time.monotonic() + _LOOK
            return
        with self._turn:
            self._each.pop(one.name, None)


def awaited_nodes(asked: Iterable[NodeAsked], now: float) -> tuple[AwaitedNode, ...]:
    """Those that have not come, as others read it."""
    return tuple(
        AwaitedNode(
            name=one.name, kind=one.kind, job=job_of(one), since=now - one.asked, said=one.said
        )
        for one in asked
        if not (one.joined or one.lost)
    )


def waiting_note(awaited: Iterable[AwaitedNode]) -> str:
    """What nodes wait for, when they have done so for a while; empty when none has."""
    for reason, nodes in by_reason(awaited):
        passed = [limit for limit in _NOTED if nodes[0].since >= limit]
        if passed:
            many, jobs = len(nodes), any(one.job for one in nodes)
            what = (
                ("job waits", "jobs wait") if jobs else ("node has not come", "nodes have not come")
            )
            where = " in the queue" if jobs else ""
            why = f": {reason}" if reason else ""
            minutes = passed[-1] / 60
            return f"{many} {what[many != 1]}{where} for more than {minutes:.0f} min{why}"
    return ""


def job_of(one: NodeAsked) -> str:
    """Its number in the queuing system; a process that was started has none."""
    return "" if one.called == one.name else one.called


def _keep(nodes: Iterable[NodeAsked]) -> None:
    for one in nodes:
        one.leaving = 0.0


def _nodes(count: int) -> str:
    return (
        f"{count} node has not come that was"
        if count == 1
        else f"{count} nodes have not come that were"
    )
