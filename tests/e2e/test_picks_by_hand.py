"""Picks that are corrected by hand in a browser: with the pointer, and with the keys alone."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import toys
from accessible import serious
from browser import box_of
from icestream.model import Picks
from icestream.store import queries
from icestream.store.corrections import corrections
from icestream.store.items import items_of
from served import served
from toy_picks import CHAIN, FOUND, SHAPE
from toy_session import Session

Open = Callable[..., Page]
Place = tuple[float, float]
NAME = "e000001"


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session of which all is done."""
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    with closing(Session(tmp_path / "sessions" / "toy")) as made:
        made.run(*CHAIN)
        yield made


@pytest.fixture
def site(toy: Session) -> Iterator[str]:
    """Address of a server over its folder."""
    with served(toy.folder.parent, registry=toys.registry()) as address:
        yield address


def on_screen(page: Page, place: Place) -> Place:
    """Where a pixel of the micrograph is on the screen, when all of it is shown."""
    box = box_of(page.get_by_role("application"))
    height, width = SHAPE
    scale = min(box["width"] / width, box["height"] / height)
    left, top = (box["width"] - width * scale) / 2, (box["height"] - height * scale) / 2
    return box["x"] + left + place[0] * scale, box["y"] + top + place[1] * scale


def places_of(toy: Session) -> list[Place]:
    """x and y of the picks of the exposure, in whole pixels."""
    (found,) = items_of(toy.store(), queries.results_of(toy.store(), NAME)["pick"]).values()
    assert isinstance(found, Picks)
    return sorted((round(x), round(y)) for x, y in zip(found.x, found.y, strict=True))


def is_near(one: list[Place], other: list[Place]) -> bool:
    """Whether places are the same within two pixels: the screen has its own."""
    return len(one) == len(other) and all(
        abs(a - c) <= 2 and abs(b - d) <= 2 for (a, b), (c, d) in zip(one, other, strict=True)
    )


def test_picks_are_added_moved_and_removed_and_what_follows_waits_to_be_redone(
    opened: Open, session: str, toy: Session
) -> None:
    page = opened(f"{session}/exposures/{NAME}")
    page.get_by_role("button", name="Edit picks").click()
    page.mouse.click(*on_screen(page, (50, 150)))
    expect(page.get_by_text("1 added, 0 removed")).to_be_visible()
    page.mouse.click(*on_screen(page, (102, 52)))
    expect(page.get_by_text("1 added, 1 removed")).to_be_visible()
    page.mouse.move(*on_screen(page, (200, 50)))
    page.mouse.down()
    page.mouse.move(*on_screen(page, (240, 90)), steps=4)
    page.mouse.up()
    expect(page.get_by_text("2 added, 2 removed")).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("j")  # stays here while picks are edited
    page.get_by_role("button", name="Apply").click()
    page.get_by_label("Reason").fill("by eye")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("2 added, 2 removed by hand")).to_be_visible(timeout=20_000)
    said = re.compile(r"Picks corrected by .*: 2 added, 2 removed")
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_text("“by eye”")).to_be_visible()
    expect(page.get_by_label("3 picks")).to_be_checked()
    assert page.url.endswith(NAME)
    (told,) = corrections(toy.store(), exposure=NAME)
    assert (told.added, told.removed, told.step, told.why) == (2, 2, "pick", "by eye")
    assert is_near(places_of(toy), [(50, 150), (240, 90), (300, 50)])
    record = queries.exposure(toy.store(), NAME)
    assert (record.steps["cut"], record.state) == ("ready", "going")
    expect(page.get_by_role("dialog")).to_be_hidden()  # it fades out over what is looked at
    page.wait_for_timeout(300)
    assert serious(page) == []


def test_the_keys_alone_are_enough_and_what_was_done_is_taken_back(
    opened: Open, session: str, toy: Session
) -> None:
    page = opened(f"{session}/exposures/{NAME}")
    page.get_by_role("button", name="Edit picks").press("Enter")
    page.get_by_role("application").focus()
    page.keyboard.press("Enter")  # in the middle: (200, 100)
    expect(page.get_by_text("1 added, 0 removed")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")  # the cursor is within half a diameter of it
    expect(page.get_by_role("button", name="Apply")).to_be_disabled()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Apply").press("Enter")
    page.get_by_label("Reason").press("Control+Enter")
    expect(page.get_by_text("1 added, 0 removed by hand")).to_be_visible(timeout=20_000)
    assert is_near(places_of(toy), [(100, 50), (200, 50), (200, 100), (300, 50)])
    page.get_by_role("button", name="Edit picks").press("Enter")
    page.get_by_role("application").press("Enter")
    expect(page.get_by_text("0 added, 1 removed")).to_be_visible()
    page.get_by_role("button", name="Discard").press("Enter")
    page.get_by_role("button", name="Take it back").press("Enter")
    page.get_by_label("Reason").press("Control+Enter")
    expect(page.get_by_text("as the step found them")).to_be_visible(timeout=20_000)
    assert places_of(toy) == [(round(x), round(y)) for x, y in FOUND]
    assert queries.exposure(toy.store(), NAME).state == "done"  # nothing had to be done for that
