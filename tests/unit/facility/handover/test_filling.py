"""Filling the folder of an offer."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from icestream.facility.handover.filling import OfferedContents, fill, take_away
from icestream.facility.handover.offer import RECORDS, DataOffer, new_offer, require_area

PARTS = ("movies", "results", "report", "exports")


@pytest.fixture
def contents(tmp_path: Path) -> OfferedContents:
    for name in ("s/align", "s/report", "s/.facility", "m/disc", "e", "area"):
        (tmp_path / name).mkdir(parents=True)
    for name in (
        "s/align/a.mrc",
        "s/report/index.html",
        "m/disc/a.eer",
        "e/a.star",
        "s/.facility/x",
    ):
        (tmp_path / name).write_text(name)
    (tmp_path / "s" / "icestream.db").write_bytes(b"SQLite format 3\0" + b"\0" * 100)
    require_area(tmp_path / "area")
    return OfferedContents(processing=tmp_path / "s", movies=tmp_path / "m", exports=tmp_path / "e")


def offer_in(area: Path, contents: OfferedContents) -> DataOffer:
    made = new_offer("s", contents.processing, "p", named=True, secret=False)
    return replace(made, parts=PARTS)


def test_what_is_offered_is_linked_with_digests(contents: OfferedContents, tmp_path: Path) -> None:
    area = tmp_path / "area"
    made = fill(area, offer_in(area, contents), contents, days=30.0)
    folder = area / made.name
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == {
        "manifest.b2", "movies/disc/a.eer", "results/align/a.mrc", "report/index.html",
        "exports/a.star",
    }  # fmt: skip
    assert (folder / "movies/disc/a.eer").samefile(tmp_path / "m/disc/a.eer")
    assert (made.files, made.linked) == (4, made.bytes)
    assert made.expires == pytest.approx(made.changed + 30 * 86400.0)
    subprocess.run(["b2sum", "--quiet", "--check", "manifest.b2"], cwd=folder, check=True)


def test_it_follows_the_session(contents: OfferedContents, tmp_path: Path) -> None:
    area = tmp_path / "area"
    made = fill(area, offer_in(area, contents), contents, days=30.0)
    again = fill(area, made, contents, days=30.0)
    assert again == made
    (tmp_path / "m/disc/a.eer").unlink()
    (tmp_path / "m/disc/b.eer").write_text("b")
    (tmp_path / "s/report/index.html").unlink()
    (tmp_path / "s/report/index.html").write_text("new")
    last = fill(area, made, contents, days=30.0)
    folder = area / made.name
    assert [path.name for path in (folder / "movies/disc").iterdir()] == ["b.eer"]
    assert (folder / "report/index.html").read_text() == "new"
    assert last.changed > made.changed
    subprocess.run(["b2sum", "--quiet", "--check", "manifest.b2"], cwd=folder, check=True)


def test_copies_take_room_and_can_be_read_by_all(contents: OfferedContents, tmp_path: Path) -> None:
    area = tmp_path / "area"
    (tmp_path / "m/disc/a.eer").chmod(0o600)
    made = fill(area, offer_in(area, contents), contents, days=30.0, link=False)
    copy = area / made.name / "movies/disc/a.eer"
    assert not copy.samefile(tmp_path / "m/disc/a.eer")
    assert copy.stat().st_mode & 0o777 == 0o644
    assert made.linked == 0


def test_taking_it_away_leaves_the_data(contents: OfferedContents, tmp_path: Path) -> None:
    area = tmp_path / "area"
    made = fill(area, offer_in(area, contents), contents, days=30.0)
    take_away(area, made)
    assert (tmp_path / "m/disc/a.eer").read_text() == "m/disc/a.eer"
    assert [path.name for path in area.iterdir()] == [RECORDS]
    assert not list((area / RECORDS).iterdir())
