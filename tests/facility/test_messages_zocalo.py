"""The programs of a zocalo site talk to icestream over a real broker, and are understood."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from icestream.facility.messages.exchange import exchange, link_of
from message_room import MONITOR, room, section
from real_broker import RealBroker

pytest.importorskip("workflows", reason="workflows is not installed (group test)")
pytest.importorskip("zocalo", reason="zocalo is not installed (group test)")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


@pytest.fixture
def broker(activemq: RealBroker) -> RealBroker:
    return activemq


@pytest.fixture
def transport(broker: RealBroker) -> Iterator[Any]:
    """workflows' own way to the broker."""
    from workflows.transport.stomp_transport import StompTransport

    made = StompTransport()
    made.config = {
        "--stomp-host": "127.0.0.1",
        "--stomp-port": broker.port,
        "--stomp-user": broker.user,
        "--stomp-pass": broker.password,
    }
    made.connect()
    yield made
    made.disconnect()


def _until(made: Any, what: Any, seconds: float = 30.0) -> None:
    """Talk to the broker and carry out, until something is so."""
    link = link_of(made.section)
    link.open()
    until = time.monotonic() + seconds
    while not what() and time.monotonic() < until:
        exchange(made.carrying, link, threading.Event(), 0.2)
        made.carrying.carry_out()
    link.close()
    assert what()


def _room(folder: Path, broker: RealBroker, **zocalo: Any) -> Any:
    given = broker.section().model_dump()
    given["password"] = broker.password
    return room(folder, section(folder, broker=given, zocalo=zocalo))


def test_a_recipe_of_zocalos_dispatcher_begins_a_session_and_goes_on(
    broker: RealBroker, transport: Any, tmp_path: Path
) -> None:
    import workflows.recipe
    from zocalo.service.dispatcher import Dispatcher

    recipe = {
        "1": {
            "service": "icestream", "queue": "site.icestream", "output": {"began": 2},
            "parameters": {"session": "{visit}-{dcid}", "workflow": MONITOR},
        },
        "2": {"service": "archive", "queue": "site.archive", "parameters": {"by": "icestream"}},
        "start": [[1, []]],
    }  # fmt: skip
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "em-live.json").write_text(json.dumps(recipe))
    stored = SimpleNamespace(storage={"zocalo.recipe_directory": str(tmp_path / "recipes")})
    dispatcher = Dispatcher(environment={"config": stored})
    dispatcher.transport = transport
    dispatcher.initializing()
    heard: list[tuple[Any, Any]] = []

    def hear(wrapper: Any, header: Any, message: Any) -> None:
        heard.append((wrapper, message))
        transport.ack(header)

    workflows.recipe.wrap_subscribe(transport, "site.archive", hear, acknowledgement=True)
    parameters = {"visit": "cm1-2", "dcid": 7, "guid": "5b2e"}
    transport.send("processing_recipe", {"recipes": ["em-live"], "parameters": parameters})
    made = _room(tmp_path, broker, starts=None, steps="site.icestream")
    _until(made, lambda: heard)
    (wrapper, message), *more = heard
    assert not more
    assert (message["state"], message["session"]) == ("began", "cm1-2-7")
    assert wrapper.recipe_pointer == 2
    assert wrapper.recipe_step["parameters"] == {"by": "icestream"}
    assert wrapper.environment["ID"] == "5b2e"
    assert made.sessions.begun == ["cm1-2-7"]
    made.ledger.close()


def test_a_start_request_of_murfey_begins_a_session(
    broker: RealBroker, transport: Any, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    answers: list[Any] = []

    def hear(header: Any, message: Any) -> None:
        answers.append(message if isinstance(message, dict) else json.loads(message))
        transport.ack(header)

    transport.subscribe("murfey.answers", hear, acknowledgement=True)
    parameters = {
        "dcid": 9, "movie": str(raw / "GridSquare_1" / "Data" / "a_fractions.tiff"), "kv": 300,
        "pixel_size": 0.8, "session_id": 4,
    }  # fmt: skip
    for _ in range(2):
        transport.send(
            "murfey.starts", {"recipes": ["em-spa-preprocess"], "parameters": parameters},
            headers={"reply-to": "/queue/murfey.answers"},
        )  # fmt: skip
    made = _room(tmp_path, broker, starts="murfey.starts")
    _until(made, lambda: len(answers) >= 2)
    assert [one["state"] for one in answers[:2]] == ["accepted", "began"]
    assert made.sessions.begun == ["em-spa-preprocess-9"]
    made.ledger.close()
