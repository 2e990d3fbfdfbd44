"""The sink for ICAT: what is on the queue."""

import time
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from icestream.facility.sinks import icat
from icestream.facility.sinks.icat import NAMESPACE, Broker, IcatSink
from icestream.facility.sinks.sink import SinkDown
from sink_sessions import DeliveredSession, delivery
from stomp_double import stomp_double


def text_of(root: ElementTree.Element, name: str) -> str:
    found = root.find(f"{{{NAMESPACE}}}{name}")
    assert found is not None
    return found.text or ""


def test_a_session_is_announced_once_when_it_is_done(tmp_path: Path) -> None:
    session = DeliveredSession(tmp_path / "s")
    session.grow(3)
    about = {"project": "MX-123", "microscope": "Krios1"}
    with stomp_double() as broker:
        sink = IcatSink(Broker(host="127.0.0.1", port=broker.port, queue="icatIngest"), "{project}")
        sink.reach()
        with delivery(session, sink, **about) as one:
            one.run()
            assert not broker.messages
        session.finish()
        for _ in range(2):
            with delivery(session, sink, **about) as one:
                one._looked = -1e9
                one.run()
                one.ledger.forget_versions()
    ((queue, message),) = broker.messages
    assert queue == "/queue/icatIngest"
    root = ElementTree.fromstring(message)
    assert root.tag == f"{{{NAMESPACE}}}dataset" and root.attrib == {"complete": "true"}
    names = ("investigation", "instrument", "name", "location")
    assert [text_of(root, name) for name in names] == ["mx-123", "krios1", "s", "/data"]
    told = {
        text_of(one, "name"): text_of(one, "value")
        for one in root.findall(f"{{{NAMESPACE}}}parameter")
    }
    assert told["EM_sampling_rate"] == "1.5" and told["EM_total_movie_number"] == "3"
    # What pyicat-plus 3.1 asks for of every data set.
    for name in ("beamlineID", "proposal", "datasetName", "location", "Sample_name", "startDate"):
        assert told[name]
    order = [one.tag.partition("}")[2] for one in root]
    assert order[:7] == [
        "investigation", "instrument", "name", "location", "startDate", "endDate", "sample",
    ]  # fmt: skip


def test_a_broker_that_is_away_or_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(icat, "_PATIENCE", 0.2)
    session = DeliveredSession(tmp_path / "s")
    session.grow(1)
    session.finish()
    with stomp_double() as broker:
        broker.confirms = False
        sink = IcatSink(Broker(host="127.0.0.1", port=broker.port, queue="q"), "{project}")
        with (
            delivery(session, sink, project="p", microscope="m") as one,
            pytest.raises(SinkDown, match="no answer: timed out"),
        ):
            one.run()
    with stomp_double() as broker:
        broker.lets_in = False
        refused = Broker(
            host="127.0.0.1", port=broker.port, queue="q", user="em", password=lambda: "p:w"
        )
        with pytest.raises(SinkDown, match="ERROR message:not you"):
            IcatSink(refused, "{project}").reach()
        assert broker.logins == [("em", "p\\cw")]
    with pytest.raises(SinkDown, match=r"127\.0\.0\.1:"):
        sink.reach()


def test_a_session_that_was_stopped_is_announced_when_it_does_not_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = DeliveredSession(tmp_path / "s")
    session.grow(3)
    now = [session.now + 3600.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    session.stop()
    stopped = session.now
    about = {"project": "MX-123", "microscope": "Krios1", "ended": True}
    with stomp_double() as broker:
        sink = IcatSink(Broker(host="127.0.0.1", port=broker.port, queue="icatIngest"), "{project}")
        with delivery(session, sink, **about) as one:
            assert one.run() == 2
            assert not one.news()
        now[0] = session.now + 86399.0
        with delivery(session, sink, **about) as one:
            one.run()
            assert not broker.messages
            now[0] += 2.0
            assert one.news(), "though nothing happened"
            assert one.run() == 1
            assert not one.news()
            assert len(broker.messages) == 1
            # It goes on after all: ICAT cannot be told.
            session.grow(1)
            session.finish()
            one._final = 0.0
            one.run()
            assert one.ledger.fact("said") == [
                "it went on after it was announced with 3 movies: ICAT is not told that it has 4"
                " by now"
            ]
    assert len(broker.messages) == 1
    told = ElementTree.fromstring(broker.messages[0][1])
    ended = datetime.fromtimestamp(int(stopped), UTC).isoformat().replace("+00:00", "Z")
    assert text_of(told, "endDate") == ended
