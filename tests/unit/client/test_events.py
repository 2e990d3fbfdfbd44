"""A program that follows a session misses nothing, though the server is killed meanwhile."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from icestream.client import Client, Unreachable
from icestream.client import events as module
from icestream.client.errors import NotThere
from icestream.store.follow import newest_event
from icestream.store.records import EventRecord
from post_office import free_port
from report_session import SampleSession
from served import served


def only_session(client: Client) -> str:
    return client.sessions()[0].id


def test_events_come_as_they_happen(sample: SampleSession) -> None:
    with served(sample.folder.parent) as address, Client(address) as client:
        events = client.session(only_session(client)).follow(after=0)
        last = newest_event(sample.store)
        seen = [next(events) for _ in range(last)]
        assert isinstance(seen[0], EventRecord)
        assert [event.seq for event in seen] == list(range(1, last + 1))
        sample.grow(1)
        assert next(events).seq == last + 1


def test_only_kinds_that_are_wanted_come(sample: SampleSession) -> None:
    sample.teach("ctf", defocus_max=4.0)
    with served(sample.folder.parent) as address, Client(address) as client:
        session = client.session(only_session(client))
        event = next(session.follow(after=0, kinds=("alert.adopted",)))
        assert (event.kind, event.document["who"]) == ("alert.adopted", "ctf_monitor")


def test_a_session_that_is_not_there_is_an_error_at_once(sample: SampleSession) -> None:
    with served(sample.folder.parent) as address, Client(address) as client:
        session = client.session(only_session(client))
        session._path = "/sessions/nobody"
        with pytest.raises(NotThere):
            next(session.follow())


def test_patience_has_an_end(sample: SampleSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST", 0.05)
    with contextlib.ExitStack() as serving:
        client = Client(serving.enter_context(served(sample.folder.parent)))
        session = client.session(only_session(client))
    with client, pytest.raises(Unreachable):
        next(session.follow(patience=0.3))


@contextmanager
def server_process(root: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`icestream serve` in a process of its own, that answers."""
    command = [sys.executable, "-m", "icestream", "serve", str(root), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        with Client(f"http://127.0.0.1:{port}") as client:
            deadline = time.monotonic() + 60
            while True:
                try:
                    client.sessions()
                    break
                except Unreachable:
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.1)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def test_nothing_is_lost_or_repeated_when_the_server_is_killed_and_started_anew(
    sample: SampleSession,
) -> None:
    port = free_port()
    seen: list[EventRecord] = []
    first = newest_event(sample.store)

    def follow(session_id: str) -> None:
        with Client(f"http://127.0.0.1:{port}") as client:
            for event in client.session(session_id).follow(after=first, patience=60):
                seen.append(event)
                if event.kind == "alert.adopted":
                    return

    def until_seen() -> None:
        last, deadline = newest_event(sample.store), time.monotonic() + 30
        while not seen or seen[-1].seq < last:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    with server_process(sample.folder.parent, port) as process:
        with Client(f"http://127.0.0.1:{port}") as client:
            thread = threading.Thread(target=follow, args=(only_session(client),), daemon=True)
        thread.start()
        sample.grow(5)
        until_seen()
        process.kill()
        process.wait(20)
        sample.grow(5)  # while nobody serves it
    with server_process(sample.folder.parent, port) as process:
        sample.grow(5)
        until_seen()
        sample.teach("ctf", defocus_max=4.0)
        thread.join(30)
        assert not thread.is_alive()
    assert [event.seq for event in seen] == list(range(first + 1, newest_event(sample.store) + 1))
