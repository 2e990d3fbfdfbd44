"""How fast the screens of a session are in a browser, at 10,000 and at 100,000 exposures.

    python benchmarks/bench_screens.py [--folder FOLDER] [--rounds 3]

Sessions with made-up measurements are made where they are not in the folder yet; a server of its
own process serves them to Chromium without a window. Times are those that a person waits: from
opening an address, or from a press, until what was asked for is on the screen.
"""

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from large_session import make

CHROMIUM = "/usr/bin/chromium"
SIZES = (10_000, 100_000)
FRAMES = """async (box) => {
  let last = performance.now(), worst = 0, going = true;
  const watch = (now) => {
    worst = Math.max(worst, now - last);
    last = now;
    if (going) requestAnimationFrame(watch);
  };
  requestAnimationFrame(watch);
  for (let step = 1; step <= 60; step += 1) {
    box.scrollTop = (box.scrollHeight * step) / 61;
    await new Promise((done) => setTimeout(done, 50));
  }
  going = false;
  return worst;
}"""
"""Scrolls through all of a table in sixty steps; the longest time between two frames, ms."""


@contextmanager
def server(folder: Path, *options: str) -> Iterator[str]:
    """A server over the sessions of a folder; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "icestream", "serve", str(folder), "--port", str(port)]
    command += options
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(200):
                try:
                    urllib.request.urlopen(f"{address}/api/login/methods").close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield address
        finally:
            run.terminate()


def sessions(address: str) -> dict[str, str]:
    """Addresses of the sessions' first screens, by the names of their folders."""
    with urllib.request.urlopen(f"{address}/api/sessions") as answer:
        found = json.load(answer)
    return {Path(one["folder"]).name: f"{address}/s/{one['id']}" for one in found}


def taken(action: Callable[[], object]) -> float:
    """Seconds that something takes."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def first_view(page: Page, address: str) -> None:
    """Open the first screen, and wait for its verdict, its figures and its plots."""
    page.goto(address)
    drawn(page)


def drawn(page: Page) -> None:
    expect(page.get_by_role("region", name="Verdict")).to_be_visible(timeout=300_000)
    expect(page.get_by_role("img", name="Defocus over time")).to_be_visible(timeout=300_000)


def live(browser: Browser, address: str, rounds: int) -> dict[str, float]:
    """First view without a cache, and reload with one; medians."""
    first, again = [], []
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        first.append(taken(lambda page=page: first_view(page, address)))
        again.append(taken(lambda page=page: (page.reload(), drawn(page))))
        context.close()
    return {"first view": statistics.median(first), "reload": statistics.median(again)}


def plots(page: Page, address: str) -> float:
    """Seconds from letting go of a brush in one plot until all are drawn with it."""
    first_view(page, address)
    plot = page.get_by_role("img", name="Defocus over time").locator("canvas").first
    plot.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 130, box["y"] + 90, steps=4)
    return taken(
        lambda: (
            page.mouse.up(),
            page.get_by_text("exposures marked").wait_for(),
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))"),
        )
    )


def table(page: Page, address: str) -> dict[str, float]:
    """Opening, filtering, sorting and scrolling the table."""
    row = page.locator("[role=row][aria-rowindex='2']")
    opening = taken(lambda: (page.goto(f"{address}/exposures"), row.wait_for()))
    expect(page.get_by_role("columnheader", name="Defocus")).to_be_visible(timeout=300_000)
    worst = page.get_by_role("grid").evaluate(FRAMES)
    page.get_by_role("grid").evaluate("(box) => { box.scrollTop = 0; }")
    page.wait_for_timeout(500)
    filtering = taken(
        lambda: (
            page.get_by_role("button", name="rejected", exact=True).click(),
            expect(page.get_by_text(" of 1", exact=False)).to_be_visible(),
            expect(row).to_contain_text("rejected"),
        )
    )
    head = page.get_by_role("columnheader", name="CTF fit")
    before = row.inner_text()
    sorting = taken(
        lambda: (head.get_by_role("button").click(), expect(row).not_to_have_text(before))
    )
    return {
        "table opened": opening,
        "filter": filtering,
        "sort": sorting,
        "worst frame while scrolling": worst / 1000,
    }


def main() -> None:
    """Measure, and print what was measured beside the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="icestream-screens-"))
    for size in SIZES:
        if not (folder / f"s{size // 1000}k").is_dir():
            print(f"making a session of {size:,} exposures")
            make(folder / f"s{size // 1000}k", size)
    bars = {"first view": 2.0, "reload": 1.0, "filter": 0.5, "plots": 0.3}
    bars["worst frame while scrolling"] = 0.2
    with server(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, place in sorted(sessions(address).items(), key=lambda one: (len(one[0]), one[0])):
            if name not in {f"s{size // 1000}k" for size in SIZES}:
                continue
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            # The first question of a session reads all of it; a server that runs has done so.
            cold = taken(lambda page=page, place=place: first_view(page, place))
            measured = {"first view of a server just started": cold}
            measured |= live(browser, place, given.rounds)
            measured["plots"] = plots(page, place)
            measured |= table(page, place)
            print(f"{name}:")
            for what, seconds in measured.items():
                bar = f"  (at most {bars[what]:g})" if what in bars else ""
                print(f"  {what:40} {seconds:7.3f} s{bar}")
        browser.close()


if __name__ == "__main__":
    main()
