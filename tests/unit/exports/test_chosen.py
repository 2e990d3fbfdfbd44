"""Which results an export is of."""

from pathlib import Path

import pytest

from icestream.exports.chosen import chosen_results
from report_session import SampleSession


def test_results_of_now_need_no_words(tmp_path: Path) -> None:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    chosen = chosen_results(sample.store)
    assert chosen.standing is None
    assert chosen.words == ()


def test_while_steps_wait_the_results_of_before_are_taken(tmp_path: Path) -> None:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.grow(3)
    sample.now += 60
    sample.change("pick", "extract")
    chosen = chosen_results(sample.store)
    assert chosen.standing is not None
    assert "these are the last complete results" in chosen.words[0]
    taken = chosen_results(sample.store, incomplete=True)
    assert taken.standing is None
    assert "what has not been run again is missing here" in taken.words[0]


def test_a_branch_that_is_not_adopted_is_told(tmp_path: Path) -> None:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.add_branch("trial")
    chosen = chosen_results(sample.store, "trial")
    assert chosen.words == ("these are the results of the branch trial, which is not adopted",)
    assert "main, which is adopted" in chosen_results(sample.store, "main").words[0]
    with pytest.raises(LookupError, match="no branch 'other'"):
        chosen_results(sample.store, "other")
