"""The web application in a real browser, over a real server and a session that grows."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser import CHROMIUM
from icestream.server.front import STATIC
from report_session import SampleSession
from served import served
from whole_session import complete, grown

expect.set_options(timeout=30_000)  # no absolute time is a test, unless it is one on purpose


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for each file: while it runs, no other test can have an event loop."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    if not (STATIC / "index.html").is_file():
        pytest.skip("the web application is not built: make ui")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[SampleSession]:
    """A session with classes, a map, the machine's load and an alert, which can go on growing."""
    with grown(tmp_path / "sessions") as made:
        yield made


@pytest.fixture
def whole(sample: SampleSession) -> SampleSession:
    """The session with the voxels of its map, and a step that chooses among its classes."""
    complete(sample)
    return sample


@pytest.fixture
def site(sample: SampleSession) -> Iterator[str]:
    """Address of a server over the session's folder."""
    with served(sample.folder.parent) as address:
        yield address


@pytest.fixture
def session(site: str) -> str:
    """Address of the session's first screen."""
    with urllib.request.urlopen(f"{site}/api/sessions") as answer:
        (only,) = json.load(answer)
    return f"{site}/s/{only['id']}"


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, site: str) -> Iterator[Open]:
    """Opens a page; at the end nothing was asked of another host, and nothing went wrong in it."""
    contexts, asked, wrong = [], set(), []

    def open_(address: str, **options: Any) -> Page:
        given = {"viewport": {"width": 1440, "height": 900}} | options
        context = browser.new_context(**given)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.add(urlsplit(request.url)[:2]))
        page.on("websocket", lambda socket: asked.add(("ws", urlsplit(socket.url).netloc)))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else "",
        )
        page.goto(address)
        return page

    yield open_
    for context in contexts:
        context.close()
    host = urlsplit(site).netloc
    assert {place for place in asked if place[0] not in ("data", "blob")} <= {
        ("http", host),
        ("ws", host),
    }
    assert not wrong
