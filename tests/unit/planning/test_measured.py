"""Costs told from the results of a session."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, insert, select, update

from icestream.planning.costs import doublings
from icestream.planning.measured import NothingMeasured, particles_each, session_costs
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store import tables as t
from report_session import SampleSession


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[SampleSession]:
    made = SampleSession(tmp_path / "grid", start=0.0)
    with closing(made.store):
        yield made


def test_a_step_costs_what_its_tasks_computed_where_it_is_run(sample: SampleSession) -> None:
    sample.grow(120)
    costs = session_costs(sample.store, Registry())
    steps = {step.name: step for step in costs.steps}
    assert costs.exposures == 120
    assert steps["align"].tasks == 60  # the newer half
    assert steps["align"].seconds == pytest.approx(0.9 * 2.9)
    assert steps["align"].memory == 2500 * 2**20  # it asks for more than it had
    counts = {one.name: one.counts for one in queries.steps(sample.store)}["pick"]
    assert steps["pick"].seconds == pytest.approx(0.9 * 0.6)
    assert steps["pick"].tasks == counts.done - counts.done // 2
    assert costs.per_core == pytest.approx(1 / 0.9)
    assert set(costs.unknown) == {"gain", "classify", "volume"}


def test_what_gathers_exposures_costs_its_part_of_a_batch(sample: SampleSession) -> None:
    sample.grow(30)
    sample.classify()
    _made_from(sample, "classify", "extract")
    step = next(s for s in session_costs(sample.store, Registry()).steps if s.name == "classify")
    with sample.store.read() as connection:
        cost = connection.execute(
            select(t.result.c.cpu).where(t.result.c.step_id == sample.step_ids["classify"])
        ).scalar_one()
        taken = connection.execute(
            select(t.result.c.id).where(t.result.c.step_id == sample.step_ids["extract"])
        ).all()
    assert step.gathers
    assert step.seconds == pytest.approx(cost / len(taken))


def test_what_steps_leave_is_counted_by_class(sample: SampleSession) -> None:
    sample.grow(8)
    with sample.store.write() as connection:
        for step, path, size in (
            ("align", "align/{}/sum.mrc", 4000),
            ("extract", "extract/{}/stack.mrcs", 900),
            ("ctf", "ctf/{}/fit.log", 30),
        ):
            number = sample.step_ids[step]
            rows = connection.execute(select(t.result.c.id).where(t.result.c.step_id == number))
            for (result,) in rows.all():
                connection.execute(
                    insert(t.file).values(result_id=result, path=path.format(result), size=size)
                )
    costs = session_costs(sample.store, Registry())
    assert costs.written == pytest.approx(
        {"raw": 0.0, "micrographs": 4000.0, "particles": 900.0, "project": 30.0}
    )
    assert costs.read == pytest.approx(4930.0)  # all of them feed a step


def test_a_step_that_is_skipped_half_the_time_costs_half(sample: SampleSession) -> None:
    sample.grow(30)
    before = session_costs(sample.store, Registry())
    number = sample.step_ids["pick"]
    done = {one.name: one.counts for one in queries.steps(sample.store)}["pick"].done
    with sample.store.write() as connection:
        row = t.counter.c.revision_id == number
        connection.execute(update(t.counter).where(row).values(skipped=done))
    after = session_costs(sample.store, Registry())
    costs = [next(s.seconds for s in one.steps if s.name == "pick") for one in (before, after)]
    assert costs[1] == pytest.approx(costs[0] / 2)


def test_maps_are_made_once_in_a_session(sample: SampleSession) -> None:
    sample.grow(30)
    sample.classify()
    sample.reconstruct()
    sample.reconstruct()
    volume = {step.name: step for step in session_costs(sample.store, Registry()).steps}["volume"]
    assert (volume.seconds, volume.gathers, volume.tasks) == (0.0, True, 2)
    assert 1 <= volume.first <= 30
    assert volume.once == pytest.approx(2 * 0.9 * 21.0 / doublings(volume.first, counted(sample)))
    sample.grow(90)
    later = {step.name: step for step in session_costs(sample.store, Registry()).steps}["volume"]
    assert later.first == volume.first
    assert later.once < volume.once  # the same two maps have been enough for more exposures


def test_what_a_step_took_before_it_was_changed_is_taken_once(sample: SampleSession) -> None:
    sample.grow(30)
    before = {step.name: step for step in session_costs(sample.store, Registry()).steps}["pick"]
    sample.change("pick", "extract")
    # Nothing has come of the change yet, so that what was before tells.
    changed = {step.name: step for step in session_costs(sample.store, Registry()).steps}["pick"]
    assert (changed.tasks, changed.once) == (before.tasks, 0.0)
    assert changed.seconds > 0
    with sample.store.write() as connection:
        newest = select(func.max(t.revision.c.id)).where(
            t.revision.c.step_id == sample.step_ids["pick"]
        )
        row = t.counter.c.revision_id == newest.scalar_subquery()
        connection.execute(update(t.counter).where(row).values(seconds=60.0, cpu=50.0))
    steps = {step.name: step for step in session_costs(sample.store, Registry()).steps}
    assert (steps["pick"].once, steps["extract"].once) == (50.0, 0.0)


def counted(sample: SampleSession) -> int:
    """Exposures that particles have been extracted from."""
    with sample.store.read() as connection:
        chosen = select(func.count()).where(t.quality.c.name == "particles.count")
        return int(connection.execute(chosen).scalar_one())


def test_particles_of_an_exposure_are_counted(sample: SampleSession) -> None:
    assert particles_each(sample.store) == 0.0
    sample.grow(12)
    with sample.store.read() as connection:
        values = connection.execute(
            select(t.quality.c.value).where(t.quality.c.name == "particles.count")
        ).scalars()
        assert particles_each(sample.store) == pytest.approx(np.mean(list(values)))


def test_a_session_without_results_says_nothing(sample: SampleSession) -> None:
    with pytest.raises(NothingMeasured, match="of 0 exposures nothing can be told"):
        session_costs(sample.store, Registry())


def _made_from(sample: SampleSession, step: str, source: str) -> None:
    """Say that the result of a step was made from all of another."""
    with sample.store.write() as connection:
        chosen = select(t.result.c.id, t.result.c.step_id)
        rows = connection.execute(chosen).all()
        (made,) = (row.id for row in rows if row.step_id == sample.step_ids[step])
        connection.execute(
            insert(t.input_),
            [
                {"result_id": made, "port": source, "source_id": row.id}
                for row in rows
                if row.step_id == sample.step_ids[source]
            ],
        )
