"""Messages over real brokers, which are killed in the middle."""

import contextlib
import json
import threading
import time
from pathlib import Path

import pytest

from icestream.facility.messages.broker import BrokerAway, BrokerLink
from icestream.facility.messages.exchange import exchange, link_of
from icestream.facility.messages.outbox import OutgoingMessage
from message_room import Room, room, section, start
from real_broker import RealBroker


@pytest.fixture(params=["activemq", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> RealBroker:
    given: RealBroker = request.getfixturevalue(request.param)
    return given


class Talking:
    """What the facility does all the time, in threads: talk to the broker, and carry out."""

    def __init__(self, made: Room) -> None:
        self.made, self.stop = made, threading.Event()
        self.link = link_of(made.section)
        self.lost = 0
        self._threads = [threading.Thread(target=one) for one in (self._talk, self._carry)]

    def __enter__(self) -> "Talking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join()
        self.link.close()

    def _talk(self) -> None:
        while not self.stop.is_set():
            try:
                if not self.link.is_open:
                    self.link.open()
                exchange(self.made.carrying, self.link, self.stop, 5.0)
            except BrokerAway:
                self.lost += 1
                self.stop.wait(0.2)

    def _carry(self) -> None:
        while not self.stop.wait(0.05):
            self.made.carrying.carry_out()


def _read(broker: RealBroker, queue: str, count: int, seconds: float = 90.0) -> list[str]:
    """Different messages of a queue, until there are so many."""
    found: dict[str, str] = {}
    link = BrokerLink(broker.section(), [queue])
    until = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < until:
        with contextlib.suppress(BrokerAway):
            if not link.is_open:
                link.open()
            frames = link.frames(0.5)
            link.acknowledge(frames)
            found |= {one.said["icestream-id"]: one.body.decode() for one in frames}
    link.close()
    return list(found.values())


def _room(folder: Path, broker: RealBroker, mark: str) -> Room:
    own = {name: f"{mark}.{name}" for name in ("requests", "answers", "results", "alerts", "dead")}
    given = broker.section(**own, prefetch=5).model_dump()
    given["password"] = broker.password
    return room(folder, section(folder, broker=given))


def test_a_broker_that_is_killed_loses_and_doubles_nothing(
    broker: RealBroker, tmp_path: Path
) -> None:
    made = _room(tmp_path, broker, "killed")
    asked = 200
    sender = BrokerLink(broker.section(), [])
    sender.open()
    documents = [
        {"id": f"s{number}", "action": "status", "session": "none"} for number in range(asked)
    ]
    done = sender.publish([
        OutgoingMessage(key=str(n), queue="killed.requests", body=json.dumps(one), id=n)
        for n, one in enumerate(documents)
    ])  # fmt: skip
    assert len(done.confirmed) == asked
    sender.close()
    with Talking(made) as talking:
        while not made.ledger.inbox.newest(1):
            time.sleep(0.01)
        broker.kill()  # requests and answers are under way
        taken = len(made.ledger.inbox.newest(asked))
        broker.start()
        assert taken < asked, "it was killed in the middle"
        answers = [json.loads(one) for one in _read(broker, "killed.answers", asked)]
    assert talking.lost > 0
    assert sorted(one["request"] for one in answers) == sorted(one["id"] for one in documents)
    assert made.ledger.counts()["refused"] == asked, "each was carried out once"
    made.ledger.close()


def test_a_session_begins_over_a_real_broker(broker: RealBroker, tmp_path: Path) -> None:
    made = _room(tmp_path, broker, "begins")
    sender = BrokerLink(broker.section(), [])
    sender.open()
    for _ in range(2):
        sender.publish([OutgoingMessage(
            key="1", queue="begins.requests", body=json.dumps(start(who="Zoë")), id=1,
            headers={"reply-to": "/queue/begins.mine", "correlation-id": "c-1"})])  # fmt: skip
    sender.close()
    with Talking(made):
        answers = [json.loads(one) for one in _read(broker, "begins.mine", 2)]
    assert [one["state"] for one in answers] == ["accepted", "began"]
    assert made.sessions.begun == ["night"]
    (entry,) = made.ledger.inbox.newest(10)
    assert (entry.times, entry.headers["correlation-id"]) == (2, "c-1")
    made.ledger.close()
