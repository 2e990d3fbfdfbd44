"""Where the boxes of a workflow are placed."""

import re
from itertools import combinations

import pytest

from icestream.report.drawing import BOX, place_steps

CHAIN = [("import", 0), ("align", 1), ("ctf", 2), ("select", 3), ("pick", 4)]
CHAIN_LINKS = [
    ("import", "align"),
    ("align", "ctf"),
    ("align", "select"),
    ("ctf", "select"),
    ("select", "pick"),
]
TWO_PICKERS = [*CHAIN, ("topaz", 4), ("agree", 5), ("watch", 3), ("machine", 0)]
TWO_LINKS = [
    *CHAIN_LINKS,
    ("select", "topaz"),
    ("pick", "agree"),
    ("topaz", "agree"),
    ("ctf", "watch"),
]


@pytest.mark.parametrize("kind", ["wide", "tall"])
@pytest.mark.parametrize(("steps", "links"), [(CHAIN, CHAIN_LINKS), (TWO_PICKERS, TWO_LINKS)])
def test_boxes_lie_inside_and_do_not_touch(kind: str, steps: list, links: list) -> None:
    drawing = place_steps(steps, links)[kind]
    corners = {box["step"]: (box["x"], box["y"]) for box in drawing["boxes"]}
    assert corners.keys() == {name for name, _ in steps}
    width, height = BOX
    for x, y in corners.values():
        assert 0 <= x <= drawing["width"] - width
        assert 0 <= y <= drawing["height"] - height
    for one, two in combinations(corners.values(), 2):
        assert abs(one[0] - two[0]) >= width or abs(one[1] - two[1]) >= height


def test_links_begin_at_their_source_and_end_at_their_target() -> None:
    drawing = place_steps(TWO_PICKERS, TWO_LINKS)["wide"]
    corners = {box["step"]: (box["x"], box["y"]) for box in drawing["boxes"]}
    ends = set()
    for path in drawing["links"]:
        numbers = [float(each) for each in re.findall(r"-?[0-9.]+", path)]
        ends.add((tuple(numbers[:2]), tuple(numbers[-2:])))
    width, height = BOX
    for a, b in TWO_LINKS:
        start = (corners[a][0] + width, corners[a][1] + height / 2)
        end = (corners[b][0], corners[b][1] + height / 2)
        assert (start, end) in ends


def test_a_long_link_passes_below_the_box_in_between() -> None:
    steps, links = CHAIN[:4], CHAIN_LINKS[:4]
    drawing = place_steps(steps, links)["wide"]
    ctf = next(box for box in drawing["boxes"] if box["step"] == "ctf")
    long = [path for path in drawing["links"] if "H" in path]
    assert len(long) == 1
    level = float(re.findall(r"-?[0-9.]+(?=H)", long[0])[0])
    assert level > ctf["y"] + BOX[1]
    assert level < drawing["height"]


def test_the_chain_is_straight_and_monitors_lie_below_it() -> None:
    drawing = place_steps([*CHAIN, ("watch", 3)], [*CHAIN_LINKS, ("ctf", "watch")])["wide"]
    y = {box["step"]: box["y"] for box in drawing["boxes"]}
    assert len({y[name] for name, _ in CHAIN}) == 1
    assert y["watch"] > y["select"]


def test_a_phone_sees_one_column_in_order() -> None:
    drawing = place_steps(TWO_PICKERS, TWO_LINKS)["tall"]
    assert drawing["width"] <= 340
    assert len({box["x"] for box in drawing["boxes"]}) == 1
    y = {box["step"]: box["y"] for box in drawing["boxes"]}
    assert all(y[a] < y[b] for a, b in TWO_LINKS)
    assert sorted(y, key=y.__getitem__)[-2:] == ["machine", "watch"], "what only looks on is last"


def test_nothing_is_drawn_of_nothing() -> None:
    for drawing in place_steps([], []).values():
        assert drawing["boxes"] == []
        assert drawing["links"] == []


def test_the_workflow_of_every_day_fits_on_a_page() -> None:
    """Ten steps in a row, and the monitors below what they watch."""
    steps = [(f"step{depth}", depth) for depth in range(10)]
    steps += [("watch9", 10), ("watch2", 3), ("also2", 3), ("alone", 0)]
    links = [(f"step{depth}", f"step{depth + 1}") for depth in range(9)]
    links += [("step9", "watch9"), ("step2", "watch2"), ("step2", "also2")]
    watching = {"watch9", "watch2", "also2", "alone"}
    drawing = place_steps(steps, links, watching)["wide"]
    assert drawing["width"] <= 1400
    corners = {box["step"]: (box["x"], box["y"]) for box in drawing["boxes"]}
    for name, source in (("watch9", "step9"), ("watch2", "step2"), ("also2", "step2")):
        assert corners[name][0] == corners[source][0]
        assert corners[name][1] > corners[source][1]
    assert len(drawing["links"]) == len(links)
    assert min(x for x, _ in corners.values()) > 0
