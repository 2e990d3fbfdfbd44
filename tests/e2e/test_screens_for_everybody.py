"""Every screen of a session can be used by everybody, and at the width of a phone."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from accessible import overflow, serious

Open = Callable[..., Page]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def settled(page: Page, screen: str) -> None:
    """Wait until a screen shows what it is about."""
    shown = {
        "": lambda: page.get_by_role("region", name="Verdict"),
        "/exposures": lambda: page.locator("[role=row][aria-rowindex='2']"),
        "/alerts": lambda: page.get_by_text("1 warning"),
    }
    expect(shown[screen]()).to_be_visible()
    page.wait_for_timeout(500)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["", "/exposures", "/alerts"])
def test_nothing_serious_keeps_anybody_out(
    opened: Open, session: str, screen: str, scheme: Literal["light", "dark"]
) -> None:
    page = opened(session + screen, color_scheme=scheme)
    settled(page, screen)
    assert serious(page) == []


def test_nothing_serious_on_one_exposure_and_on_the_limits(opened: Open, session: str) -> None:
    page = opened(f"{session}/exposures")
    settled(page, "/exposures")
    page.get_by_role("button", name="Limits").click()
    expect(page.get_by_role("heading", name="Limits")).to_be_visible()
    assert serious(page) == []
    page.get_by_role("button", name="FoilHole").first.click()
    expect(page.get_by_role("heading", name="Values")).to_be_visible()
    assert serious(page) == []


@pytest.mark.parametrize("screen", ["", "/exposures", "/alerts"])
def test_a_phone_shows_all_of_it_without_scrolling_sideways(
    opened: Open, session: str, screen: str
) -> None:
    page = opened(session + screen, **PHONE)
    settled(page, screen)
    assert overflow(page) == 0
