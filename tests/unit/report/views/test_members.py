"""Particles of a class: tests/unit/server/routes/test_classes.py looks at their pictures."""

from pathlib import Path

import numpy as np
import pytest

from icestream.formats.parquet import write_columns
from icestream.model import ITEM_TYPES
from icestream.report.views.classes import chosen_update
from icestream.report.views.members import MemberPage, members_of, members_sprite
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
