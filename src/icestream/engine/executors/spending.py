"""What an attempt takes of the machine: processor time, and memory at its peak.

It is measured in the worker. Programs that the attempt ran are counted with it once they have
ended, and all that these started and waited for.
"""

import resource
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Spending", "Spent"]

_KIB = 1024
_RESET_PEAK = b"5"
"""Written to ``clear_refs``, lets the kernel begin anew with the highest mark of the memory."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What was taken since the beginning."""

    cpu: float
    """Processor time of this process and of the programs that it waited for, seconds."""
    memory: float | None
    """Of the largest of these processes at its peak, bytes; None where the kernel does not tell."""


class Spending:
    """Measures from when it is made; one at a time in a process."""

    def __init__(self) -> None:
        self._peaks = _reset_peak()
        self._cpu = _cpu()
        self._children = resource.getrusage(resource.RUSAGE_CHILDREN)

    def so_far(self) -> Spent:
        """What has been taken since then."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Spent(_cpu() - self._cpu, self._memory(children))

    def _memory(self, children: resource.struct_rusage) -> float | None:
        """The kernel keeps the peak of the largest program ever: one that is larger is known."""
        if not self._peaks:
            return None
        own = _peak()
        if children.ru_maxrss > self._children.ru_maxrss:
            return max(own, float(children.ru_maxrss * _KIB))
        ran = _both(children) > _both(self._children)
        return None if ran and own < children.ru_maxrss * _KIB else own


def _both(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def _cpu() -> float:
    return sum(
        _both(resource.getrusage(who)) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def _reset_peak() -> bool:
    """Whether the peak of this process is that since now."""
    try:
        Path("/proc/self/clear_refs").write_bytes(_RESET_PEAK)
    except OSError:
        return False
    return _peak() > 0


def _peak() -> float:
    try:
        status = Path("/proc/self/status").read_bytes()
    except OSError:
        return 0.0
    for line in status.splitlines():
        if line.startswith(b"VmHWM:"):
            return float(line.split()[1]) * _KIB
    return 0.0
