"""Signs of life: a thread of a worker says, again and again, that its process goes on.

It goes on saying so while numbers are computed. It does not when the process is stopped, nor while
the work waits for a disk that does not answer: then the kernel lets nothing disturb it.
"""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["cpu_seconds", "keep_telling", "waits_for_disk"]

_TICKS = os.sysconf("SC_CLK_TCK")
"""Of the kernel's clock in a second, as it tells them to programs."""


def keep_telling(tell: Callable[[], None], every: float, *, of: int) -> threading.Thread:
    """Call `tell` every so many seconds while the thread `of` (its native number) goes on.

    It ends with an OSError of `tell`: nobody listens any more.
    """

    def run() -> None:
        before = None
        while True:
            time.sleep(every)
            now = waits_for_disk(of)
            if now is None or now != before:
                try:
                    tell()
                except OSError:
                    return
            before = now

    thread = threading.Thread(target=run, name="pulse", daemon=True)
    thread.start()
    return thread


def waits_for_disk(thread: int) -> tuple[int, int, str] | None:
    """What a thread of this process has done so far, if it waits and cannot be disturbed.

    That is the same as before when it has waited all the time since then.
    """
    try:
        state, ticks = _stat(Path(f"/proc/self/task/{thread}/stat"))
        if state != "D":
            return None
        status = Path(f"/proc/self/task/{thread}/status").read_text(errors="replace")
    except OSError:
        return None
    switches = "".join(line for line in status.splitlines() if "ctxt_switches" in line)
    return thread, ticks, switches


def cpu_seconds(process: int) -> float:
    """Processor time that a process has used so far; 0 when there is none of this number."""
    try:
        return _stat(Path(f"/proc/{process}/stat"))[1] / _TICKS
    except OSError:
        return 0.0


def _stat(path: Path) -> tuple[str, int]:
    """State and processor time in ticks."""
    # The name comes before, in brackets, and may have any letters.
    words = path.read_text(errors="replace").rpartition(")")[2].split()
    return words[0], int(words[11]) + int(words[12])
