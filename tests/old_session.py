"""A session that an earlier icestream made, restored from the dump of its store.

``data/session-0002.sql`` is a store of schema 0002 as ``sqlite3 .dump`` wrote it. Its session ran
the toy protocols below: exposures e1, e2, e4, e5 and e8 went through, e3 failed, e8 was rejected
and accepted by ada, e1 rejected by her; `share` is at revision 3; one alert was acknowledged, one
offers a change, one's offer was adopted; two requests have no answer yet. Its times are of
January 2025.
"""

import sqlite3
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, insert, select

import toys
from icestream.engine.executors import attempt
from icestream.model import Accepted, Rejected, Verdict
from icestream.protocol import SelectionProtocol
from icestream.store import open as opening
from icestream.store import postgres

DUMP = Path(__file__).parent / "data" / "session-0002.sql"
SCHEMA = "0002"
STEPS: tuple[Any, ...] = (
    ("src", "toy.count", {"folder": "numbers"}, {}),
    ("a", "toy.add", {"add": 1}, {"number": "src"}),
    ("b", "toy.add", {"add": 3}, {"number": "src"}),
    ("mean", "toy.agree", {}, {"number": ["a", "b"]}),
    ("c", "toy.add", {"add": 0, "fail": "item", "write": True}, {"number": "mean"}),
    ("sel", "toy.select", {"below": 9}, {"number": "c"}),
    ("hold", "toy.hold", {"enough": 3}, {"number": "sel"}),
    ("share", "toy.add", {"add": 30}, {"number": "hold"}),
    ("total", "toy.total", {"full": 2}, {"number": "sel"}),
    ("twice", "toy.double", {}, {"total": "total"}),
    ("watch", "toy.watch", {"below": 6}, {"number": "a"}),
    ("teach", "toy.teach", {"step": "b", "enough": 3}, {"number": "a"}),
    (
        "tune",
        "toy.teach",
        {"step": "share", "enough": 4, "add": 20, "automatic": True},
        {"number": "a"},
    ),
)
"""The workflow as it stands, for `toy_session.Session.run`.

The source reads ``numbers`` in the current folder, where it finds again what it found then after
`put` has written it.
"""
TOTAL = {"value": 30.0, "count": 5, "batches": 3, "final": 1.0}
"""State of the batch step, which it keeps in a file beside the store."""


class Few(SelectionProtocol[toys.Batching]):
    """Lets totals of few numbers through."""

    name = "toy.few"
    title = "Few"

    def judge(self, total: toys.Total) -> Verdict:
        if total.count <= self.parameters.full:
            return Accepted()
        return Rejected((f"{total.count} is more than {self.parameters.full}",))


def put(folder: Path, *numbers: int, closed: bool = True) -> None:
    """Let the source find exposures: ``e5`` has the value 5."""
    place = folder / "numbers"
    place.mkdir(exist_ok=True)
    for number in numbers:
        (place / f"e{number}").write_text(str(number))
    if closed:
        (place / "closed").touch()


def restore(folder: Path, url: str | None = None) -> None:
    """Make `folder` the old session's, its store untouched: in the folder, or in PostgreSQL."""
    folder.mkdir(parents=True)
    (folder / "total").mkdir()
    attempt._states.clear()  # of another session that ran in this process, by the same path
    toys.AddUp().save(TOTAL, folder / "total" / "batch_00003_state")
    file = folder / opening.FILE if url is None else folder.with_suffix(".old")
    old = sqlite3.connect(file)
    old.executescript(DUMP.read_text())
    for path, size in old.execute("SELECT path, size FROM file WHERE path LIKE 'c/%'").fetchall():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(b"\n" * size)
    old.close()
    if url is not None:
        _into_postgres(folder, file, url)


def _into_postgres(folder: Path, file: Path, url: str) -> None:
    pointer = opening._place(folder, url)
    assert pointer is not None
    target = postgres.connect(pointer.url, pointer.schema, readonly=False)
    scripts = Config()
    scripts.set_main_option("script_location", str(Path(opening.__file__).parent / "migrations"))
    source = create_engine(f"sqlite:///{file}")
    known = MetaData()
    known.reflect(source)
    with target.begin() as connection, source.connect() as old:
        scripts.attributes["connection"] = connection
        command.upgrade(scripts, SCHEMA)
        for table in known.sorted_tables:
            rows = [dict(row._mapping) for row in old.execute(select(table))]
            if rows and table.name != "alembic_version":
                connection.execute(insert(table), rows)
    source.dispose()
    target.dispose()
