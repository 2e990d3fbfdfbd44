"""Exports of a deposition as files to download."""

from pathlib import Path

from sqlalchemy import update

from icestream.exports.deposit.make import DEPOSITS, make_deposit
from icestream.store import tables as t
from report_session import SampleSession


def test_a_whole_one_is_a_file_and_another_comes_with_what_it_lacks(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "session", start=1.7e9)
    session.grow(2)
    made = make_deposit("bibtex", session.folder, tmp_path / "first" / "grid")
    assert made.name == "grid.bib"
    assert made.is_file()
    with session.store.write() as connection:
        of = t.revision.c.step_id == session.step_ids["pick"]
        connection.execute(update(t.revision).where(of).values(protocol="picks.magic"))
    made = make_deposit("bibtex", session.folder, tmp_path / "second" / "grid")
    assert {one.name for one in made.iterdir()} == {"grid.bib", "missing.txt"}
    told = (made / "missing.txt").read_text()
    assert "picks.magic" in told
    assert "deposition.toml" in told


def test_each_can_be_made(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "session", start=1.7e9)
    session.grow(2)
    for name in DEPOSITS:
        made = make_deposit(name, session.folder, tmp_path / "out" / "grid")
        assert made.exists(), name
