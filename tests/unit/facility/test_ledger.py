"""What all ledgers of a facility have in common."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from icestream.facility import ledger as ledger_module
from icestream.facility.ledger import one_transaction, opened_ledger

SCHEMA = "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY)"


def test_all_of_a_transaction_happens_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.db"
    with closing(opened_ledger(path, SCHEMA)) as ledger:
        with one_transaction(ledger):
            ledger.execute("INSERT INTO kept VALUES ('a')")
        with pytest.raises(KeyError), one_transaction(ledger):
            ledger.execute("INSERT INTO kept VALUES ('b')")
            raise KeyError
    with closing(opened_ledger(path, SCHEMA, readonly=True)) as read:
        assert read.execute("SELECT name FROM kept").fetchall() == [("a",)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            read.execute("INSERT INTO kept VALUES ('c')")


def test_one_that_is_not_there_is_not_made_by_a_reader(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        opened_ledger(tmp_path / "x.db", SCHEMA, readonly=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("network", "durable", "journal", "synchronous"),
    [(False, False, "wal", 1), (False, True, "wal", 2), (True, False, "delete", 2)],
)
def test_how_it_is_written_depends_on_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, network: bool, durable: bool,
    journal: str, synchronous: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(ledger_module, "is_network", lambda _: network)
    with closing(opened_ledger(tmp_path / "x.db", SCHEMA, durable=durable)) as made:
        assert made.execute("PRAGMA journal_mode").fetchone() == (journal,)
        assert made.execute("PRAGMA synchronous").fetchone() == (synchronous,)
