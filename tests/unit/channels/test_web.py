"""What is posted to a sink, and how failing is said without the secret address."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest

from icestream.channels import web
from icestream.channels.kinds import (
    MattermostChannel,
    SlackChannel,
    TeamsChannel,
    WebhookChannel,
)
from icestream.channels.message import card_of, document_of, text_of
from icestream.channels.receipt import Undelivered
from icestream.channels.web import payload_of, post
from post_office import MESSAGE, Sink, free_port, silent_server


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


KINDS: dict[str, Any] = {
    "slack": SlackChannel,
    "mattermost": MattermostChannel,
    "teams": TeamsChannel,
    "webhook": WebhookChannel,
}


def channel(kind: str, url: str, **more: Any) -> Any:
    return KINDS[kind](kind=kind, url=url, **more)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("slack", {"text": text_of(MESSAGE)}),
        ("mattermost", {"text": text_of(MESSAGE)}),
        ("teams", card_of(MESSAGE)),
    ],
)
def test_each_service_gets_what_it_reads(sink: Sink, kind: str, payload: Any) -> None:
    answer = post(channel(kind, sink.url), MESSAGE)
    assert answer.text == f"{sink.host} took the message: 200 ok"
    assert sink.posts == [payload]
    assert sink.headers[0]["Content-Type"] == "application/json"


def test_a_webhook_gets_everything_and_a_token(sink: Sink) -> None:
    post(channel("webhook", sink.url, token="t0ken"), MESSAGE)
    assert sink.posts[0]["id"] == document_of(MESSAGE)["id"]
    assert sink.posts[0]["alerts"][0]["key"] == "step.paused"
    assert sink.headers[0]["Authorization"] == "Bearer t0ken"


def test_signs_that_slack_reads_are_written_out() -> None:
    (told,) = MESSAGE.alerts
    odd = dataclasses.replace(MESSAGE, alerts=(dataclasses.replace(told, message="a<b>&c"),))
    assert payload_of(channel("slack", "https://x"), odd)["text"].startswith(
        "critical: a&lt;b&gt;&amp;c"
    )


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_a_refusal_is_said_without_the_address(sink: Sink, status: int) -> None:
    sink.answers = [status]
    with pytest.raises(Undelivered, match=rf"^{sink.host}: {status} .*out of order") as raised:
        post(channel("slack", sink.url), MESSAGE)
    assert "s3cret" not in str(raised.value)
    assert sink.tries == 1  # nowhere else either


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.org/s3cret", "does not begin with https"),
        ("s3cret", "does not begin with https"),
        ("http://127.0.0.1:{port}/s3cret", "connection refused"),
        ("http://127.0.0.1:{port}/s3cret with a space", "has a character"),
        ("http://no-such-host.invalid/s3cret", "no-such-host.invalid: "),
    ],
)
def test_what_cannot_be_reached_is_said_without_the_address(url: str, why: str) -> None:
    with pytest.raises(Undelivered, match=why) as raised:
        post(channel("mattermost", url.format(port=free_port())), MESSAGE)
    assert "s3cret" not in str(raised.value)


def test_a_server_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "PATIENCE", 0.2)
    with silent_server() as port, pytest.raises(Undelivered, match="no answer within"):
        post(channel("slack", f"http://127.0.0.1:{port}/"), MESSAGE)


@pytest.mark.parametrize("kind", list(KINDS))
def test_names_of_files_with_any_bytes_can_be_posted(sink: Sink, kind: str) -> None:
    (told,) = MESSAGE.alerts
    odd = dataclasses.replace(MESSAGE, alerts=(dataclasses.replace(told, message="ä\udcff"),))
    post(channel(kind, sink.url), odd)
    assert "ä" in json.dumps(sink.posts[0], ensure_ascii=False)
