"""Nothing is lost and nothing is done twice, whatever is killed, full or read-only."""

import contextlib
import errno
import itertools
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from icestream.engine.machine import storage
from icestream.engine.record import endings as commit
from icestream.engine.record.tenure import TakenOver
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.open import open_store
from postgres_server import stoppable_server
from toy_session import Session, wait_for

ITEMS = 1200
KILLS = 20


def _start(folder: Path) -> "subprocess.Popen[bytes]":
    tests = Path(__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, str(tests / "kill_target.py"), str(folder), str(ITEMS)],
        env={**os.environ, "PYTHONPATH": str(tests)},
    )


def _ended(folder: Path) -> int:
    """Tasks that have ended so far."""
    return sum(step.counts.ended for step in queries.steps(open_store(folder, readonly=True)))


def _failures(folder: Path) -> list[queries.FailureRecord]:
    store = open_store(folder, readonly=True)
    return [one for one in queries.failures(store, limit=ITEMS) if one.state == "failed"]


def _kill(coordinator: "subprocess.Popen[bytes]", kind: str) -> bool:
    """Kill the coordinator, one of its workers, or a program of one; False when it was too late."""
    try:
        victim = _victim(coordinator, kind)
        if victim is not None:
            victim.kill()
    except psutil.NoSuchProcess:  # it had just ended by itself
        return False
    return victim is not None


def _victim(coordinator: "subprocess.Popen[bytes]", kind: str) -> psutil.Process | None:
    parent = psutil.Process(coordinator.pid)
    if kind == "coordinator":
        return parent
    workers = parent.children()
    if kind == "worker":
        return random.choice(workers) if workers else None
    programs = [one for worker in workers for one in worker.children(recursive=True)]
    return random.choice(programs) if programs else None


