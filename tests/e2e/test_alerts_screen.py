from collections.abc import Callable

from playwright.sync_api import Page, expect

from icestream.store import queries
from report_session import SampleSession

Open = Callable[..., Page]


def test_an_alert_is_taken_care_of_with_a_reason(
    opened: Open, session: str, sample: SampleSession
) -> None:
    page = opened(f"{session}/alerts")
    expect(page.get_by_text("1 warning")).to_be_visible()
    page.get_by_role("button", name="Acknowledge").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("I look at the grid")
    dialog.get_by_role("button", name="Acknowledge").click()
    expect(dialog).to_be_hidden(timeout=20_000)
    expect(page.get_by_text("I look at the grid")).to_be_visible()
    (alert,) = queries.alerts(sample.store)
    assert alert.acknowledged is not None
    assert alert.acknowledged_why == "I look at the grid"


def test_alerts_that_have_passed_are_apart(
    opened: Open, session: str, sample: SampleSession
) -> None:
    sample.warn("critical", "no movies came", "", cleared=True)
    page = opened(f"{session}/alerts")
    listed = page.get_by_role("listitem")
    expect(listed.filter(has_text="the ice grows thicker")).to_be_visible()
    expect(listed.filter(has_text="no movies came")).to_have_count(0)
    page.get_by_text("passed (1)").click()
    expect(listed.filter(has_text="no movies came")).to_be_visible()
