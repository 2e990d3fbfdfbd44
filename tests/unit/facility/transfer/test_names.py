"""Names of files: as bytes, as rsync writes them, and which are left out."""

import os
import subprocess
from pathlib import Path

import pytest

from icestream.facility.transfer.names import (
    asked_for,
    from_rsync,
    is_excluded,
    those_within,
    unnamed,
)

ODD = [
    "-rf",
    "#a",
    ";b",
    "new\nline",
    "tab\there",
    "ünï",
    "back\\#012slash",
    " blank ",
    "\udcff\udcfe",
]


def test_rsync_reads_and_writes_names_as_we_do(tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    for name in ODD:
        (tmp_path / name).write_text("x")
    told = subprocess.run(
        [
            "rsync",
            "--files-from=-",
            "--from0",
            "--out-format=%n",
            f"{tmp_path}/",
            f"{tmp_path}/to/",
        ],
        input=asked_for(ODD),
        capture_output=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert {from_rsync(line) for line in told.stdout.splitlines()} == set(ODD)
    assert sorted(each.name for each in (tmp_path / "to").iterdir()) == sorted(ODD)


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("a/Thumbs.db", True),
        ("a/x.tmp", True),
        ("atlas/deep/x.mrc", True),
        ("Data/atlas.mrc", False),
        ("x.mrc", False),
    ],
)
def test_what_is_left_out(name: str, left_out: bool) -> None:
    assert is_excluded(name, ["*.tmp", "Thumbs.db", "atlas"]) is left_out


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a//b", ""])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    assert unnamed(name)
    assert not unnamed("a..b/..c")


def test_files_of_folders_that_are_called_so() -> None:
    names = ["20261130_lea/a", "20261130_tom/a", "b", "20261130_lea/x/y"]
    assert those_within(names, "2026*_lea") == ["20261130_lea/a", "20261130_lea/x/y"]
    assert those_within(names, "") == names
