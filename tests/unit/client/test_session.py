"""A session from a program: what is read is what the store has."""

import csv
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.client import Client, NotThere, NotValid, ServedSession
from icestream.store import queries
from report_session import SampleSession
from served import served


@pytest.fixture
def session(sample: SampleSession) -> Iterator[ServedSession]:
    with served(sample.folder.parent) as address, Client(address) as client:
        yield client.session(client.sessions()[0].id)


def test_a_session_says_where_it_stands(session: ServedSession, sample: SampleSession) -> None:
    assert session.status().name == queries.session(sample.store).name
    assert session.live()["counts"]["found"] == 30
    assert {step.name for step in session.workflow().steps} >= {"align", "ctf"}


def test_exposures_come_page_by_page(
    session: ServedSession, sample: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.client.session._PAGE", 7)
    names = [one["name"] for one in session.exposures(sort="number")]
    assert names == [one.name for one in queries.exposures(sample.store, limit=100)]
    good = list(session.exposures(where=[("ctf.resolution", None, 4.0)]))
    assert 0 < len(good) < 30
    assert all(one["qualities"]["ctf.resolution"] <= 4.0 for one in good)


def test_what_was_decided_and_warned_of_are_the_stores_records(
    session: ServedSession, sample: SampleSession
) -> None:
    sample.warn("warning", "much ice", "")
    sample.decide("reject", {"exposures": ["x"], "why": "ice"}, who="ann")
    (alert,) = session.alerts()
    assert (alert.level, alert.message) == ("warning", "much ice")
    (record,) = session.history()
    assert (record.who, record.verb) == ("ann", "reject")


def test_a_file_is_copied_whole_or_not_at_all(
    session: ServedSession, sample: SampleSession, tmp_path: Path
) -> None:
    (sample.folder / "logs").mkdir()
    (sample.folder / "logs" / "it.log").write_bytes(b"x" * 3_000_000)
    copied = session.download("logs/it.log", tmp_path / "it.log")
    assert copied.stat().st_size == 3_000_000
    with pytest.raises(NotThere):
        session.download("logs/nothing.log", tmp_path / "nothing.log")
    assert sorted(path.name for path in tmp_path.glob("*.log*")) == ["it.log"]


def test_an_export_is_made_by_the_server_and_copied(
    session: ServedSession, sample: SampleSession, tmp_path: Path
) -> None:
    names = [one.name for one in queries.exposures(sample.store, limit=100)]
    table = session.export("table", tmp_path / "table.csv")
    assert table == tmp_path / "table.csv"
    with table.open(newline="") as file:
        assert [row["exposure"] for row in csv.DictReader(file)] == names
    document = session.export("table", tmp_path / "table.json", format="json")
    assert [row["exposure"] for row in json.loads(document.read_text())] == names
    of_ctf = session.export("table", tmp_path / "ctf.csv", branch="main", step="ctf")
    assert of_ctf.read_text().splitlines()[0] != table.read_text().splitlines()[0]
    with zipfile.ZipFile(session.export("provenance", tmp_path / "p.zip")) as archive:
        assert archive.testzip() is None
        assert archive.namelist()


def test_what_cannot_be_exported_leaves_nothing_behind(
    session: ServedSession, tmp_path: Path
) -> None:
    with pytest.raises(NotValid):
        session.export("nothing", tmp_path / "out.zip")
    with pytest.raises(NotThere, match="nosuchstep"):
        session.export("table", tmp_path / "out.csv", step="nosuchstep")
    assert not list(tmp_path.glob("out*"))


def test_a_session_says_whose_it_is(session: ServedSession, sample: SampleSession) -> None:
    assert session.id in repr(session)
    sample.grow(1)
    assert next(session.follow(after=0)).seq == 1
