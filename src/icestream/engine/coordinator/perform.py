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
    CloseGate,
    FormBatch,
    Refill,
    Release,
    RestartMonitors,
    SetGate,
    Start,
    StartSource,
)
from icestream.engine.decisions.decide import decide
from icestream.engine.decisions.events import (
    BatchFormed,
    Event,
    GateAnswered,
    LeaseEnded,
    StepBroken,
)
from icestream.engine.decisions.state import State
from icestream.engine.executors.contract import Executor
from icestream.engine.machine import storage
from icestream.engine.machine.clock import steady
from icestream.engine.record.gating import close_gate, release
from icestream.engine.record.record import Record
from icestream.model import RevisionId
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
        refills: list[Refill] = []
        while pending or starts or refills:
            if pending:
                for action in decide(self._state, pending.popleft(), steady()):
                    match action:
                        case Start():
                            starts.append(action)
                        case Refill():
                            refills.append(action)
                        case _:
                            pending.extend(self._do(action))
            elif starts:
                pending.extend(self._send(starts))
                starts = []
            else:
                # What is ready in the store is known by now, and what is to start is out: a task
                # that is read would else be counted twice or not at all, and never be done.
                pending.extend(self._refill(refills.pop()))
        if self._state.session not in (before, "held"):
            self._record.change_session(self._state.session)
        if self._record.new_results:
            self._threads.news(self._record.new_results)
            self._record.new_results.clear()

    def _do(self, action: Action) -> list[Event]:
        match action:
            case FormBatch():
                return self._form_batch(action)
            case AskGate():
                return self._ask_gate(action)
            case CancelLease():
                self._executor.cancel(action.lease)
            case ChangeStep():
                self._change_step(action)
            case SetGate():
                return self._record.set_gate(action.step, action.gate)
            case CloseGate():
                return close_gate(self._record, action.step, action.reason)
            case Release():
                return self._release(action)
            case StartSource():
                self._threads.start_source(action.step, None)
            case RestartMonitors():
                self._threads.restart_monitors()
        return []

    def _refill(self, action: Refill) -> list[Event]:
        if action.step not in self._state.steps:  # it has been replaced since
            return []
        later = {entry[1] for entry in self._state.later}
        return [self._record.refill(action.step, later)]

    def _send(self, starts: Sequence[Start]) -> list[Event]:
        leases, events = self._record.start(starts)
        for lease in leases:
            if lease.calls:
                self._executor.submit(lease)
            else:  # all its tasks were withdrawn meanwhile
                events.append(LeaseEnded(lease.id))
        return events

    def _form_batch(self, action: FormBatch) -> list[Event]:
        try:
            return self._record.gather(action.step, final=action.final)
        except Exception as error:
            if storage.is_trouble(error):
                raise
            broken = _broken(action.step, error)
            return [broken, BatchFormed(action.step, formed=False, final=False)]

    def _ask_gate(self, action: AskGate) -> list[Event]:
        step = self._record.plan.steps[action.step]
        if step.gate != "held" and not step.protocol.draws:
            return [GateAnswered(action.step, ready=False, closed=False, late=True)]
        if not isinstance(step.protocol, TriggerProtocol):
            raise TypeError(f"protocol {step.protocol.name!r} has no gate")
        local = time.localtime()
        counts = {
            "items": action.items,
            "size": action.size,
            "closed": int(action.closed),
            "passed_items": action.passed_items,
            "passed_size": action.passed_size,
            "seconds": int(max(0.0, steady() - action.first)) if action.first else 0,
            "minute": local.tm_hour * 60 + local.tm_min,
        }
        try:
            ready = bool(step.protocol.ready(counts))
        except Exception as error:
            return [_broken(action.step, error)]
        return [GateAnswered(action.step, ready, action.closed, lot=action.lot)]

    def _release(self, action: Release) -> list[Event]:
        try:
            return release(self._record, action.step, action.lot, action.how)
        except Exception as error:
            if storage.is_trouble(error) or action.how != "draw":
                raise
            return [_broken(action.step, error)]

    def _change_step(self, action: ChangeStep) -> None:
        self._record.change_step(action.step, action.state, action.reason, alarm=action.alarm)
        self._threads.hold_source(action.step, action.state in ("paused", "draining"))
        name = self._record.plan.steps[action.step].name
        _log.info("step", step=name, state=action.state, reason=action.reason)


def _broken(step: RevisionId, error: Exception) -> StepBroken:
    """An author's method failed in the coordinator: its step is paused, and says why."""
    return StepBroken(step, f"{type(error).__name__}: {error}")
