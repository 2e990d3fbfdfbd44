"""The coordinator: the one process that decides and writes in a session.

It waits at one inbox. Sources, monitors, the executor and people put messages into it from
their own threads; everything else happens in the coordinator's thread, a batch of messages at a
time: record what happened in one transaction, decide what follows, send the leases.

Of what sources find it takes a piece in each turn, however much it is: what is found feeds the
workers while the rest is taken in, and people are answered meanwhile.
"""

import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from icestream.channels.kinds import Channels
from icestream.engine.coordinator import monitors
from icestream.engine.coordinator.damages import Damages
from icestream.engine.coordinator.findings import Findings
from icestream.engine.coordinator.health import Health, plain
from icestream.engine.coordinator.hold import Hold
from icestream.engine.coordinator.means import Means
from icestream.engine.coordinator.perform import Performer
from icestream.engine.coordinator.post import Post
from icestream.engine.coordinator.room import Room
from icestream.engine.coordinator.teller import Teller
from icestream.engine.coordinator.threads import KEEPER, Threads
from icestream.engine.decisions.decide import decide
from icestream.engine.decisions.events import (
    Abandoned,
    Asked,
    Event,
    Granted,
    LeftPaused,
    SlotsChanged,
    StreamEnded,
    Tick,
    Trouble,
)
from icestream.engine.decisions.ready import Order
from icestream.engine.decisions.share import gpus_of, used_by
from icestream.engine.decisions.state import Free, State
from icestream.engine.executors.contract import CapacityChanged, Ended, Executor
from icestream.engine.graph.workflow import Workflow
from icestream.engine.machine import storage
from icestream.engine.machine.clock import steady
from icestream.engine.machine.ledger import Grant, LedgerTrouble, Share
from icestream.engine.machine.lock import held_since
from icestream.engine.machine.naming import name_here
from icestream.engine.machine.watched import ThreadDied
from icestream.engine.messages import (
    Compacted,
    Delivered,
    Discovered,
    Inspected,
    Rung,
    SourceFailed,
    StopAsked,
)
from icestream.engine.progress import Outcome, Progress, outcome, taken_in
from icestream.engine.record import observations, opening
from icestream.engine.record.needs import broken_for_want
from icestream.engine.record.record import Record
from icestream.engine.record.retries import retry
from icestream.engine.record.segments import compact
from icestream.engine.requests import carry_out as requests
from icestream.engine.requests.carry_out import ends_waiting
from icestream.model import RevisionId
from icestream.protocol import Registry
from icestream.store.open import Store

__all__ = ["Coordinator", "Options"]

_log = structlog.get_logger("icestream.engine")
_MOST = 1000
"""Messages that are taken in at once."""
_LISTEN = 2.0
"""Seconds between looks for requests whose bell was not heard: that of another user or host."""
_IDLE = 30.0
"""Seconds without work after which a session leaves its share of the machine to others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a session is to be run."""

    order: Order | None = None
    """``newest`` or ``oldest`` exposure first, or ``both`` in turn; None: as the session has it."""
    timeout: float = 6 * 3600.0
    """Seconds after which a task is ended and tried again."""
    on_progress: Callable[[Progress], None] | None = None
    """Called in the coordinator's thread, a few times a second."""
    probe: float = 1.0
    """Seconds between looks whether trouble with storage is over."""
    most: Mapping[str, int]
    """What it may use when it is alone, by kind of the machine's ledger."""
    node: Mapping[str, int] | None = None
    """What one node of a cluster has at most, likewise; None: it runs on this machine."""
    uid: str | None = None
    """Of the session; as the store has it by default, or a new one."""
    channels: Channels = field(default_factory=Channels)
    """By which alerts reach people."""


