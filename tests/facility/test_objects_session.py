"""A session whose movies land in a bucket while it runs, whatever is killed meanwhile."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select

from icestream.facility.backup.restoring import restore
from icestream.facility.transfer.address import read_address
from icestream.store import tables as t
from icestream.store.open import NoStore, open_store
from microscope_copies import write_movie
from object_server import ObjectServer, objects

__all__ = ["objects"]

STEPS = [{"name": "import", "protocol": "movies.import", "parameters": {"frames": 5}}]
OPTICS = ("--pixel-size", "1", "--voltage", "300", "--dose-per-frame", "1")


def wait_for(what: Callable[[], object], process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 200.0
    while not what():
        assert process.poll() is None, "it has ended"
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.1)


def exposures(session: Path) -> int:
    try:
        with closing(open_store(session, readonly=True)) as store, store.read() as connection:
            return connection.execute(select(func.count()).select_from(t.exposure)).scalar() or 0
    except NoStore:
        return 0


def test_movies_are_processed_as_they_land_and_results_come_back(
    objects: ObjectServer, tmp_path: Path
) -> None:
    """The store is away for a while, the session is killed; nothing is lost, nothing doubled."""
    workflow, session, said = tmp_path / "w.json", tmp_path / "lea", tmp_path / "said"
    workflow.write_text(json.dumps({"name": "small", "steps": STEPS}))
    given = ("--workflow", str(workflow), *OPTICS, "--put-back", "s3://results/lab", "--no-report")
    command = [sys.executable, "-P", "-m", "icestream", "process", "s3://movies/krios1"]
    command += ["--out", str(session), *given]
    environment = {**os.environ, "ICESTREAM_STATE": str(tmp_path / "state")}

    def land(number: int) -> None:
        movie = write_movie(tmp_path / f"{number}.mrc", frames=5, seed=number)
        name = f"krios1/Square {number}/m{number}_fractions.mrc"
        objects.put("movies", **{name: movie.read_bytes()})

    def run(*more: str) -> "subprocess.Popen[bytes]":
        with said.open("ab") as output:
            return subprocess.Popen([*command, *more], stderr=output, env=environment)

    land(0)
    first = run("--watch")
    try:
        wait_for(lambda: exposures(session) == 1, first)
        land(1)
        wait_for(lambda: exposures(session) == 2, first)
        objects.stop()
        wait_for(lambda: b"krios1: it does not answer" in said.read_bytes(), first)
        objects.start()
        land(2)
        wait_for(lambda: exposures(session) == 3, first)
    finally:
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        if not objects.is_up:
            objects.start()
    assert b"s3://movies/krios1 is there again" in said.read_bytes()
    land(3)
    objects.put("movies", **{"krios1/../out.mrc": b"x"})
    last = run()
    assert last.wait(250) == 0, said.read_text()
    assert exposures(session) == 4
    brought = sorted((tmp_path / "lea-movies").rglob("*.mrc"))
    assert [path.name for path in brought] == [f"m{n}_fractions.mrc" for n in range(4)]
    for number, path in enumerate(brought):
        assert path.read_bytes() == (tmp_path / f"{number}.mrc").read_bytes()
    assert not (tmp_path / "out.mrc").exists()
    status = subprocess.run(
        [sys.executable, "-P", "-m", "icestream", "status", str(session)],
        capture_output=True, text=True, env=environment, check=True,
    ).stdout  # fmt: skip
    assert "movies come from s3://movies/krios1, by " in status
    assert "4 of 4 objects are here; 1 left out, such as '../out.mrc'" in status
    assert "results go back to s3://results/lab/lea: as it was at " in status
    assert "testing" not in b"".join(
        path.read_bytes() for path in session.rglob("*") if path.is_file()
    ).decode(errors="replace")  # no key is anywhere
    done = restore(read_address("s3://results/lab"), "lea", tmp_path / "back")
    assert done.wrong == {}
    assert exposures(done.processing) == 4
