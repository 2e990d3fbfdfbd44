"""The ledger of a copy."""

import sqlite3
from pathlib import Path

import pytest

from icestream.facility.transfer.ledger import CopyLedger, CopyTally


def test_files_are_kept_under_any_name(tmp_path: Path) -> None:
    ledger = CopyLedger(tmp_path / "x" / "t.db")
    assert ledger.see([("a\nb", False), ("\udcff.mrc", True)], 5.0) == 2
    assert ledger.see([("a\nb", False)], 6.0) == 0
    entry = ledger.get("\udcff.mrc")
    assert entry is not None
    assert (entry.state, entry.movie, entry.found, entry.size) == ("seen", True, 5.0, -1)
    ledger.put(entry, state="verified", size=7, copied_size=7, digest="d", at=100.0)
    ledger.note("outage", "away")
    again = CopyLedger(tmp_path / "x" / "t.db", readonly=True)
    assert [each.name for each in again.every()] == ["a\nb", "\udcff.mrc"]
    assert again.tallies() == {"seen": CopyTally(1, 0), "verified": CopyTally(1, 7)}
    assert (again.copied_since(99.0), again.copied_since(100.0)) == (7, 0)
    assert (again.noted("outage"), again.noted("other"), again.last_found()) == ("away", "", 5.0)
    with pytest.raises(sqlite3.OperationalError):
        again.see([("c", False)], 7.0)


def test_what_was_gone_or_removed_is_seen_anew(tmp_path: Path) -> None:
    ledger = CopyLedger(tmp_path / "t.db")
    ledger.see([("a", True), ("b", True), ("c", True)], 1.0)
    for name, state in (("a", "gone"), ("b", "cleaned"), ("c", "verified")):
        entry = ledger.get(name)
        assert entry is not None
        ledger.put(entry, state=state, copied_size=3, why="x")
    assert ledger.see([("a", True), ("b", True), ("c", True)], 2.0) == 2
    found = {entry.name: (entry.state, entry.copied_size) for entry in ledger.every()}
    assert found == {"a": ("seen", -1), "b": ("seen", -1), "c": ("verified", 3)}


def test_reasons_are_counted(tmp_path: Path) -> None:
    ledger = CopyLedger(tmp_path / "t.db")
    ledger.see([(name, True) for name in "abc"], 1.0)
    for entry in list(ledger.every()):
        ledger.put(entry, state="failed", why="no" if entry.name == "a" else "not whole")
    assert ledger.reasons() == [("failed", "not whole", 2, "b"), ("failed", "no", 1, "a")]


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    ledger = CopyLedger(tmp_path / "t.db")
    ledger.see([("a", True)], 1.0)
    with pytest.raises(RuntimeError), ledger.writing():
        ledger.put(1, state="ready")
        raise RuntimeError
    assert [entry.state for entry in ledger.every()] == ["seen"]
