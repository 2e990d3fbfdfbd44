"""The clock of a process: seconds since the epoch that only go forward.

The time of day is set, back and forth, by people and by servers. How long a file has rested, and
when a task is tried again, must not depend on that.
"""

import time

__all__ = ["steady"]

_EPOCH = time.time() - time.monotonic()
"""The time of day, when this process began, at which the other clock began."""


def steady() -> float:
    """Seconds since the epoch, by what the time of day was when this process began."""
    return _EPOCH + time.monotonic()
