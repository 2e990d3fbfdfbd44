"""Values of another program in our units, and back."""

from typing import Any

import pytest

from icestream.engine.graph.document import Blank
from icestream.exchange.values import CannotConvert, Converted, back, convert, nothing, plain
from icestream.protocol import Becomes

BLANKS = {
    "size": Blank(name="size", kind="number", default=64.0),
    "open": Blank(name="open", kind="number"),
}


@pytest.mark.parametrize(
    ("taken", "theirs", "ours"),
    [
        (Becomes("x", "defocus_max", factor=1e-4), 50000.0, 5.0),
        (Becomes("x", "box", by="pixels"), 256, 512.0),
        (Becomes("x", "radius", by="pixels", factor=0.5), 140, 140.0),
        (Becomes("x", "resolution_max", by="frequency"), 0.4, 5.0),
        (Becomes("x", "flip", choices={0: "none", 1: "up-down"}), 1, "up-down"),
        (Becomes("x", "votes", choices={-1: 0}), 3, 3),
    ],
)
def test_there_and_back(taken: Becomes, theirs: Any, ours: Any) -> None:
    found = convert(taken, {"x": theirs}, 2.0, {})
    assert found is not None
    assert found.value == pytest.approx(ours)
    assert back(taken, found.value, 2.0) == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("theirs", "seconds"), [("12h", 43200.0), (7200, 7200.0), ("30", 30.0), ("1.5m", 90.0)]
)
def test_durations(theirs: Any, seconds: float) -> None:
    found = convert(Becomes("x", "idle_timeout", by="duration"), {"x": theirs}, None, {})
    assert found == Converted(seconds)


def test_what_says_nothing_is_left_to_our_default() -> None:
    skip = Becomes("x", "radius", by="pixels", skip=(-1,))
    for value in (None, "", -1, -1.0):
        assert convert(skip, {"x": value}, 2.0, {}) is None
    assert convert(skip, {}, 2.0, {}) is None
    assert convert(Becomes("x", "a", skip=(0,)), {"x": False}, None, {}) == Converted(False)
    assert nothing(None)
    assert not nothing(0)


def test_a_value_counts_only_with_its_switch() -> None:
    taken = Becomes("x", "size", only_if="doX", off=0)
    assert convert(taken, {"x": 128, "doX": True}, None, {}) == Converted(128)
    assert convert(taken, {"x": 128, "doX": False}, None, {}) == Converted(0, is_off=True)
    assert convert(Becomes("x", "size", only_if="doX"), {"x": 1, "doX": False}, None, {}) is None


def test_a_folder_and_a_name_are_a_pattern() -> None:
    taken = Becomes("folder,name", "pattern", by="path")
    assert convert(taken, {"folder": "/d/", "name": "*.mrc"}, None, {}) == Converted("/d/*.mrc")
    assert convert(taken, {"folder": "/d", "name": ""}, None, {}) == Converted("/d")
    assert convert(taken, {"folder": "", "name": ""}, None, {}) is None


def test_blanks_stay_where_nothing_is_converted() -> None:
    assert convert(Becomes("x", "a"), {"x": "{{size}}"}, None, BLANKS) == Converted("{{size}}")
    found = convert(Becomes("x", "box", by="pixels"), {"x": "{{size}}"}, 2.0, BLANKS)
    assert found is not None
    assert found.value == pytest.approx(128.0)
    assert "its default in the template" in found.remark
    with pytest.raises(CannotConvert, match="left open"):
        convert(Becomes("x", "box", by="pixels"), {"x": "{{open}}"}, 2.0, BLANKS)
    with pytest.raises(CannotConvert, match="fill it in first"):
        back(Becomes("x", "box", by="pixels"), "{{size}}", 2.0)
    assert plain("a {{size}} b", BLANKS) == "a 64.0 b"
    assert plain("a {{open}} b", BLANKS) is None


def test_pixels_without_a_pixel_size() -> None:
    with pytest.raises(CannotConvert, match="the pixel size is not in the file"):
        convert(Becomes("x", "box", by="pixels"), {"x": 256}, None, {})
    with pytest.raises(CannotConvert, match="not known"):
        back(Becomes("x", "box", by="pixels"), 256.0, None)
    with pytest.raises(CannotConvert, match="no number"):
        convert(Becomes("x", "box", by="pixels"), {"x": "wide"}, 1.0, {})
