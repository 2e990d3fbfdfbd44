"""The audit log: what is in it stays, and what comes from outside does no harm."""

import sqlite3

import pytest

from icestream.server.people.audit import Audit
from icestream.server.people.database import Database


@pytest.fixture
def audit(database: Database) -> Audit:
    return Audit(database)


def test_it_says_who_did_what_about_what_from_where(audit: Audit) -> None:
    audit.add("ada", "role given", "vic", address="10.0.0.9", details={"role": "staff"})
    (entry,) = audit.entries()
    assert (entry.who, entry.what, entry.about) == ("ada", "role given", "vic")
    assert (entry.address, entry.outcome, entry.details) == ("10.0.0.9", "done", {"role": "staff"})
    assert entry.time > 1.7e9


def test_the_newest_come_first_and_pages_follow(audit: Audit) -> None:
    for number in range(5):
        audit.add("ada" if number % 2 else "oli", f"thing {number}")
    first = audit.entries(limit=2)
    assert [one.what for one in first] == ["thing 4", "thing 3"]
    assert [one.what for one in audit.entries(limit=2, before=first[-1].number)] == [
        "thing 2",
        "thing 1",
    ]
    assert {one.what for one in audit.entries(who="ada")} == {"thing 1", "thing 3"}
    assert [one.what for one in audit.entries(what="thing 4")] == ["thing 4"]


def test_an_entry_cannot_be_changed(audit: Audit, database: Database) -> None:
    audit.add("ada", "something")
    with (
        pytest.raises(sqlite3.IntegrityError, match="stays as it is"),
        database.write() as connection,
    ):
        connection.execute("UPDATE audit SET who = 'oli'")


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "\ud800", "a\nb", "%s%n", "'); DROP TABLE audit--"]
)
def test_any_text_is_taken_and_none_fills_the_disk(audit: Audit, text: str) -> None:
    audit.add(text, text, text, address=text, outcome=text, details={"one": text})
    (entry,) = audit.entries()
    assert len(entry.who) <= 300
    assert len(entry.details["one"]) <= 300
