"""`icestream facility transfer`."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from copied_facility import begun, sections
from icestream.cli.facility.app import app
from icestream.cli.facility.transfer import size_words, span_words
from icestream.facility.opened import Facility, open_facility


@pytest.fixture
def copies(write_facility: Callable[[str], Path], tmp_path: Path) -> Iterator[Facility]:
    with open_facility(write_facility(sections(tmp_path))) as opened:
        yield opened


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_copies_are_made_and_shown(copies: Facility, capsys: pytest.CaptureFixture[str]) -> None:
    assert facility_("transfer") == 0
    assert "no session is copied" in capsys.readouterr().out
    begun(copies)
    (copies.path.parent / "krios1" / "p-001" / "x").symlink_to("nowhere")
    assert facility_("transfer", "--once") == 0
    said = capsys.readouterr().out
    assert "2 of 3" in said
    assert "1 file failed: it is a link to nowhere, which is not there (x)" in said
    assert facility_("transfer", "p-001", "--json") == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert (document["session"], document["files"], document["left_files"]) == ("p-001", 3, 1)


def test_what_stands_still_is_said(copies: Facility, capsys: pytest.CaptureFixture[str]) -> None:
    begun(copies)
    nas = copies.path.parent / "krios1" / "p-001"
    nas.rename(nas.with_name("away"))
    assert facility_("transfer", "--once") == 1
    assert "STANDS STILL" in capsys.readouterr().out


@pytest.mark.parametrize(("size", "words"), [(0, "0 B"), (1500, "1.5 kB"), (2.5e12, "2.5 TB")])
def test_sizes_are_said_in_words(size: float, words: str) -> None:
    assert size_words(size) == words


def test_times_are_said_in_words() -> None:
    assert (span_words(30.0), span_words(600.0), span_words(2e5)) == ("30 s", "10 min", "2 d")
