import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from browser import box_of
from icestream.store import queries
from report_session import SampleSession

Open = Callable[..., Page]


def test_classes_are_left_out_with_the_keyboard(
    opened: Open, session: str, whole: SampleSession
) -> None:
    page = opened(f"{session}/classes")
    gallery = page.get_by_role("listbox", name="2D classes")
    expect(gallery.get_by_role("option")).to_have_count(24)
    expect(page.get_by_text(re.compile(r"^17\s+classes$"))).to_be_visible()
    gallery.get_by_role("option", name=re.compile(r"Class 1\b")).focus()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    page.keyboard.press("x")
    expect(page.get_by_text("(2 fewer)")).to_be_visible()
    expect(
        gallery.get_by_role("option", name=re.compile(r"^Class 2\b.*left out by hand"))
    ).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("(2 fewer)")).to_be_hidden()


def test_a_rectangle_marks_the_classes_that_it_touches(
    opened: Open, session: str, whole: SampleSession
) -> None:
    page = opened(f"{session}/classes")
    expect(page.get_by_text(re.compile(r"^17\s+classes$"))).to_be_visible()
    first = box_of(page.get_by_role("option", name=re.compile(r"Class 1\b")))
    third = box_of(page.get_by_role("option", name=re.compile(r"Class 3\b")))
    page.mouse.move(first["x"] + 20, first["y"] + 20)
    page.mouse.down()
    page.mouse.move(third["x"] + 20, third["y"] + 40, steps=6)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"^3\s+marked$"))).to_be_visible()


def circle(page: Page, numbers: list[int]) -> list[tuple[float, float]]:
    """A closed way around the middles of the pictures of classes that stand in one row."""
    boxes = [
        box_of(page.get_by_role("option", name=re.compile(rf"Class {number}\b")))
        for number in (numbers[0], numbers[-1])
    ]
    side = boxes[0]["width"]
    left, right = boxes[0]["x"], boxes[1]["x"] + side
    x, y = (left + right) / 2, boxes[0]["y"] + side / 2
    turns = np.linspace(0, 2 * np.pi, 40)
    across, high = (right - left) / 2 - 0.1 * side, 0.4 * side
    return [(x + across * np.cos(t), y + high * np.sin(t)) for t in turns]


def test_a_lasso_marks_what_it_encloses_and_takes_it_away_again(
    opened: Open, session: str, whole: SampleSession
) -> None:
    page = opened(f"{session}/classes")
    gallery = page.get_by_role("listbox", name="2D classes")
    expect(page.get_by_text(re.compile(r"^17\s+classes$"))).to_be_visible()
    page.keyboard.press("l")

    def lasso(numbers: list[int], held: str = "") -> None:
        (x, y), *way = circle(page, numbers)
        if held:
            page.keyboard.down(held)
        page.mouse.move(x, y)
        page.mouse.down()
        for x, y in way:
            page.mouse.move(x, y)
        page.mouse.up()
        if held:
            page.keyboard.up(held)

    def marks(*numbers: int) -> None:
        expect(gallery.locator("[aria-selected=true]")).to_have_count(len(numbers))
        for number in numbers:
            option = gallery.get_by_role("option", name=re.compile(rf"Class {number}\b"))
            expect(option).to_have_attribute("aria-selected", "true")

    lasso([1, 2, 3])
    marks(1, 2, 3)
    lasso([5, 6], "Shift")
    marks(1, 2, 3, 5, 6)
    lasso([2, 3], "Alt")
    marks(1, 5, 6)
    lasso([4])
    marks(4)


def test_a_finger_draws_a_lasso(opened: Open, session: str, whole: SampleSession) -> None:
    page = opened(f"{session}/classes", viewport={"width": 390, "height": 844}, has_touch=True)
    gallery = page.get_by_role("listbox", name="2D classes")
    expect(page.get_by_text(re.compile(r"^17\s+classes$"))).to_be_visible()
    page.get_by_text("Lasso", exact=True).tap()
    gallery.get_by_role("option").first.evaluate("one => one.scrollIntoView({block: 'center'})")
    before = page.evaluate("scrollY")
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        given = [{"x": x, "y": y} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})

    for numbers in ([1], [2]):
        first, *way = circle(page, numbers)
        touch("touchStart", first)
        for point in way:
            touch("touchMove", point)
        touch("touchEnd")
    expect(page.get_by_text(re.compile(r"^2\s+marked$"))).to_be_visible()
    assert page.evaluate("scrollY") == before


