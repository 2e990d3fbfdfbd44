"""The tutorial of a facility's day: every command of the page, in one shell, and its browser."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from browser import CHROMIUM
from facility_day import PAGE, SCENES, Scene, Typed, is_as_shown, pieces, play


@pytest.mark.slow
@pytest.mark.timeout(1800)  # of a busy machine; what is waited for says when it does not come
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_the_day_is_as_the_page_tells_it(tmp_path: Path) -> None:
    """Two bookings from the wizard to the invoice; each command prints what the page shows."""
    said: list[str] = []
    play(tmp_path, say=said.append)
    assert (tmp_path / "cem00123-001.pdf").read_bytes().startswith(b"%PDF")
    delivered = {path.name for path in (tmp_path / "results").iterdir()}
    assert delivered == {"cem00123-001.jsonl"}, "nothing of a confidential project leaves"
    report = next(one for one in said if "icestream facility beamtime" in one)
    assert "cem00123" in report
    assert "cem00456" not in report


def test_the_page_is_read_whole() -> None:
    """No command is left out, and each picture is made where it stands."""
    text = PAGE.read_text()
    found = list(pieces(text))
    typed = [one for one in found if isinstance(one, Typed)]
    assert sum(one.words.startswith("icestream ") for one in typed) == text.count("\n$ icestream ")
    assert [one.name for one in found if isinstance(one, Scene)] == list(SCENES)
    for name in SCENES:
        assert f"images/day-{name}.png" in text
    assert any(one.until for one in typed)
    assert "cat > facility.toml" in typed[2].words


@pytest.mark.parametrize(
    ("printed", "shown", "right"),
    [
        ("a\tb\nc  d\n\n", ("a     b", "c d"), True),
        ("a b\n", ("a c",), False),
        ("a b\nmore\n", ("a b",), False),
        ("a b\nmore\nlast\n", ("a b", "…"), True),
        ("first\nmore\nlast\n", ("…", "last"), True),
        ("last\n", ("…", "last"), True),
        ("begun 12:03 by ada\n", ("begun … by ada",), True),
        ("begun 12:03 by lea\n", ("begun … by ada",), False),
        ("whatever\n", (), True),
    ],
)
def test_what_is_printed_is_compared_with_what_is_shown(
    printed: str, shown: tuple[str, ...], right: bool
) -> None:
    assert is_as_shown(printed, shown) is right
