"""The post: a message at a time for each channel, servers that fail, hang, and come back."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from icestream.channels import web
from icestream.channels.kinds import Channel, Channels
from icestream.channels.message import Told
from icestream.engine.coordinator import post as module
from icestream.engine.coordinator.post import Post
from icestream.engine.messages import Delivered
from icestream.engine.record import deliveries
from icestream.engine.record.alerts import SESSION
from icestream.engine.record.deliveries import FAILED
from icestream.model import Alert
from icestream.store import queries
from icestream.store import tables as t
from post_office import Sink, free_port
from toy_record import Desk
from toy_session import wait_for


class Office:
    """A post, and the coordinator's turns done by hand."""

    def __init__(self, desk: Desk, **channels: dict[str, Any]) -> None:
        self.desk = desk
        self.inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        read = TypeAdapter[Any](Channel).validate_python
        self.channels = Channels(
            {name: read({"gather": 0, **how}) for name, how in channels.items()}, "/etc/settings"
        )
        self.post = Post(desk.record, self.channels, self.inbox.put)

    def raise_(self, key: str = "hot", level: Any = "warning") -> None:
        with self.desk.record.transaction() as (_, writes):
            alert = Alert(key=key, level=level, message=f"{key} is {level}")
            self.desk.record.alerts.raise_(writes, SESSION, alert)

    def clear(self, key: str = "hot") -> None:
        with self.desk.record.transaction() as (_, writes):
            self.desk.record.alerts.clear(writes, SESSION, key)

    def turn(self) -> Delivered:
        """Send what is due, and record what came of the first of it."""
        self.post.look()
        said = self.inbox.get(timeout=30.0)
        assert isinstance(said, Delivered)
        self.post.delivered(said)
        return said

    def holding(self) -> dict[str, str]:
        return {one.key: one.message for one in queries.alerts(self.desk.store)}

    def states(self) -> list[str]:
        states: list[str] = self.desk.rows(t.delivery, "state")
        return states


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(deliveries, "_FIRST", 0.0)


@pytest.fixture
def office(desk: Callable[..., Desk]) -> Callable[..., Office]:
    return lambda **channels: Office(desk(("src", "toy.count", {}, {})), **channels)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def webhook(sink: Sink, **more: Any) -> dict[str, Any]:
    return {"kind": "webhook", "url": sink.url, **more}


def test_an_alert_and_its_end_are_sent(office: Callable[..., Office], sink: Sink) -> None:
    at = office(staff=webhook(sink))
    at.raise_()
    at.turn()
    at.clear()
    at.turn()
    assert sink.told == [("hot is warning", False), ("hot is warning", True)]
    assert at.states() == ["sent", "sent"]
    (first, second) = sink.posts
    assert first["session"] == at.desk.folder.name
    assert first["id"] != second["id"]


def test_a_burst_is_one_message(office: Callable[..., Office], sink: Sink) -> None:
    at = office(staff=webhook(sink))
    for number in range(50):
        at.raise_(f"hot{number}", "critical" if number == 31 else "warning")
    at.turn()
    (message,) = sink.posts
    assert len(message["alerts"]) == 50
    assert message["alerts"][0]["key"] == "hot31"  # the worst first
    assert set(at.states()) == {"sent"}


def test_two_messages_have_a_pause_between_them(office: Callable[..., Office], sink: Sink) -> None:
    at = office(staff=webhook(sink, gather=3600))
    at.raise_("hot", "critical")
    next(iter(at.desk.record.alerts.deliveries.each.values())).due = 0.0
    at.turn()
    at.raise_("wet", "critical")
    at.desk.record.alerts.deliveries.waiting("staff")[0].due = 0.0
    at.post.look()
    assert at.inbox.empty()
    at.post.finish(at.inbox)  # the end waits for no pause
    assert len(sink.posts) == 2


def test_500_and_then_200(office: Callable[..., Office], sink: Sink) -> None:
    """What could not be sent is an alert, said once; it is over when a message got through."""
    at = office(staff=webhook(sink))
    sink.answers = [500, 500]
    at.raise_()
    assert at.turn().error.startswith(f"{sink.host}: 500")
    assert at.holding()[f"{FAILED}staff"] == (
        f'the channel "staff" does not work: {sink.host}: 500 Internal Server Error out of order. '
        "What is to be sent over it waits, and is tried again; look at the channel "
        '"staff" in /etc/settings, then: icestream settings channels --test staff'
    )
    at.turn()
    kinds = ["alert.raised", "alert.updated"]
    assert len(queries.events(at.desk.store, kinds=kinds)) == 2
    assert sink.posts == []
    at.turn()
    assert sink.told == [("hot is warning", False)]
    assert at.holding().keys() == {"hot"}
    assert at.desk.rows(t.delivery, "tries") == [3]


