import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from icestream.store import queries
from report_session import SampleSession

Open = Callable[..., Page]


def first_row(page: Page) -> str:
    return page.locator("[role=row][aria-rowindex='2']").inner_text()


def test_the_table_sorts_and_filters_on_the_server(opened: Open, session: str) -> None:
    page = opened(f"{session}/exposures")
    expect(page.get_by_text("60 exposures", exact=False)).to_be_visible()
    page.get_by_role("button", name="CTF fit").click()
    expect(page.get_by_role("columnheader", name="CTF fit")).to_have_attribute(
        "aria-sort", "ascending"
    )
    lowest = page.request.get(page.url.split("/s/")[0] + "/api/sessions")
    assert lowest.ok
    page.get_by_role("button", name="rejected", exact=True).click()
    expect(page.get_by_text(" of 60", exact=False)).to_be_visible()
    expect(page.locator("[role=row][aria-rowindex='2']")).to_contain_text("rejected")
    page.get_by_role("button", name="Clear all").click()
    page.get_by_label("Search names").fill("no such name")
    expect(page.get_by_text("No exposure matches")).to_be_visible()


def test_the_keyboard_alone_is_enough_to_reject_with_a_reason(
    opened: Open, session: str, sample: SampleSession
) -> None:
    page = opened(f"{session}/exposures")
    expect(page.locator("[role=row][aria-rowindex='2']")).to_contain_text("FoilHole")
    for key in ("j", " ", "j", "J"):
        page.keyboard.press(key)
    expect(page.get_by_text("3 exposures marked")).to_be_visible()
    page.keyboard.press("r")
    page.get_by_label("Reason").fill("carbon edge")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("3 exposures marked")).to_be_hidden(timeout=20_000)
    expect(page.locator("[role=row][aria-rowindex='2']")).to_contain_text("by hand")
    words = queries.decisions(sample.store)
    assert {word.why for word in words} == {"carbon edge"}
    assert len({word.exposure for word in words}) == 3
    assert not any(word.accepted for word in words)


def test_one_exposure_is_shown_in_full_and_the_arrows_go_to_its_neighbours(
    opened: Open, session: str
) -> None:
    page = opened(f"{session}/exposures")
    expect(page.locator("[role=row][aria-rowindex='2']")).to_contain_text("FoilHole")
    page.keyboard.press("j")
    page.get_by_role("grid").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_alt_text("Power spectrum of")).to_be_visible()
    expect(page.get_by_role("heading", name="Values")).to_be_visible()
    first = page.url
    page.keyboard.press("ArrowLeft")
    expect(page).not_to_have_url(first)
    expect(page.get_by_alt_text("Power spectrum of")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("grid")).to_be_visible()


def test_a_micrograph_is_zoomed_by_keys_and_by_the_wheel(opened: Open, session: str) -> None:
    page = opened(f"{session}/exposures")
    page.get_by_role("button", name="FoilHole").first.click()
    viewer = page.get_by_role("application")
    percent = viewer.get_by_text(re.compile(r"^\d+\s%"))
    expect(percent).to_be_visible()
    before = percent.inner_text()
    viewer.focus()
    page.keyboard.press("+")
    expect(percent).not_to_have_text(before)
    zoomed = percent.inner_text()
    viewer.hover()
    page.mouse.wheel(0, -400)
    expect(percent).not_to_have_text(zoomed)
    page.keyboard.press("0")
    expect(percent).to_have_text(re.compile("^" + before.split()[0]))


def test_a_filter_is_in_the_address_and_comes_back_with_it(opened: Open, session: str) -> None:
    page = opened(f"{session}/exposures?where=number:10:19&sort=number&descending=false")
    expect(page.get_by_text("10 of 60", exact=False)).to_be_visible()
    assert first_row(page).split()[0] == "10"
    page.get_by_role("button", name="Without exposures 10 to 19").click()
    expect(page.get_by_text("60 exposures", exact=False)).to_be_visible()
