"""Owners: one process of one run of one kernel, and no other that has its number."""

import os
import subprocess
import sys
from dataclasses import replace

from icestream.engine.machine import owner as module
from icestream.engine.machine.owner import this_process


def test_this_process_lives() -> None:
    here = this_process()
    assert here.pid == os.getpid()
    assert here.started > 0
    assert here == this_process()
    assert not here.is_dead()


def test_one_that_has_ended_is_dead() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        other = replace(this_process(), pid=process.pid, started=module._started(process.pid))
        assert not other.is_dead()
        process.kill()
    assert other.is_dead()


def test_one_with_the_number_of_another_is_dead() -> None:
    assert replace(this_process(), started=this_process().started - 1).is_dead()


def test_what_cannot_be_seen_from_here_is_not_known_to_be_dead() -> None:
    gone = replace(this_process(), pid=2**22 + 1)
    assert gone.is_dead()
    assert not replace(gone, boot="another").is_dead()
    assert not replace(gone, space=1).is_dead()


def test_a_name_with_any_letters_does_not_matter() -> None:
    code = (
        "import ctypes, sys; ctypes.CDLL(None).prctl(15, b'a) S 1 (b', 0, 0, 0);"
        "print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert module._started(process.pid) >= this_process().started
        process.communicate(b"")
