"""Signs of life: they come while numbers are computed, and not while nothing goes on."""

import ctypes
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.engine.executors.pulse import cpu_seconds, keep_telling, waits_for_disk
from toy_session import wait_for


class Waiting(threading.Thread):
    """A thread that waits as for a disk that does not answer, until it is `let_go`.

    The kernel lets who starts a process wait like that until the new one has begun, and this one
    has first to open a pipe into which nobody writes.
    """

    def __init__(self, pipe: Path) -> None:
        super().__init__(daemon=True)
        self.pipe = pipe
        os.mkfifo(pipe)
        self.start()

    def run(self) -> None:
        libc = ctypes.CDLL(None)
        actions, number = ctypes.create_string_buffer(1024), ctypes.c_int()
        libc.posix_spawn_file_actions_init(actions)
        path = os.fsencode(self.pipe)
        libc.posix_spawn_file_actions_addopen(actions, 0, path, os.O_RDONLY, 0)
        arguments = (ctypes.c_char_p * 2)(b"true", None)
        libc.posix_spawnp(ctypes.byref(number), b"true", actions, None, arguments, None)
        os.waitpid(number.value, 0)

    def let_go(self) -> None:
        if self.is_alive():
            self.pipe.open("wb").close()
            self.join(60.0)


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    made = Waiting(tmp_path / "pipe")
    yield made
    made.let_go()


def test_a_thread_that_waits_for_a_disk_is_seen(waiting: Waiting) -> None:
    number = wait_for(lambda: waiting.native_id)
    before = wait_for(lambda: waits_for_disk(number))
    time.sleep(0.05)
    assert waits_for_disk(number) == before
    assert waits_for_disk(threading.get_native_id()) is None


def test_nothing_is_told_while_the_work_waits_for_a_disk(waiting: Waiting) -> None:
    number = wait_for(lambda: waiting.native_id)
    wait_for(lambda: waits_for_disk(number))
    told: queue.SimpleQueue[None] = queue.SimpleQueue()
    heard = threading.Event()

    def tell() -> None:
        told.put(None)
        if heard.is_set():
            raise BrokenPipeError

    thread = keep_telling(tell, 0.01, of=number)
    told.get(timeout=60.0)  # it may just have begun to wait
    with pytest.raises(queue.Empty):
        told.get(timeout=0.3)
    heard.set()
    waiting.let_go()
    thread.join(60.0)
    assert not thread.is_alive()


def test_it_is_told_while_numbers_are_computed_and_until_nobody_listens() -> None:
    told = 0

    def tell() -> None:
        nonlocal told
        told += 1
        if told == 5:
            raise BrokenPipeError

    thread = keep_telling(tell, 0.01, of=threading.get_native_id())
    while thread.is_alive():
        sum(range(1000))
    assert told == 5


def test_the_processor_time_of_a_process() -> None:
    before = cpu_seconds(os.getpid())
    while cpu_seconds(os.getpid()) == before:
        sum(range(1000))
    with subprocess.Popen(["sleep", "60"]) as process:
        assert cpu_seconds(process.pid) < 1.0
        process.kill()
    assert cpu_seconds(process.pid) == 0.0
