"""A worker that has warmed up compiles nothing while it processes its first movie."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from icestream.simulator.acquire import acquire
from icestream.simulator.plan import SessionPlan
from warm_worker import first_movie, process


def test_a_warm_worker_compiles_nothing_for_its_first_movie(tmp_path: Path) -> None:
    acquire(SessionPlan(movies=1, size=1024, frames=8, speed=0.0), tmp_path / "session")
    movie = first_movie(tmp_path / "session")
    (tmp_path / "work").mkdir()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        before, after = pool.submit(process, movie, tmp_path / "work").result()
    assert before["icestream.processing.motion.warp._add_rows"] > 0
    assert {name: count for name, count in after.items() if count != before.get(name)} == {}
