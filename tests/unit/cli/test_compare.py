"""`icestream compare`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.compare import compare
from toy_commands import with_toys
from toy_record import Desk, desks

SRC: Any = ("src", "toy.count", {}, {})


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with_toys(monkeypatch)
    for make in desks(tmp_path):
        session = make(SRC, ("a", "toy.add", {"fail": "item"}, {"number": "src"}))
        session.find(*range(8))
        session.work()
        session.branch("five", SRC, ("a", "toy.add", {"add": 5}, {"number": "src"}))
        session.backfill()
        session.work()
        yield session


def test_numbers_and_a_verdict(
    made: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare(made.folder, "five", html=tmp_path / "page.html")
    said = capsys.readouterr().out
    assert said.startswith("main and five:\n  a.fail: item -> none\n  a.add: 1 -> 5\n")
    assert "a: 7 exposures have both" in said
    assert "1 failed in main only: e3" in said
    assert "toy value\t4.571\t8.571\t+4 *\t7 higher\t0 lower\t\n" in said
    assert "Toy value (a) is higher in five, by 4 on average of 7 exposures." in said
    assert said.endswith(f"{tmp_path / 'page.html'}\n")
    assert "main and five side by side" in (tmp_path / "page.html").read_text()


def test_two_that_are_named_the_newer_last(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    compare(made.folder, "five", "main", step="a")
    assert "1 fail in main only: e3" in capsys.readouterr().out


def test_for_programs(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    compare(made.folder, "five", json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["old"], told["new"], told["changes"][1]) == ("main", "five", "a.add: 1 -> 5")
    assert told["steps"][0]["qualities"][0]["difference"] == 4.0
    assert len(told["verdict"]) == 2


def test_a_branch_that_is_not_there(made: Desk) -> None:
    with pytest.raises(LookupError, match="no branch 'gone' in this session; it has main, five"):
        compare(made.folder, "gone")
