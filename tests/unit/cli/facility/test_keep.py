"""`icestream facility keep`, `removals` and `undo-removal`."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.facility.app import app
from icestream.cli.facility.keep import OutOfPlace, size_words
from icestream.facility.opened import open_facility
from icestream.facility.registry.removals import UnknownRemoval
from icestream.facility.registry.sessions import change_session
from kept_session import FILES, RAW, KeptPlace, there

RULES = '[keep]\n[keep.raw]\nafter = "21 d"\nwarn = []\n[backup.usb]\nto = "{folder}/usb"\n'


@pytest.fixture
def kept(write_facility: Callable[[str], Path]) -> Iterator[KeptPlace]:
    with open_facility(write_facility(RULES)) as facility:
        yield KeptPlace(facility)


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_what_would_go_is_shown_and_nothing_is_changed(
    kept: KeptPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.back_up("raw/a.tiff", "raw/Sq 1/b.tiff")
    assert facility_("keep") == 0
    said = capsys.readouterr().out
    assert "due: 2 files, 14 B" in said
    assert "kept for ever" in said
    assert "stays: p-1: raw/Sq 1/b.xml: no backup has a verified copy of it" in said
    assert "2 files, 14 B, can be removed: icestream facility keep --yes" in said
    assert there(kept) == set(FILES)
    facility_("keep", "p-1", "--json")
    found = {one["class"]: one for one in json.loads(capsys.readouterr().out)}
    assert (found["raw"]["files"], found["raw"]["bytes"]) == (2, 14)
    assert found["report"]["due"] is None


def test_it_is_done_listed_and_undone(kept: KeptPlace, capsys: pytest.CaptureFixture[str]) -> None:
    kept.back_up(*RAW)
    facility_("removals")
    assert "nothing was removed" in capsys.readouterr().out
    before = kept.state()
    assert facility_("keep", "p-1", "--yes") == 0
    said = capsys.readouterr().out
    assert "put 3 files (0.0 MB) aside" in said
    assert "removal 1: 3 files, 22 B" in said
    assert there(kept) == set(FILES) - set(RAW)
    assert facility_("removals") == 0
    assert "can be undone until" in capsys.readouterr().out
    facility_("removals", "p-1", "--json")
    assert json.loads(capsys.readouterr().out)[0]["session"] == "p-1"
    kept.write("raw/a.tiff", "another")
    assert facility_("undo-removal", "1") == 1
    said = capsys.readouterr().out
    assert "brought back 2 files (15 B) of p-1; they are held" in said
    assert "1 files stay: raw/a.tiff: something else is in its place now" in said
    (kept.place / "raw/a.tiff").unlink()
    assert facility_("undo-removal", "1") == 0
    assert kept.state() == before
    facility_("keep", "--yes")
    assert "nothing is due" in capsys.readouterr().out
    assert kept.state() == before


def test_what_is_not_there_is_said(kept: KeptPlace, tmp_path: Path) -> None:
    with pytest.raises(UnknownRemoval, match="there is no removal 9"):
        facility_("undo-removal", "9")
    with kept.facility.registry.write() as connection:
        change_session(connection, kept.session.id, folder=str(tmp_path / "far"))
    with pytest.raises(OutOfPlace, match="is not in its place"):
        facility_("keep", "p-1")


def test_sizes_are_words() -> None:
    assert [size_words(n) for n in (5, 5e3, 5e6, 5e9, 5e12)] == [
        "5 B", "5.0 kB", "5.0 MB", "5.0 GB", "5.0 TB",
    ]  # fmt: skip
