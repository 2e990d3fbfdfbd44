"""Watch the machine: load, memory, disk, network and GPUs, and when the disk will be full."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import psutil
from annotated_types import Ge, Gt, Le

from icestream.model import Alert
from icestream.model.filling import (
    FILLS,
    FREE,
    FULL_IN,
    LATEST,
    SOONEST,
    Filling,
    FreeSpace,
    filling_of,
)
from icestream.model.outlook import filling_words
from icestream.protocol import Advanced, Monitor, Parameters, Sample, Window
from icestream.protocols.gpus import read_gpus
from icestream.units import Unit

Percent = Annotated[float, Unit("%")]
Gibibyte = Annotated[float, Unit("GiB")]
Hour = Annotated[float, Unit("h")]
Celsius = Annotated[float, Unit("°C")]

_GIB = 2**30
_HOUR = 3600.0
_FORESIGHT = 60.0
"""Seconds between two forecasts of the disk."""
_RELIEF = 1.5
"""Times the limit that the disk must last for its warning to end."""


class SystemLimits(Parameters):
    """When to warn."""

    memory_max: Annotated[Percent, Gt(0), Le(100)] = 95.0
    """Used memory of the machine."""

    swap_max: Annotated[Percent, Gt(0), Le(100)] = 50.0
    """Used swap space; a machine that swaps is slow."""

    disk_free_min: Annotated[Gibibyte, Ge(0)] = 20.0
    """Least free space on the session's disk."""

    disk_time_min: Annotated[Hour, Ge(0)] = 2.0
    """Warn when the session's disk is likely to be full in less time."""

    cpu_max: Annotated[Percent, Gt(0), Le(100), Advanced] | None = None
    """Load of the processors; empty: full load is what they are for."""

    gpu_temperature_max: Annotated[Celsius, Gt(0), Advanced] = 88.0
    """Temperature of a GPU."""


