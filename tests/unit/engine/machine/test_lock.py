"""One coordinator per session: alone for as long as it lives, and not a moment longer."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.engine.machine.lock import SessionBusy, as_it_is, held_since, hold, holder
from icestream.model import SessionState
from icestream.store.records import SessionRecord

HOLD = """
import sys, time
from pathlib import Path
from icestream.engine.machine.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the session."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    first = f"process {os.getpid()} on {socket.gethostname()}"
    with hold(tmp_path):
        for _ in range(2):  # who was refused has not changed what is said
            with pytest.raises(SessionBusy, match=first), hold(tmp_path):
                pass


def test_another_process_is_refused_and_told_what_to_do(
    tmp_path: Path, other: "subprocess.Popen[str]"
) -> None:
    with pytest.raises(SessionBusy) as refused, hold(tmp_path):
        pass
    said = str(refused.value)
    assert f"process {other.pid} on" in said
    assert str(tmp_path) in said
    assert "icestream stop" in said


def test_the_lock_of_a_process_that_was_killed_is_free(
    tmp_path: Path, other: "subprocess.Popen[str]"
) -> None:
    other.send_signal(signal.SIGKILL)
    other.wait()
    with hold(tmp_path):  # the file with its name is still there: the kernel knows better
        assert f"process {os.getpid()} on" in (tmp_path / "coordinator.lock").read_text()
        assert str(other.pid) not in (tmp_path / "coordinator.lock").read_text()


def test_it_is_let_go_of_at_the_end_and_after_an_error(tmp_path: Path) -> None:
    with hold(tmp_path):
        pass
    with pytest.raises(ZeroDivisionError), hold(tmp_path):
        raise ZeroDivisionError
    with hold(tmp_path):
        pass


def test_sessions_do_not_hold_each_other(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with hold(tmp_path / "one"), hold(tmp_path / "two"):
        pass


def test_a_child_of_the_coordinator_does_not_keep_the_session(tmp_path: Path) -> None:
    """A program that outlives its coordinator must not lock people out of their session."""
    with hold(tmp_path):
        child = subprocess.Popen(["sleep", "60"])
    try:
        with hold(tmp_path):
            pass
    finally:
        child.kill()
        child.wait()


def test_who_holds_it_can_be_asked(tmp_path: Path) -> None:
    assert holder(tmp_path) == ""
    assert held_since(tmp_path) == 0.0
    with hold(tmp_path):
        assert holder(tmp_path).startswith(f"process {os.getpid()} on ")
        assert abs(held_since(tmp_path) - time.time()) < 60
    assert holder(tmp_path) == ""


def test_who_only_asks_keeps_nobody_out(tmp_path: Path) -> None:
    with hold(tmp_path):
        pass
    with (tmp_path / "coordinator.lock").open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        soon = threading.Timer(0.03, fcntl.flock, (asking, fcntl.LOCK_UN))
        soon.start()
        with hold(tmp_path):
            assert holder(tmp_path)
        soon.join()


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    """What it leads to would be overwritten, and read out to whoever asks who holds the session."""
    precious = tmp_path / "precious"
    precious.write_text("of somebody else")
    (tmp_path / "coordinator.lock").symlink_to(precious)
    with pytest.raises(OSError, match="is a symbolic link") as said, hold(tmp_path):
        pass
    assert said.value.filename == str(tmp_path / "coordinator.lock")
    assert holder(tmp_path) == ""
    assert precious.read_text() == "of somebody else"


def record(state: SessionState, holder: str, reason: str = "") -> SessionRecord:
    return SessionRecord(
        name="s", workflow="w", order="newest", state=state, reason=reason, branch="main",
        epoch=1, holder=holder, created=0.0, changed=1.0,
    )  # fmt: skip


HERE = f"12@{socket.gethostname()}"


@pytest.mark.parametrize("state", ["starting", "running", "paused", "draining", "held"])
def test_a_state_of_a_killed_process_is_not_told_on(tmp_path: Path, state: SessionState) -> None:
    told = as_it_is(record(state, HERE), tmp_path)
    assert told.state == "stopped"
    assert "no process runs it any more" in told.reason


def test_the_state_of_a_session_that_runs_or_has_ended_is_told(tmp_path: Path) -> None:
    running, done = record("running", HERE), record("done", HERE)
    assert as_it_is(done, tmp_path) == done
    with hold(tmp_path):
        assert as_it_is(running, tmp_path) == running


def test_what_another_machine_said_last_stays_and_says_so(tmp_path: Path) -> None:
    told = as_it_is(record("running", "12@scope", "the disk is full"), tmp_path)
    assert told.state == "running"
    assert told.reason == "the disk is full, as scope said last"
