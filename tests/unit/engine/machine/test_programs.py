"""Programs that a lease left behind are found by their environment, and ended."""

import os
import signal
import subprocess
import uuid

import pytest

from icestream.engine.machine.programs import LEASE, end_programs


def program(lease: str | None) -> "subprocess.Popen[bytes]":
    """A program that a lease has started, or nobody."""
    environment = {k: v for k, v in os.environ.items() if k != LEASE}
    if lease is not None:
        environment[LEASE] = lease
    return subprocess.Popen(["sleep", "600"], env=environment, start_new_session=True)


@pytest.fixture
def mark() -> str:
    """Beginning of the names of leases that nobody else has."""
    return f"{uuid.uuid4().hex}:"


def test_programs_are_found_by_the_lease_that_started_them(mark: str) -> None:
    ours, other, foreign = program(f"{mark}1.1;"), program(f"{mark}1.12;"), program(None)
    try:
        assert end_programs(f"{mark}1.1;") == 1  # not 1.12: a name ends with its semicolon
        assert ours.wait(60.0) == -signal.SIGKILL
        assert (other.poll(), foreign.poll()) == (None, None)
    finally:
        for one in (ours, other, foreign):
            one.kill()
            one.wait()


def test_the_beginning_of_a_name_stands_for_all_leases_of_a_session(mark: str) -> None:
    started = [program(f"{mark}1.1;"), program(f"{mark}2.7;")]
    try:
        assert end_programs(mark) == 2
        assert [one.wait(60.0) for one in started] == [-signal.SIGKILL] * 2
        assert end_programs(mark) == 0
    finally:
        for one in started:
            one.kill()
            one.wait()
