"""The local executor's own parts; the contract that it keeps is tested in ``tests/contract``."""

import errno
import queue
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.executors import workers
from icestream.engine.executors.contract import NO_ROOM, Call, CapacityChanged, Ended, Fusing, Lease
from icestream.engine.executors.local import LocalExecutor


def test_tasks_of_a_few_milliseconds_share_a_lease() -> None:
    executor = LocalExecutor(2)
    assert executor.fusing() == Fusing(seconds=0.02, most=16)
    executor.stop()


def lease(folder: Path, number: int) -> Lease:
    document = '{"number": {"exposure": "e3", "value": 3.0}}'
    call = Call(
        task=number, attempt=1, target="toys:Add", parameters={},
        inputs='[["number", "", 1, "number"]]', documents={1: document},
        session=str(folder), scratch=str(folder / "scratch"), key="0a",
    )  # fmt: skip
    return Lease(id=f"local:{number};", calls=(call,), timeout=30.0)


def test_a_machine_without_room_for_a_process_ends_no_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, gives back what waits, and goes on when there is room."""
    tries: list[object] = []

    def full(*given: object) -> Any:
        tries.append(given)
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    said: queue.Queue[Any] = queue.Queue()
    executor = LocalExecutor(2)
    with monkeypatch.context() as patch:
        patch.setattr(workers, "start_worker", full)
        executor.start(said.put)
        assert said.get(timeout=20.0) == CapacityChanged(2)  # it may be over at once
        executor.submit(lease(tmp_path, 1))
        room = said.get(timeout=20.0)
        assert room.leases == 0
        assert "Resource temporarily unavailable" in room.reason
        assert said.get(timeout=20.0) == Ended("local:1;", (), NO_ROOM)
        executor.submit(lease(tmp_path, 2))
        assert said.get(timeout=20.0) == Ended("local:2;", (), NO_ROOM)
        assert len(tries) <= 4
    while (room := said.get(timeout=60.0)) != CapacityChanged(2):
        assert isinstance(room, CapacityChanged)
    executor.submit(lease(tmp_path, 3))
    ended = said.get(timeout=20.0)
    assert (ended.lease, ended.endings[0].outcome) == ("local:3;", "done")
    executor.stop()


def test_workers_that_die_at_once_end_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation, say: nothing spins, and people hear of it."""
    said: queue.Queue[Any] = queue.Queue()
    executor = LocalExecutor(2, warm=["toys:Add"])
    started: list[object] = []
    start = workers.start_worker

    def broken(prepare: Any, threads: int) -> Any:
        started.append(prepare)
        made = start(prepare, threads)
        made.process.kill()
        return made

    monkeypatch.setattr(workers, "start_worker", broken)
    executor.start(said.put)
    assert said.get(timeout=20.0) == CapacityChanged(2)
    rooms = [said.get(timeout=20.0)]
    while rooms[-1].leases:
        rooms.append(said.get(timeout=20.0))
    assert "one ended with signal 9 before it was ready" in rooms[-1].reason
    executor.stop()
    assert len(started) <= 5


def test_a_worker_that_is_stopped_is_noticed_and_replaced(tmp_path: Path) -> None:
    said: queue.Queue[Any] = queue.Queue()
    executor = LocalExecutor(1, silence=2.0)
    executor.start(said.put)
    stopping = lease(tmp_path, 1)
    call = replace(stopping.calls[0], parameters={"fail": "stop"})
    executor.submit(replace(stopping, calls=(call,)))
    executor.submit(lease(tmp_path, 2))
    ended = [one for one in (said.get(timeout=60.0) for _ in range(3)) if isinstance(one, Ended)]
    executor.stop()
    assert [one.lease for one in ended] == ["local:1;", "local:2;"]
    assert ended[0].blameless
    assert ended[0].lost.startswith("the worker process has not answered for ")
    assert ended[1].endings[0].outcome == "done"
