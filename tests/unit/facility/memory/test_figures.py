"""Every figure says what it is, in which unit, and which side is better."""

from pathlib import Path

from icestream.facility.memory.figures import FIGURES, figure_text
from icestream.model import QUALITIES


def test_each_says_what_it_is() -> None:
    for name, figure in FIGURES.items():
        assert figure.name == name
        assert figure.what.endswith(".")
        assert figure.title
        if figure.quality:
            quality = QUALITIES[figure.quality]
            assert (figure.unit, figure.scale) == (quality.unit, quality.scale)
            assert {"low": "lower", "high": "higher", None: ""}[quality.better] == figure.better


def test_values_are_told_with_their_unit() -> None:
    assert figure_text(FIGURES["resolution"], 3.4321) == "3.43\u202fÅ"
    assert figure_text(FIGURES["defocus_spread"], 512.0).endswith("µm")
    assert figure_text(FIGURES["uptime"], 0.983) == "98.3\u202f%"
    assert figure_text(FIGURES["rate"], 421.7) == "422 /h"
    assert figure_text(FIGURES["rate"], None) == "–"


def test_each_is_explained_with_its_unit() -> None:
    page = Path(__file__).parents[4] / "docs" / "explanation" / "instrument-memory.md"
    text = page.read_text()
    for figure in FIGURES.values():
        unit = f" {figure.unit} |" if figure.unit else " |"
        better = f" {figure.better} |" if figure.better else " |"
        assert f"| {figure.title} | `{figure.name}` |{unit}{better} " in text
