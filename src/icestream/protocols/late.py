"""What was measured late: after newer exposures, while a session was behind."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from icestream.model import MeasuredExposure

__all__ = ["Backlog"]

_MANY, _FEW = 60, 5
"""Exposures that wait when a session is behind, and when it has caught up."""
_BEFORE, _AFTER = 500, 60
"""Exposures before a backlog that say what is usual, and after it that say whether a change is
over."""
_MOST = 20_000
"""Exposures that are looked at again at most: of a larger backlog, the newest."""


@dataclass(slots=True)
class Backlog:
    """Which exposures were measured in their turn since a session fell behind.

    The newest are processed first, so that those between wait; when their turn comes, newer ones
    have been looked at already.
    """

    _waiting: int = 0
    """Most that waited; 0 while it is not behind."""
    _since: float = math.inf
    """When the newest exposure was taken that was measured when it fell behind."""
    _newest: float = -math.inf
    _in_turn: set[str] = field(default_factory=set)

    def note(self, exposures: Sequence[MeasuredExposure], waiting: int) -> int:
        """Take in the newest exposures, and how many wait.

        When it has caught up: how many of the newest exposures tell all that was missed, else 0.
        """
        if not self._waiting and waiting < _MANY:
            self._newest = max([self._newest, *(shot.taken for shot in exposures)])
            return 0
        if not self._waiting:
            self._since, self._in_turn = self._newest, set()
        self._waiting = max(self._waiting, waiting)
        self._in_turn |= {shot.exposure for shot in exposures if shot.taken > self._newest}
        self._newest = max([self._newest, *(shot.taken for shot in exposures)])
        if waiting > _FEW:
            return 0
        reach, self._waiting = self._waiting + len(self._in_turn) + _BEFORE, 0
        return min(_MOST, reach)

    def late(
        self, exposures: Sequence[MeasuredExposure]
    ) -> tuple[list[MeasuredExposure], Sequence[MeasuredExposure]]:
        """Those that were measured after newer ones had been looked at, and all about them."""
        places = [
            place
            for place, shot in enumerate(exposures)
            if shot.taken > self._since and shot.exposure not in self._in_turn
        ]
        if not places:
            return [], ()
        about = exposures[max(0, places[0] - _BEFORE) : places[-1] + 1 + _AFTER]
        return [exposures[place] for place in places], about
