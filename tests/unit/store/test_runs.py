"""How often each revision of a step was run."""

from pathlib import Path

import pytest

from icestream.store import queries
from icestream.store.runs import step_runs
from report_session import SampleSession


def test_a_run_for_each_revision_that_made_results(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "session", start=1.7e9)
    assert step_runs(session.store) == ()
    session.grow(4)
    session.classify()
    runs = {run.step: run for run in step_runs(session.store)}
    assert runs["import"].results == 4
    assert runs["classify"].results == 1
    assert (runs["ctf"].protocol, runs["ctf"].revision, runs["ctf"].version) == (
        "ctf.estimate", 1, 1,
    )  # fmt: skip
    made = queries.results(session.store, "ctf")
    assert runs["ctf"].ended == pytest.approx(max(one.finished for one in made))
    assert runs["ctf"].began == pytest.approx(min(one.finished - one.seconds for one in made))
