"""The ledger of a backup."""

from dataclasses import replace
from pathlib import Path

import pytest

from icestream.facility.backup.ledger import BackedFile, BackupLedger, Sum


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    ledger = BackupLedger(tmp_path / "b.db")
    kept = BackedFile(name="movies/\udcff", volume="v", size=5, modified=7, digest="d", at=1.0)
    ledger.keep(kept)
    ledger.keep(replace(kept, name="processing/x", link="y"))
    again = BackupLedger(tmp_path / "b.db", readonly=True)
    assert list(again.every("movies/")) == [kept]
    assert again.names("processing/") == {"processing/x"}
    assert again.sums() == {"movies": Sum(1, 5, 0, 0, 0), "processing": Sum(1, 5, 0, 0, 0)}
    assert again.volumes() == {"v": 2}
    ledger.lost(["movies/\udcff"], 9.0)
    ledger.lost(["movies/\udcff"], 10.0)
    assert [each.gone for each in ledger.gone_since(9.5)] == [9.0]
    ledger.checked("processing/x", 11.0, "rotten")
    assert (again.sums()["processing"].wrong, again.get("processing/x").checked) == (1, None)  # type: ignore[union-attr]
    ledger.checked("processing/x", 12.0, "")
    assert again.sums()["processing"].wrong == 0
    ledger.forget("processing/x")
    assert again.get("processing/x") is None


def test_what_was_replaced_is_known(tmp_path: Path) -> None:
    ledger = BackupLedger(tmp_path / "b.db")
    kept = BackedFile(name="a", volume="v", size=5, modified=7)
    ledger.replaced(kept, "former/1/a", 3.0)
    assert ledger.former() == [("a", "former/1/a", 5, 3.0)]
    assert ledger.former(3.0) == []
    ledger.drop_former("former/1/a")
    assert ledger.former() == []


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    ledger = BackupLedger(tmp_path / "b.db")
    with pytest.raises(RuntimeError), ledger.writing():
        ledger.keep(BackedFile(name="a", volume="v", size=5, modified=7))
        raise RuntimeError
    assert list(ledger.every()) == []
