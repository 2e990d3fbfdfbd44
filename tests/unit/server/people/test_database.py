"""The server's own database: made once, for its owner alone, safe with many threads."""

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from icestream.server.people.database import FILE, Database, NewerDatabase


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "state")):
        for file in (tmp_path / "state").glob(f"{FILE}*"):
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0


def test_what_is_in_it_stays(tmp_path: Path) -> None:
    for _ in range(2):
        with closing(Database(tmp_path)) as database, database.write() as connection:
            connection.execute(
                "INSERT INTO audit (time, who, what, about, address, outcome, details)"
                " VALUES (0, '', '', '', '', '', '{}')"
            )
    with closing(Database(tmp_path)) as database, database.read() as connection:
        assert connection.execute("SELECT count(*) FROM audit").fetchone()[0] == 2


def test_one_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    Database(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerDatabase, match="schema 99"):
        Database(tmp_path)


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(
            "INSERT INTO account (name, full_name, role, source, created)"
            " VALUES ('ada', '', 'admin', 'local', 0)"
        )
        raise ZeroDivisionError
    with database.read() as connection:
        assert connection.execute("SELECT count(*) FROM account").fetchone()[0] == 0


def test_many_threads_write_without_losing_anything(database: Database) -> None:
    def one(number: int) -> None:
        with database.write() as connection:
            connection.execute(
                "INSERT INTO audit (time, who, what, about, address, outcome, details)"
                " VALUES (?, '', '', '', '', '', '{}')",
                (number,),
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(100)))
    with database.read() as connection:
        found = {row[0] for row in connection.execute("SELECT time FROM audit")}
    assert found == set(map(float, range(100)))
