"""The connection to a broker: a small one of the tests' own, over a real socket."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from icestream.facility.messages.broker import BrokerAway, BrokerLink
from icestream.facility.messages.kinds import BrokerSection
from icestream.facility.messages.outbox import OutgoingMessage
from stomp_broker import StompBroker, stomp_broker


@pytest.fixture
def broker() -> Iterator[StompBroker]:
    with stomp_broker() as made:
        yield made


def _link(broker: StompBroker, *queues: str, **more: object) -> BrokerLink:
    section = BrokerSection.model_validate(
        {"kind": "activemq", "servers": f"localhost:{broker.port}", **more}
    )
    return BrokerLink(section, queues or ("in",))


def _message(number: int = 1, queue: str = "out") -> OutgoingMessage:
    return OutgoingMessage(key=f"k{number}", queue=queue, body='{"é": 1}', id=number)


def _wait(what: object) -> None:
    for _ in range(200):
        if what():  # type: ignore[operator]
            return
        time.sleep(0.02)
    raise AssertionError("it did not come about")


def test_a_message_comes_and_is_acknowledged(broker: StompBroker) -> None:
    link = _link(broker, "a", "b")
    link.open()
    broker.put("b", b"\xff{", reply_to="/queue/me", odd="a:b\\c\n")
    (frame,) = link.frames(2.0)
    assert (frame.queue, frame.body) == ("b", b"\xff{")
    assert frame.said == {"reply-to": "/queue/me", "odd": "a:b\\c\n"}
    assert broker.taken() == 1
    link.acknowledge([frame])
    _wait(lambda: broker.taken() == 0)
    assert not broker.queues["b"]
    link.close()


@pytest.mark.parametrize("kind", ["activemq", "rabbitmq"])
def test_no_more_come_than_were_asked_for(broker: StompBroker, kind: str) -> None:
    link = _link(broker, kind=kind, prefetch=2)
    for number in range(5):
        broker.put("in", str(number))
    link.open()
    frames = link.frames(2.0)
    time.sleep(0.1)
    frames += link.frames(0.0)
    assert [one.body for one in frames] == [b"0", b"1"]
    link.acknowledge(frames)
    _wait(lambda: broker.taken() == 2)
    link.close()


def test_what_was_not_acknowledged_comes_again(broker: StompBroker) -> None:
    link = _link(broker)
    link.open()
    broker.put("in", "x")
    (first,) = link.frames(2.0)
    broker.cut()
    _wait(lambda: not link.is_open)
    link.open()
    (second,) = link.frames(2.0)
    assert second.headers["redelivered"] == "true"
    link.acknowledge([first])  # of a connection that is no more: nothing happens
    time.sleep(0.1)
    assert broker.taken() == 1
    link.acknowledge([second])
    _wait(lambda: broker.taken() == 0)
    link.close()


def test_publishing_waits_until_the_broker_has_it(broker: StompBroker) -> None:
    link = _link(broker)
    link.open()
    done = link.publish([_message(1), _message(2), _message(3, "/queue/raw")])
    assert (done.confirmed, done.refused) == ([1, 2, 3], {})
    assert broker.bodies("out") == ['{"é": 1}'] * 2
    assert broker.queues["out"][0].headers["persistent"] == "true"
    assert broker.bodies("raw") == ['{"é": 1}']
    link.close()


def test_a_broker_that_breaks_down_confirms_no_more_than_it_said(broker: StompBroker) -> None:
    link = _link(broker)
    link.open()
    broker.swallow_receipts = 3
    done = link.publish([_message(n) for n in range(1, 6)])
    assert done.confirmed == [1, 2]
    with pytest.raises(BrokerAway):
        link.publish([_message(9)])


def test_a_message_that_is_not_allowed_is_told_apart(broker: StompBroker) -> None:
    link = _link(broker)
    link.open()
    broker.refuses.add("secret")
    done = link.publish([_message(1), _message(2, "secret")])
    assert done.confirmed == [1]
    assert "access refused: not for you" in done.refused[2]
    link.close()


def test_why_there_is_no_connection_is_said(
    broker: StompBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.password = "right"
    with pytest.raises(BrokerAway, match="Access refused for user"):
        _link(broker, user="u", password="wrong").open()
    _link(broker, user="u", password="right").open()
    with pytest.raises(BrokerAway, match="NO_SUCH_ONE"):
        _link(broker, user="u", password={"env": "NO_SUCH_ONE"}).open()
    broker.silent = True
    monkeypatch.setattr(BrokerLink._wait, "__defaults__", (0.3,))
    with pytest.raises(BrokerAway, match="does not answer"):
        _link(broker).open()
    broker.close()
    with pytest.raises(BrokerAway, match="connection refused"):
        _link(broker).open()


def test_the_next_server_stands_in_for_one_that_is_away(broker: StompBroker) -> None:
    link = _link(broker, servers=["localhost:1", f"localhost:{broker.port}"])
    link.open()
    assert link.is_open
    link.close()


def test_tls_is_checked_and_its_end_is_noticed(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("localhost").configure_cert(context)
    with stomp_broker(tls=context) as broker:
        with pytest.raises(BrokerAway, match=r"certificate|closes the connection"):
            _link(broker, tls=True).open()
        link = _link(broker, tls=True, certificates=str(tmp_path / "ca.pem"))
        link.open()
        broker.put("in", "x")
        (frame,) = link.frames(5.0)
        link.acknowledge([frame])
        assert link.publish([_message()]).confirmed == [1]
        _wait(lambda: broker.taken() == 0)
        broker.cut()
        _wait(lambda: not link.is_open)
        wrong = f"127.0.0.1:{broker.port}"  # the certificate is that of localhost
        with pytest.raises(BrokerAway):
            _link(broker, tls=True, servers=wrong, certificates=str(tmp_path / "ca.pem")).open()


@pytest.mark.parametrize("nack", ["dead", "back"])
def test_the_two_ways_of_refusing_are_why_we_never_do(nack: str) -> None:
    with stomp_broker(nack=nack) as broker:
        link = _link(broker)
        broker.put("in", "x")
        link.open()
        (frame,) = link.frames(2.0)
        link._connection.nack(frame.ack)
        if nack == "dead":
            _wait(lambda: broker.bodies("DLQ.in") == ["x"])
        else:
            (again,) = link.frames(2.0)
            assert again.headers["redelivered"] == "true"
        link.close()