def drawn(page: Page) -> int:
    """Pixels of the scene that show the surface."""
    count: int = page.evaluate(
        """() => {
          const scene = document.querySelector('canvas[data-renderer]');
          const copy = document.createElement('canvas');
          Object.assign(copy, {width: 200, height: 200});
          const context = copy.getContext('2d');
          context.drawImage(scene, 0, 0, 200, 200);
          const {data} = context.getImageData(0, 0, 200, 200);
          return data.filter((value, at) => at % 4 === 3 && value > 128).length;
        }"""
    )
    return count


NO_WEBGL = """
  const before = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    return kind.startsWith('webgl') ? null : before.call(this, kind, ...more);
  };
"""


def test_the_map_is_drawn_without_webgl(opened: Open, session: str, whole: SampleSession) -> None:
    page = opened(f"{session}/files")
    page.add_init_script(NO_WEBGL)
    page.goto(f"{session}/map")
    expect(page.locator("canvas[data-renderer=canvas]")).to_be_visible()
    page.wait_for_timeout(1500)
    assert drawn(page) > 500


def test_the_map_turns_and_its_level_changes_what_is_drawn(
    opened: Open, session: str, whole: SampleSession
) -> None:
    page = opened(f"{session}/map")
    scene = page.locator("canvas[data-renderer]")
    expect(scene).to_be_visible()
    page.wait_for_timeout(800)
    before = drawn(page)
    assert before > 500
    level = page.get_by_role("slider", name="Level of the surface")
    for _ in range(10):
        level.press("ArrowRight")
    page.wait_for_timeout(800)
    assert 0 < drawn(page) < before
    slices = page.get_by_role("img", name=re.compile("Slice across z"))
    expect(slices).to_have_attribute("aria-label", "Slice across z at 32")
    page.get_by_role("slider", name="Place of the slice across z").press("ArrowLeft")
    expect(slices).to_have_attribute("aria-label", "Slice across z at 31")


def test_the_files_are_listed_and_downloaded(
    opened: Open, session: str, whole: SampleSession
) -> None:
    page = opened(f"{session}/files")
    page.get_by_role("link", name="pool", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="map.mrc").click()
    assert waiting.value.path().read_bytes() == (whole.folder / "pool" / "map.mrc").read_bytes()


def test_the_lineage_of_a_map_names_protocol_and_parameters(
    opened: Open, session: str, whole: SampleSession
) -> None:
    page = opened(f"{session}/provenance")
    page.get_by_role("button", name="The newest map").click()
    expect(page.get_by_text("volume.initial")).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download", exact=True).click()
    assert Path(waiting.value.suggested_filename).suffix == ".json"


def test_the_report_is_read_here_and_taken_along(
    opened: Open, session: str, whole: SampleSession
) -> None:
    whole.agree(8)
    whole.estimate_gain()
    page = opened(f"{session}/report")
    for panel in ("Timeline", "Trends", "Acquisition"):
        expect(page.get_by_role("heading", name=panel)).to_be_visible()
    # These are drawn when somebody comes near.
    for part, panel in (
        ("What the steps found", "CTF consensus"),
        ("Exposure groups", "Exposure groups"),
        ("Side by side", "CTF consensus"),
    ):
        told = page.get_by_role("region", name=part, exact=True)
        told.scroll_into_view_if_needed()
        expect(told.get_by_role("heading", name=panel)).to_be_visible()
    expect(page.get_by_text("wrong: fits when turned by 90°")).to_be_visible()
    expect(page.locator("iframe")).to_have_count(0)
    page.get_by_role("button", name="Write the methods section").click()
    expect(page.get_by_text("They were processed with icestream")).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Report", exact=True).nth(1).click()
    assert waiting.value.suggested_filename.endswith("-report.zip")


def test_alerts_of_the_report_lead_to_what_they_are_about(
    opened: Open, session: str, whole: SampleSession
) -> None:
    name = queries.exposures(whole.store, limit=1)[0].name
    whole.warn("warning", "thick ice", name)
    page = opened(f"{session}/report")
    page.locator("g[data-alert]").filter(has_text="thick ice").click()
    expect(page).to_have_url(re.compile(f"/exposures/{re.escape(name)}"))
    page.go_back()
    whole.warn("notice", "the disk fills", "")
    page.reload()
    page.locator("g[data-alert]").filter(has_text="the disk fills").click()
    expect(page).to_have_url(re.compile("/alerts$"))
