"""What a step costs lately."""

import pytest

from icestream.model.workload import lately


def test_a_mean_follows_what_changed_within_some_tasks() -> None:
    assert lately([]) is None
    assert lately([5.0]) == 5.0
    assert lately([4.0] * 60) == pytest.approx(4.0)
    changed = lately([4.0] * 40 + [8.0] * 20)
    assert changed is not None
    assert 6.9 < changed < 8.0  # ten tasks are half of it, twenty three quarters
