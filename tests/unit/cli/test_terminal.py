"""Output for people and for programs."""

import json
from pathlib import Path

import pytest

from icestream.cli.terminal import print_json, print_table


def test_a_table_in_a_pipe_has_one_line_per_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "value"), [("a", "x" * 300), ("b", "[y]")])
    assert capsys.readouterr().out.splitlines() == ["name\tvalue", "a\t" + "x" * 300, "b\t[y]"]


def test_json_knows_paths_and_keeps_units(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"folder": Path("/a"), "unit": "Å"})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"folder": "/a", "unit": "Å"}
    assert "Å" in printed