class MonitorSystem(Monitor[SystemLimits]):
    """Record what the machine does, and warn before memory or disk run out.

    The hour at which the disk is full is foreseen from its free space over the last half a day, as
    far as this process has seen it, and from ten minutes on. A warning of it ends when the disk
    will last for half as long again as the limit.
    """

    name = "monitor.system"
    title = "System monitor"

    def __init__(self, parameters: SystemLimits | None = None) -> None:
        super().__init__(parameters)
        self._before: tuple[float, dict[str, int]] | None = None
        self._space = FreeSpace()
        self._foreseen: tuple[float, Filling] | None = None
        self._warned = False
        """Whether the disk was going to be full too soon."""

    def inspect(self, window: Window) -> Iterator[Alert | Sample]:  # type: ignore[type-arg]
        # A bare Window says that this monitor has no input but the machine.
        yield from self._processors()
        yield from self._rates()
        yield from self._gpus()
        if window.folder is not None:
            yield from self._disk(window.folder, window.now)

    def _processors(self) -> Iterator[Alert | Sample]:
        limits = self.parameters
        cpu = psutil.cpu_percent()
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        known = self._before is not None
        if known:  # the first reading has nothing that it could be the load since
            yield Sample("machine.cpu", cpu, "%")
        yield Sample("machine.memory", memory.percent, "%")
        yield Sample("machine.swap", swap.percent, "%")
        if known and limits.cpu_max is not None and cpu > limits.cpu_max:
            yield Alert(
                key="machine.cpu.high",
                level="notice",
                message=f"processors are at {cpu:.0f} %, above the limit of {limits.cpu_max:g} %",
            )
        if memory.percent > limits.memory_max:
            yield Alert(
                key="machine.memory.high",
                level="warning",
                message=(
                    f"memory is used to {memory.percent:.0f} % "
                    f"({memory.available / _GIB:.1f} GiB are left), above the limit of "
                    f"{limits.memory_max:g} %: close other programs or process fewer at once"
                ),
            )
        if swap.total and swap.percent > limits.swap_max:
            yield Alert(
                key="machine.swap.high",
                level="warning",
                message=(
                    f"swap is used to {swap.percent:.0f} % of {swap.total / _GIB:.1f} GiB, above "
                    f"the limit of {limits.swap_max:g} %: the machine is short of memory"
                ),
            )

    def _rates(self) -> Iterator[Sample]:
        """Network and disk traffic since the last inspection."""
        now, counters = time.monotonic(), _counters()
        before, self._before = self._before, (now, counters)
        if before is None or now <= before[0]:
            return
        for name, count in counters.items():
            moved = count - before[1].get(name, count)
            # A counter that went backwards was reset, by a network card that came back, say.
            if moved >= 0:
                yield Sample(name, moved / (now - before[0]) * 1e-6, "MB/s")

    def _gpus(self) -> Iterator[Alert | Sample]:
        limit = self.parameters.gpu_temperature_max
        for gpu in read_gpus():
            name = f"machine.gpu{gpu.number}"
            if gpu.load is not None:
                yield Sample(name, gpu.load, "%")
            if gpu.memory and gpu.used is not None:
                yield Sample(f"{name}.memory", 100.0 * gpu.used / gpu.memory, "%")
            if gpu.temperature is None:
                continue
            yield Sample(f"{name}.temperature", gpu.temperature, "°C")
            if gpu.temperature > limit:
                yield Alert(
                    key=f"{name}.hot",
                    level="warning",
                    message=f"GPU {gpu.number} is at {gpu.temperature:.0f} °C, above {limit:g} °C",
                )

    def _disk(self, folder: Path, now: float) -> Iterator[Alert | Sample]:
        limits = self.parameters
        try:
            free = psutil.disk_usage(str(folder)).free
        except OSError as error:
            yield Alert(
                key="machine.disk.gone",
                level="critical",
                message=f"free space of {folder} cannot be read ({error}): is the disk mounted?",
            )
            return
        said = self._foresee(now, free)
        yield Sample(FREE, float(free), "B")
        yield from _filling_samples(said, now)
        left = f"{free / _GIB:.1f} GiB are left on the disk of {folder}"
        if said.until is not None:
            left += f"; it is {filling_words(said, now)}"
        limit = limits.disk_time_min * _HOUR * (_RELIEF if self._warned else 1.0)
        self._warned = said.until is not None and said.until - now < limit
        if free < limits.disk_free_min * _GIB:
            yield Alert(
                key="machine.disk.low",
                level="critical",
                message=f"{left}; the limit is {limits.disk_free_min:g} GiB: free some space",
            )
        elif self._warned:
            yield Alert(
                key="machine.disk.filling",
                level="warning",
                message=f"{left}; the limit is {limits.disk_time_min:g} h: free some space",
            )

    def _foresee(self, now: float, free: float) -> Filling:
        """When the disk will be full: foreseen anew once a minute."""
        self._space.add(now, free)
        if self._foreseen is None or not 0.0 <= now - self._foreseen[0] < _FORESIGHT:
            self._foreseen = (now, filling_of(self._space.readings))
        return self._foreseen[1]


def _filling_samples(said: Filling, now: float) -> Iterator[Sample]:
    """What is foreseen, as values over time; nothing of what is unknown or not in sight."""
    if said.rate is not None:
        yield Sample(FILLS, said.rate * 1e-6, "MB/s")
    if said.until is None:
        return
    for name, moment in ((FULL_IN, said.until), (SOONEST, said.soonest), (LATEST, said.latest)):
        if moment is not None:
            yield Sample(name, max(0.0, moment - now) / _HOUR, "h")


def _counters() -> dict[str, int]:
    """Bytes since the machine started; what it does not count is missing."""
    counts = {}
    network, disk = psutil.net_io_counters(), psutil.disk_io_counters()
    if network is not None:
        counts["machine.network_in"] = network.bytes_recv
        counts["machine.network_out"] = network.bytes_sent
    if disk is not None:
        counts["machine.disk_read"] = disk.read_bytes
        counts["machine.disk_write"] = disk.write_bytes
    return counts
