"""The page that shows two branches side by side."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import toys
from icestream.protocol import known_types
from icestream.report.comparison import compare
from icestream.report.comparison_page import scatter, write_comparison
from icestream.report.paired import Pair, paired
from toy_record import Desk, desks

SRC: Any = ("src", "toy.count", {}, {})
DRAW: Any = ("draw", "toy.draw", {}, {"number": "a"})


@pytest.fixture
def page(tmp_path: Path) -> Iterator[str]:
    for make in desks(tmp_path):
        made: Desk = make(SRC, ("a", "toy.add", {}, {"number": "src"}), DRAW)
        made.find(*range(8))
        made.work()
        made.branch("new", SRC, ("a", "toy.add", {"add": 60}, {"number": "src"}), DRAW)
        made.backfill()
        made.work()
        known = known_types([toys.Add, toys.DrawNumber, toys.Count])
        found = compare(made.store, None, "new")
        write_comparison(
            made.store, found, tmp_path / "page.html", known, changes=["a.add: 1 -> <60>"]
        )
        yield (tmp_path / "page.html").read_text()


def test_it_has_numbers_and_pictures_and_asks_nobody(page: str) -> None:
    assert "Toy value (a) is higher in new, by 59 on average of 8 exposures." in page
    assert "a.add: 1 → &lt;60&gt;" in page
    assert page.count('src="data:image/jpeg;base64,') == 2 * 4
    assert "A number (draw)" in page
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert "default-src 'none'" in page


def test_each_exposure_has_a_point_in_the_plot() -> None:
    pairs = [
        Pair("e<1>", 20000.0, 21000.0, 100.0, 300.0),
        Pair("e2", 30000.0, 30000.0),
    ]
    drawn = scatter(paired("ctf.defocus", pairs))
    assert drawn.count("<circle") == 2
    assert drawn.count('class="bar"') == 2
    assert "e&lt;1&gt;" in drawn
    places = re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', drawn)
    assert float(places[0][0]) < float(places[1][0])  # to the right is more
    assert float(places[0][1]) > float(places[1][1])  # above is more
