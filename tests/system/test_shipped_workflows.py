"""Every workflow that comes with icestream runs on a simulated session."""

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from icestream.engine.graph.workflow import PLUGINS, load_workflow, shipped_workflows
from icestream.engine.session import run_session
from icestream.protocol import Registry
from icestream.report.agreement import Agreements
from icestream.report.follow import Follower
from icestream.starting.filling import fill_in
from icestream.store import queries
from icestream.store.open import open_store
from microscope_folder import MOVIES, movies_in

OF_PLUGINS = {point.name for point in entry_points(group=PLUGINS)}
"""Plugins run their own."""
OTHERS = [name for name in shipped_workflows() if name not in {"default", *OF_PLUGINS}]
"""The default one is that of most other tests."""

MAXIMA = (
    "resolution_max", "defocus_max", "astigmatism_max", "ice_ring_max", "total_motion_max",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_it_runs_to_its_end(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that such small images cannot keep are widened; all else is as it comes."""
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    movies, workflow = movies_in(tmp_path, truth=True), load_workflow(name)
    needs = {blank.name: "60" for blank in workflow.blanks if blank.needed}
    full, _ = fill_in(workflow, Registry(), needs, pattern=str(movies))
    if any(step.name == "select" for step in full.steps):
        wide = dict.fromkeys(MAXIMA, 1e6) | {"defocus_min": 0.0, "refuse": [], "rules": []}
        full = full.changed("select", wide)
    outcome = run_session(tmp_path / "S", full)
    assert (outcome.state, outcome.complete, outcome.lost) == ("done", True, ())
    assert outcome.exposures["done"] == MOVIES
    store = open_store(tmp_path / "S", readonly=True)
    try:
        steps = {step.name: step for step in queries.steps(store)}
        follower = Follower(store)
        follower.read()
        compared = Agreements().update(follower, {}, patience=60.0) or []
    finally:
        store.close()
    assert {step.state for step in steps.values()} == {"done"}
    for step in steps.values():
        if step.kind in ("item", "consensus", "selection") and step.depth < 7:
            assert step.counts.failed == 0, step.name
            assert step.counts.done > 0 or step.name == "keep", step.name
    consensus = {step.name for step in steps.values() if step.kind == "consensus"}
    assert {one.step for one in compared} == consensus
    for one in compared:
        assert one.beside.looked_at == MOVIES, "the truth is beside the movies"
        assert one.beside.exposures > 0, one.step
        assert all(member.cpu is not None for member in one.beside.members), one.step
