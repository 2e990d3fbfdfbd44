"""Classes of any update, and who judged them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.model import ITEM_TYPES, Classes, column
from icestream.protocol import Registry
from icestream.report.views.classes import (
    chosen_update,
    classes_view,
    classifying_steps,
    place_of,
    places_in_order,
)
from report_session import SampleSession

CLASSES = Classes(
    averages=Path("a.mrcs"), box=8, pixel_size=3.0, counts=column([5, 0, 9]),
    resolution=column([8.0, 0.0, 0.0]), score=column([0.9, 0.5, 0.1]),
    assignments=Path("a.parquet"), particles=14, iteration=2, numbers=column([1, 4, 6]),
)  # fmt: skip


def test_numbers_are_not_places() -> None:
    assert places_in_order(CLASSES) == [2, 0]
    assert place_of(CLASSES, 6) == 2
    assert place_of(replace(CLASSES, numbers=None), 3) == 2
    with pytest.raises(LookupError, match="no class 2 in update 2: there are 1, 4, 6"):
        place_of(CLASSES, 2)


def test_of_a_session(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    with pytest.raises(LookupError, match="no 2D classes yet"):
        chosen_update(session.store, ITEM_TYPES)
    with pytest.raises(LookupError, match="step classify has no 2D classes yet"):
        chosen_update(session.store, ITEM_TYPES, step="classify")
    session.grow(2)
    session.classify()
    assert [step.name for step in classifying_steps(session.store)] == ["classify"]
    view = classes_view(session.store, Registry(), ITEM_TYPES)
    assert (view.update, view.chooser, view.diameter) == (1, "", None)
    assert {row.selected for row in view.classes} == {None}
    session.add_choice([True, *[False] * 23])
    judged = classes_view(session.store, Registry(), ITEM_TYPES)
    assert (judged.chooser, judged.chosen) == ("keep", 1)
    assert judged.classes[0].why == "score 1 is 0.3 or more"
    assert judged.chosen_particles == judged.classes[0].particles
    assert np.isclose(sum(row.share for row in judged.classes), 1.0)
    unknown = classes_view(session.store, Registry([]), ITEM_TYPES)  # nothing is installed
    assert {row.why for row in unknown.classes} == {""}
