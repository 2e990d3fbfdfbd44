"""What records say of steps, tasks and exposures in one word: kinds and states."""

from typing import Literal

__all__ = [
    "BranchState",
    "ExposureState",
    "SessionState",
    "StepKind",
    "StepStatus",
    "TaskState",
    "shown_state",
]

StepKind = Literal[
    "source", "item", "consensus", "selection", "group", "batch", "trigger", "monitor"
]
"""The kind of a step's protocol. Code that has the protocol asks for its traits."""
StepStatus = Literal["waiting", "running", "paused", "draining", "done", "failed"]
"""Draining is a step that was told to stop and still has tasks out."""
TaskState = Literal["ready", "running", "held", "done", "failed", "skipped"]
"""Held is a task at a gate that is not open, or one that waits for another at the same work."""
ExposureState = Literal["going", "done", "rejected", "failed"]
"""Of an exposure in the adopted branch."""
SessionState = Literal["starting", "running", "paused", "draining", "held", "stopped", "done"]
"""Held is trouble with storage; starting is only shown by who runs it, never recorded."""
BranchState = Literal["active", "resting", "dropped"]
"""Active is processed, resting is kept as it is."""

_SHOWN = {"going": "in progress", "draining": "finishing"}


def shown_state(state: str) -> str:
    """A state as people are told of it; the store and programs keep the word that it has."""
    return _SHOWN.get(state, state)
