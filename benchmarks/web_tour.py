"""The pictures of the tutorial of the web application, made anew by going through it in a browser.

    python benchmarks/web_tour.py DEMO [--out docs/images] [--only NAME ...]

DEMO is the folder of `icestream demo`. It is copied, the copy is served, and a browser without a
window does in it what the tutorial tells: nothing of DEMO itself changes. `make ui` first.
"""

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from bench_screens import CHROMIUM, server, sessions

MOST = 250_000
"""Bytes of a picture."""
PASSWORD = "a river in winter, seen from the train"
PATIENCE = 300_000
"""Milliseconds for what a session has to work out."""
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


GREYS = 40
"""Shades without a colour: the pictures are mostly micrographs and paper."""


def small(picture: bytes) -> bytes:
    """The PNG with few enough colours for `MOST` bytes; what has a colour keeps it."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    pixels = np.asarray(image).reshape(-1, 3)
    coloured = pixels[np.ptp(pixels, axis=1) > 12]
    if len(coloured) == 0:
        coloured = pixels[:1]
    best = picture
    for greys, colours in ((GREYS, 200), (GREYS, 100), (24, 80), (16, 64), (10, 48)):
        # The colours have a palette of their own: in one for all, the many greys crowd them out.
        row = Image.fromarray(coloured[None, :, :])
        hues = row.quantize(colours, method=Image.Quantize.MAXCOVERAGE).getpalette() or []
        shades = [int(shade) for shade in np.linspace(0, 255, greys).round() for _ in range(3)]
        exact = [channel for shade in most_frequent(pixels, 12) for channel in shade]
        palette = Image.new("P", (1, 1))
        palette.putpalette((exact + shades + hues[: 3 * colours])[:768])
        file = io.BytesIO()
        few = image.quantize(palette=palette, dither=Image.Dither.NONE)
        few.save(file, "PNG", optimize=True)
        best = file.getvalue()
        if len(best) <= MOST:
            break
    return best


def most_frequent(pixels: NDArray[np.uint8], count: int) -> list[list[int]]:
    """The colours of paper, panels and ink, which have to be exact."""
    whole = pixels.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    values, counts = np.unique(whole, return_counts=True)
    top = values[np.argsort(counts)[::-1][:count]]
    return [[int(value >> 16), int(value >> 8 & 255), int(value & 255)] for value in top]


@dataclass(frozen=True, slots=True)
class Tour:
    """A browser at a served session, and where its pictures go."""

    browser: Browser
    address: str
    """Of the server."""
    session: str
    """Address of the session's first screen."""
    demo: Path
    out: Path
    only: tuple[str, ...]

    def page(self, path: str, *, scheme: str = "light", size: dict[str, int] | None = None) -> Page:
        """A new tab; `path` begins with a slash for a screen beside those of the session."""
        context = self.browser.new_context(
            viewport=size or DESK, color_scheme=scheme, reduced_motion="reduce"
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        base = self.address if path.startswith("/") else f"{self.session}/"
        page.goto((base + path).rstrip("/"))
        return page

    def take(self, page: Page, name: str, height: int = 0) -> None:
        """Make one picture of what is in the window, or of the first `height` pixels of it."""
        if self.only and name not in self.only:
            return
        wide = page.viewport_size or DESK
        if height:
            page.set_viewport_size({"width": wide["width"], "height": height})
        with suppress(Exception):
            page.wait_for_load_state("networkidle", timeout=5000)
        page.wait_for_timeout(1200)
        picture = small(page.screenshot())
        (self.out / f"web-{name}.png").write_bytes(picture)
        page.set_viewport_size(wide)
        print(f"web-{name}.png: {len(picture) / 1000:.0f} kB", flush=True)

    def ask(self, path: str, method: str = "GET") -> Any:
        """What the server answers below the session."""
        place = self.session.replace("/s/", "/api/sessions/") + path
        with urllib.request.urlopen(urllib.request.Request(place, method=method)) as answer:
            return json.load(answer)

    def running(self) -> None:
        """Let the session go on, where it has come to its end."""
        with suppress(urllib.error.HTTPError):  # it runs
            self.ask("/start", "POST")


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def reason(page: Page, why: str) -> None:
    dialog(page).get_by_label("Reason").fill(why)


def visit_sessions(tour: Tour) -> None:
    page = tour.page("/")
    expect(page.get_by_role("link", name="session", exact=True).first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Actions of")).click()
    tour.take(page, "sessions", 460)
    page.get_by_role("menuitem", name="Start").click()
    page.wait_for_timeout(3000)
    page.context.close()


def visit_new(tour: Tour) -> None:
    page = tour.page("/new")
    page.get_by_role("textbox", name="Where the movies are").fill(str(tour.demo / "microscope"))
    page.get_by_role("textbox", name="Folder of the session").fill(str(tour.demo.parent / "first"))
    page.get_by_role("button", name="Try one").click(timeout=60_000)
    expect(page.get_by_alt_text(re.compile("^Power spectrum"))).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Try again")).to_be_enabled(timeout=PATIENCE)
    page.get_by_text("running", exact=True).wait_for(state="hidden", timeout=PATIENCE)
    tour.take(page, "new", 1150)
    page.context.close()


def visit_live(tour: Tour) -> None:
    for name, scheme, size, height in (
        ("live", "light", DESK, 1180),
        ("live-dark", "dark", DESK, 900),
        ("live-phone", "light", PHONE, 0),
    ):
        page = tour.page("", scheme=scheme, size=size)
        expect(page.get_by_role("img", name="Defocus over time")).to_be_visible(timeout=60_000)
        tour.take(page, name, height)
        page.context.close()


def change_limit(tour: Tour) -> None:
    page = tour.page("exposures")
    expect(page.locator("[role=row][aria-rowindex='2']")).to_be_visible()
    page.get_by_role("button", name="Limits").click()
    expect(page.get_by_text(" within").first).to_be_visible()
    thumb = page.get_by_role("slider", name="CTF fit: largest")
    thumb.focus()
    for _ in range(200):
        if float(thumb.get_attribute("aria-valuenow") or "0") <= 5:
            break
        thumb.press("ArrowLeft")
    expect(page.get_by_text(re.compile("Nothing would change|lost|gained")).first).to_be_visible()
    tour.take(page, "limits")
    said = page.get_by_text(re.compile("exposures accepted, .* lost")).inner_text()
    (lost,) = re.findall(r"(\d+) lost", said)
    wanted = rejected(tour) + int(lost)
    page.get_by_role("button", name="Apply these limits").click()
    reason(page, "only what can reach 5 Å")
    dialog(page).get_by_role("button", name="Apply", exact=True).click()
    expect(dialog(page)).to_be_hidden(timeout=60_000)
    until(lambda: rejected(tour) == wanted)
    page.context.close()


def rejected(tour: Tour) -> int:
    with urllib.request.urlopen(f"{tour.address}/api/sessions") as answer:
        return int(json.load(answer)[0]["counts"]["rejected"])


def reject_one(tour: Tour) -> None:
    page = tour.page("exposures")
    page.get_by_role("button", name="FoilHole").nth(2).click()
    expect(page.get_by_alt_text("Power spectrum of")).to_be_visible()
    page.locator("label", has_text="20 Å").click()
    tour.take(page, "exposure", 1000)
    page.keyboard.press("r")
    reason(page, "a crack in the ice, and the beam is on its edge")
    tour.take(page, "reject")
    page.keyboard.press("Control+Enter")
    expect(dialog(page)).to_be_hidden(timeout=60_000)
    expect(page.get_by_text("a crack in the ice").first).to_be_visible(timeout=60_000)
    address = page.url
    page.context.close()
    page = tour.page("/", size=PHONE)
    page.goto(address)
    expect(page.get_by_alt_text("Power spectrum of")).to_be_visible()
    page.locator("label", has_text="20 Å").click()
    tour.take(page, "exposure-phone")
    page.context.close()


def edit_and_try(tour: Tour) -> None:
    tour.running()
    page = tour.page("workflow")
    steps = page.get_by_role("list", name="Steps")
    steps.get_by_role("button", name=re.compile("^ctf ")).click()
    page.get_by_role("button", name=re.compile("^Show .* advanced")).click()
    page.get_by_role("textbox", name="Resolution max").fill("3.2")
    expect(page.get_by_text("1 change, can run")).to_be_visible()
    tour.take(page, "workflow")
    page.get_by_role("button", name="Try on some").click()
    dialog(page).get_by_label("Name of the branch").fill("fine")
    dialog(page).get_by_label("Exposures", exact=True).fill("8")
    reason(page, "does the fit reach further?")
    send = dialog(page).get_by_role("button", name="Try it on 8")
    expect(send).to_be_enabled(timeout=60_000)
    tour.take(page, "try")
    send.click()
    expect(page).to_have_url(re.compile("/branches/fine$"), timeout=60_000)
    page.context.close()


def until(true: Callable[[], bool], seconds: float = 300) -> None:
    """Wait for something that the session has to work out."""
    ends = time.monotonic() + seconds
    while not true():
        if time.monotonic() > ends:
            raise TimeoutError("the session did not come so far in time")
        time.sleep(1)


def tried(tour: Tour) -> bool:
    (row,) = (row for row in tour.ask("/branches") if row["record"]["name"] == "fine")
    return bool(row["tasks"] > 0 and row["ended"] == row["tasks"])


def compare_and_adopt(tour: Tour) -> None:
    until(lambda: tried(tour))
    time.sleep(5)
    until(lambda: tried(tour))
    page = tour.page("branches/fine")
    expect(page.get_by_text("fine against main")).to_be_visible(timeout=60_000)
    tour.take(page, "compare", 1300)
    pictures = page.get_by_role("heading", name="Pictures")
    pictures.scroll_into_view_if_needed()
    page.evaluate("() => window.scrollBy(0, 600)")
    tour.take(page, "compare-pictures")
    page.evaluate("() => window.scrollTo(0, 0)")
    page.get_by_role("button", name="Adopt").first.click()
    expect(page.get_by_label("Reason")).to_be_visible()
    page.get_by_label("Reason").fill("the error of the defocus is smaller")
    tour.take(page, "adopt")
    page.get_by_role("button", name="Adopt for all exposures").click()
    expect(page.get_by_role("button", name="Adopt for all exposures")).to_be_hidden(timeout=60_000)
    page.context.close()


def choose_classes(tour: Tour) -> None:
    page = tour.page("classes")
    gallery = page.get_by_role("listbox", name="2D classes")
    expect(gallery.get_by_role("option").first).to_be_visible()
    gallery.get_by_role("option").first.focus()
    page.keyboard.press("End")
    page.keyboard.press(" ")
    expect(page.get_by_text("1 marked")).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_text("Would take")).to_be_visible()
    tour.take(page, "classes", 820)
    page.context.close()


def visit_map(tour: Tour) -> None:
    for name, scheme in (("map", "light"), ("map-dark", "dark")):
        page = tour.page("map", scheme=scheme)
        expect(page.locator("canvas[data-renderer]")).to_be_visible(timeout=60_000)
        page.wait_for_timeout(2500)
        tour.take(page, name, 1150)
        page.context.close()


def visit_provenance(tour: Tour) -> None:
    page = tour.page("provenance")
    page.get_by_role("button", name="The newest map").click()
    expect(page.get_by_text("volume.initial").first).to_be_visible()
    page.wait_for_timeout(1500)
    tour.take(page, "provenance")
    page.context.close()


def read_report(tour: Tour) -> None:
    page = tour.page("report")
    expect(page.get_by_role("region", name="What the steps found")).to_be_visible()
    expect(page.locator("g[data-alert]").first).to_be_visible()
    tour.take(page, "report", 1250)
    page.context.close()


def take_along(tour: Tour) -> None:
    page = tour.page("files")
    expect(page.get_by_role("link", name=re.compile("^Download:")).first).to_be_visible()
    tour.take(page, "export")
    page.context.close()


def share(tour: Tour) -> None:
    """On a server with accounts: one that answers this computer alone has nobody to share with."""
    make = [sys.executable, "-m", "icestream", "people", "add", "ada", "--role", "admin"]
    subprocess.run(make, input=2 * f"{PASSWORD}\n", text=True, check=True, capture_output=True)
    with server(tour.demo, "--login") as address:
        page = replace(tour, address=address).page("/login")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("button", name=re.compile("^Actions of")).click()
        page.get_by_role("menuitem", name="People and links").click()
        dialog(page).get_by_label("Whom the link is for").fill("the group of the sample")
        dialog(page).get_by_role("button", name="Make a link").click()
        expect(dialog(page).get_by_role("table")).to_contain_text("the group of the sample")
        tour.take(page, "share", 700)
        page.context.close()


# What is finished is looked at before anything is changed: changes run steps again.
PARTS = (
    visit_live,
    visit_new,
    visit_map,
    visit_provenance,
    read_report,
    choose_classes,
    visit_sessions,
    change_limit,
    reject_one,
    edit_and_try,
    compare_and_adopt,
    take_along,
    share,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("demo", type=Path, help="folder of `icestream demo`")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--only", nargs="*", default=(), help="names of pictures, as `live`")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="data-") as work:
        demo = Path(work) / "demo"
        shutil.copytree(given.demo / "session", demo / "session")
        # Movies are read and never written: no second copy where a link will do.
        shutil.copytree(given.demo / "microscope", demo / "microscope", copy_function=linked)
        os.environ["ICESTREAM_STATE"] = str(Path(work) / "state")
        with server(demo) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            (session,) = sessions(address).values()
            tour = Tour(browser, address, session, demo, given.out, tuple(given.only))
            for part in PARTS:
                part(tour)
            browser.close()
            # What the tour has started would wait for a folder that is gone.
            end = [sys.executable, "-m", "icestream", "stop", str(demo / "session")]
            subprocess.run(end, check=True, capture_output=True)
            until(lambda: not tour.ask("")["runs"])


def linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


if __name__ == "__main__":
    main()
