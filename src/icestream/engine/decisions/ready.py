"""Tasks that can start, and which of them goes first."""

from dataclasses import dataclass, field

__all__ = ["Ready", "rank_of"]

_SPAN = 2**40


def rank_of(depth: int, exposure: int, order: str) -> int:
    """Order of tasks: the deepest step first, then the newest or oldest exposure."""
    place = abs(exposure)
    return depth * _SPAN + (place if order == "newest" else _SPAN - 1 - place)


@dataclass(frozen=True, slots=True, order=True)
class Ready:
    """A task that can start."""

    rank: int
    id: int
    step: int = field(compare=False)
    due: float = field(default=0.0, compare=False)
    attempt: int = field(default=0, compare=False)
