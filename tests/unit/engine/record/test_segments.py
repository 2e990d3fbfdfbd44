"""Particles become sorted Parquet segments, each part once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from sqlalchemy import update

from icestream.engine.record.observations import compacted
from icestream.engine.record.segments import compact, give_up_lost
from icestream.model import Optics, Particles, column, to_document
from icestream.store import tables as t
from icestream.store.files import Contents, damaged_segments
from icestream.store.open import Store, open_store
from icestream.store.writing import Numbers, Writes
from toy_record import Desk


def particles(exposure: str, count: int) -> dict[str, Any]:
    values = column(np.arange(count))
    return to_document(
        Particles(
            exposure=exposure,
            stack=Path(f"extract/{exposure}.mrcs"),
            box=64,
            optics=Optics(pixel_size=1.5, voltage=300),
            micrograph=Path(f"align/{exposure}.mrc"),
            micrograph_pixel_size=1.5,
            x=values,
            y=values,
            score=values,
            defocus_u=column(values + 10_000),
            defocus_v=column(values + 9_900),
            defocus_angle=values,
            group=2,
        )
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path)
    with made.write() as connection:
        writes = Writes(Numbers(connection), 0.0)
        writes.insert(t.step, name="extract")
        revision = {"step_id": 1, "number": 1, "parameters": "{}", "changed": "{}", "version": 1}
        what = {"protocol": "x", "kind": "item", "depth": 1, "state": "done"}
        writes.insert(t.revision, fingerprint="f", created=0.0, **revision, **what)
        for number in (3, 1, 2):  # not in the order in which they were taken
            name = f"e{number}"
            where = {"step_id": 1, "revision_id": 1, "subject_id": number}
            writes.insert(t.subject, id=number, kind="exposure", number=number, name=name)
            writes.insert(t.exposure, id=number, state="done", found=0.0)
            document = json.dumps(
                {"other": {"stack": "", "box": 1}, "made": particles(name, 10 * number)}
            )
            result = {"epoch": 1, "attempt": 1, "started": 0.0, "seconds": 0.0, "host": ""}
            made_ = writes.insert(t.result, key=name, document=document, **where, **result)
            writes.insert(t.part, result_id=made_, rows=10 * number, port="made", **where)
        writes.flush(connection)
    yield made
    made.close()


def test_parts_are_written_sorted_by_exposure(store: Store) -> None:
    (made,) = compact(store, least=1)
    assert made.rows == 60
    columns = 'exposure, index, x, defocus_u, "group", stack'
    found = duckdb.sql(f"SELECT {columns} FROM '{store.folder / made.path}'").fetchall()
    assert [row[0] for row in found] == ["e1"] * 10 + ["e2"] * 20 + ["e3"] * 30
    assert found[15] == ("e2", 5, 5.0, 10_005.0, 2, "extract/e2.mrcs")


def test_few_particles_wait_for_more(store: Store) -> None:
    assert compact(store, least=61) == []


def test_a_part_is_in_one_segment_only(store: Store) -> None:
    (made,) = compact(store, least=1)
    with store.write() as connection:
        connection.execute(update(t.part).values(segment_id=1))
    assert len(made.results) == 3
    assert compact(store, least=1) == []


def test_a_part_is_never_split_and_the_rest_waits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.engine.record.segments._ROWS", 15)
    assert [one.rows for one in compact(store, least=15)] == [30, 30]  # e1 and e2, then e3
    (made,) = compact(store, least=40)  # 30 are left, too few
    found = duckdb.sql(f"SELECT DISTINCT exposure FROM '{store.folder / made.path}'").fetchall()
    assert sorted(row[0] for row in found) == ["e1", "e2"]


def test_a_later_revision_has_segments_of_its_own(store: Store) -> None:
    with store.write() as connection:
        connection.execute(update(t.revision).values(number=2))
    (made,) = compact(store, least=1)
    assert Path(made.path).parent == Path("extract@2")
    assert list((store.folder / "extract@2").glob("*.part")) == []


def test_a_segment_that_was_lost_is_made_again_from_its_parts(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ("src", "toy.count", {}, {}))
    desk.find(1, 2)
    with desk.store.write() as connection:
        for number in (1, 2):
            name = f"e{number}"
            document = json.dumps({"made": particles(name, 10 * number)})
            chosen = t.result.c.id == number
            connection.execute(update(t.result).where(chosen).values(document=document))
            row = {"step_id": 1, "revision_id": 1, "subject_id": number, "rows": 10 * number}
            connection.execute(t.part.insert().values(result_id=number, port="made", **row))
    (made,) = compact(desk.store, least=1)
    compacted(desk.record, made)
    file = tmp_path / made.path
    before = file.read_bytes()
    assert give_up_lost(desk.record) == []
    assert list(damaged_segments(desk.store, Contents())) == []
    file.write_bytes(before[:-9])  # cut, then missing
    for _ in range(2):
        (lost,) = give_up_lost(desk.record)
        assert (lost.rows, lost.exposures) == (30, ("e1", "e2"))
        assert desk.record.loose == 30
        desk.record.loose = 0
        (again,) = compact(desk.store, least=1)
        compacted(desk.record, again)
        assert file.read_bytes() == before
        file.unlink()
    desk.close()
