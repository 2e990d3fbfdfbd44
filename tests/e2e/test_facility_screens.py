"""A session is begun in the browser for who has booked, and runs; staff see how it all goes."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accessible import overflow, serious
from icestream.engine.machine.lock import holder
from icestream.engine.requests.models import Abort
from icestream.engine.requests.send import send
from icestream.facility.begin.card import Card, cards_below, read_card
from icestream.facility.bookings.reading import source_name
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.bookings import keep_booking, keep_source
from icestream.facility.registry.duties import keep_duty
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.sessions import Whose, keep_session
from served import served
from toy_session import wait_for

Open = Callable[..., Page]
HOUR = 3600.0
BOOKINGS = '\n[bookings]\nkind = "csv"\nfile = "{folder}/bookings.csv"\n'
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


@pytest.fixture
def begun(write_facility: Callable[[str], Path], tmp_path: Path) -> Iterator[Facility]:
    """A facility where Lea has booked the Krios; what was begun is ended."""
    path = write_facility(BOOKINGS)
    (tmp_path / "bookings.csv").write_text("")
    for name in ("20261130_lea_grid3", "20261129_grid2"):
        (tmp_path / "krios1" / name).mkdir()
    with open_facility(path) as facility:
        book(facility)
        yield facility
        for folder in cards_below(facility.sessions):
            if holder(folder):
                send(folder, Abort(who="test"))
            until = time.monotonic() + 60
            while holder(folder) and time.monotonic() < until:
                time.sleep(0.1)


def book(facility: Facility) -> None:
    """Time at the microscopes, now and later."""
    assert facility.file.bookings is not None
    source, now = source_name(facility.file.bookings), time.time()
    bookings = (
        ("1", "krios1", -2, 20, "booked", "Lea Meitner", "cem00123", "Ribosome with inhibitor"),
        ("2", "krios1", 22, 30, "maintenance", "", "", "Cryo cycle"),
        ("3", "krios1", 30, 70, "booked", "Otto Hahn", "cem00140", "Capsids"),
        ("4", "glacios", 5, 29, "booked", "Rosalind Franklin", "cem00131", "Screening"),
    )
    with facility.registry.write() as connection:
        keep_project(connection, "cem00123", title="Ribosomes of bacteria", pi="lea")
        for number, of, begins, ends, kind, name, project, title in bookings:
            keep_booking(
                connection, source, number, microscope=of, kind=kind, state="booked",
                begins=now + begins * HOUR, ends=now + ends * HOUR, title=title, name=name,
                who=name.split(" ")[0].lower(), project=project,
            )  # fmt: skip
        keep_source(connection, source, read=now)


@pytest.fixture
def site(begun: Facility) -> Iterator[str]:
    with served(begun.sessions) as address:
        yield address


def card_of(facility: Facility) -> Card:
    (folder,) = cards_below(facility.sessions)
    card = read_card(folder)
    assert card is not None
    return card


def test_from_a_booking_to_a_session_that_runs(opened: Open, site: str, begun: Facility) -> None:
    page = opened(site)
    page.get_by_role("link", name="Begin for a booking").click()
    expect(page.get_by_text("Lea Meitner until")).to_be_visible()
    expect(page.get_by_text("Nobody has booked glacios now; the next booking")).to_be_visible()
    assert serious(page) == []
    page.get_by_role("link", name="Titan Krios").click()
    expect(page.get_by_role("radio", name="Lea Meitner")).to_be_checked()
    expect(page.get_by_role("radio", name="20261130_lea_grid3")).to_be_attached()
    page.get_by_role("radio", name="20261130_lea_grid3").check()
    assert serious(page) == []
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("heading", name="cem00123-001")).to_be_visible(timeout=120_000)
    assert serious(page) == []
    page.get_by_role("link", name="Open the session").click()
    expect(page.get_by_role("navigation", name="Screens of the session")).to_be_visible()
    card = card_of(begun)
    assert (card.project, card.operator, card.microscope) == ("cem00123", "lea", "krios1")
    assert card.movies.endswith("/krios1/20261130_lea_grid3")
    wait_for(lambda: bool(holder(Path(card.folder))), 120)


def test_by_hand_on_a_phone_in_the_dark(opened: Open, site: str, begun: Facility) -> None:
    page = opened(f"{site}/begin?microscope=glacios", **PHONE)
    page.get_by_role("combobox", name="Project").fill("cem00999")
    page.get_by_label("Person", exact=True).fill("max")
    page.get_by_role("radio", name="Another folder").check()
    expect(page.get_by_text("Say where its movies are first")).to_be_visible()
    page.get_by_label("Folder of its movies", exact=True).fill("/etc")
    assert (serious(page), overflow(page)) == ([], 0)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("/etc is not below a folder that may be shown")).to_be_visible()
    page.get_by_role("radio", name="All that the microscope writes").check()
    page.get_by_role("combobox", name="Workflow").click()
    page.get_by_role("option", name="quick-look").click()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("heading", name="cem00999-001")).to_be_visible(timeout=120_000)
    assert (serious(page), overflow(page)) == ([], 0)
    card = card_of(begun)
    assert (card.operator, card.workflow) == ("max", "quick-look")


@pytest.mark.parametrize("options", [{}, PHONE])
def test_staff_see_how_it_all_goes(
    opened: Open, site: str, begun: Facility, options: dict[str, Any]
) -> None:
    with begun.registry.write() as connection:
        keep_duty(
            connection, "bookings", began=time.time(), failing_since=time.time() - HOUR,
            problem="the table is not there",
        )  # fmt: skip
        keep_session(
            connection, "key", Whose(microscope="krios1", project="cem00123", operator="lea"),
            name="cem00123-001", folder="/s/1", place="/s", began=time.time() - HOUR, state="done",
            exposures=1204,
        )  # fmt: skip
    page = opened(site, **options)
    page.get_by_role("link", name="Facility").click()
    lanes = page.get_by_role("list", name="Bookings of Titan Krios")
    expect(lanes.get_by_text("maintenance, Cryo cycle")).to_be_attached()
    expect(page.get_by_text("the table is not there")).to_be_visible()
    expect(page.get_by_text("cem00123-001")).to_be_visible()
    expect(page.get_by_text("1204")).to_be_visible()
    expect(page.get_by_role("heading", name="Facility file")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert (serious(page), overflow(page)) == ([], 0)
