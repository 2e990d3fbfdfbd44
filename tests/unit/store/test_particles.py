"""Particles are counted from what results say of themselves; branches are in test_queries.py."""

from pathlib import Path

from icestream.store import queries
from icestream.store import tables as t
from icestream.store.particles import count_particles
from report_session import SampleSession


def test_particles_are_those_of_accepted_results_of_the_deepest_step(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "session", start=1.7e9)
    session.grow(12)
    assert count_particles(session.store) == 0
    makers = [queries.step(session.store, name) for name in ("align", "ctf")]
    with session.store.write() as connection:
        for maker, rows in zip(makers, (10, 3), strict=True):
            for made in queries.results(session.store, maker.name)[:4]:
                of = {"step_id": maker.id, "revision_id": 1, "subject_id": 1}
                connection.execute(t.part.insert().values(result_id=made.id, rows=rows, **of))
    assert count_particles(session.store) == 12
    assert count_particles(session.store, "align") == 40
    assert count_particles(session.store, "import") == 0
    rejected = queries.results(session.store, "ctf")[0].id
    with session.store.write() as connection:
        task = t.task.update().where(t.task.c.result_id == rejected)
        connection.execute(task.values(passed=False))
    assert count_particles(session.store) == 9
