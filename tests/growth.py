"""How the cost of reading grows with what is read: a figure that does not depend on the machine."""

import time
from collections.abc import Callable
from typing import Any

__all__ = ["grows_as_its_input"]


def _cost(action: Callable[[], Any]) -> float:
    """CPU seconds of the fastest of three runs."""
    costs = []
    for _ in range(3):
        start = time.process_time()
        action()
        costs.append(time.process_time() - start)
    return min(costs)


def grows_as_its_input(prepare: Callable[[int], Callable[[], Any]], size: int) -> bool:
    """Whether eight times as much costs about eight times as much, not sixty-four times.

    Parameters
    ----------
    prepare
        Makes an input of a size, and gives what reads it.
    size
        Of the smaller one. What takes less than 2 ms cannot be told from nothing, and counts so.
    """
    small, large = _cost(prepare(size)), _cost(prepare(8 * size))
    return large < 24.0 * max(small, 0.002)
