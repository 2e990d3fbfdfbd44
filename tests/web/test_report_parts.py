"""Parts of the report in a real browser: map, groups, agreement, timeline, decisions."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from icestream.report.writer import write_report
from report_session import SampleSession

Read = Callable[..., Page]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five squares, nine groups, alerts, decisions, and two consensus steps."""
    session = SampleSession(tmp_path_factory.mktemp("parts") / "session", start=1.79e9)
    session.grow(300)
    session.agree(60)
    session.warn("critical", "Disk is 96 % full <b>now</b>", "FoilHole_9015884_Data_9017347_0")
    session.warn("notice", "Thick ice", "", cleared=True)
    for place in range(60):
        session.decide(
            "reject", {"step": "select", "exposures": [f"e{place}"]}, why="drops of ice", ago=2000
        )
    change = {"step": "select", "changes": {"resolution_max": 4.6}}
    session.decide("set", change, why="<i>stricter</i>", ago=900, answer="select is at revision 2")
    for place in range(12):
        session.decide("pause" if place % 2 else "resume", {"step": "ctf"}, who="bob", ago=800)
    return write_report(session.folder)


def test_all_parts_are_drawn(report: Path, read: Read) -> None:
    page = read(report)
    where = page.locator("#where").inner_text().replace("\u202f", " ")
    assert "5 squares, medians; press one for its holes" in where
    assert "5 squares as a table" in where
    groups = page.locator("#groups")
    assert "9 groups: 1 (45), 2 (45), 3 (30)" in groups.inner_text().replace("\u202f", " ")
    assert groups.get_by_label("Beam shifts of 300").count() == 1
    agreement = page.locator("#agreement")
    words = agreement.inner_text().replace("\u202f", " ")
    assert "CTF consensus" in words
    assert re.search(r"\(ctf_other\)\s+60\s+none\s[^()]*\s9 · 15.0 ?%\s+15.0 ?%", words), words
    assert "Jaccard index" in words
    assert agreement.get_by_label("Agreement of").count() >= 2
    timeline = page.locator("#timeline")
    assert timeline.locator("[data-alert]").count() == 2
    assert timeline.locator("[data-change]").count() == 14, "sixty rejections are one mark"
    assert timeline.locator("polyline").count() == 1
    assert "2 alerts, 14 changes" in timeline.inner_text().replace("\u202f", " ")
    trends = page.locator("#trends").inner_text()
    assert re.search(r"control limits .* outside", trends)


def test_a_change_and_an_alert_on_the_timeline_lead_to_what_they_are(
    report: Path, read: Read
) -> None:
    page = read(report)
    page.locator("#timeline [data-alert=critical]").click()
    expect(page.get_by_role("dialog")).to_contain_text("FoilHole_9015884_Data_9017347_0")
    told = page.locator("#timeline [data-change] title").first.text_content()
    assert told is not None
    assert "60 times until" in told


def test_decisions_are_folded_and_none_becomes_markup(report: Path, read: Read) -> None:
    log = read(report).locator("#decisions")
    words = log.inner_text()
    assert "reject, 60 times" in words
    assert "drops of ice" in words
    assert "set select resolution_max=4.6 → select is at revision 2" in words
    assert "<i>stricter</i>" in words
    assert log.locator("i").count() == 0
    assert log.locator("tbody tr").count() == 15
    assert re.search(r"(?s)all 73.*running 12.*parameters 1.*exposures 60", words)


def test_decisions_are_found_by_kind_and_by_words(report: Path, read: Read) -> None:
    log = read(report).locator("#decisions")
    rows = log.locator("tbody tr:has(td)")
    log.get_by_role("button", name="parameters 1").click()
    expect(rows).to_have_count(1)
    log.get_by_role("button", name="all 73").click()
    log.get_by_label("Words in the decisions").fill("DROPS")
    expect(rows).to_have_count(1)
    log.get_by_label("Words in the decisions").fill("nobody wrote this")
    expect(log).to_contain_text("No decision is like that.")


INKED = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let some = 0;
  for (let i = 3; i < data.length; i += 4) some += data[i] > 0;
  return some / (data.length / 4);
}"""


HOLE = """(canvas) => {
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 3; i < data.length; i += 4)
    if (data[i] > 250) return [((i - 3) / 4) % width, Math.floor((i - 3) / 4 / width) + 1];
}"""


def test_a_square_opens_its_holes_and_a_hole_its_exposure(report: Path, read: Read) -> None:
    page = read(report)
    where = page.locator("#where")
    canvas = where.locator("canvas")
    assert canvas.evaluate(INKED) > 0.002
    where.get_by_text("squares as a table").click()
    where.get_by_role("button", name="8999138").click()
    expect(where).to_contain_text("square 8999138")
    expect(canvas).to_have_attribute("aria-label", re.compile("Map of 60.exposures"))
    expect(where).to_contain_text(re.compile(r"\d+ above|\d+ below"))
    expect(where).to_contain_text("Å")
    assert canvas.evaluate(INKED) > 0.002
    where.get_by_label("Colour by").first.click()
    page.get_by_role("option", name="Defocus").first.click()
    expect(where).to_contain_text("µm")
    box = canvas.bounding_box()
    assert box is not None
    panel = page.get_by_role("dialog")
    across, down = canvas.evaluate(HOLE)
    page.mouse.click(box["x"] + across, box["y"] + down)
    expect(panel).to_contain_text("square 8999138")
    panel.get_by_label("Close").click()
    where.get_by_role("button", name="All squares").click()
    expect(canvas).to_have_attribute("aria-label", re.compile("Map of 5.squares"))


def test_the_grid_of_a_phone_fits(report: Path, read: Read) -> None:
    page = read(report, viewport={"width": 500, "height": 12_000})
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_session_without_places_has_a_line_instead_of_a_map(tmp_path: Path, read: Read) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False, places=False)
    session.grow(20)
    page = read(write_report(session.folder))
    where = page.locator("#where")
    assert "neither stage positions nor grid squares" in where.inner_text()
    assert where.locator("canvas").count() == 0
    assert page.locator("#groups").count() == 0
    assert page.locator("#agreement").count() == 0


def test_a_copy_that_is_not_brought_over_says_so(report: Path, read: Read) -> None:
    live = report.parent / "live.js"
    before = live.read_text()
    state = {"last": 1.79e9, "failing": 1.79e9 + 60, "why": "no route to host"}
    try:
        live.write_text(before.replace('"published":null', f'"published":{json.dumps(state)}'))
        text = read(report).locator("body").inner_text()
    finally:
        live.write_text(before)
    assert re.search("(?s)has not been published since .* no route to host", text)
    assert re.search("published 21 Sep", text)
