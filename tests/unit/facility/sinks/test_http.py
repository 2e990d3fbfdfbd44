"""The sink for whoever takes JSON over HTTP."""

import hashlib
import hmac
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from icestream.facility.sinks.files import FileSink
from icestream.facility.sinks.http import HttpSink, signature_of
from icestream.facility.sinks.sink import SinkDown
from icestream.model import Ctf
from icestream.store import queries
from icestream.store.items import item_of
from sink_servers import Taker, serving
from sink_sessions import DeliveredSession, delivery


@pytest.fixture
def session(tmp_path: Path) -> DeliveredSession:
    made = DeliveredSession(tmp_path / "s")
    made.grow(2)
    return made


def test_shipments_are_signed_and_have_a_key(session: DeliveredSession) -> None:
    taker = Taker()
    with serving(taker) as url:
        sink = HttpSink(lambda: f"{url}/em", lambda: "s3cret", lambda: "tok")
        sink.reach()
        with delivery(session, sink) as one:
            count = one.run()
            assert one.run() == 0
        sink.close()
    assert len(taker.there) == count and not taker.doubled
    body, said = taker.bodies[0], taker.headers[0]
    assert said["authorization"] == "Bearer tok"
    signed = f"{said['x-icestream-timestamp']}.".encode() + body
    known = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
    assert said["x-icestream-signature"] == f"sha256={known}"
    assert signature_of("s3cret", said["x-icestream-timestamp"], body) == f"sha256={known}"
    document = json.loads(body)
    assert document["format"] == "icestream-parcels" and document["session"]["uid"] == "u1"


def test_what_was_not_answered_is_sent_again_as_it_was(session: DeliveredSession) -> None:
    taker = Taker()
    with serving(taker) as url:
        sink = HttpSink(lambda: url)
        with delivery(session, sink) as one:
            one.run()
            session.grow(1)
            record = one.ledger.record

            def killed(*_: object) -> None:
                raise KeyboardInterrupt

            one.ledger.record = killed  # type: ignore[method-assign]
            with pytest.raises(KeyboardInterrupt):
                one.run()
            one.ledger.record = record  # type: ignore[method-assign]
        session.grow(1)  # so that it would be another shipment
        with delivery(session, sink) as one:
            one.run()
        sink.close()
    assert taker.bodies.count(taker.bodies[-2]) >= 1
    keys = [said["idempotency-key"] for said in taker.headers]
    assert len(keys) == len(set(keys)) + 1 and not taker.doubled  # one came twice, by its key


def test_what_the_answers_mean(session: DeliveredSession) -> None:
    taker = Taker()
    taker.refuses["ctf:2"] = "it is out of range"
    with serving(taker) as url:
        sink = HttpSink(lambda: url)
        with delivery(session, sink) as one:
            for status, why in ((503, "503"), (401, "401 Unauthorized"), (429, "429")):
                taker.answers.append((status, {"Retry-After": "7"}, "go away"))
                with pytest.raises(SinkDown, match=why) as error:
                    one.run()
            assert error.value.wait == 7.0 and "go away" in str(error.value)
            taker.chokes = "motion:1"
            one.run()
            aside = {each.id: each.reason for each in one.ledger.asides()}
            assert aside["ctf:2"] == "it is out of range"
            assert aside["motion:1"] == "422 Unprocessable Entity no motion:1 here"
            assert "movie:1" in taker.there and "motion:2" in taker.there
        sink.close()
    with pytest.raises(SinkDown, match=r"http://127\.0\.0\.1:[0-9]+: "):
        sink.reach()
    sink.close()


@pytest.mark.parametrize("kind", ["http", "file"])
def test_what_is_no_number_is_set_aside(
    session: DeliveredSession, tmp_path: Path, kind: str
) -> None:
    record = queries.results(session.store, "ctf")[1]
    ctf = item_of(session.store, record, "ctf", Ctf)
    session.remake("ctf", 2, ctf=replace(ctf, score=math.nan))
    taker = Taker()
    with serving(taker) as url:
        sink = HttpSink(lambda: url) if kind == "http" else FileSink(tmp_path)
        with delivery(session, sink) as one:
            one.run()
            (aside,) = one.ledger.asides()
            assert aside.id == "ctf:2" and "is no number" in aside.reason
            assert one.ledger.key("ctf:1") is not None
        sink.close()