def test_a_message_that_is_sent_again_has_the_same_id(
    office: Callable[..., Office], monkeypatch: pytest.MonkeyPatch, sink: Sink
) -> None:
    at = office(staff=webhook(sink))
    at.raise_()
    ids: list[str] = []
    kept = module.send

    def answer_lost(channel: Any, message: Any) -> Any:
        ids.append(message.id)
        kept(channel, message)
        raise module.Undelivered("the connection broke before the answer")

    monkeypatch.setattr(module, "send", answer_lost)
    at.turn()
    at.turn()
    assert len(sink.posts) == 2
    assert ids[0] == ids[1]


def test_one_channel_that_does_not_work_is_told_over_another(
    office: Callable[..., Office], sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_FIRST", 3600.0)
    at = office(
        broken={"kind": "slack", "url": f"http://127.0.0.1:{free_port()}/s3cret"},
        staff=webhook(sink),
    )
    at.raise_()
    at.post.finish(at.inbox)
    told = " ".join(message for message, _ in sink.told)
    assert 'the channel "broken" does not work: 127.0.0.1:' in told
    assert "s3cret" not in told
    assert sorted(at.states()) == ["sent", "sent", "waiting"]


def test_a_server_that_hangs_holds_nobody_else(
    office: Callable[..., Office], sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "PATIENCE", 20.0)
    monkeypatch.setattr(module, "_LAST", 0.3)
    with Sink() as hanging:
        hanging.answers = [0]
        at = office(slow=webhook(hanging), staff=webhook(sink))
        at.raise_()
        at.turn()
        wait_for(lambda: hanging.tries)  # its thread may be slower than the one that is answered
        assert len(sink.posts) == 1
        at.raise_("wet")
        at.turn()
        assert len(sink.posts) == 2
        assert hanging.tries == 1  # one at a time
        begun = time.monotonic()
        at.post.finish(at.inbox)
        assert time.monotonic() - begun < 15.0  # the session does not wait for it
        assert at.states().count("waiting") == 2
    said = at.inbox.get(timeout=60.0)
    assert isinstance(said, Delivered)


def test_what_is_gathered_is_sent_when_the_session_ends(
    office: Callable[..., Office], sink: Sink
) -> None:
    at = office(staff=webhook(sink, gather=3600))
    at.raise_()
    at.post.look()
    assert sink.tries == 0
    at.post.finish(at.inbox)
    assert sink.told == [("hot is warning", False)]
    at.post.finish(at.inbox)  # nothing waits
    assert sink.tries == 1


def test_a_defect_of_ours_does_not_block_a_channel(
    office: Callable[..., Office], sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = office(staff=webhook(sink))
    at.raise_()
    with monkeypatch.context() as patch:
        patch.setattr(module, "send", lambda *_: 1 / 0)
        assert at.turn().error == "ZeroDivisionError while it was sent"
    at.turn()
    assert len(sink.posts) == 1


def test_alerts_on_channels_that_are_gone_are_over(office: Callable[..., Office]) -> None:
    at = office(staff={"kind": "log", "path": "/nowhere/log"})
    at.raise_()
    assert "No such file" in at.turn().error
    assert f"{FAILED}staff" in at.holding()
    later = Office(at.desk)
    with at.desk.store.read() as connection:
        at.desk.record.alerts.load(connection)
    later.post.look()
    assert at.holding().keys() == {"hot"}


def test_who_is_refused_is_an_alert_and_nothing_is_sent_twice(
    office: Callable[..., Office], sink: Sink
) -> None:
    at = office(staff=webhook(sink))
    at.raise_()
    at.post.look()
    said = at.inbox.get(timeout=30.0)
    assert isinstance(said, Delivered)
    at.post.delivered(
        Delivered(said.channel, said.deliveries, answer="250", refused="refused for bob@x (550)")
    )
    assert 'the channel "staff" does not reach everybody: refused for bob@x' in " ".join(
        at.holding().values()
    )
    assert at.states() == ["sent"]


def test_no_thread_is_left(office: Callable[..., Office], sink: Sink) -> None:
    at = office(staff=webhook(sink))
    at.raise_()
    at.turn()
    for thread in threading.enumerate():
        if thread.name == "channel staff":
            thread.join(30.0)
    assert not [one for one in threading.enumerate() if one.name == "channel staff"]


def test_a_session_that_is_secret_is_not_named(office: Callable[..., Office], sink: Sink) -> None:
    at = office(staff=webhook(sink))
    name, hidden = at.desk.folder.name, [True]
    said = lambda text: text.replace(name, "somebody's")  # noqa: E731
    at.post._channels = replace(at.channels, secret=lambda: said if hidden[0] else None)
    at.raise_(name)
    at.turn()
    assert name not in str(sink.posts)
    assert sink.posts[0]["session"] == "somebody's"
    told = Told(number=0, level="critical", key="storage", message=name, raised=1.0)
    assert name not in str(at.post._unrecorded("mark", told))
    hidden[0] = False
    at.raise_("wet")
    at.turn()
    assert sink.posts[1]["session"] == name
