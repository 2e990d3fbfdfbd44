"""Parts of the report in a real browser: map, groups, agreement, timeline, decisions."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from browser import CHROMIUM, browse, section, text_of, with_script
from icestream.report import write_report
from report_session import SampleSession

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed (Debian: apt-get install chromium)"
)
TALL = "--window-size=1400,9000"


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


def notes(address: str, tmp_path: Path, size: str = TALL) -> dict[str, Any]:
    """What a script has left on the page."""
    page, console = browse(address, tmp_path, size)
    assert [line for line in console if "readback" not in line] == []  # a test reads the canvas
    found = re.search(r'data-notes="([^"]*)"', page)
    assert found is not None
    return dict(json.loads(found[1].replace("'", '"')))


def test_all_parts_are_drawn(report: Path, tmp_path: Path) -> None:
    page, console = browse(report.as_uri(), tmp_path, TALL)
    assert console == []
    where = text_of(section(page, "where"))
    assert "Press a square to see its holes" in where
    assert "median of each square" in where
    assert "5 squares as a table" in where
    assert section(page, "where").count('<option value="') >= 8
    groups = section(page, "groups")
    assert "9 groups: 1 (45), 2 (45), 3 (30)" in text_of(groups)
    assert groups.count("<circle") > 250
    agreement = text_of(section(page, "agreement"))
    assert "CTF consensus" in agreement
    assert re.search(r"ctf_other 9 · 15.0 ?% ?15.0 ?%", agreement)
    assert "Jaccard index" in agreement
    assert agreement.count("Agreement of") >= 4
    timeline = section(page, "timeline")
    assert timeline.count('class="span ') == 2
    assert timeline.count('class="diamond') == 14, "sixty rejections are one mark"
    assert "2 alerts, 14 changes" in text_of(timeline)
    trends = section(page, "trends")
    assert "control limits" in text_of(trends)
    assert trends.count('class="outside"') > 10
    assert 'class="control"' in trends


def test_decisions_are_folded_and_none_becomes_markup(report: Path, tmp_path: Path) -> None:
    page, _ = browse(report.as_uri(), tmp_path, TALL)
    log = section(page, "decisions")
    words = text_of(log)
    assert "reject, 60 times" in words
    assert "drops of ice" in words
    assert "set select resolution_max=4.6 → select is at revision 2" in words
    assert "&lt;i&gt;stricter" in log
    assert log.count("<tr>") == 15
    assert re.search(r"all 73 .*running 12 .*parameters 1 .*exposures 60", words)


FILTER = """
setTimeout(() => {
  const kinds = [...document.querySelectorAll("#log-kinds button")];
  kinds.find((each) => /parameters/.test(each.textContent)).click();
  const rows = () => document.querySelectorAll("#decisions-body tr:not(.day)").length;
  const chosen = rows();
  document.querySelector("#log-kinds button").click();
  const words = document.querySelector("#log-words");
  words.value = "DROPS";
  words.dispatchEvent(new Event("input"));
  document.body.dataset.notes = JSON.stringify({ chosen, found: rows() }).replaceAll('"', "'");
}, 3000);
"""


def test_decisions_are_found_by_kind_and_by_words(report: Path, tmp_path: Path) -> None:
    found = notes(with_script(report, tmp_path, FILTER), tmp_path)
    assert found == {"chosen": 1, "found": 1}


MAP = """
setTimeout(() => {
  const canvas = document.querySelector("#where-map");
  const inked = () => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let some = 0;
    for (let i = 3; i < data.length; i += 4) some += data[i] > 0;
    return some / (data.length / 4);
  };
  const squares = inked();
  document.querySelector("#where-squares button").click();
  const holes = inked();
  const label = canvas.getAttribute("aria-label");
  const scale = document.querySelector("#where-scale").textContent;
  const place = () => document.querySelector("#where-square").textContent;
  const inside = place();
  const choice = document.querySelector("#where-quality");
  choice.value = "ctf.defocus";
  choice.dispatchEvent(new Event("change"));
  const defocus = document.querySelector("#where-scale").textContent;
  const box = canvas.getBoundingClientRect();
  let opened = false;
  for (let x = 2; x < box.width && !opened; x += 7) {
    for (let y = 2; y < box.height && !opened; y += 7) {
      const place = { clientX: box.left + x, clientY: box.top + y };
      canvas.dispatchEvent(new PointerEvent("click", place));
      opened = document.querySelector("#panel").open;
    }
  }
  const title = document.querySelector("#panel-line").textContent;
  document.querySelector("#panel-close").click();
  document.querySelector("#where-back").click();
  const found = { squares, holes, label, scale, inside, defocus, opened, title, after: place() };
  document.body.dataset.notes = JSON.stringify(found).replaceAll('"', "'");
}, 3000);
"""


def test_a_square_opens_its_holes_and_a_hole_its_exposure(report: Path, tmp_path: Path) -> None:
    found = notes(with_script(report, tmp_path, MAP), tmp_path)
    assert found["squares"] > 0.002
    assert found["holes"] > 0.002
    assert found["label"] == "Map of 60 exposures"
    assert re.search(r"\d above, .*\d below|\d above|\d below", found["scale"])
    assert "Å" in found["scale"]
    assert found["inside"] == "square 8999138"
    assert "µm" in found["defocus"]
    assert found["opened"]
    assert "square 8999138" in found["title"]
    assert found["after"] == ""


def test_the_grid_of_a_phone_fits(report: Path, tmp_path: Path) -> None:
    script = """
    setTimeout(() => {
      const found = { across: document.documentElement.scrollWidth, wide: innerWidth };
      document.body.dataset.notes = JSON.stringify(found).replaceAll('"', "'");
    }, 3500);
    """
    found = notes(with_script(report, tmp_path, script), tmp_path, "--window-size=500,12000")
    assert found["across"] <= found["wide"]


def test_a_session_without_places_has_a_line_instead_of_a_map(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False, places=False)
    session.grow(20)
    page, console = browse(write_report(session.folder).as_uri(), tmp_path, TALL)
    assert console == []
    where = section(page, "where")
    assert "neither stage positions nor grid squares: there is no map" in text_of(where)
    assert re.search(r'<canvas id="where-map"[^>]* hidden', where)
    assert '<section id="groups" aria-labelledby="groups-title" hidden' in page
    assert '<section id="agreement" aria-labelledby="agreement-title" hidden' in page


def test_a_copy_that_is_not_brought_over_says_so(report: Path, tmp_path: Path) -> None:
    live = report.parent / "live.js"
    before = live.read_text()
    state = {"last": 1.79e9, "failing": 1.79e9 + 60, "why": "no route to host"}
    try:
        live.write_text(before.replace('"published":null', f'"published":{json.dumps(state)}'))
        page, _ = browse(report.as_uri(), tmp_path)
    finally:
        live.write_text(before)
    assert re.search("has not been published since .* no route to host", text_of(page))
