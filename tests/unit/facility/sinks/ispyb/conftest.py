"""A database of an ISPyB for each test, on one server."""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, text

import mariadb_server

_NUMBERS = itertools.count(1)


@dataclass
class Ispyb:
    """A database with the tables of an ISPyB and the visit cm31111-5."""

    server: mariadb_server.Server
    database: str
    engine: Engine

    @property
    def url(self) -> str:
        return self.server.url(self.database)

    def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table, in order."""
        asked = " AND ".join(f"{name} = :{name}" for name in where) or "1"
        with self.engine.connect() as connection:
            found = connection.execute(text(f"SELECT * FROM {table} WHERE {asked}"), where)
            return [dict(row) for row in found.mappings()]

    def count(self, table: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for one in statements:
                connection.execute(text(one))


@pytest.fixture(scope="session")
def one_ispyb(mariadb: mariadb_server.Server) -> Iterator[Ispyb]:
    """The database that most tests share, one after another."""
    with _made(mariadb) as made:
        yield made


@pytest.fixture
def ispyb(one_ispyb: Ispyb) -> Iterator[Ispyb]:
    """A database without results; its tables are not to be changed."""
    yield one_ispyb
    one_ispyb.run(
        "SET FOREIGN_KEY_CHECKS = 0",
        *(f"DELETE FROM {table}" for table in mariadb_server.TABLES[4:]),
        "SET FOREIGN_KEY_CHECKS = 1",
    )


@pytest.fixture
def other_ispyb(mariadb: mariadb_server.Server) -> Iterator[Ispyb]:
    """A database of its own, whose tables may be changed."""
    with _made(mariadb) as made:
        yield made


@contextlib.contextmanager
def _made(mariadb: mariadb_server.Server) -> Iterator[Ispyb]:
    name = f"ispyb_{next(_NUMBERS)}"
    engine = mariadb.make_ispyb(name)
    yield Ispyb(mariadb, name, engine)
    engine.dispose()
