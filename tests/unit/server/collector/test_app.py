"""A collector, asked over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from collecting import collecting, said
from icestream.server.collector.app import CONTENT_POLICY
from icestream.usage.statement import LARGEST, statement_text

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with collecting(tmp_path / "collector.db") as one:
        yield one


def put(address: str, content: bytes, **headers: str) -> httpx2.Response:
    return httpx2.post(f"{address}/api/usage", content=content, headers={**JSON, **headers})


def test_what_is_sent_is_shown(address: str, tmp_path: Path) -> None:
    assert put(address, statement_text(said())).status_code == 204
    figures = httpx2.get(f"{address}/usage.json").json()
    assert (figures["form"], figures["installations"]) == (1, 1)
    page = httpx2.get(address)
    assert "<title>Spain: 1</title>" in page.text
    assert page.headers["content-security-policy"] == CONTENT_POLICY
    assert "unsafe" not in CONTENT_POLICY
    style = httpx2.get(f"{address}/style.css")
    assert style.headers["content-type"].startswith("text/css")
    # No address is kept: neither in its file nor beside it.
    for file in tmp_path.iterdir():
        assert b"127.0.0.1" not in file.read_bytes()


def test_what_is_no_statement_is_refused(address: str) -> None:
    answer = put(address, b'{"form": 1, "host": "krios.example.org"}')
    assert answer.status_code == 422
    assert "host: Extra inputs are not permitted" in answer.json()["message"]
    assert "krios" not in answer.text
    assert put(address, b"\xff\x00").status_code == 422
    assert put(address, b"[" * 100_000).status_code == 422
    assert put(address, statement_text(said()), **{"Content-Type": "text/plain"}).status_code == 415
    assert put(address, b" " * (LARGEST + 1)).status_code == 413
    assert httpx2.get(f"{address}/api/usage").status_code == 405
    assert httpx2.get(f"{address}/elsewhere").status_code == 404
    assert httpx2.get(f"{address}/usage.json").json()["installations"] == 0


@pytest.mark.usefixtures("clock_stands")
def test_who_sends_too_much_has_to_wait(address: str) -> None:
    text = statement_text(said())
    statuses = [put(address, text).status_code for _ in range(22)]
    assert statuses == [204] * 20 + [429] * 2
    assert int(put(address, text).headers["Retry-After"]) > 1
    assert httpx2.get(address).status_code == 200
