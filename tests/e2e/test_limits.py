"""A limit is moved in the browser, and a session that runs does what it says."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import toys
from browser import box_of
from icestream.engine.machine.naming import person_here
from icestream.store import queries
from served import served
from toy_limits import CHAIN, COUNT
from toy_session import Background, Session, wait_for

Open = Callable[..., Page]
WHY = "the rings are good enough for a first map"


def accepted(toy: Session) -> int:
    """Exposures that came through to the last step."""
    return queries.count_exposures(toy.store()).get("done", 0)


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session that runs and has done all that came in."""
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    with closing(Session(tmp_path / "sessions" / "toy")) as made:
        running: Background = made.start(*CHAIN)
        wait_for(lambda: accepted(made) == 21)
        yield made
        running.stop()


@pytest.fixture
def site(toy: Session) -> Iterator[str]:
    """Address of a server over its folder."""
    with served(toy.folder.parent, registry=toys.registry()) as address:
        yield address


def limits(page: Page) -> Locator:
    page.get_by_role("button", name="Limits").click()
    handle = page.get_by_role("slider", name="CTF fit: largest")
    expect(handle).to_have_attribute("aria-valuenow", "8")
    expect(page.get_by_text(f"21 of {COUNT} within")).to_be_visible()
    return handle


def apply(page: Page, why: str) -> None:
    page.get_by_role("button", name="Apply these limits").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(why)
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog).to_be_hidden()


def test_a_limit_is_dragged_and_who_moved_it_and_why_is_said_until_it_is_taken_back(
    opened: Open, session: str, toy: Session
) -> None:
    page = opened(f"{session}/exposures")
    handle = limits(page)
    box = box_of(handle)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y, steps=4)
    page.mouse.up()
    said = page.get_by_text(re.compile(r"^\d+ of 40 exposures accepted, 21 before"))
    expect(said).to_contain_text("0 lost")
    words = re.match(r"(\d+) of .* (\d+) gained", said.inner_text())
    assert words is not None
    after, gained = map(int, words.groups())
    assert 21 < after == 21 + gained < COUNT
    assert accepted(toy) == 21, "nothing is changed before it is applied"
    apply(page, WHY)
    wait_for(lambda: accepted(toy) == after)
    page.get_by_role("button", name="Hide the limits").click()
    page.get_by_role("button", name="rejected", exact=True).click()
    expect(page.get_by_text(f"{COUNT - after} of {COUNT}", exact=False)).to_be_visible()
    page.goto(session)
    decisions = page.get_by_role("list", name="Decisions")
    expect(decisions.get_by_role("listitem").first).to_contain_text("resolution_max")
    expect(decisions.get_by_role("listitem").first).to_contain_text(WHY)
    expect(decisions.get_by_role("listitem").first).to_contain_text(person_here())
    page.goto(f"{session}/branches")
    page.get_by_role("button", name=re.compile("Undo|Take back")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("The workflow of main as it was")).to_be_visible()
    dialog.get_by_role("button", name="Take it back").click()
    expect(dialog).to_be_hidden()
    wait_for(lambda: accepted(toy) == 21)
    assert queries.step(toy.store(), "select").parameters["resolution_max"] == 8.0


def test_the_keys_alone_move_a_limit(opened: Open, session: str, toy: Session) -> None:
    page = opened(f"{session}/exposures")
    limits(page).focus()
    for _ in range(11):
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("to 7.45 Å")).to_be_visible()
    said = "15 of 40 exposures accepted, 21 before: 0 gained, 6 lost."
    expect(page.get_by_text(said)).to_be_visible()
    page.get_by_role("button", name="Apply these limits").press("Enter")
    page.get_by_label("Reason").press("Control+Enter")
    wait_for(lambda: accepted(toy) == 15)
    expect(page.get_by_role("slider", name="CTF fit: largest")).to_have_attribute(
        "aria-valuenow", "7.45"
    )