class Coordinator:
    """Runs one session until everything is done, or it is told to stop."""

    def __init__(
        self, store: Store, registry: Registry, executor: Executor, options: Options
    ) -> None:
        self._store = store
        self._executor = executor
        self._options = options
        self._room = Room(options.most, options.node)
        self._means = Means(options.most)
        self._record = Record(store, registry, options.order, options.timeout, options.uid)
        self._health = Health(self._record)
        self._damages = Damages(self._record)
        self._inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._post = Post(self._record, options.channels, self.tell)
        self._state = State({}, Free(0, 0), 0)
        self._spool: list[object] = []
        """Messages that are not recorded yet."""
        self._findings = Findings()
        self._hold = Hold(self._record.tenure, options.probe)
        self._teller = Teller(self._record, options.on_progress)
        self._worked_at = time.monotonic()
        self._heard_at = time.monotonic()
        self._paused_before: list[RevisionId] = []
        """Steps that an earlier run left paused, until the first requests are heard."""
        self._reason = ""
        """Why the session had to be ended, whoever runs it."""

    # -- the public face -----------------------------------------------------------------------

    def request_stop(self, *, drain: bool = True) -> None:
        """Ask it to end, from any thread: after what runs now, or at once."""
        self._inbox.put(StopAsked(drain))

    def tell(self, message: object) -> None:
        """Put a message into the inbox, from any thread."""
        self._inbox.put(message)

    def progress(self) -> Progress:
        """How far it is; cheap, from any thread."""
        return self._teller.progress

    def used(self) -> dict[str, int]:
        """What its leases hold now, but GPUs, by kind of the machine's ledger; from any thread."""
        return used_by(list(self._state.leases.values()))

    def is_idle(self) -> bool:
        """Whether it has had nothing to do for a while; from any thread."""
        return time.monotonic() - self._worked_at > _IDLE

    def run(self, workflow: Workflow, share: Share) -> Outcome:
        """Run the session; the caller holds its lock and has started the executor."""
        started = time.monotonic()
        steps = self._record.open(workflow)
        mark = f"{opening.mark_of(self._record.uid, self._record.folder)}{self._record.epoch}."
        # How many slots there are the executor says in its first message.
        self._state = State(steps, Free(0, 0), 0, mark=mark, fusing=self._executor.fusing())
        name = name_here(self._record.uid, self._record.folder)
        self._threads = Threads(self._store, self._record, self.tell, name)
        self._performer = Performer(self._record, self._state, self._executor, self._threads)
        try:
            # Whoever runs a session again may have mended what made tasks fail.
            going = [step for step in self._record.plan.by_depth() if not steps[step.id].held]
            self._record.gpus = sum(kind.startswith("gpu:") for kind in self._options.most)
            broken = broken_for_want(going, self._record.gpus)
            granted = self._hear(Grant(share.granted))
            made_again = self._damages.begin([step.id for step in going])
            tried_again = retry(self._record, going)[0]
            self._performer.carry_on([*broken, *granted, *made_again, *tried_again])
            paused = [revision for revision, step in steps.items() if step.held]
            self._paused_before = paused
            self._threads.start(self._record.cursors(), paused)
            requests.refuse_late(self._record, held_since(self._record.folder))
            self._inbox.put(Rung())  # requests that were written while nobody was here
            while True:
                while self._hold.reason or not self._state.finished:
                    self._turn()
                if not self._goes_on():
                    break
            self._leave()
        finally:
            self._threads.stop()
        done = self._state.session == "running"
        seconds = time.monotonic() - started
        taken = taken_in(self._record.plan)
        return outcome(self._store, seconds, done=done, reason=self._reason, taken=taken)

    # -- one turn ------------------------------------------------------------------------------

    def _turn(self) -> None:
        messages = self._gather()
        try:
            if self._hold.reason:
                self._spool += messages
                self._look_for_end_of_trouble()
                self._post.held(self._hold.reason)
                return
            self._take_in(messages)
            for revision in _backfilling(self._state):
                self._performer.carry_on(self._record.backfill(revision))
            if self._room.look(self._record, self._state, time.monotonic()):
                self._worked_at = time.monotonic()  # it would work if it had room
            self._means.look(self._record)
            for part in (self._health, self._damages, self._post):
                part.look()
        except Exception as error:
            if not self._hold.is_trouble(error):
                raise
            self._begin_trouble(error)
        if self._threads.keep_house(self._record.loose):
            self._record.loose = 0
        self._tell_progress()

    def _gather(self) -> list[object]:
        """Wait for the next message; take all that are there, and a piece of what was found."""
        messages: list[object] = []
        try:
            messages.append(self._inbox.get(timeout=self._patience()))
            while len(messages) < _MOST:
                messages.append(self._inbox.get_nowait())
        except queue.Empty:
            pass
        messages = self._findings.keep(messages)
        if self._hold.reason:
            return messages
        messages += self._findings.next()
        if time.monotonic() - self._heard_at > _LISTEN:
            messages.append(Rung())
        return messages

    def _patience(self) -> float:
        """Seconds until something must be done that no message will announce."""
        if self._hold.reason:
            return self._hold.patience()
        if self._findings or _backfilling(self._state):
            return 0.0
        if self._state.next_try is not None:
            return min(_LISTEN, max(0.0, self._state.next_try - steady()))
        return _LISTEN

    def _take_in(self, messages: list[object], *, again: bool = False) -> None:
        """Record messages and do what follows; those that are not recorded stay in the spool.

        Taken in `again` after trouble with storage, what they say of that trouble is past.
        """
        self._spool = messages
        ended = self._damages.judged([m for m in messages if isinstance(m, Ended)])
        discovered = [message for message in messages if isinstance(message, Discovered)]
        full = [e for message in ended for e in message.endings if e.outcome == "storage"]
        for lost in ended:
            if lost.blameless:
                self._health.silent(lost)
        events = self._record.take_in(ended, []) if ended else []
        if events and discovered:
            self._performer.carry_on(events)  # nobody waits for work until the rest is recorded
            events = []
        for piece in discovered:
            events += self._record.take_in([], [piece])
            self._teller.waiting[piece.step] = piece.found.waiting
            if piece.found.closed and piece.step in self._record.plan.steps:
                events.append(StreamEnded(piece.step))
        self._spool = [
            message for message in messages if not isinstance(message, Ended | Discovered)
        ]
        if ended or events:
            self._worked_at = time.monotonic()
        self._performer.carry_on(events or [Tick()])
        while self._spool:
            self._performer.carry_on(self._hear(self._spool[0]))
            self._spool.pop(0)
        if full and not again:
            self._begin_trouble(full[-1].reason, full[-1].away)
            if self._state.session == "draining" and self._hold.is_elsewhere():
                self._hold.end()  # whoever ended it does not wait for what it would read

    def _hear(self, message: object) -> list[Event]:  # noqa: C901 - one for each message
        """Messages that come rarely, one by one."""
        match message:
            case Rung():
                return self._hear_requests()
            case StopAsked():
                return [Asked("stop" if message.drain else "abort")]
            case Grant():
                self._executor.allow(gpus_of(message.amounts))
                self._means.granted(message.amounts)
                return [Granted(message.amounts)]
            case LedgerTrouble():
                self._health.ledger(message)
            case CapacityChanged():
                self._health.capacity(message)
                return [SlotsChanged(message.leases)]
            case ThreadDied():
                return self._thread_died(message)
            case Inspected():
                if observations.inspected(self._record, message):
                    return self._hear_requests()
            case Delivered():
                self._post.delivered(message)
            case Compacted():
                observations.compacted(self._record, message)
            case SourceFailed():
                observations.source_failed(self._record, message)
                if message.final:
                    step = self._record.plan.steps[message.step].name
                    self._reason = f"{step}: {message.reason}"
                    return [Asked("stop")]
            case _:
                raise TypeError(f"the coordinator does not know what to do with {message!r}")
        return []

    def _thread_died(self, message: ThreadDied) -> list[Event]:
        """One that is not run again ends the session, with what it had out ready again."""
        if message.name == KEEPER and storage.is_trouble(message.error):
            self._begin_trouble(message.error)
            return []
        self._health.died(message)
        if message.again:
            return []
        self._reason = f"the {message.name} has failed ({plain(message.error)})"
        return [Asked("stop"), *self._record.take_back()]

    def _hear_requests(self) -> list[Event]:
        events: list[Event] = []
        self._heard_at = time.monotonic()
        for row in requests.waiting_requests(self._record):
            events += requests.carry_out(self._record, row)
        self._threads.stop_sources(self._record.given_up)
        if self._paused_before:
            events.append(LeftPaused(tuple(self._paused_before)))
            self._paused_before = []
        return [*events, Tick()]

    # -- trouble with storage ------------------------------------------------------------------

    def _begin_trouble(self, error: BaseException | str, away: str = "") -> None:
        self._hold.begin(error, away)
        decide(self._state, Trouble(self._hold.reason), steady())
        self._threads.hold_sources(self._threads.sources())
        _log.error("held", reason=self._hold.reason)
        self._tell_progress(at_once=True)

    def _look_for_end_of_trouble(self) -> None:
        """Go on when storage can be written again, from what the store says."""
        stop = next((message for message in self._spool if isinstance(message, StopAsked)), None)
        if self._hold.is_given_up(stop):
            self._reason = self._hold.for_good() or self._reason
            self._hold.end()
            decide(self._state, Abandoned(), steady())
            return
        asked = self._hold.is_elsewhere() and (stop is not None or ends_waiting(self._record))
        if not (asked or self._hold.is_over()):
            return
        self._health.held(self._hold.reason)
        self._hold.end()
        _log.info("mended")
        # While it is held nothing starts that the store knows nothing of.
        decide(self._state, self._record.reconcile(self._state), steady())
        if asked:  # before anything starts that would wait again
            self._performer.carry_on([Asked("stop")] if stop is not None else [])
            self._performer.carry_on(self._hear_requests())
        self._performer.carry_on([Trouble()])
        for source in self._threads.sources():
            self._threads.hold_source(source, self._state.steps[source].held)
        self._take_in(self._spool, again=True)

    # -- telling -------------------------------------------------------------------------------

    def _goes_on(self) -> bool:
        """Whether what monitors say of the end gives the session more to do."""
        if self._state.session != "running":
            return False
        try:
            if _ask_monitors(self._record):
                self._performer.carry_on(self._hear_requests())
        except Exception as error:
            if not self._hold.is_trouble(error):
                raise
            self._begin_trouble(error)
            return True
        return not self._state.finished

    def _leave(self) -> None:
        """Leave the session: the last segments, and how it stands."""
        try:
            self._threads.stop()
            done = self._state.session == "running"
            for made in compact(self._store, least=1):
                observations.compacted(self._record, made)
            self._post.finish(self._inbox)
            self._record.leave("done" if done else "stopped", self._reason)
            self._store.checkpoint()
        except Exception as error:
            if not self._hold.is_trouble(error):
                raise
            _log.error("left", reason=self._hold.describe(error))
        self._tell_progress(at_once=True)

    def _tell_progress(self, *, at_once: bool = False) -> None:
        self._teller.tell(self._state.session, self._hold.reason, at_once=at_once)


def _backfilling(state: State) -> list[RevisionId]:
    """Steps that look at what was there before they were changed."""
    return [step.id for step in state.steps.values() if step.backfilling and not step.held]


def _ask_monitors(record: Record) -> bool:
    """Hear the last of all monitors; true when it made the engine ask itself for something."""
    said = monitors.inspect_all(record.store, record.plan)
    asked = [observations.inspected(record, inspected, last=True) for inspected in said]
    return any(asked)
