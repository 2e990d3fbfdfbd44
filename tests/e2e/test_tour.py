"""The way that the tutorial of the web application goes, in one browser."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from icestream.store import queries
from icestream.store.requests import requests
from report_session import SampleSession

Open = Callable[..., Page]
WHY = "a crack in the ice, and the beam is on its edge"


def reject_one(page: Page, session: str) -> str:
    """Reject the third exposure of the table on its own screen; gives its name."""
    page.goto(f"{session}/exposures")
    page.get_by_role("button", name="FoilHole").nth(2).click()
    expect(page.get_by_alt_text("Power spectrum of")).to_be_visible()
    name = page.url.rsplit("/", 1)[1].split("?")[0]
    # Keys of the screen go on working while a choice of it has the focus.
    page.locator("label", has_text="20 Å").click()
    page.keyboard.press("r")
    page.get_by_role("dialog").get_by_label("Reason").fill(WHY)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_be_hidden(timeout=30_000)
    expect(page.get_by_text(WHY).first).to_be_visible(timeout=30_000)
    return name


def test_one_is_rejected_on_its_screen_and_the_log_of_decisions_says_why(
    opened: Open, session: str, sample: SampleSession
) -> None:
    page = opened(session)
    name = reject_one(page, session)
    (decision,) = queries.decisions(sample.store, exposure=name)
    assert not decision.accepted
    assert decision.why == WHY
    page.goto(session)
    decisions = page.get_by_role("list", name="Decisions")
    expect(decisions.get_by_text(WHY)).to_be_visible()


def test_what_is_tried_is_compared_with_what_runs(
    opened: Open, session: str, sample: SampleSession
) -> None:
    page = opened(f"{session}/workflow")
    steps = page.get_by_role("list", name="Steps")
    steps.get_by_role("button", name=re.compile("^ctf ")).click()
    page.get_by_role("textbox", name="Defocus max").fill("4")
    page.get_by_role("button", name="Try on some").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name of the branch").fill("fine")
    dialog.get_by_label("Exposures", exact=True).fill("8")
    dialog.get_by_label("Reason").fill("is 4 µm enough?")
    dialog.get_by_role("button", name="Try it on 8").click()
    expect(page).to_have_url(re.compile("/branches/fine$"), timeout=30_000)
    expect(page.get_by_text("fine against main")).to_be_visible(timeout=30_000)
    rows = page.get_by_role("row")
    expect(rows.filter(has_text="main")).to_contain_text("adopted")
    expect(rows.filter(has_text="fine")).to_contain_text("defocus_max: 5 µm → 4 µm")
    (branch,) = (one for one in queries.branches(sample.store) if one.name == "fine")
    assert branch.sample == 8
    (asked,) = requests(sample.store)
    assert asked.document["why"] == "is 4 µm enough?"
