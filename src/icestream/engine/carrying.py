"""Carrying out what was decided."""

import time
from collections import deque
from collections.abc import Sequence

import structlog

from icestream.engine import storage
from icestream.engine.book import Book
from icestream.engine.crew import Crew
from icestream.engine.decide import decide
from icestream.engine.executors.contract import Executor
from icestream.engine.state import (
    AskGate,
    BatchFormed,
    CancelLease,
    ChangeStep,
    Command,
    Event,
    FormBatch,
    LeaseEnded,
    Refill,
    Start,
    State,
    Tick,
)
from icestream.protocol import TriggerProtocol

__all__ = ["Hands"]

_log = structlog.get_logger("icestream.engine")


class Hands:
    """Feeds events to `decide`, and does what it says, until nothing follows."""

    def __init__(self, book: Book, state: State, executor: Executor, crew: Crew) -> None:
        self._book = book
        self._state = state
        self._executor = executor
        self._crew = crew

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
            for command in decide(self._state, pending.popleft(), time.time()):
                if isinstance(command, Start):
                    starts.append(command)
                    continue
                if isinstance(command, Refill) and starts:
                    # It must not find tasks that are about to start.
                    pending.extend(self._send(starts))
                    starts = []
                pending.extend(self._do(command))
        if self._state.session not in (before, "held"):
            self._book.change_session(self._state.session)
        if self._book.new_results:
            self._crew.news(self._book.new_results)
            self._book.new_results.clear()

    def _do(self, command: Command) -> list[Event]:
        match command:
            case Refill():
                later = {entry[1] for entry in self._state.later}
                return [self._book.refill(command.step, later)]
            case FormBatch():
                return self._form_batch(command)
            case AskGate():
                return self._ask_gate(command)
            case CancelLease():
                self._executor.cancel(command.lease)
            case ChangeStep():
                self._change_step(command)
        return []

    def _send(self, starts: Sequence[Start]) -> list[Event]:
        empty: list[Event] = []
        for lease in self._book.start(starts):
            if lease.calls:
                self._executor.submit(lease)
            else:  # all its tasks were withdrawn meanwhile
                empty.append(LeaseEnded(lease.id))
        return empty

    def _form_batch(self, command: FormBatch) -> list[Event]:
        try:
            return self._book.form_batch(command.step, final=command.final)
        except Exception as error:
            if storage.is_trouble(error):
                raise
            self._broken(command.step, error)
            return [BatchFormed(command.step, formed=False, final=False)]

    def _ask_gate(self, command: AskGate) -> list[Event]:
        protocol = self._book.plan.steps[command.step].protocol
        state = self._state.steps[command.step]
        state.asking = False
        if self._book.plan.steps[command.step].gate != "held":
            # These came before the gate was opened or shut, and were heard of after it.
            state.waiting_items = state.waiting_size = 0
            return [Tick()]
        if not isinstance(protocol, TriggerProtocol):
            raise TypeError(f"protocol {protocol.name!r} has no gate")
        counts = {"items": command.items, "size": command.size, "closed": int(command.closed)}
        try:
            ready = protocol.ready(counts)
        except Exception as error:
            self._broken(command.step, error)
            return []
        if ready or command.closed:
            state.waiting_items = state.waiting_size = 0
            return self._book.set_gate(command.step, "open" if ready else "shut")
        return []

    def _broken(self, number: int, error: Exception) -> None:
        """An author's method failed in the coordinator: its step is paused, and says why."""
        step = self._state.steps[number]
        step.state, step.given_up = "paused", True
        reason = f"{type(error).__name__}: {error}"
        self._change_step(ChangeStep(number, "paused", reason, alarm=True))

    def _change_step(self, command: ChangeStep) -> None:
        self._book.change_step(command.step, command.state, command.reason, alarm=command.alarm)
        self._crew.hold_source(command.step, command.state in ("paused", "draining"))
        name = self._book.plan.steps[command.step].name
        _log.info("step", step=name, state=command.state, reason=command.reason)
