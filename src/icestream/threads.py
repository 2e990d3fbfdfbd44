"""Threads of one process, as many as its caller was lent."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

__all__ = ["in_threads"]

T = TypeVar("T")
R = TypeVar("R")


def in_threads(work: Callable[[T], R], items: Iterable[T], threads: int) -> list[R]:
    """Results of `work` on each item, in order, computed by `threads` threads."""
    if threads <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        # What holds for the caller, such as where it may read, holds for each.
        futures = [pool.submit(copy_context().run, work, item) for item in items]
        return [future.result() for future in futures]
