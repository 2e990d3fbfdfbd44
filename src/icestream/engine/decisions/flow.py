"""Moving steps on: waiting, running, done; when batches are formed and gates asked."""

from collections.abc import Callable, Iterator, Mapping

from icestream.engine.decisions.actions import Action, AskGate, CloseGate, FormBatch, SetGate
from icestream.engine.decisions.changes import change_step
from icestream.engine.decisions.state import Heard, State, StepState
from icestream.model import StepKind

__all__ = ["follow", "is_alone"]

PATIENCE = 1.0
"""Seconds after which a trigger that goes by the time is asked again."""


def is_alone(step: StepState) -> bool:
    """Whether a step is a monitor that nothing feeds."""
    return step.watches and not step.feeding


def follow(state: State, step: StepState, now: float = 0.0) -> Iterator[Action]:
    """Move a step on: waiting, running, done; form its batch, ask its gate."""
    feeding = [state.steps[revision] for revision in step.feeding]
    closed = step.awaited == 0 or all(source.state == "done" for source in feeding)
    if step.held:
        return
    busy = step.live > 0 or step.backfilling or step.waiting_items > 0
    if step.kind == "trigger":
        yield from _gate(state, step, closed, now)
        busy = busy or step.backfilling
    elif step.kind in _ASKS:
        yield from _ASKS[step.kind](step, closed)
        busy = busy or step.asking
    elif step.brings:
        busy = busy or not step.closed
    elif is_alone(step):
        others = (s for s in state.steps.values() if s.feeding or not s.watches)
        busy = any(other.state != "done" for other in others)
    if busy:
        if step.state in ("waiting", "done"):
            yield change_step(step, "running")
    elif closed and step.state != "done":
        yield change_step(step, "done")


def _batch(step: StepState, closed: bool) -> Iterator[Action]:
    if step.live or step.asking or step.backfilling:
        return
    final = closed and (step.waiting_items > 0 or not step.told)
    if final or (step.waiting_items and step.waiting_size >= step.full):
        step.asking = True
        yield FormBatch(step.id, final=final)


def _groups(step: StepState, closed: bool) -> Iterator[Action]:
    """When nothing more comes, groups that are not complete go with what they have."""
    if closed and step.waiting_items > 0 and not step.asking and not step.backfilling:
        step.asking = True
        yield FormBatch(step.id, final=True)


def _gate(state: State, step: StepState, closed: bool, now: float) -> Iterator[Action]:
    """Close it or open it as other steps have made enough, and ask it about what it holds."""
    reason = _why_closed(state, step.closes)
    if reason != step.closed_for:
        step.closed_for = reason
        step.backfilling = True
        yield CloseGate(step.id, reason)
    opened = _opened(state, step, closed)
    if step.closed_for or step.backfilling or not opened:
        return
    if step.unopened:
        step.unopened = False
        step.backfilling = True
        yield SetGate(step.id, "open")
        return
    for name in _to_ask(step, closed, opened, now):
        lot = step.lots.get(name)
        if lot is not None and lot.items > 0:
            first = lot.first or 0.0
            yield AskGate(
                step.id, lot.items, lot.size, closed, name, lot.passed_items, lot.passed_size, first
            )


def _why_closed(state: State, heard: Heard | None) -> str:
    """By which step a trigger is closed now; empty when it is not."""
    if heard is None or not _reached(state, heard):
        return ""
    return f"closed by {heard.enough.step}: {heard.enough.there()}"


def _to_ask(step: StepState, closed: bool, opened: bool, now: float) -> list[str]:
    """Parts of the stream about which the trigger may say something new."""
    names = set(step.unasked)
    if step.asked != (closed, opened) or (step.timed and now >= step.ask_at):
        names.update(step.lots)
        step.ask_at = now + PATIENCE
    step.asked = (closed, opened)
    step.unasked.clear()
    return sorted(names)


def _opened(state: State, step: StepState, closed: bool) -> bool:
    """Whether no other step has to open it: that has made enough, or will make nothing more."""
    if step.opens is None or _reached(state, step.opens):
        return True
    maker = state.steps.get(step.opens.step)
    return closed and (maker is None or maker.state == "done")


def _reached(state: State, heard: Heard) -> bool:
    """Whether a step has made as much as a trigger waits for."""
    maker = state.steps.get(heard.step)
    if maker is None:
        return False
    made = maker.made_items if heard.enough.of == "items" else maker.made_size
    return made >= heard.enough.number


_ASKS: Mapping[StepKind, Callable[[StepState, bool], Iterator[Action]]] = {
    "batch": _batch,
    "group": _groups,
}
"""What a step of these kinds does when items have come, or no more will."""
