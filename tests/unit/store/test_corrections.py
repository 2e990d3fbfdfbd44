"""What people corrected by hand, as it is read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.model import PicksCorrection
from icestream.store import tables as t
from icestream.store.corrections import (
    correction_of,
    corrections,
    corrections_by_number,
    standing_corrections,
)
from icestream.store.open import Store, open_store
from icestream.store.writing import Numbers, Writes

ONE = '{"added": [[1, 2.5]], "removed": [[3, 4], [5, 6]]}'
NONE = '{"added": [], "removed": []}'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path)
    with made.write() as connection:
        writes = Writes(Numbers(connection), 1.0)
        for number, name in ((1, "pick"), (2, "other")):
            writes.insert(t.step, id=number, name=name)
        for number, name in ((1, "e1"), (2, "e2")):
            writes.insert(t.subject, id=number, kind="exposure", number=number, name=name)
        for step, subject, document in ((1, 1, ONE), (2, 1, ONE), (1, 2, ONE), (1, 1, NONE)):
            writes.insert(
                t.correction, step_id=step, subject_id=subject, document=document, who="ada",
                why="ice", time=7.0,
            )  # fmt: skip
        writes.flush(connection)
    yield made
    made.close()


def test_a_correction_is_read_as_it_was_written() -> None:
    assert correction_of(ONE) == PicksCorrection(
        added=((1.0, 2.5),), removed=((3.0, 4.0), (5.0, 6.0))
    )
    assert not correction_of(NONE)


def test_corrections_of_one_exposure_or_of_all_in_order(store: Store) -> None:
    assert [one.exposure for one in corrections(store)] == ["e1", "e1", "e2", "e1"]
    (first, *_) = corrections(store, exposure="e1")
    assert (first.step, first.who, first.why, first.time) == ("pick", "ada", "ice", 7.0)
    assert (first.added, first.removed) == (1, 2)
    assert corrections(store, exposure="e3") == ()


def test_those_that_are_asked_for_by_number(store: Store) -> None:
    with store.read() as connection:
        found = corrections_by_number(connection, {2, 3, 99})
        assert corrections_by_number(connection, set()) == {}
    assert {number: one.step for number, one in found.items()} == {2: "other", 3: "pick"}


def test_the_last_one_holds_unless_it_takes_all_back(store: Store) -> None:
    standing = standing_corrections(corrections(store, exposure="e1"))
    assert {step: one.id for step, one in standing.items()} == {"other": 2}
