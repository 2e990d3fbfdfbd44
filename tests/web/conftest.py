"""A real browser for reports, which says what a page asks for and what goes wrong in it."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from browser import CHROMIUM
from icestream.report.shell import is_built

Read = Callable[..., Page]


def _note(found: set[str], request: Request) -> None:
    found.add(request.url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for each file: while it runs, no other test can have an event loop."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: .ci/install chromium")
    if not is_built():
        pytest.skip("the page of reports is not built: make ui")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def read(browser: Browser) -> Iterator[Read]:
    """Opens a report; at the end nothing was asked of another place, and nothing was complained of.

    A window that is higher than the page shows all its parts: those far below are drawn late.
    """
    contexts: list[BrowserContext] = []
    urls: set[str] = set()
    said: list[str] = []

    def read_(
        report: Path | str, place: str = "", asked: set[str] | None = None, **options: Any
    ) -> Page:
        given = {"viewport": {"width": 1400, "height": 12_000}} | options
        context = browser.new_context(**given)
        contexts.append(context)
        page = context.new_page()
        for found in (urls, asked):
            if found is not None:
                page.on("request", functools.partial(_note, found))
        page.on("console", lambda line: said.append(line.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        address = report if isinstance(report, str) else report.as_uri()
        page.goto(f"{address}{place}")
        page.get_by_label("Verdict").wait_for()
        page.wait_for_function("document.fonts.ready")
        page.wait_for_timeout(700)
        return page

    yield read_
    for context in contexts:
        context.close()
    # A test reads what was drawn.
    assert [line for line in said if "readback" not in line] == []
    assert [
        url for url in urls if not url.startswith(("file:", "data:", "http://127.0.0.1:"))
    ] == []
