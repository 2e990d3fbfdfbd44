"""Files of results that are missing or cut are found, with one look at each."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from icestream.model import Movie, Optics, to_document
from icestream.store import files, queries
from icestream.store import tables as t
from icestream.store.files import Damage, damaged_results, damaged_sources, look
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
    asked: list[Path] = []
    monkeypatch.setattr(files, "look", lambda path, size: asked.append(path) or look(path, size))
    monkeypatch.setattr(files, "PAGE", 2)
    (damaged,) = damaged_results(made.store)
    assert (damaged.step, damaged.name) == ("a", "e3")
    assert [damage.what for damage in damaged.damages] == ["is missing"]
    assert sorted(asked) == [made.folder / "a" / f"e{n}_number.txt" for n in range(7)]


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