def _family(coordinator: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    try:
        return psutil.Process(coordinator.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def test_files_that_were_lost_are_made_again_by_the_next_run(session: Session) -> None:
    adding = {"write": True, "log": str(session.folder.parent / "log")}
    steps = (
        ("src", "toy.count", {"count": 6}, {}),
        ("a", "toy.add", adding, {"number": "src"}),
        ("b", "toy.add", {}, {"number": "a"}),
    )
    session.run(*steps)
    lost, cut = (session.folder / "a" / f"e00000{n}_number.txt" for n in (2, 5))
    whole = cut.read_bytes()
    lost.unlink()
    cut.write_bytes(whole[:100])
    alerts: list[str] = []
    outcome = session.run(
        *steps, on_progress=lambda progress: alerts.extend(a.message for a in progress.alerts)
    )
    assert (outcome.state, dict(outcome.exposures)["done"]) == ("done", 6)
    assert "2 results lack files and are made again: 2 of a" in alerts
    assert (lost.exists(), cut.read_bytes()) == (True, whole)
    ran = (session.folder.parent / "log").read_text().split("\n")[6:8]
    assert ran == ["e000002 1.0", "e000005 1.0"]  # and no other ran again
    assert not queries.alerts(session.store())


@pytest.mark.slow
def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    """20 kills of coordinator, workers and programs over a session of 1,200 items."""
    folder = tmp_path / "session"
    random.seed(2718)
    coordinator, family, kills = _start(folder), [], 0
    while kills < KILLS:
        kind = ("coordinator", "worker", "program")[kills % 3]
        before = _ended(folder) if (folder / "icestream.db").exists() else 0
        poll = coordinator.poll
        wait_for(lambda poll=poll, b=before: poll() is not None or _ended(folder) > b)
        time.sleep(random.uniform(0.0, 0.15))
        family += _family(coordinator)
        deadline = time.monotonic() + 2.0
        killed = _kill(coordinator, kind)
        while not killed and time.monotonic() < deadline and coordinator.poll() is None:
            killed = _kill(coordinator, kind) or _kill(coordinator, "worker")
        if coordinator.poll() == 0:  # on a fast machine all is done before the last kill
            break
        kills += killed
        if kind == "coordinator":
            coordinator.wait()
            coordinator = _start(folder)
    assert kills >= KILLS // 2
    family += _family(coordinator)
    assert coordinator.wait(200) == 0
    for failure in _failures(folder):  # three kills may hit the same task
        assert "signal 9" in failure.reason
    if _failures(folder):
        assert _start(folder).wait(200) == 0

    alive = [one for one in family if one.is_running() and one.status() != "zombie"]
    assert alive == []
    _check_everything_is_there_once(folder)


def _check_everything_is_there_once(folder: Path) -> None:
    store = open_store(folder, readonly=True)
    assert queries.count_exposures(store)["going"] == 0
    expected = {"src": ITEMS, "a": ITEMS, "sel": ITEMS, "p": 59}
    with store.read() as connection:
        for name, count in expected.items():
            found = queries.results(store, name, limit=ITEMS + 1)
            assert len(found) == len({one.exposure for one in found}) == count
        results = connection.execute(select(func.count()).select_from(t.result)).scalar_one()
        keys = connection.execute(
            select(func.count(t.result.c.key.distinct())).select_from(t.result)
        ).scalar_one()
    totals = queries.latest_results(store, "total", limit=1)
    assert totals[0].outputs["total"]["value"] == sum(range(1, ITEMS + 1))
    batches = len(queries.results(store, "total", limit=ITEMS))
    assert results == keys == sum(expected.values()) + batches
    written = sorted((folder / "a").glob("*.txt"))
    assert len(written) == ITEMS
    for number, path in enumerate(written):
        assert path.read_text() == f"{float(number + 1)}\n" * 1000
    assert [path for path in (folder / ".scratch").rglob("*") if path.is_file()] == []


STEPS = (
    ("src", "toy.count", {"count": 200}, {}),
    ("a", "toy.add", {"write": True, "seconds": 0.002}, {"number": "src"}),
    ("b", "toy.add", {}, {"number": "a"}),
)


@pytest.fixture
def in_the_middle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Has something happen when some files have been published, and others have not."""

    def arrange(what: Callable[[], object]) -> None:
        publish, calls = commit.publish, itertools.count()

        def then(*arguments: object) -> None:
            if next(calls) == 40:
                what()
            publish(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(commit, "publish", then)

    return arrange


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("a small disk cannot be mounted here (it needs root)")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_holds_the_session_until_there_is_room(
    small_disk: Path, in_the_middle: Callable[[Callable[[], object]], None]
) -> None:
    session = Session(small_disk / "session")
    ballast = small_disk / "ballast"

    def fill() -> None:
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)

    in_the_middle(fill)
    background = session.start(*STEPS)
    progress = wait_for(lambda: (p := session.running.progress()).state == "held" and p)
    assert "cannot write in" in progress.reason
    assert "0 MiB free" in progress.reason
    assert "storage" in [alert.key for alert in progress.alerts]
    ballast.unlink()
    outcome = background.join()
    assert outcome.exposures["done"] == 200
    assert len(session.values("b")) == 200
    kinds = [one.key for one in queries.alerts(session.store(), open_only=False)]
    assert kinds == ["storage"]
    assert queries.alerts(session.store()) == ()


def test_a_read_only_folder_holds_the_session_until_it_is_mended(
    local: Session,
    in_the_middle: Callable[[Callable[[], object]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = False

    def break_() -> None:
        nonlocal broken
        broken = True

    publish, mended = commit.publish, storage.mended

    def failing(*arguments: object) -> None:
        if broken:
            raise OSError(errno.EROFS, "Read-only file system")
        publish(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(commit, "publish", failing)
    monkeypatch.setattr(storage, "mended", lambda *given: not broken and mended(*given))
    in_the_middle(break_)
    background = local.start(*STEPS)
    progress = wait_for(lambda: (p := local.running.progress()).state == "held" and p)
    assert "Read-only file system" in progress.reason
    done = len(local.values("b"))
    time.sleep(0.2)
    assert len(local.values("b")) == done
    broken = False
    assert background.join().exposures["done"] == 200


def test_a_folder_that_is_moved_holds_the_session_and_is_not_made_again(
    local: Session, in_the_middle: Callable[[Callable[[], object]], None]
) -> None:
    away = local.folder.with_name("away")
    in_the_middle(lambda: local.folder.rename(away))
    background = local.start(*STEPS)
    progress = wait_for(lambda: (p := local.running.progress()).state == "held" and p)
    assert "was it moved, deleted or unmounted?" in progress.reason
    time.sleep(0.2)
    assert not local.folder.exists()
    away.rename(local.folder)
    assert background.join().exposures["done"] == 200
    assert len(local.values("b")) == 200


@pytest.mark.parametrize("drain", [True, False])  # the first Ctrl-C, and the second
def test_a_session_whose_folder_is_gone_for_good_can_be_ended(
    local: Session, in_the_middle: Callable[[Callable[[], object]], None], drain: bool
) -> None:
    away = local.folder.with_name("away")
    in_the_middle(lambda: local.folder.rename(away))
    background = local.start(*STEPS)
    wait_for(lambda: local.running.progress().state == "held")
    local.running.request_stop(drain=drain)
    assert background.join().state == "stopped"
    assert not local.folder.exists()
    local.folder = away  # it was moved: there it goes on
    assert local.run(*STEPS).exposures["done"] == 200


def _delete(folder: Path) -> None:
    """All of it, whatever is written into it meanwhile."""
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def test_a_session_whose_folder_was_deleted_ends_and_says_so(
    local: Session, in_the_middle: Callable[[Callable[[], object]], None]
) -> None:
    in_the_middle(lambda: _delete(local.folder))
    outcome = local.start(*STEPS).join()
    assert outcome.state == "stopped"
    assert "was deleted, with its results: there is nothing to wait for" in outcome.reason
    assert not local.folder.exists()


def test_a_session_whose_folder_was_deleted_in_part_ends_too(
    local: Session, in_the_middle: Callable[[Callable[[], object]], None]
) -> None:
    """`rm` leaves a folder into which something was written after it had looked."""

    def delete() -> None:
        for path in local.folder.glob("icestream.db*"):
            path.unlink()

    in_the_middle(delete)
    outcome = local.start(*STEPS).join()
    assert outcome.state == "stopped"
    assert outcome.reason.startswith(f"the session's store {local.folder / 'icestream.db'} was del")
    assert not (local.folder / "icestream.db").exists()


def test_the_older_of_two_coordinators_ends_plainly_and_writes_nothing_more(
    local: Session, in_the_middle: Callable[[Callable[[], object]], None]
) -> None:
    """Somebody has deleted the lock of a session that runs, and run it again."""
    lock, other = local.folder / "coordinator.lock", Session(local.folder)
    gone = threading.Event()

    def lose() -> None:
        lock.unlink()
        gone.set()

    in_the_middle(lose)
    first = local.start(*STEPS)
    assert gone.wait(60.0)
    outcome = other.run(*STEPS)
    with pytest.raises(TakenOver, match="has been taken over by another coordinator .*epoch 2"):
        first.join()
    assert outcome.exposures["done"] == 200
    assert len(other.values("b")) == 200
    other.close()


def test_an_outage_of_postgresql_holds_the_session_until_it_is_back(
    tmp_path: Path, in_the_middle: Callable[[Callable[[], object]], None]
) -> None:
    with stoppable_server() as postgres:
        session = Session(tmp_path / "session", postgres.url)
        in_the_middle(postgres.stop)
        background = session.start(*STEPS)
        wait_for(lambda: session.running.progress().state == "held")
        postgres.start()
        assert background.join().exposures["done"] == 200
        assert len(session.values("b")) == 200
        session.close()


def test_what_a_crash_left_is_swept_and_done_again(local: Session) -> None:
    """The store of a coordinator that died: a task that runs, scratch, a file without result."""
    local.run(*STEPS)
    store = open_store(local.folder)
    number = queries.results_of(store, "e000007")["b"].id
    with store.write() as connection:
        task = t.task.c
        row = connection.execute(
            select(task.id, task.revision_id).where(task.result_id == number)
        ).one()
        connection.execute(
            t.task.update().where(task.id == row.id).values(state="running", result_id=None)
        )
        connection.execute(t.result.delete().where(t.result.c.id == number))
        connection.execute(
            t.counter.update()
            .where(t.counter.c.revision_id == row.revision_id)
            .values(running=1, done=t.counter.c.done - 1)
        )
    store.close()
    left = local.folder / ".scratch" / "1" / "99.1"
    left.mkdir(parents=True)
    (left / "half.mrc").write_text("half")
    outcome = local.run(*STEPS)
    assert outcome.complete
    assert not left.exists()
    again = queries.results_of(local.store(), "e000007")["b"]
    assert again.outputs["number"]["value"] == 9.0
    events = queries.events(local.store(), kinds=["epoch.started"])
    assert [one.document["epoch"] for one in events] == [1, 2]


def test_stopping_at_once_and_running_again_does_everything_once(session: Session) -> None:
    steps = (
        ("src", "toy.count", {"count": 150, "pace": 0.002}, {}),
        ("a", "toy.add", {"seconds": 0.002}, {"number": "src"}),
    )
    background = session.start(*steps)
    wait_for(lambda: len(session.values("a")) > 10)
    assert background.stop(drain=False).state == "stopped"
    assert session.run(*steps).complete
    assert len(session.values("a")) == 150
