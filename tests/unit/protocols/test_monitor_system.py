from collections import deque
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from icestream.model import Alert
from icestream.protocol import Sample, Window
from icestream.protocols import monitor_system
from icestream.protocols.gpus import Gpu
from icestream.protocols.monitor_system import (
    MonitorSystem,
    SystemLimits,
    hours_until_full,
)

GIB = 2**30


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A machine whose values a test can set."""
    state = SimpleNamespace(
        cpu=30.0, memory=40.0, swap=0.0, free=500 * GIB, received=0, written=0, clock=100.0, gpus=[]
    )
    monkeypatch.setattr(psutil, "cpu_percent", lambda: state.cpu)
    monkeypatch.setattr(
        psutil,
        "virtual_memory",
        lambda: SimpleNamespace(percent=state.memory, available=2 * GIB),
    )
    monkeypatch.setattr(
        psutil, "swap_memory", lambda: SimpleNamespace(percent=state.swap, total=4 * GIB)
    )
    monkeypatch.setattr(psutil, "disk_usage", lambda path: SimpleNamespace(free=state.free))
    monkeypatch.setattr(
        psutil,
        "net_io_counters",
        lambda: SimpleNamespace(bytes_recv=state.received, bytes_sent=0),
    )
    monkeypatch.setattr(
        psutil,
        "disk_io_counters",
        lambda: SimpleNamespace(read_bytes=0, write_bytes=state.written),
    )
    monkeypatch.setattr(monitor_system.time, "monotonic", lambda: state.clock)
    monkeypatch.setattr(monitor_system, "read_gpus", lambda: state.gpus)
    return state


def look(monitor: MonitorSystem, now: float = 0.0) -> tuple[dict[str, float], dict[str, Alert]]:
    found = list(monitor.inspect(Window(now=now, folder=Path("/session"))))
    samples = {item.name: item.value for item in found if isinstance(item, Sample)}
    return samples, {item.key: item for item in found if isinstance(item, Alert)}


def test_a_healthy_machine_raises_nothing(machine: SimpleNamespace) -> None:
    monitor = MonitorSystem()
    look(monitor)
    machine.clock += 10.0
    samples, alerts = look(monitor, 10.0)
    assert alerts == {}
    assert samples["machine.cpu"] == 30.0
    assert samples["machine.memory"] == 40.0
    assert samples["machine.disk_free"] == 500 * GIB


def test_rates_are_since_the_last_inspection(machine: SimpleNamespace) -> None:
    monitor = MonitorSystem()
    first, _ = look(monitor)
    assert "machine.network_in" not in first
    assert "machine.cpu" not in first
    machine.received, machine.written, machine.clock = 500_000_000, 20_000_000, 110.0
    second, _ = look(monitor, 10.0)
    assert second["machine.network_in"] == pytest.approx(50.0)
    assert second["machine.disk_write"] == pytest.approx(2.0)


def test_a_counter_that_was_reset_gives_no_rate(machine: SimpleNamespace) -> None:
    monitor = MonitorSystem()
    machine.received = 10**9
    look(monitor)
    machine.received, machine.clock = 0, 110.0
    samples, _ = look(monitor, 10.0)
    assert "machine.network_in" not in samples
    assert samples["machine.disk_write"] == 0.0


def test_limits_of_memory_swap_and_processors(machine: SimpleNamespace) -> None:
    machine.memory, machine.swap, machine.cpu = 97.0, 80.0, 99.0
    monitor = MonitorSystem(SystemLimits(cpu_max=95.0))
    look(monitor)
    _, alerts = look(monitor)
    assert set(alerts) == {"machine.memory.high", "machine.swap.high", "machine.cpu.high"}
    assert (
        "97 % (2.0 GiB are left), above the limit of 95 %" in alerts["machine.memory.high"].message
    )
    assert "machine.cpu.high" not in look(MonitorSystem())[1]


def test_a_full_disk_is_critical(machine: SimpleNamespace) -> None:
    machine.free = 5 * GIB
    _, alerts = look(MonitorSystem())
    assert alerts["machine.disk.low"].level == "critical"
    assert alerts["machine.disk.low"].message == (
        "5.0 GiB are left on the disk of /session; the limit is 20 GiB: free some space"
    )


def test_a_disk_that_fills_is_foreseen(machine: SimpleNamespace) -> None:
    """1 GiB a minute with 60 GiB left after five minutes: full in an hour."""
    monitor = MonitorSystem()
    for minute in range(6):
        machine.free = (65 - minute) * GIB
        samples, alerts = look(monitor, 60.0 * minute)
    assert samples["machine.disk_full_in"] == pytest.approx(1.0)
    assert alerts["machine.disk.filling"].level == "warning"
    assert "full in 1.0 h; the limit is 2 h" in alerts["machine.disk.filling"].message


def test_a_disk_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(path: str) -> None:
        raise FileNotFoundError(2, "No such file", path)

    monkeypatch.setattr(psutil, "disk_usage", gone)
    _, alerts = look(MonitorSystem())
    assert alerts["machine.disk.gone"].level == "critical"


def test_a_hot_gpu(machine: SimpleNamespace) -> None:
    machine.gpus = [
        Gpu(number=0, name="A", memory=24000.0, used=12000.0, load=80.0, temperature=91.0),
        Gpu(number=1, name="A", memory=24000.0, used=10.0, load=5.0, temperature=40.0),
    ]
    samples, alerts = look(MonitorSystem())
    assert samples["machine.gpu0.memory"] == 50.0
    assert samples["machine.gpu1"] == 5.0
    assert set(alerts) == {"machine.gpu0.hot"}


def test_a_gpu_that_does_not_report_everything(machine: SimpleNamespace) -> None:
    """The next one keeps its number."""
    machine.gpus = [Gpu(number=0, name="lost"), Gpu(number=1, name="divided", temperature=95.0)]
    samples, alerts = look(MonitorSystem())
    assert {name for name in samples if "gpu" in name} == {"machine.gpu1.temperature"}
    assert set(alerts) == {"machine.gpu1.hot"}


def test_the_forecast_needs_history_and_a_disk_that_fills() -> None:
    assert hours_until_full(deque()) is None
    assert hours_until_full(deque([(0.0, GIB), (10.0, GIB // 2), (20.0, 0)])) is None
    assert hours_until_full(deque((60.0 * n, GIB) for n in range(10))) is None
    assert hours_until_full(deque((60.0 * n, GIB * (1 + n)) for n in range(10))) is None
    falling = deque((3600.0 * n, (10 - n) * GIB) for n in range(4))
    assert hours_until_full(falling) == pytest.approx(7.0)


def test_on_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing replaced: the samples are what psutil says of the real machine."""
    monkeypatch.undo()
    monitor = MonitorSystem()
    list(monitor.inspect(Window(folder=tmp_path)))
    found = {
        s.name: s.value for s in monitor.inspect(Window(folder=tmp_path)) if hasattr(s, "name")
    }
    assert 0.0 <= found["machine.cpu"] <= 100.0
    assert 0.0 < found["machine.memory"] <= 100.0
    assert found["machine.disk_free"] > 0.0
