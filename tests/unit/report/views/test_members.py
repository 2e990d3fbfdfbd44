"""Particles of a class: tests/unit/server/routes/test_classes.py looks at their pictures."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from icestream.formats.mrc import write_mrc
from icestream.formats.parquet import write_columns
from icestream.model import ITEM_TYPES, Particles, column, from_document, to_document
from icestream.report.views.classes import chosen_update
from icestream.report.views.members import MemberPage, members_of, members_sprite
from icestream.store import queries
from icestream.store import tables as t
from report_session import SampleSession


def test_a_particle_of_an_exposure_that_is_gone_is_told_all_the_same(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(1)
    session.classify()
    columns = {
        "exposure": np.zeros(2, np.int32), "index": np.arange(2, dtype=np.int32),
        "class": np.full(2, 2, np.int32), "angle": np.full(2, 30, np.float32),
        "likelihood": np.array([0.2, 0.7], np.float32),
    }  # fmt: skip
    write_columns(session.folder / "pool" / "x.parquet", columns, {"exposure": ["gone"]})
    update = chosen_update(session.store, ITEM_TYPES)
    found = members_of(session.store, ITEM_TYPES, update, 2, MemberPage())
    assert [(one.index, one.x, one.there) for one in found.members] == [
        (1, None, False),
        (0, None, False),
    ]
    assert found.columns == 0
    assert members_of(session.store, ITEM_TYPES, update, 1, MemberPage()).members == ()
    with pytest.raises(LookupError, match="their stacks are gone"):
        members_sprite(session.store, ITEM_TYPES, update, 2, MemberPage())
    with pytest.raises(LookupError, match="no class 99"):
        members_of(session.store, ITEM_TYPES, update, 99, MemberPage())


def test_a_particle_is_shown_from_the_stack_that_has_it_where_it_lies(tmp_path: Path) -> None:
    """Both results of an exposure went in: its picks were corrected in between."""
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(8)
    session.classify()
    before = queries.results(session.store, "extract", limit=1)[0]
    old = before.outputs["particles"]
    x, y = (np.asarray(column(old[name])) for name in "xy")
    again = {"stack": Path("work/again.mrcs"), "x": column(x[1:]), "y": column(y[1:])}
    now = to_document(replace(from_document(Particles, old), **again))
    images = np.zeros((len(x), 64, 64), np.float32)
    (session.folder / "work").mkdir(exist_ok=True)
    write_mrc(session.folder / "work" / f"{before.exposure}.mrcs", images, 3.0)
    write_mrc(session.folder / "work" / "again.mrcs", images[1:], 3.0)
    batch = queries.latest_results(session.store, "classify", limit=1)[0].id
    with session.store.write() as connection:
        row = connection.execute(select(t.result).where(t.result.c.id == before.id)).one()
        values = dict(row._mapping) | {
            "id": 9999, "key": "again", "document": json.dumps({"particles": now})
        }  # fmt: skip
        connection.execute(t.result.insert().values(**values))
        taken = [
            {"result_id": batch, "port": "particles", "source_id": one} for one in (before.id, 9999)
        ]
        connection.execute(t.input_.insert(), taken)
    pixel = old["micrograph_pixel_size"]
    columns = {
        "exposure": np.zeros(4, np.int32), "index": np.array([0, 3, 3, 5], np.int32),
        "x": pixel * x[[0, 3, 4, 9]], "y": pixel * y[[0, 3, 4, 9]],
        "class": np.full(4, 2, np.int32), "angle": np.zeros(4, np.float32),
        "likelihood": np.array([0.9, 0.8, 0.7, 0.6], np.float32),
    }  # fmt: skip
    table = session.folder / "pool" / "x.parquet"
    write_columns(table, columns, {"exposure": [before.exposure]})
    update = chosen_update(session.store, ITEM_TYPES)
    found = members_of(session.store, ITEM_TYPES, update, 2, MemberPage())
    assert [one.there for one in found.members] == [True, True, True, False]
    assert [one.x for one in found.members] == [*x[[0, 3, 4]].tolist(), None]
    old_table = {name: values for name, values in columns.items() if name not in "xy"}
    write_columns(table, old_table, {"exposure": [before.exposure]})
    found = members_of(session.store, ITEM_TYPES, update, 2, MemberPage())
    assert not any(one.there for one in found.members)  # of which stack cannot be told
