"""A small SQLite file that one process at a time writes."""

import os
from pathlib import Path

import pytest

from icestream.facility.sinks.ledger_file import LedgerBusy, LedgerFile


def test_facts_and_what_others_write(tmp_path: Path) -> None:
    path = tmp_path / "made" / "a.db"
    with pytest.raises(FileNotFoundError):
        LedgerFile(path, (), readonly=True)
    one = LedgerFile(path, ("CREATE TABLE IF NOT EXISTS own (id TEXT)",))
    assert one.fact("cursor", 0) == 0
    one.keep(cursor=7, words=["a", "b"])
    assert (one.fact("cursor"), one.fact("words")) == (7, ["a", "b"])
    before = one.changes()
    one.keep(cursor=8)
    assert one.changes() == before  # its own are none
    other = LedgerFile(path, ())
    other.keep(cursor=9)
    assert one.changes() != before and one.fact("cursor") == 9
    looking = LedgerFile(path, (), readonly=True)
    assert looking.fact("cursor") == 9
    for each in (one, other, looking):
        each.close()


def test_all_of_a_transaction_or_nothing(tmp_path: Path) -> None:
    one = LedgerFile(tmp_path / "a.db", ())
    with pytest.raises(TypeError):
        one.keep(good=1, bad=object())
    assert one.fact("good") is None
    one.close()


def test_one_at_a_time_who_is_named(tmp_path: Path) -> None:
    one, other = (LedgerFile(tmp_path / "a.db", ()) for _ in range(2))
    busy = pytest.raises(LedgerBusy, match=f"process {os.getpid()} is delivering")
    with one.alone(), busy, other.alone():
        pass
    with other.alone():
        pass
    one.close()
    other.close()
