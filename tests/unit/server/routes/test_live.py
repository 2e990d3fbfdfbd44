"""What happens in sessions reaches pages over a WebSocket, and programs as a stream."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from icestream.server.catalogue import Catalogue
from icestream.server.people.doors import Doors
from icestream.server.people.gate import NOT_LOGGED_IN
from icestream.server.people.visitors import Visitors
from icestream.server.routes import live
from icestream.settings import load
from icestream.store.follow import newest_event
from people_of_tests import add_people
from report_session import SampleSession
from served import served

START = 1_790_000_000.0


@pytest.fixture
def address(sample: SampleSession) -> Iterator[str]:
    with served(sample.folder.parent) as made:
        yield made


@pytest.fixture
def session_id(address: str) -> str:
    found: str = httpx2.get(f"{address}/api/sessions").json()[0]["id"]
    return found


def socket_of(address: str, **more: Any) -> ClientConnection:
    return connect(f"{address.replace('http', 'ws')}/api/ws", **more)


def ask(socket: ClientConnection, **said: Any) -> None:
    socket.send(json.dumps(said))


def hear(socket: ClientConnection, timeout: float = 20.0) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(socket.recv(timeout))
    return said


def events_of(socket: ClientConnection, many: int) -> list[dict[str, Any]]:
    """The next so many events, of whatever topic."""
    found: list[dict[str, Any]] = []
    while len(found) < many:
        found += hear(socket).get("events", [])
    return found


def test_a_page_hears_at_once_where_a_session_stands_and_then_what_happens(
    address: str, session_id: str, sample: SampleSession
) -> None:
    topic = f"session/{session_id}"
    with socket_of(address) as socket:
        ask(socket, subscribe=topic)
        first = hear(socket)
        assert (first["topic"], first["events"]) == (topic, [])
        assert first["seq"] == newest_event(sample.store)
        while "exposures" not in first:
            first = hear(socket)
        assert sum(first["exposures"].values()) == 30
        counts = {step["name"]: step["counts"] for step in first["steps"]}
        assert counts["ctf"].keys() >= {"ready", "running", "done", "failed", "seconds"}
        began = time.monotonic()
        sample.grow(2)
        events = events_of(socket, 2)
        assert time.monotonic() - began < 5.0
        assert [event["kind"] for event in events] == ["exposure.state"] * 2
        assert events[0]["seq"] == first["seq"] + 1


def test_who_comes_back_goes_on_where_they_were(
    address: str, session_id: str, sample: SampleSession
) -> None:
    before = newest_event(sample.store)
    sample.grow(40)
    with socket_of(address) as socket:
        ask(socket, subscribe=f"session/{session_id}", since=before)
        last = newest_event(sample.store)
        events = events_of(socket, last - before)
        assert [event["seq"] for event in events] == list(range(before + 1, last + 1))


def test_a_second_page_that_missed_more_than_is_in_memory_is_told_from_the_store(
    address: str, session_id: str, sample: SampleSession
) -> None:
    with socket_of(address) as first, socket_of(address) as second:
        ask(first, subscribe=f"session/{session_id}")
        hear(first)  # what is in memory begins here
        sample.grow(5)
        events_of(first, 5)
        ask(second, subscribe=f"session/{session_id}", since=0)
        last = newest_event(sample.store)
        assert [event["seq"] for event in events_of(second, last)] == list(range(1, last + 1))


def test_who_has_missed_too_much_loads_anew(
    address: str, session_id: str, sample: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = f"session/{session_id}"
    monkeypatch.setattr("icestream.server.live.topics.MOST_BEHIND", 10)
    with socket_of(address) as socket:
        ask(socket, subscribe=topic, since=1)
        assert hear(socket) == {"topic": topic, "seq": newest_event(sample.store), "reset": True}
        sample.grow(1)
        assert events_of(socket, 1)[0]["kind"] == "exposure.state"


def test_a_number_that_the_session_has_not_reached_is_of_another_session(
    address: str, session_id: str, sample: SampleSession
) -> None:
    with socket_of(address) as socket:
        ask(socket, subscribe=f"session/{session_id}", since=10**9)
        assert hear(socket)["reset"] is True


def test_alerts_are_a_topic_of_their_own(
    address: str, session_id: str, sample: SampleSession
) -> None:
    topic = f"session/{session_id}/alerts"
    sample.decide("acknowledge", {"alert": 1})
    with socket_of(address) as socket:
        ask(socket, subscribe=topic)
        assert hear(socket)["events"] == []
        sample.grow(3)
        sample.teach("ctf", defocus_max=4.0)  # an alert's offer is adopted
        (event,) = events_of(socket, 1)
        assert event["kind"] == "alert.adopted"
        since = event["seq"]
        ask(socket, unsubscribe=topic)
        ask(socket, subscribe=topic, since=0)
        assert [one["seq"] for one in events_of(socket, 1)] == [since]


def test_the_list_of_sessions_is_told_as_it_changes(
    address: str, session_id: str, sample: SampleSession, tmp_path: Path
) -> None:
    with socket_of(address) as socket:
        ask(socket, subscribe="sessions")
        assert hear(socket)["topic"] == "sessions"
        other = SampleSession(sample.folder.parent / "other", start=START, documents=False)
        with closing(other.store):
            other.grow(3)
            found: list[dict[str, Any]] = []
            while str(other.folder) not in [one["folder"] for one in found]:
                found += hear(socket)["events"]


def test_a_session_that_is_gone_is_told(
    address: str, session_id: str, sample: SampleSession, tmp_path: Path
) -> None:
    with socket_of(address) as socket:
        ask(socket, subscribe="sessions", since=0)
        assert hear(socket)["reset"] is True  # the number is of no server that we know
        sample.grow(1)  # what was summed up before the answer is not told again
        said: list[dict[str, Any]] = []
        while not said:
            said = hear(socket)["events"]
        assert said[0]["id"] == session_id
        sample.folder.rename(tmp_path / "away")
        while not said[-1].get("gone"):
            said += hear(socket)["events"]
        assert said[-1] == {"id": session_id, "gone": True}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("nonsense", "Invalid JSON"),
        ("{}", "subscribe or unsubscribe"),
        ('{"subscribe": "session/nobody"}', "there is no session nobody"),
        ('{"subscribe": "weather"}', "there are sessions, session/ID"),
        ('{"subscribe": "sessions", "since": -1}', "since"),
        ('{"subscribe": "sessions", "more": 1}', "more"),
        ('{"subscribe": "' + "x" * 5000 + '"}', "too long"),
    ],
)
def test_a_wrong_message_is_answered_with_what_is_wrong(address: str, sent: str, said: str) -> None:
    with socket_of(address) as socket:
        socket.send(sent)
        assert said in hear(socket)["error"]
        ask(socket, subscribe="sessions")
        assert hear(socket)["topic"] == "sessions"


def test_who_sends_only_nonsense_is_cut_off(address: str) -> None:
    # It may be closed while there is more to be sent.
    with socket_of(address) as socket, pytest.raises(ConnectionClosed):
        for _ in range(30):
            socket.send("?")
        for _ in range(30):
            hear(socket)


def test_a_page_of_another_host_may_not_listen(address: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        socket_of(address, origin="http://elsewhere.example")
    assert refused.value.response.status_code == 403
    with socket_of(address, origin=address):
        pass


def test_who_is_not_logged_in_is_told_so(sample: SampleSession) -> None:
    with (
        served(sample.folder.parent, doors=Doors(login=True)) as address,
        socket_of(address) as socket,
    ):
        assert "log" in hear(socket)["error"]
        with pytest.raises(ConnectionClosed) as closed:
            hear(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == NOT_LOGGED_IN


def blocks_of(answer: httpx2.Response) -> Iterator[dict[str, str]]:
    """The blocks of a stream of server-sent events, each by its fields."""
    block: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(":")
            block[name] = value.strip()
        elif block:
            yield block
            block = {}


def test_a_program_is_told_everything_and_goes_on_where_it_was(
    address: str, session_id: str, sample: SampleSession
) -> None:
    url = f"{address}/api/sessions/{session_id}/events/stream"
    last = newest_event(sample.store)
    seen: list[int] = []
    with httpx2.stream("GET", url, params={"after": 0}, timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for block in blocks_of(answer):
            if "data" in block:
                event = json.loads(block["data"])
                assert (block["event"], int(block["id"])) == (event["kind"], event["seq"])
                seen.append(event["seq"])
            if seen[-1:] == [last]:
                break
    assert seen == list(range(1, last + 1))
    sample.grow(3)
    headers = {"Last-Event-ID": str(last)}
    with httpx2.stream("GET", url, headers=headers, timeout=20) as answer:
        for block in blocks_of(answer):
            if "data" in block:
                seen.append(int(block["id"]))
            if seen[-1] == last + 3:
                break
    assert seen == list(range(1, last + 4))


def test_a_silent_stream_says_that_it_is_there_and_how_far_it_is(
    address: str, session_id: str, sample: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_BEAT", 0.2)
    url = f"{address}/api/sessions/{session_id}/events/stream"
    sample.grow(2)
    with httpx2.stream("GET", url, params={"kinds": "alert.raised", "after": 1}) as answer:
        beats = (block for block in blocks_of(answer) if "id" in block)
        assert next(beats)["id"] == str(newest_event(sample.store))


def test_a_stream_of_no_session_is_refused(address: str, session_id: str) -> None:
    missing = httpx2.get(f"{address}/api/sessions/nobody/events/stream")
    assert missing.status_code == 404
    url = f"{address}/api/sessions/{session_id}/events/stream"
    for said in ("yesterday", "9" * 5000):
        wrong = httpx2.get(url, headers={"Last-Event-ID": said})
        assert wrong.status_code == 400
        assert "number of an event" in wrong.json()["advice"]


def test_nothing_is_read_when_nobody_listens(
    address: str, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.server.live.hub._LINGER", 0.1)

    def readers() -> list[str]:
        names = [thread.name for thread in threading.enumerate()]
        return [name for name in names if name.startswith("tail-") or name == "overview"]

    assert readers() == []
    with socket_of(address) as socket:
        ask(socket, subscribe=f"session/{session_id}")
        ask(socket, subscribe="sessions")
        hear(socket)
        assert len(readers()) == 2
    deadline = time.monotonic() + 20
    while readers() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert readers() == []


def test_it_is_looked_again_whether_somebody_may_listen(
    address: str, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = f"session/{session_id}"
    monkeypatch.setattr(live, "_CHECK", 0.3)
    with socket_of(address) as socket:
        ask(socket, subscribe=topic)
        hear(socket)
        monkeypatch.setattr(live, "may_see", lambda person, entry: False)
        said = hear(socket)
        while "error" not in said:
            said = hear(socket)
        assert (said["topic"], "may not see it" in said["error"]) == (topic, True)
        ask(socket, subscribe=topic)
        assert "may not see it" in hear(socket)["error"]


def test_the_list_says_no_more_of_a_session_that_somebody_may_not_see_any_more(
    sample: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_CHECK", 0.1)
    monkeypatch.setattr("icestream.server.live.overview._AGAIN", 0.1)
    settings, folder = load().settings, sample.folder.parent
    with closing(Catalogue([folder])) as catalogue:
        (entry,) = catalogue.entries()
    with (
        closing(Visitors(settings.state, settings.login)) as visitors,
        served(folder, doors=Doors(login=True)) as address,
    ):
        add_people(visitors)
        visitors.members.add(entry.key, "vic", "sam")
        cookie = visitors.logins.open("vic", address="127.0.0.1", agent="test")
        headers = {"Cookie": f"icestream_session={cookie}"}
        with socket_of(address, additional_headers=headers) as socket:
            ask(socket, subscribe="sessions")
            found: list[dict[str, Any]] = []
            while not found:
                found = hear(socket)["events"]
            assert [one["id"] for one in found] == [entry.id]
            visitors.members.remove(entry.key, "vic")
            time.sleep(0.5)
            sample.grow(1)
            with pytest.raises(TimeoutError):
                hear(socket, 3.0)
