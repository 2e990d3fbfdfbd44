"""Tasks that can start, and which of them goes first."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from icestream.model import RevisionId, SubjectId, TaskId

__all__ = ["ORDERS", "SPAN", "Order", "Ready", "rank_of"]

Order = Literal["newest", "oldest", "both"]
"""Which exposure of a step goes first; both: the newest and the oldest in turn."""
ORDERS: tuple[Order, ...] = get_args(Order)

SPAN = 2**40
"""More than there are subjects in a session."""


def rank_of(depth: int, subject: SubjectId) -> int:
    """Place of a task among all: by the depth of its step, then by its subject, the newest last.

    It does not depend on the order that the session has now: that says from which end of a step's
    tasks the next is taken.
    """
    return depth * SPAN + subject


@dataclass(frozen=True, slots=True, order=True)
class Ready:
    """A task that can start."""

    rank: int
    id: TaskId
    step: RevisionId = field(compare=False)
    due: float = field(default=0.0, compare=False)
    attempt: int = field(default=0, compare=False)
