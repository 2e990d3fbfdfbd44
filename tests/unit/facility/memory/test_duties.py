"""What the memory does over and over."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.facility.duties.all import duties_of
from icestream.facility.duties.duty import Outage
from icestream.facility.memory.duties import memory_duties
from icestream.facility.opened import open_facility
from simulated_histories import remember_history

MORE = """
[memory]
folder = "{folder}/pages"
publish = "{folder}/web/"
[memory.reports]
folder = "{folder}/live"
publish = "{folder}/public/"
"""


def test_it_is_off_where_the_file_says_nothing(write_facility: Callable[[str], Path]) -> None:
    with open_facility(write_facility("")) as facility:
        assert not list(memory_duties(facility.file))
    with open_facility(write_facility("[memory]\n")) as facility:
        assert "memory" in [duty.name for duty in duties_of(facility.file)]


def test_pages_are_written_and_published(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    with open_facility(write_facility(MORE)) as facility:
        remember_history(facility.registry, "krios1", 12)
        duties = {duty.name: duty for duty in memory_duties(facility.file)}
        stop = threading.Event()
        said = duties["memory"].act(facility, stop)
        assert said.startswith("0 sessions measured, 0 drifting")
        assert duties["memory.pages"].act(facility, stop) == "9 pages changed, published"
        assert (tmp_path / "web" / "krios1.html").is_file()
        assert duties["memory.reports"].act(facility, stop) == "1 page changed, published"
        assert "krios1-12" in (tmp_path / "public" / "index.html").read_text()


def test_a_target_that_is_away_is_an_outage(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "web").write_text("")
    with open_facility(write_facility(MORE)) as facility:
        duties = {duty.name: duty for duty in memory_duties(facility.file)}
        with pytest.raises(Outage, match="could not be published"):
            duties["memory.pages"].act(facility, threading.Event())


def test_sessions_that_cannot_be_read_are_said(write_facility: Callable[[str], Path]) -> None:
    with open_facility(write_facility("[memory]\n")) as facility:
        remember_history(facility.registry, "krios1", 1, state="running")
        (duty,) = memory_duties(facility.file)
        said = duty.act(facility, threading.Event())
        assert "1 cannot be read: krios1-1: /s/krios1-1/processing holds no" in said
