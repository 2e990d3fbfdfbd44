from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from icestream.processing.classify2d.growing import Growing
from icestream.protocol.checkpoint import read_checkpoint, write_checkpoint


def test_rows_are_those_that_were_appended() -> None:
    made = Growing.empty(np.float32, (2,))
    parts = [np.random.default_rng(n).normal(size=(n, 2)).astype(np.float32) for n in (3, 0, 5, 1)]
    for part in parts:
        made.append(part)
    assert np.array_equal(made.rows, np.concatenate(parts))
    assert made.rows.dtype == np.float32
    assert len(made) == 9


def test_room_is_made_rarely() -> None:
    """Each row is copied about once, however many there are."""
    made, moved, room = Growing.empty(np.int8), 0, -1
    for _ in range(1000):
        made.append(np.ones(3, np.int8))
        now = made.rows.__array_interface__["data"][0]
        moved += now != room
        room = now
    assert moved <= 12


def test_rows_can_be_written_to() -> None:
    made = Growing.empty(np.int64)
    made.append(np.arange(4))
    made.rows[1] = 7
    made.append(np.arange(100))
    assert made.rows[:4].tolist() == [0, 7, 2, 3]


@given(st.integers(1, 30), st.sets(st.integers(0, 29)))
def test_what_is_discarded_is_gone_and_the_rest_is_there(count: int, chosen: set[int]) -> None:
    made = Growing.empty(np.int64)
    made.append(np.arange(count))
    gone = np.array(sorted(one for one in chosen if one < count), dtype=np.int64)
    made.discard(gone)
    assert sorted(made.rows.tolist()) == sorted(set(range(count)) - set(gone.tolist()))


def test_checkpoints_hold_rows_in_use_only(tmp_path: Path) -> None:
    made = Growing.empty(np.int8, (1000,))
    made.append(np.ones((64, 1000), np.int8))
    made.append(np.ones((1, 1000), np.int8))
    write_checkpoint(tmp_path / "state", made, Growing)
    assert (tmp_path / "state").stat().st_size < 66_000
    again = read_checkpoint(tmp_path / "state", Growing)
    again.append(np.zeros((1, 1000), np.int8))
    assert len(again) == 66
    assert np.array_equal(again.rows[:65], made.rows)
