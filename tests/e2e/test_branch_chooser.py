import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from report_session import SampleSession

Open = Callable[..., Page]
CHOOSER = "Branch that is shown"


def test_the_chosen_branch_is_shown_on_all_screens_that_are_of_one(
    opened: Open, session: str, sample: SampleSession
) -> None:
    sample.add_branch("tried", [1, 2, 3])
    page = opened(session)
    chooser = page.get_by_role("combobox", name=CHOOSER)
    screen = page.locator("main")
    expect(screen).to_contain_text("last 50; all:")
    chooser.select_option("tried")
    expect(page).to_have_url(re.compile(r"\?branch=tried$"))
    expect(screen).to_contain_text("median of 3", timeout=20_000)
    page.get_by_role("link", name="Exposures", exact=True).click()
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "4")
    for title in ("Classes", "Map", "Workflow"):
        page.get_by_role("link", name=title, exact=True).click()
        expect(chooser).to_have_value("tried")
    expect(
        page.get_by_role("list", name="Steps").get_by_role("button", name="pick ")
    ).to_be_hidden()
    page.get_by_role("link", name="Alerts", exact=True).click()
    expect(chooser).to_be_hidden()


def test_a_session_with_one_branch_has_nothing_to_choose(opened: Open, session: str) -> None:
    page = opened(session)
    expect(page.get_by_role("link", name="Live", exact=True)).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("combobox", name=CHOOSER)).to_be_hidden()
