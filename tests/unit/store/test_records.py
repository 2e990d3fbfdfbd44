"""Records add their counts up as people read them."""

from dataclasses import FrozenInstanceError

import pytest

from icestream.store.records import Counts, SampleRecord

COUNTS = Counts(
    ready=1, running=2, held=3, done=10, failed=4, skipped=5, rejected=6, reused=2, seconds=16.0
)


def test_every_task_is_in_one_state() -> None:
    """The rejected and the reused ones are among the done: they do not count twice."""
    assert COUNTS.total == 1 + 2 + 3 + 10 + 4 + 5


def test_what_failed_or_was_skipped_needs_nothing_more() -> None:
    assert COUNTS.ended == 10 + 4 + 5
    assert Counts(ready=1, running=1, held=1).ended == 0


def test_the_mean_is_of_those_that_ran() -> None:
    """What was found instead of done again took no time."""
    assert COUNTS.mean_seconds == 16.0 / (10 - 2)


def test_before_anything_ran_the_mean_is_nothing() -> None:
    assert Counts().mean_seconds == 0.0
    assert Counts(done=3, reused=3).mean_seconds == 0.0


def test_processor_time_is_that_of_those_of_which_it_is_known() -> None:
    """A session of before goes on: of its first tasks nobody measured it."""
    assert Counts(done=10, cpu=6.0, metered=4).mean_cpu == 1.5
    assert Counts(done=10, seconds=5.0).mean_cpu is None


def test_a_record_says_what_was_and_cannot_be_changed() -> None:
    sample = SampleRecord(id=1, time=0.0, name="x", value=1.0, unit="")
    with pytest.raises(FrozenInstanceError):
        sample.value = 2.0  # type: ignore[misc]
