"""The page of a collector."""

import re
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

from collecting import TODAY, said
from icestream.server.collector.page import shade_words, write_page
from icestream.server.collector.tally import Tally, UsageFigures
from icestream.usage.countries import world_map


@pytest.fixture
def figures(tmp_path: Path) -> UsageFigures:
    with closing(Tally(tmp_path / "collector.db")) as tally:
        for country in ("ES", "ES", "SG", None):
            tally.take(said(country), TODAY)
        return tally.figures(TODAY)


def test_the_map_says_what_the_table_says(figures: UsageFigures) -> None:
    page = write_page(figures)
    assert f'<path class="n1" d="{world_map().countries["ES"].outline}">' in page
    assert "<title>Spain: 2</title>" in page
    assert re.search(r'<circle class="n0" .*<title>Singapore: 1</title>', page)
    assert "<title>Sweden: none</title>" in page
    for name in ("Spain", "Singapore", "not said"):
        assert f'<th scope="row">{name}</th>' in page
    assert [shade_words(at) for at in range(5)] == ["1", "2–4", "5–9", "10–19", "20 or more"]


def test_it_has_no_script_no_style_of_its_own_and_nothing_from_elsewhere(
    figures: UsageFigures,
) -> None:
    page = write_page(figures)
    assert not re.search(r"<script|<style|style=|onload|://", page)
    ElementTree.fromstring(  # every tag is closed
        re.sub(r"<(meta|link)([^>]*)>", r"<\1\2/>", page.partition("\n")[2])
        .replace("<wbr>", "")
    )  # fmt: skip


def test_a_collector_that_has_nothing_says_so(tmp_path: Path) -> None:
    with closing(Tally(tmp_path / "collector.db")) as tally:
        page = write_page(tally.figures(TODAY))
    assert "No installation has said anything yet." in page
    assert page.count("<table>") == 0
