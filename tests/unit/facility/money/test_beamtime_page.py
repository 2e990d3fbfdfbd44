"""The page of a period: whole, and with names that are names."""

from datetime import date
from html.parser import HTMLParser
from pathlib import Path

from billing import JULY, ZONE, book, work
from icestream.facility.money.beamtime_page import beam_time_page, write_beam_time
from icestream.facility.money.calendar import Period
from icestream.facility.opened import Facility
from icestream.facility.registry.people import keep_project

MAY = Period(date(2026, 5, 1), date(2026, 5, 31), ZONE)
EVIL = "<script>alert(1)</script>&\"'"


class Words(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_it_tells_all_and_runs_nothing(small: Facility, tmp_path: Path) -> None:
    with small.registry.write() as connection:
        keep_project(connection, EVIL, team="lab")
    book(small, "1", "2026-05-04T09:00", "2026-05-05T09:00", EVIL)
    work(small, "s1", "2026-05-04T09:00", "2026-05-04T20:00", "1", project="cem2", exposures=1234)
    write_beam_time(small, MAY, tmp_path / "new" / "may.html", now=JULY)
    page = Words((tmp_path / "new" / "may.html").read_text())
    assert "script" not in page.tags
    assert EVIL in page.words
    for word in ("x: beam time", "24.0", "11.0", "1,234", "cem2", "lab", "krios", "2026-05"):
        assert word in page.words, word
    write_beam_time(small, MAY, tmp_path / "new" / "may.html", public=True, now=JULY)
    assert "cem2" not in Words((tmp_path / "new" / "may.html").read_text()).words


def test_a_period_of_nothing() -> None:
    page = Words(beam_time_page("x", MAY, {"team": (), "microscope": ()}))
    assert page.words.count("Nothing in this period.") == 2
