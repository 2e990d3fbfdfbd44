"""Pages that need no server, and what is never on them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from icestream.facility.memory.pages import shown_charts, write_index, write_pages
from icestream.facility.memory.remember import tell_drift
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.figures import drifts
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.sessions import change_session, session, sessions
from simulated_histories import remember_history

REPORTS = """
[memory.reports]
folder = "{folder}/live"
address = "https://live.example.org/{microscope}/{session}/"
"""


@pytest.fixture
def known(write_facility: Callable[[str], Path]) -> Iterator[Facility]:
    with open_facility(write_facility(REPORTS)) as opened:
        remember_history(opened.registry, "krios1", 25, worse={"astigmatism": (21, 3.0)})
        yield opened


def test_each_microscope_has_a_page_and_there_is_one_with_statistics(
    known: Facility, tmp_path: Path
) -> None:
    tell_drift(known)
    folder = tmp_path / "pages"
    assert write_pages(known, folder) == 9
    assert write_pages(known, folder) == 0
    names = {path.name for path in folder.iterdir()}
    assert {"index.html", "krios1.html", "glacios.html", "by-month.csv"} <= names
    page = (folder / "krios1.html").read_text()
    assert page.count('<svg viewBox="0 0 600') == 11
    assert "Astigmatism has been worse than usual" in page
    assert "No session of it has figures yet" in (folder / "glacios.html").read_text()
    whole = (folder / "index.html").read_text()
    for path in (page, whole):
        for target in re.findall(r'href="([^"]+)"', path):
            assert (folder / target).is_file(), target
        assert not re.search(r'(src|href)="(https?:)?//', path)
        assert "<script" not in path


def test_confidential_sessions_are_on_no_page(known: Facility, tmp_path: Path) -> None:
    with known.registry.write() as connection:
        keep_project(connection, "p1", confidential=True, team="Secret Ltd")
        change_session(connection, session(connection, "krios1-1").id, confidential=True)
    hidden = {f"krios1-{number}" for number in range(1, 26) if number % 3 == 2} | {"krios1-1"}

    write_pages(known, tmp_path / "out")
    write_index(known, tmp_path / "out" / "live")
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    text = "".join(path.read_text() for path in written)
    for name in hidden:
        assert not re.search(rf"{name}\b", text), name
    assert "Secret Ltd" not in text
    assert "krios1-3" in text
    shown = shown_charts(known, "krios1", confidential=False)
    whole = shown_charts(known, "krios1", confidential=True)
    assert len(whole[0].points) == 25
    assert len(shown[0].points) == 25 - len(hidden)
    assert shown[0].points[-1].judged == whole[0].points[-1].judged  # limits know of all
    write_pages(known, tmp_path / "staff", confidential=True)
    assert "Secret Ltd" in (tmp_path / "staff" / "index.html").read_text()


def test_the_index_leads_to_live_reports(known: Facility, tmp_path: Path) -> None:
    with known.registry.write() as connection:
        number = session(connection, "krios1-25").id
        change_session(connection, number, name="a b/<x>", state="running", ended=None)
        change_session(connection, session(connection, "krios1-2").id, state="gone")
    assert write_index(known, tmp_path / "live") == 1
    assert write_index(known, tmp_path / "live") == 0
    page = (tmp_path / "live" / "index.html").read_text()
    addresses = re.findall(r'href="([^"]+)"', page)
    assert len(addresses) == 24
    assert addresses[-1] == "https://live.example.org/krios1/krios1-1/"
    assert all(re.fullmatch(r"https://live\.example\.org/krios1/[\w.%-]+/", a) for a in addresses)
    assert "a b/&lt;x&gt;" in page
    assert "3.6" in page


def test_an_empty_registry_makes_pages_that_say_so(facility: Facility, tmp_path: Path) -> None:
    write_pages(facility, tmp_path / "pages")
    assert "There is no session yet" in (tmp_path / "pages" / "index.html").read_text()
    write_index(facility, tmp_path / "live")
    page = (tmp_path / "live" / "index.html").read_text()
    assert "There is no session to show" in page


def test_a_drift_does_not_name_a_session_that_became_confidential(
    known: Facility, tmp_path: Path
) -> None:
    tell_drift(known)
    with known.registry.write() as connection:
        (drift,) = drifts(connection)
        one = next(one for one in sessions(connection) if one.id == drift.session)
        assert one.name in drift.message
        change_session(connection, one.id, confidential=True)
    write_pages(known, tmp_path)
    text = "".join(path.read_text() for path in tmp_path.glob("*.html"))
    assert "Astigmatism has been worse than usual" in text
    assert not re.search(rf"{one.name}\b", text)
