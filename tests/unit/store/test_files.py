"""Files of results that are missing or cut are found, with one look at each."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from icestream.formats.renamed import written_at
from icestream.model import Exposure, Movie, Optics, to_document
from icestream.store import files, queries
from icestream.store import tables as t
from icestream.store.files import (
    Contents,
    Damage,
    damaged_results,
    damaged_segments,
    damaged_sources,
    look,
)
from toy_record import Desk, desks

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {"write": True}, {"number": "src"})
TOTAL = ("total", "toy.total", {"full": 1}, {"number": "src"})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desks]:
    yield from desks(tmp_path)


def test_a_file_is_whole_missing_or_cut(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert look(file) == Damage(file, "is missing")
    assert look(file / "below") == Damage(file / "below", "is missing")
    file.write_bytes(b"8 bytes.")
    assert look(file) == look(file, 8) == 8
    assert look(file, 9) == Damage(file, "has 8 of 9 bytes")


def test_what_cannot_be_read_may_be_whole(tmp_path: Path) -> None:
    damage = look(tmp_path / ("long" * 100))
    assert isinstance(damage, Damage)
    assert not damage.readable
    assert damage.what.startswith("cannot be read: ")


def test_each_file_of_a_current_result_costs_one_look(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk(SRC, A)
    made.find(*range(7))
    made.work()
    (made.folder / "a" / "e3_number.txt").unlink()
    asked: list[str] = []
    monkeypatch.setattr(files, "look", lambda path, size: asked.append(path) or look(path, size))
    monkeypatch.setattr(files, "PAGE", 2)
    (damaged,) = damaged_results(made.store)
    assert (damaged.step, damaged.name) == ("a", "e3")
    assert [damage.what for damage in damaged.damages] == ["is missing"]
    assert sorted(asked) == [f"{made.folder}/a/e{n}_number.txt" for n in range(7)]


def test_a_result_of_two_branches_is_found_once(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1)
    made.work()
    made.branch("other", SRC, A)
    made.backfill()
    (made.folder / "a" / "e1_number.txt").unlink()
    assert len(list(damaged_results(made.store))) == 1


def test_of_a_batch_step_the_newest_is_looked_at(desk: Desks) -> None:
    """Older checkpoints are swept while the session runs."""
    made = desk(SRC, TOTAL)
    made.find(1, 2, 3)
    while made.gather("total"):
        made.work()
    folder = made.folder / "total"
    assert sorted(path.name for path in folder.iterdir()) == [
        "batch_00002_state",
        "batch_00003_state",
    ]
    assert not list(damaged_results(made.store))
    (folder / "batch_00003_state").unlink()
    (damaged,) = damaged_results(made.store)
    assert damaged.damages[0].path == folder / "batch_00003_state"


def test_what_a_program_said_is_no_part_of_a_result(desk: Desks) -> None:
    made = desk(SRC, ("a", "toy.echo", {}, {"number": "src"}))
    made.find(1)
    made.work()
    logs = list((made.folder / "a" / "logs").iterdir())
    assert logs
    for log in logs:
        log.unlink()
    assert not list(damaged_results(made.store))


def test_movies_that_are_gone_or_were_changed(desk: Desks, tmp_path: Path) -> None:
    made = desk(SRC)
    made.find(1, 2, 3)
    optics = Optics(pixel_size=1.0, voltage=300.0)
    gain = tmp_path / "gain.mrc"
    with made.store.write() as connection:
        for number, row in enumerate(made.tasks("src").values()):
            movie = Movie(
                exposure="m", path=tmp_path / f"{number}.tiff", frames=2, shape=(4, 4),
                optics=optics, dose_per_frame=1.0, gain=gain, size=5,
            )  # fmt: skip
            said = f'{{"movie": {json.dumps(to_document(movie))}}}'
            chosen = update(t.result).where(t.result.c.id == row.result_id)
            types = '{"movie": "icestream.model:Movie"}'
            connection.execute(chosen.values(document=said, types=types))
    (tmp_path / "0.tiff").write_bytes(b"five.")
    (tmp_path / "1.tiff").write_bytes(b"more than five")
    assert set(damaged_sources(made.store)) == {
        ("src", Damage(tmp_path / "1.tiff", "has 14 of 5 bytes")),
        ("src", Damage(tmp_path / "2.tiff", "is missing")),
        ("src", Damage(gain, "is missing")),
    }


def test_a_movie_that_was_renamed_is_not_missing(desk: Desks, tmp_path: Path) -> None:
    made = desk(SRC)
    made.find(1)
    there = tmp_path / "movies" / "now.tiff"
    there.parent.mkdir()
    there.write_bytes(b"five.")
    os.utime(there, ns=(1_700_000_000_123_456_000, 1_700_000_000_123_456_000))
    details = Exposure(name="m", written=written_at(there.stat()))
    with made.store.write() as connection:
        movie = Movie(
            exposure="m", path=there.with_name("then.tiff"), frames=2, shape=(4, 4),
            optics=Optics(pixel_size=1.0, voltage=300.0), dose_per_frame=1.0, size=5,
            details=details,
        )  # fmt: skip
        said = f'{{"movie": {json.dumps(to_document(movie))}}}'
        types = '{"movie": "icestream.model:Movie"}'
        connection.execute(update(t.result).values(document=said, types=types))
    assert list(damaged_sources(made.store)) == []
    there.write_bytes(b"other bytes")
    assert list(damaged_sources(made.store)) == [("src", Damage(movie.path, "is missing"))]


def test_the_store_is_asked_a_page_at_a_time(desk: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    made = desk(SRC, A)
    made.find(1, 2, 3)
    made.work()
    monkeypatch.setattr(files, "PAGE", 2)
    for number in (1, 3):
        (made.folder / "a" / f"e{number}_number.txt").unlink()
    assert [one.name for one in damaged_results(made.store)] == ["e1", "e3"]
    assert len(queries.results(made.store, "a")) == 3
    with made.store.write() as connection:
        connection.execute(insert(t.file).values(result_id=10**6, path="nobody's", size=1))
    assert [one.name for one in damaged_results(made.store)] == ["e1", "e3"]


def test_what_was_altered_at_the_same_size_is_found_by_reading_it(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1, 2)
    made.work()
    file = made.folder / "a" / "e1_number.txt"
    file.write_bytes(bytes(file.stat().st_size))
    assert not list(damaged_results(made.store))
    contents = Contents()
    (damaged,) = damaged_results(made.store, contents)
    assert (damaged.name, contents.unknown) == ("e1", 0)
    (damage,) = damaged.damages
    assert damage == Damage(file, "holds something else than when it was made", altered=True)


def test_what_has_no_hash_is_counted(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1, 2)
    made.work()
    with made.store.write() as connection:
        connection.execute(update(t.file).where(t.file.c.path.contains("e1")).values(hash=""))
    contents = Contents()
    assert not list(damaged_results(made.store, contents))
    assert contents.unknown == 1


def test_what_cannot_be_read_is_not_called_altered(tmp_path: Path) -> None:
    damage = Contents().look(tmp_path, "0" * 32)  # a folder
    assert damage is not None
    assert (damage.altered, damage.readable) == (False, False)


def test_segments_that_are_missing_cut_or_altered(desk: Desks) -> None:
    made = desk(SRC)
    made.find(1, 2)
    made.work()
    whole = b"PAR1 and so on, to the end: PAR1"
    with made.store.write() as connection:
        for number, size in ((1, len(whole)), (2, 0), (3, len(whole))):
            connection.execute(
                insert(t.segment).values(
                    id=number, step_id=1, revision_id=1, path=f"{number}.parquet", rows=9,
                    created=0.0, size=size, hash="another" if number == 3 else "",
                )
            )  # fmt: skip
        where = {"step_id": 1, "revision_id": 1, "rows": 9, "segment_id": 2}
        connection.execute(insert(t.part).values(result_id=1, subject_id=1, **where))
    for number in (1, 2, 3):
        (made.folder / f"{number}.parquet").write_bytes(whole)
    assert not list(damaged_segments(made.store))
    (altered,) = damaged_segments(made.store, Contents())
    assert (altered.id, altered.damage.altered) == (3, True)
    (made.folder / "1.parquet").write_bytes(whole[:-1])
    (made.folder / "2.parquet").write_bytes(whole[:-1])
    (made.folder / "3.parquet").unlink()
    found = list(damaged_segments(made.store))
    assert [one.damage.what for one in found] == [
        "has 31 of 32 bytes", "is cut: it has no end", "is missing",
    ]  # fmt: skip
    assert [one.exposures for one in found] == [(), ("e1",), ()]
