"""Tasks that can start, and which of them goes first."""

from dataclasses import dataclass, field

from icestream.model import RevisionId, SubjectId, TaskId

__all__ = ["Ready", "rank_of"]

_SPAN = 2**40


def rank_of(depth: int, subject: SubjectId, order: str) -> int:
    """Order of tasks: the deepest step first, then the newest or oldest subject."""
    return depth * _SPAN + (subject if order == "newest" else _SPAN - 1 - subject)


@dataclass(frozen=True, slots=True, order=True)
class Ready:
    """A task that can start."""

    rank: int
    id: TaskId
    step: RevisionId = field(compare=False)
    due: float = field(default=0.0, compare=False)
    attempt: int = field(default=0, compare=False)
