import re
import time
from collections.abc import Callable
from statistics import median

from playwright.sync_api import Locator, Page, expect

from browser import box_of
from report_session import SampleSession

Open = Callable[..., Page]
EXPOSURES = 60


def test_it_is_seen_at_once_whether_the_session_is_good(opened: Open, session: str) -> None:
    page = opened(session)
    verdict = page.get_by_role("region", name="Verdict")
    expect(verdict).to_contain_text("Microscope")
    expect(verdict).to_contain_text("Data")
    expect(page.get_by_role("region", name="Counters")).to_contain_text("60")
    expect(page.get_by_alt_text("Power spectrum of")).to_be_visible()
    expect(page.get_by_text("The ice grows thicker", exact=False)).to_be_visible()
    expect(page.get_by_role("img", name="Map of")).to_be_visible()


def test_a_new_exposure_is_on_the_screen_without_a_reload(
    opened: Open, session: str, sample: SampleSession
) -> None:
    page = opened(session)
    counters = page.get_by_role("region", name="Counters")
    expect(counters).to_contain_text("60")
    sample.grow(3)
    expect(counters).to_contain_text("63", timeout=10_000)
    expect(page.get_by_text("exposure 63 ·")).to_be_visible(timeout=10_000)


WATCH = """(wanted) => {
    const counters = document.querySelector('[aria-label="Counters"]');
    const seen = {};
    window.seen = new Promise((resolve) => {
        const look = () => {
            const said = [...counters.querySelectorAll("*")].map((one) => one.textContent);
            if (said.filter((one) => one === wanted).length >= 2) seen.counters ??= Date.now();
            const text = document.body.textContent;
            if (text.includes(`exposure ${wanted} ·`)) seen.newest ??= Date.now();
            if (seen.counters && seen.newest) resolve(seen);
            else requestAnimationFrame(look);
        };
        look();
    });
}"""


def test_what_the_engine_commits_is_on_the_screen_within_a_second(
    opened: Open, session: str, sample: SampleSession
) -> None:
    page = opened(session)
    expect(page.get_by_text("exposure 60 ·")).to_be_visible()
    delays: dict[str, list[float]] = {"counters": [], "newest": []}
    for number in range(EXPOSURES + 2, EXPOSURES + 16, 2):
        page.wait_for_timeout(2500)  # about as fast as microscopes are
        sample.grow(1)
        page.wait_for_timeout(700)  # and sometimes another is done a moment later
        page.evaluate(WATCH, str(number))
        sample.grow(1)
        committed = time.time()
        for what, when in page.evaluate("() => window.seen").items():
            delays[what].append(when / 1000 - committed)
    assert all(median(each) < 1.0 for each in delays.values()), delays


def test_what_is_brushed_in_a_plot_is_marked_and_opens_in_the_table(
    opened: Open, session: str
) -> None:
    page = opened(session)
    plot = page.get_by_role("img", name="Defocus over time").locator("canvas").first
    plot.scroll_into_view_if_needed()
    page.wait_for_timeout(400)  # ECharts takes the cursor for the brush after it has drawn
    box = box_of(plot)
    page.mouse.move(box["x"] + 60, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 100, steps=6)
    page.mouse.up()
    expect(page.get_by_text("exposures marked")).to_be_visible()
    page.get_by_role("link", name="Open in the table").click()
    expect(page).to_have_url(re.compile("where=number.*where=ctf.defocus"))
    expect(page.get_by_text("of 60", exact=False)).to_be_visible()


def squares_of(page: Page) -> Locator:
    """Buttons of the squares, in the table below the map."""
    return page.get_by_label("Squares of the grid").get_by_role("button")


def test_a_square_of_the_map_shows_its_holes(
    opened: Open, session: str, sample: SampleSession
) -> None:
    sample.grow(20)
    page = opened(session)
    page.get_by_text("2 squares as a table").click()
    squares_of(page).first.click()
    expect(page.get_by_role("button", name="All squares")).to_be_visible()
    expect(page.get_by_text("press one to open it")).to_be_visible()


def test_a_square_of_the_map_that_is_marked_is_marked_in_the_trends(
    opened: Open, session: str, sample: SampleSession
) -> None:
    sample.grow(20)
    page = opened(session)
    page.get_by_text("2 squares as a table").click()
    square = squares_of(page)
    expect(square).to_have_count(2)
    square.last.click(modifiers=["Shift"])
    expect(page.get_by_text("20 exposures marked")).to_be_visible()
    page.get_by_role("link", name="Open in the table").click()
    expect(page).to_have_url(re.compile("square="))
    expect(page.get_by_text("20 of 80", exact=False)).to_be_visible()
