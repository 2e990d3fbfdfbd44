"""Moving steps on: waiting, running, done; when batches are formed and gates asked."""

from collections.abc import Callable, Iterator, Mapping

from icestream.engine.decisions.actions import Action, AskGate, FormBatch
from icestream.engine.decisions.changes import change_step
from icestream.engine.decisions.state import State, StepState
from icestream.model import StepKind

__all__ = ["follow", "is_alone"]


def is_alone(step: StepState) -> bool:
    """Whether a step is a monitor that nothing feeds."""
    return step.watches and not step.feeding


def follow(state: State, step: StepState) -> Iterator[Action]:
    """Move a step on: waiting, running, done; form its batch, ask its gate."""
    feeding = [state.steps[revision] for revision in step.feeding]
    closed = step.awaited == 0 or all(source.state == "done" for source in feeding)
    if step.held:
        return
    busy = step.live > 0 or step.backfilling or step.waiting_items > 0
    if step.kind in _ASKS:
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


def _gate(step: StepState, closed: bool) -> Iterator[Action]:
    asked = (step.waiting_items, closed)
    if step.waiting_items and not step.asking and not step.backfilling and asked != step.asked:
        step.asked = asked
        yield AskGate(step.id, step.waiting_items, step.waiting_size, closed)


_ASKS: Mapping[StepKind, Callable[[StepState, bool], Iterator[Action]]] = {
    "batch": _batch,
    "group": _groups,
    "trigger": _gate,
}
"""What a step of these kinds does when items have come, or no more will."""
