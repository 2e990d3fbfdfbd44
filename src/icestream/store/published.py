"""What became of publishing a session's report: kept in its folder by whoever publishes it."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RECORD", "Published", "published", "published_words"]

RECORD = Path("logs") / "publish.json"
"""Where a session keeps it."""
_TODAY = 43200.0
"""Seconds from now within which a time of day is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What became of publishing a report."""

    target: str
    last: float | None = None
    """When it last got there, seconds since the epoch."""
    failing: float | None = None
    """Since when it does not; None: all is well."""
    tries: int = 0
    """Rounds that failed since then."""
    why: str = ""
    """Last words of the last of them."""


def published_words(state: Published) -> str:
    """The state in a line: ``published to web:/live/ at 08:12:03``."""
    last = "never" if state.last is None else f"last at {_clock(state.last)}"
    if state.failing is not None:
        times = "once" if state.tries == 1 else f"{state.tries} times"
        return (
            f"not published to {state.target} since {_clock(state.failing)} (tried {times}, "
            f"published {last}): {state.why}"
        )
    if state.last is None:
        return f"not yet published to {state.target}"
    return f"published to {state.target} at {_clock(state.last)}"


def _clock(when: float) -> str:
    far = abs(time.time() - when) > _TODAY
    return time.strftime("%Y-%m-%d %H:%M:%S" if far else "%H:%M:%S", time.localtime(when))


def published(session: Path) -> Published | None:
    """What became of publishing the report of a session; None where nobody asked for it."""
    try:
        return Published(**json.loads((session / RECORD).read_text()))
    except (OSError, ValueError, TypeError):
        return None
