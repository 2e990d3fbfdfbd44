"""Copies are read back."""

import threading
from pathlib import Path

import pytest

from icestream.facility.backup.comparing import compare_copies
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.digest import Hashes, from_disk
from icestream.facility.transfer.rsync import Between, run_rsync


@pytest.fixture
def between(tmp_path: Path) -> Between:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    for name in ("a", "b"):
        (tmp_path / "here" / name).write_text(name * 100)
    return Between(Address(str(tmp_path / "here")), Address(str(tmp_path / "there")))


def test_what_is_as_it_was_has_its_digests(between: Between, tmp_path: Path) -> None:
    run = run_rsync(between, ["a", "b"])
    found = compare_copies(between, run, ["a", "b", "c"], threading.Event())
    assert found == {name: from_disk(tmp_path / "here" / name) for name in ("a", "b")}


def test_what_is_something_else_is_said(between: Between, tmp_path: Path) -> None:
    run = run_rsync(between, ["a", "b"])
    (tmp_path / "there" / "a").write_text("rotten")
    (tmp_path / "there" / "b").unlink()
    found = compare_copies(between, run, ["a", "b"], threading.Event())
    assert found["a"] == "the copy, read back, holds something else than was sent"
    assert str(found["b"]).startswith("it cannot be read back")
    (tmp_path / "there" / "b").write_text("b" * 100)
    run.done = dict.fromkeys(run.done)  # rsync found them there
    found = compare_copies(between, run, ["a", "b"], threading.Event())
    assert found["a"] == "the copy holds something else"
    assert isinstance(found["b"], Hashes)
