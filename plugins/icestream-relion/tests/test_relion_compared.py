"""RELION beside icestream, aligning and picking a simulated session whose truth is known."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.graph.workflow import load_workflow
from icestream.engine.session import Machine, run_session
from icestream.protocol import Registry
from icestream.report.agreement import Agreements
from icestream.report.follow import Follower
from icestream.simulator.acquire import acquire
from icestream.simulator.plan import SessionPlan
from icestream.starting.filling import fill_in
from icestream.store.open import open_store

WORKFLOW = Path(__file__).parents[1] / "src/icestream_relion/workflows/compare-relion.json"


@pytest.mark.slow
def test_the_workflow_compares_relion_with_the_truth(needs: Any, tmp_path: Path) -> None:
    """On movies this small RELION's patches see little: it is asked for the whole field alone."""
    needs("relion_run_motioncorr", "relion_autopick")
    plan = SessionPlan(movies=2, size=640, frames=12, particles=30, seed=7, speed=0)
    acquire(plan, tmp_path / "microscope")
    workflow, _ = fill_in(
        load_workflow(str(WORKFLOW)),
        Registry(),
        {"diameter": "125"},
        pattern=str(tmp_path / "microscope"),
    )
    workflow = workflow.changed("relion", {"patches": 1})
    outcome = run_session(tmp_path / "S", workflow, machine=Machine(cores=2))
    assert (outcome.state, outcome.complete) == ("done", True), outcome
    with closing(open_store(tmp_path / "S", readonly=True)) as store:
        follower = Follower(store)
        follower.read()
        told = {one.step: one.beside for one in Agreements().update(follower, {}, 60.0) or ()}
    for step, names in (("align", ("own", "relion")), ("pick", ("log", "relion_log"))):
        beside = told[step]
        assert tuple(one.step for one in beside.members) == names
        assert (beside.exposures, beside.looked_at) == (2, 2)
        for one in beside.members:
            assert (one.done, one.failed) == (2, 0)
            assert one.cpu is not None
            assert one.cpu > 0.0
    track = {one.step: one.errors[0] for one in told["align"].members}
    assert track["own"].name == "track"
    for error in track.values():
        assert error.median is not None
        assert error.median < 1.5, "Å"
    relion = told["pick"].members[1]
    found = {error.name: error.median for error in relion.errors}
    assert (found["recall"] or 0) > 50
    assert relion.cpu is not None
    assert relion.cpu > 0.02, "that of the program counts"
