"""With a broker that comes and goes: nothing is lost, nothing is done twice."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.facility.messages.broker import BrokerAway
from icestream.facility.messages.exchange import exchange, link_of, publish_due
from icestream.facility.messages.outbox import OutgoingMessage
from message_room import Room, room, section
from stomp_broker import StompBroker, stomp_broker


@pytest.fixture
def broker() -> Iterator[StompBroker]:
    with stomp_broker() as made:
        yield made


@pytest.fixture
def made(tmp_path: Path, broker: StompBroker) -> Iterator[Room]:
    made = room(tmp_path, section(tmp_path, broker={"servers": f"localhost:{broker.port}"}))
    yield made
    made.ledger.close()


def _status(number: int) -> str:
    return json.dumps({"id": f"s{number}", "action": "status", "session": "none"})


def test_what_comes_is_kept_before_it_is_acknowledged(made: Room, broker: StompBroker) -> None:
    link = link_of(made.section)
    link.open()
    for number in range(5):
        broker.put("icestream.requests", _status(number))
    came, _ = exchange(made.carrying, link, threading.Event(), 0.5)
    assert came == 5
    made.carrying.carry_out()
    _, went = exchange(made.carrying, link, threading.Event(), 0.0)
    assert went == 10, "an answer to each, and a copy for the dead letters"
    assert len(broker.bodies("icestream.answers")) == 5
    for _ in range(100):
        if not broker.taken():
            break
        time.sleep(0.02)
    assert broker.taken() == 0
    link.close()


def test_cut_off_again_and_again_each_is_there_once(made: Room, broker: StompBroker) -> None:
    stop = threading.Event()

    def cut() -> None:
        for _ in range(100):  # a machine that is slow comes to nothing in between
            if stop.wait(0.07):
                return
            broker.cut()

    threading.Thread(target=cut, daemon=True).start()
    link = link_of(made.section)
    for number in range(30):
        broker.put("icestream.requests", _status(number))
        made.ledger.outbox.publish(
            [OutgoingMessage(key=f"k{number}", queue="out", body=str(number))]
        )
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if not link.is_open:
                link.open()
            exchange(made.carrying, link, threading.Event(), 0.05)
        except BrokerAway:
            time.sleep(0.02)
        if len(made.ledger.inbox.due(1e12)) == 30 and not made.ledger.outbox.unsent(1e12):
            break
    stop.set()
    assert len({one.identity for one in made.ledger.inbox.due(1e12)}) == 30
    assert {int(body) for body in broker.bodies("out")} == set(range(30)), "none is lost"
    link.close()


def test_killed_before_the_acknowledgement_it_comes_again_and_is_known(
    made: Room, broker: StompBroker
) -> None:
    class Killed(BaseException):
        pass

    link = link_of(made.section)
    link.open()
    broker.put("icestream.requests", _status(1))

    def killed(_: object) -> None:
        raise Killed

    link.acknowledge = killed  # type: ignore[method-assign,assignment]
    with pytest.raises(Killed):
        exchange(made.carrying, link, threading.Event(), 1.0)
    broker.cut()
    next_one = made.killed()
    second = link_of(made.section)
    second.open()
    exchange(next_one.carrying, second, threading.Event(), 0.4)
    (entry,) = next_one.ledger.inbox.due(1e12)
    assert entry.times == 2
    assert next_one.ledger.outbox.unsent(1e12) == []
    second.close()
    next_one.ledger.close()


def test_what_the_broker_refuses_is_in_nobodys_way(made: Room, broker: StompBroker) -> None:
    broker.refuses.add("closed")
    made.ledger.outbox.publish([
        OutgoingMessage(key="a", queue="closed", body="{}"),
        OutgoingMessage(key="b", queue="open", body="{}"),
    ])  # fmt: skip
    link = link_of(made.section)
    for _ in range(3):
        link.open()
        publish_due(made.carrying, link, threading.Event())
    assert broker.bodies("open") == ["{}"]
    (left,) = made.ledger.outbox.unsent(1e12)
    assert (left.key, left.tried) == ("a", 1)
    link.close()


def test_a_broker_that_does_not_say_what_it_refuses_is_not_asked_the_same_for_ever(
    made: Room, broker: StompBroker
) -> None:
    broker.refuses.add("closed")
    broker.names_refused = False
    made.ledger.outbox.publish(
        [OutgoingMessage(key=one, queue=one, body="{}") for one in ("closed", "open")]
    )
    link = link_of(made.section)
    link.open()
    with pytest.raises(BrokerAway, match="access refused"):
        publish_due(made.carrying, link, threading.Event())
    link.open()
    assert publish_due(made.carrying, link, threading.Event()) == 1
    assert broker.bodies("open") == ["{}"]
    link.close()
