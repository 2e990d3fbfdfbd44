import re
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from icestream.model import Alert
from icestream.protocol import Sample, Window
from icestream.protocols import monitor_system
from icestream.protocols.gpus import Gpu
from icestream.protocols.monitor_system import MonitorSystem, SystemLimits

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
    """1 GiB a minute with 60 GiB left after twenty minutes: full in an hour."""
    monitor = MonitorSystem()
    told = []
    for minute in range(21):
        machine.free = (80 - minute) * GIB
        samples, alerts = look(monitor, 60.0 * minute)
        told.append("machine.disk_full_in" in samples)
    assert told.index(True) in (9, 10)
    assert samples["machine.disk_full_in"] == pytest.approx(1.0, rel=0.1)
    assert samples["machine.disk_fills"] == pytest.approx(GIB / 60.0 * 1e-6)
    soonest, latest = (samples[f"machine.disk_full_{end}"] for end in ("soonest", "latest"))
    assert 0.6 < soonest < samples["machine.disk_full_in"] < latest < 1.6
    assert alerts["machine.disk.filling"].level == "warning"
    said = alerts["machine.disk.filling"].message
    assert re.search(
        r"left on the disk of /session; it is full at about \d\d:\d\d \(\d\d:\d\d to \d\d:\d\d\); "
        r"the limit is 2 h: free some space$",
        said,
    )


def test_the_hour_is_foreseen_once_a_minute(machine: SimpleNamespace) -> None:
    monitor = MonitorSystem()
    fills = []
    for second in range(0, 1200, 10):
        machine.free = 90 * GIB - second**2 * GIB // 40_000
        samples, _ = look(monitor, float(second))
        fills.append(samples.get("machine.disk_fills"))
    assert 8 <= len(set(fills)) <= 12


def test_a_warning_of_the_disk_holds_until_it_is_clearly_over(machine: SimpleNamespace) -> None:
    """It goes up at 2 h and down at 3 h."""
    monitor, free, held = MonitorSystem(), 600.0, []
    for minute in range(720):
        # Filling at 2 GiB a minute; from 400 GiB on, at one.
        free -= 2.0 if free > 230.0 else 1.0
        machine.free = int(free * GIB)
        samples, alerts = look(monitor, 60.0 * minute)
        if "machine.disk_full_in" in samples:
            held.append((samples["machine.disk_full_in"], "machine.disk.filling" in alerts))
        if free < 190.0:
            break
    first = next(place for place, (_, warned) in enumerate(held) if warned)
    assert held[first - 1][0] > 1.9
    later = held[first:]
    assert max(hours for hours, _ in later) > 2.0  # beyond the limit again, and still held
    assert all(warned for hours, warned in later if hours < 2.9)


def test_a_disk_at_rest_is_not_foreseen_to_fill(machine: SimpleNamespace) -> None:
    monitor = MonitorSystem()
    for minute in range(20):
        samples, alerts = look(monitor, 60.0 * minute)
    assert samples["machine.disk_fills"] == 0.0
    assert "machine.disk_full_in" not in samples
    assert alerts == {}


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
