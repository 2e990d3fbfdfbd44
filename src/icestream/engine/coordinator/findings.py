"""Findings: what sources found, in pieces, until it is recorded.

Of thousands of files that are found at once a turn of the coordinator takes in some: work begins
with those while the rest waits, and people are answered.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from icestream.engine.messages import Discovered
from icestream.engine.record.discoveries import KEEP

__all__ = ["Findings"]

_PIECE = 500
"""Items of a discovery in one transaction."""


class Findings:
    """Pieces that no turn has taken yet, in the order in which they were found."""

    def __init__(self) -> None:
        self._pieces: deque[Discovered] = deque()

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def keep(self, messages: Iterable[object]) -> list[object]:
        """Take what sources found out of messages; returns the others."""
        others = []
        for message in messages:
            if isinstance(message, Discovered):
                self._pieces.extend(_cut(message))
            else:
                others.append(message)
        return others

    def next(self) -> list[Discovered]:
        """The next piece, if there is one."""
        return [self._pieces.popleft()] if self._pieces else []


def _cut(discovered: Discovered) -> Iterator[Discovered]:
    """Cut a large discovery into pieces; only the last moves the source's cursor, or closes it."""
    items = list(discovered.found.items)
    last = max(0, (len(items) - 1) // _PIECE * _PIECE)
    for start in range(0, last, _PIECE):
        piece = items[start : start + _PIECE]
        found = replace(discovered.found, items=piece, refused=(), state=KEEP, closed=False)
        yield replace(discovered, found=found)
    yield replace(discovered, found=replace(discovered.found, items=items[last:]))
