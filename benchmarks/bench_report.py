"""How a report of many exposures is in a browser, opened from a disk.

    python benchmarks/bench_report.py [--folder FOLDER] [--sizes 10000 100000] [--rounds 5]

Sessions with made-up measurements are made where they are not in the folder yet, and their reports
beside them are written anew. Times are those that a person waits: from opening the page, or from a
press, until what was asked for is on the screen. Memory is what the page's own process holds.
"""

import argparse
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench_screens import CHROMIUM, FRAMES, taken
from icestream.report.writer import write_report
from large_session import make

SIZES = (10_000, 100_000)


def opened(browser: Browser, page_file: Path) -> Page:
    """The page in a window of its own, until its first screen is drawn."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(page_file.as_uri())
    drawn(page)
    return page


def drawn(page: Page) -> None:
    expect(page.get_by_role("region", name="Verdict")).to_be_visible(timeout=300_000)
    expect(page.get_by_role("img", name="Defocus over time").first).to_be_visible(timeout=300_000)


def memory() -> float:
    """MB that the largest of the browser's pages holds."""
    pages = [
        child.memory_info().rss
        for child in psutil.Process().children(recursive=True)
        if "--type=renderer" in child.cmdline()
    ]
    return max(pages) / 1e6


def table(page: Page) -> dict[str, float]:
    """Coming to the table, and scrolling, filtering, sorting and searching it."""
    part = page.locator("[data-part=exposures]")
    row = part.locator("[role=row][aria-rowindex='2']")
    found = {
        "table": taken(
            lambda: (page.evaluate("location.hash = '#exposures'"), row.wait_for(timeout=60_000))
        )
    }
    page.wait_for_timeout(3000)
    found["longest frame while scrolling"] = part.get_by_role("grid").evaluate(FRAMES) / 1000
    part.get_by_role("grid").evaluate("(box) => { box.scrollTop = 0; }")
    page.wait_for_timeout(500)
    head = part.get_by_role("columnheader", name="CTF fit").get_by_role("button")
    before = row.inner_text()
    found["sort, which reads all"] = taken(
        lambda: (head.click(), expect(row).not_to_have_text(before, timeout=60_000))
    )
    before = row.inner_text()
    found["sort again"] = taken(
        lambda: (head.click(), expect(row).not_to_have_text(before, timeout=60_000))
    )
    rejected = part.get_by_role("button", name="rejected", exact=True)
    found["filter"] = taken(lambda: (rejected.click(), expect(row).to_contain_text("rejected")))
    return found


def measure(browser: Browser, page_file: Path, rounds: int) -> dict[str, float]:
    """What a reader waits for, medians, and what the page takes."""
    first, again = [], []
    for _ in range(rounds):
        begun = time.perf_counter()
        page = opened(browser, page_file)
        first.append(time.perf_counter() - begun)
        again.append(taken(lambda page=page: (page.reload(), drawn(page))))
        page.context.close()
    page = opened(browser, page_file)
    page.wait_for_timeout(1000)
    found = {"first view": statistics.median(first), "reload": statistics.median(again)}
    found["memory, first view"] = memory()
    where = page.locator("[data-part=where] canvas")
    found["map"] = taken(
        lambda: (page.evaluate("location.hash = '#where'"), where.first.wait_for(timeout=60_000))
    )
    found |= table(page)
    found["memory, all of it read"] = memory()
    page.context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where sessions are kept")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        folder = asked.folder or Path(made)
        for size in asked.sizes:
            session = folder / f"s{size // 1000}k"
            if not session.is_dir():
                make(session, size)
            with tempfile.TemporaryDirectory() as out:
                writing = taken(partial(write_report, session, out))
                print(f"{size:,} exposures: written in {writing:.1f} s")
                browser = playwright.chromium.launch(
                    executable_path=CHROMIUM, args=["--no-sandbox"]
                )
                for what, value in measure(browser, Path(out) / "index.html", asked.rounds).items():
                    unit = "MB" if what.startswith("memory") else "s"
                    print(f"  {what}: {value:.3g} {unit}")
                browser.close()


if __name__ == "__main__":
    main()
