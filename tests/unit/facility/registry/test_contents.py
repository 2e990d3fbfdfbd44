"""A registry becomes another one: from a file, from PostgreSQL, into a file, into PostgreSQL."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError

from billing import JULY, billing, book, local
from icestream.facility.money.invoices import invoices, verify
from icestream.facility.money.issue import credit, issue
from icestream.facility.opened import Facility
from icestream.facility.registry import contents as of_registry
from icestream.facility.registry import tables as t
from icestream.facility.registry.contents import (
    NotEmpty,
    NotTheSame,
    contents,
    digest_of,
    fill,
)
from icestream.facility.registry.figures import keep_figures
from icestream.facility.registry.holds import add_hold
from icestream.facility.registry.microscopes import add_occasion, microscopes
from icestream.facility.registry.open import FacilityRegistry, open_registry
from icestream.facility.registry.records import KnownFigure
from icestream.facility.registry.sessions import Whose, keep_session


@pytest.fixture
def full(url: str | None, tmp_path: Path, request: pytest.FixtureRequest) -> Facility:
    """Invoices, a credit note, an occasion, a hold, figures, a drift."""
    facility = billing(tmp_path / "one", url)
    request.addfinalizer(facility.registry.close)
    for day in (4, 5):
        book(facility, str(day), f"2026-05-0{day}T09:00", f"2026-05-0{day}T10:00")
        issue(facility, "lab", who="eve", now=JULY + day)
    credit(facility, "2026-0001", who="eve", reason="x", now=local("2027-01-05T00:00"))
    with facility.registry.write() as connection:
        add_occasion(connection, "krios", "service", "lens changed", who="eve")
        keep_session(
            connection, "key-1", Whose(microscope="krios"), name="s-1", place="/s-1",
            folder="/s-1/processing", began=JULY, state="done", confidential=True,
        )  # fmt: skip
        add_hold(connection, 1, why="a paper", who="eve")
        keep_figures(
            connection, 1, {"at": JULY, "over": True, "exposures": 40},
            [KnownFigure(name="resolution", value=3.25, spread=0.1, count=40, by="ctf.estimate")],
        )  # fmt: skip
        connection.execute(
            insert(t.drift).values(
                microscope_id=1, figure="resolution", series="all", session_id=1, began=JULY,
                message="worse \u00b5m",
            )
        )  # fmt: skip
    return facility


def other(url: str, folder: Path, *, postgres: bool) -> FacilityRegistry:
    """An empty one; the PostgreSQL server's other database where it has the first one, too."""
    if not postgres:
        return open_registry(folder / "other.db")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS other"))
        connection.execute(text("CREATE DATABASE other"))
    engine.dispose()
    return open_registry(url.replace("/postgres?", "/other?"))


@pytest.mark.parametrize("into", ["sqlite", "postgresql"])
def test_all_of_it_arrives_and_goes_on(
    full: Facility, postgres: str, tmp_path: Path, into: str
) -> None:
    target = other(postgres, tmp_path, postgres=into == "postgresql")
    try:
        done = fill(target, full.registry)
        assert done.rows == contents(full.registry) == contents(target)
        assert done.rows["invoice"] == 3
        assert digest_of(target) == digest_of(full.registry) == done.digest
        moved = Facility(full.path, full.file, target)
        with target.read() as connection:
            assert list(verify(connection)) == []
            before = [(each.number, each.state) for each in invoices(connection)]
            assert connection.execute(select(t.session.c.confidential)).scalar() is True
        assert before == [
            ("2026-0001", "credited"), ("2026-0002", "issued"), ("C2027-0001", "issued"),
        ]  # fmt: skip
        # Numbers go on, of rows as of invoices; what was issued cannot be changed there either.
        book(moved, "6", "2026-05-06T09:00", "2026-05-06T10:00")
        assert issue(moved, "lab", who="eve", now=local("2026-07-10T12:00")).number == "2026-0003"
        for statement in ("UPDATE invoice SET total = '0'", "DELETE FROM invoice_line"):
            with pytest.raises(DBAPIError, match="is never"), target.write() as connection:
                connection.execute(text(statement))
        assert digest_of(target) != digest_of(full.registry)
    finally:
        target.close()


def test_only_an_empty_one_is_filled(full: Facility, tmp_path: Path) -> None:
    source = open_registry(tmp_path / "source.db")
    before = digest_of(full.registry)
    with pytest.raises(NotEmpty, match=r"is not empty \(rows of .*booking: 2"):
        fill(full.registry, source)
    assert digest_of(full.registry) == before
    source.close()


def test_microscopes_that_the_file_had_written_there_give_way(tmp_path: Path) -> None:
    source = billing(tmp_path / "one").registry
    target = Facility(tmp_path, billing(tmp_path / "two").file, open_registry(tmp_path / "x.db"))
    with target.registry.write() as connection:
        connection.execute(insert(t.microscope).values(name="other"))
        connection.execute(insert(t.source).values(name="csv"))
    fill(target.registry, source)
    with target.registry.read() as connection:
        assert [one.name for one in microscopes(connection)] == ["krios", "talos"]
    for one in (source, target.registry):
        one.close()


def test_nothing_is_kept_that_is_not_what_it_was(
    full: Facility, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = open_registry(tmp_path / "x.db")
    marks = iter(["one", "another"])
    monkeypatch.setattr(of_registry, "_digest", lambda _: next(marks))
    with pytest.raises(NotTheSame, match="nothing was kept"):
        fill(target, full.registry)
    assert contents(target) == {}
    target.close()


def test_reading_holds_nobody_up_who_writes(tmp_path: Path) -> None:
    source, target = billing(tmp_path / "one").registry, open_registry(tmp_path / "x.db")
    assert source.file is not None
    writing = sqlite3.connect(source.file, isolation_level=None)
    writing.execute("BEGIN IMMEDIATE")
    writing.execute("UPDATE team SET title = 'changed'")
    fill(target, source)
    writing.execute("COMMIT")
    writing.close()
    with target.read() as connection:
        assert set(connection.execute(select(t.team.c.title)).scalars()) == {
            "Laboratory of A", "Firm GmbH",
        }  # fmt: skip
    for one in (source, target):
        one.close()
