"""What open tabs of a session cost its server while the session is written on.

    python benchmarks/bench_tabs.py [--tabs 2 8] [--every 3.6]

Each tab is a page of a real Chromium on the first screen of a session of two thousand exposures,
all of them seen; an exposure comes and is processed each so many seconds (3.6: a thousand an hour).
The server runs in a process of its own; its processor time and its resident size are measured for a
minute with no tab open, and with so many. Fifty pages that draw are more than two cores can do, and
pages that wait for a core ask for less: what fifty cost is told from the difference between few and
more. Figures: docs/explanation/web-benchmarks.md.
"""

import argparse
import time

import psutil
from playwright.sync_api import sync_playwright

from bench_live import growing_session
from bench_screens import CHROMIUM, first_view

EXPOSURES = 2000
SECONDS = 60.0
FIFTY = 50


def used(server: psutil.Process, seconds: float = SECONDS) -> float:
    """The part of a core that a process takes for some time."""
    before, began = server.cpu_times(), time.monotonic()
    time.sleep(seconds)
    after, took = server.cpu_times(), time.monotonic() - began
    return (after.user + after.system - before.user - before.system) / took


def main() -> None:
    """Open the tabs, and print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tabs", type=int, nargs=2, default=(2, 8))
    parser.add_argument("--every", type=float, default=3.6)
    given = parser.parse_args()
    with growing_session(EXPOSURES, every=given.every) as served, sync_playwright() as playwright:
        print(f"an exposure each {given.every:g} s")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        shares = []
        for tabs in (0, *given.tabs):
            while len(context.pages) < tabs:
                first_view(context.new_page(), f"{served.address}/s/{served.session}")
            time.sleep(10.0)
            shares.append(used(served.server))
            size = served.server.memory_info().rss / 1e6
            print(f"{tabs:3} tabs: {100 * shares[-1]:5.1f} % of a core, {size:.0f} MB", flush=True)
        few, more = given.tabs
        each = (shares[2] - shares[1]) / (more - few)
        print(f" {FIFTY} tabs: {100 * (shares[1] + each * (FIFTY - few)):5.1f} %, reckoned")
        browser.close()


if __name__ == "__main__":
    main()
