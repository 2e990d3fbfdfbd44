"""Carrying out what was decided."""

import time
from collections import deque
from collections.abc import Sequence

import structlog

from icestream.engine.coordinator.threads import Threads
from icestream.engine.decisions.actions import (
    Action,
    AskGate,
    CancelLease,
    ChangeStep,
    FormBatch,
    Refill,
    Start,
)
from icestream.engine.decisions.decide import decide
from icestream.engine.decisions.events import BatchFormed, Event, LeaseEnded, Tick
from icestream.engine.decisions.state import State
from icestream.engine.executors.contract import Executor
from icestream.engine.machine import storage
from icestream.engine.record.record import Record
from icestream.protocol import TriggerProtocol

__all__ = ["Performer"]

_log = structlog.get_logger("icestream.engine")


class Performer:
    """Feeds events to `decide`, and does what it says, until nothing follows."""

    def __init__(self, record: Record, state: State, executor: Executor, threads: Threads) -> None:
        self._record = record
        self._state = state
        self._executor = executor
        self._threads = threads

    def carry_on(self, events: Sequence[Event]) -> None:
        """Decide on events, do what was decided, and so on."""
        pending = deque(events)
        before = self._state.session
        starts: list[Start] = []
        while pending or starts:
            if not pending:
                pending.extend(self._send(starts))
                starts = []
                continue
            for action in decide(self._state, pending.popleft(), time.time()):
                if isinstance(action, Start):
                    starts.append(action)
                    continue
                if isinstance(action, Refill) and starts:
                    # It must not find tasks that are about to start.
                    pending.extend(self._send(starts))
                    starts = []
                pending.extend(self._do(action))
        if self._state.session not in (before, "held"):
            self._record.change_session(self._state.session)
        if self._record.new_results:
            self._threads.news(self._record.new_results)
            self._record.new_results.clear()

    def _do(self, action: Action) -> list[Event]:
        match action:
            case Refill():
                later = {entry[1] for entry in self._state.later}
                return [self._record.refill(action.step, later)]
            case FormBatch():
                return self._form_batch(action)
            case AskGate():
                return self._ask_gate(action)
            case CancelLease():
                self._executor.cancel(action.lease)
            case ChangeStep():
                self._change_step(action)
        return []

    def _send(self, starts: Sequence[Start]) -> list[Event]:
        empty: list[Event] = []
        for lease in self._record.start(starts):
            if lease.calls:
                self._executor.submit(lease)
            else:  # all its tasks were withdrawn meanwhile
                empty.append(LeaseEnded(lease.id))
        return empty

    def _form_batch(self, action: FormBatch) -> list[Event]:
        try:
            return self._record.form_batch(action.step, final=action.final)
        except Exception as error:
            if storage.is_trouble(error):
                raise
            self._broken(action.step, error)
            return [BatchFormed(action.step, formed=False, final=False)]

    def _ask_gate(self, action: AskGate) -> list[Event]:
        protocol = self._record.plan.steps[action.step].protocol
        state = self._state.steps[action.step]
        state.asking = False
        if self._record.plan.steps[action.step].gate != "held":
            # These came before the gate was opened or shut, and were heard of after it.
            state.waiting_items = state.waiting_size = 0
            return [Tick()]
        if not isinstance(protocol, TriggerProtocol):
            raise TypeError(f"protocol {protocol.name!r} has no gate")
        counts = {"items": action.items, "size": action.size, "closed": int(action.closed)}
        try:
            ready = protocol.ready(counts)
        except Exception as error:
            self._broken(action.step, error)
            return []
        if ready or action.closed:
            state.waiting_items = state.waiting_size = 0
            return self._record.set_gate(action.step, "open" if ready else "shut")
        return []

    def _broken(self, number: int, error: Exception) -> None:
        """An author's method failed in the coordinator: its step is paused, and says why."""
        step = self._state.steps[number]
        step.state, step.given_up = "paused", True
        reason = f"{type(error).__name__}: {error}"
        self._change_step(ChangeStep(number, "paused", reason, alarm=True))

    def _change_step(self, action: ChangeStep) -> None:
        self._record.change_step(action.step, action.state, action.reason, alarm=action.alarm)
        self._threads.hold_source(action.step, action.state in ("paused", "draining"))
        name = self._record.plan.steps[action.step].name
        _log.info("step", step=name, state=action.state, reason=action.reason)
