"""Answers that are given again while nothing has changed, and are worked out once for all."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

__all__ = ["LONGEST", "Remembered"]

_V = TypeVar("_V")

_FRESH = 0.25
"""Seconds that an answer is given again at least, whatever has changed."""
_SHARE = 10.0
"""It is given again for so many times as long as it took to work it out."""
LONGEST = 5.0
"""Seconds for which it is given again at most: people wait for what is new."""


@dataclass(slots=True)
class _Answer:
    """One answer, or the place of one that is being worked out."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    known: bool = False
    value: Any = None
    mark: object = None
    again: float = 0.0
    """When it may be worked out anew."""


class Remembered:
    """Remembers answers by what was asked; safe to be used by several threads.

    An answer is given again while what it was worked out from has not changed. Where that changes
    all the time, it is worked out anew so seldom that it takes a tenth of a core at most.

    Parameters
    ----------
    most
        Answers that are remembered; those that were not asked for the longest are forgotten first.
    """

    def __init__(self, most: int = 200) -> None:
        self._most = most
        self._turn = threading.Lock()
        self._answers: OrderedDict[Hashable, _Answer] = OrderedDict()

    def get(
        self,
        asked: Hashable,
        mark: object,
        make: Callable[[], _V],
        *,
        longest: float = LONGEST,
        now: bool = False,
    ) -> _V:
        """What `make` gave when this was asked last, or gives now.

        Parameters
        ----------
        asked
            What is asked.
        mark
            Another whenever the answer may be another.
        make
            Works it out; what it raises is not remembered.
        longest
            Seconds for which it is given again at most, though its mark is another.
        now
            It is not given again at all where its mark is another.
        """
        with self._turn:
            answer = self._answers.setdefault(asked, _Answer())
            self._answers.move_to_end(asked)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        with answer.turn:  # whoever asks the same meanwhile waits for the answer
            began = time.monotonic()
            old = mark != answer.mark and (now or began >= answer.again)
            if old or not answer.known:
                # The first time much is read that is known later: it says nothing of the next.
                share = _SHARE if answer.known else 0.0
                answer.value = make()
                answer.known, answer.mark = True, mark
                done = time.monotonic()
                answer.again = done + min(longest, max(_FRESH, share * (done - began)))
            value: _V = answer.value
            return value

    def close(self) -> None:
        """Forget everything."""
        with self._turn:
            self._answers.clear()
