"""How long the first movie of a fresh installation takes, and the second.

    python benchmarks/bench_start.py [--size 2048] [--frames 24] [--write]

Every row is a process of its own, which aligns two simulated movies and fits their CTF, with a
folder of compiled kernels that is empty or was filled before; with and without the warm-up that a
worker does while it waits for the first movie.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measured import publish

CHAIN = (
    "icestream.protocols.align_movies:AlignMovies",
    "icestream.protocols.estimate_ctf:EstimateCtf",
    "icestream.protocols.judge_micrographs:JudgeMicrographs",
    "icestream.protocols.pick_by_log:PickByLog",
)
ONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


def worker(folder: Path, warm: bool) -> None:
    """Process the movies of a folder; print the CPU-s of the warm-up and of each movie."""
    begun = time.process_time()
    from bench_session import import_all
    from icestream.engine.executors import attempt as work
    from icestream.protocol import Work
    from icestream.protocols.align_movies import AlignMovies
    from icestream.protocols.estimate_ctf import EstimateCtf
    from icestream.protocols.judge_micrographs import JudgeMicrographs
    from icestream.protocols.pick_by_log import PickByLog

    rows = [time.process_time() - begun]
    begun = time.process_time()
    if warm:
        work.warm(CHAIN)
    rows.append(time.process_time() - begun)
    for number, movie in enumerate(import_all(folder / "session", 2)):
        scratch = folder / f"scratch{number}"
        scratch.mkdir(exist_ok=True)
        begun = time.process_time()
        micrograph = AlignMovies().process(movie, Work(folder=scratch))
        ctf = EstimateCtf().process(micrograph, Work(folder=scratch))
        JudgeMicrographs().process(micrograph, ctf, Work(folder=scratch))
        PickByLog().process(micrograph, ctf)
        rows.append(time.process_time() - begun)
    print(json.dumps(rows))


def run(folder: Path, kernels: Path, warm: bool) -> list[float]:
    """Rows of one process: imports, warm-up, first movie, second movie."""
    environment = {
        **os.environ,
        **ONE,
        "NUMBA_CACHE_DIR": str(kernels),
        "ICESTREAM_STATE": str(folder / "state"),
    }
    command = [sys.executable, __file__, "--worker", str(folder), *(["--warm"] if warm else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--worker", type=Path)
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args()
    if wanted.worker:
        worker(wanted.worker, wanted.warm)
        return
    from icestream.simulator.acquire import acquire
    from icestream.simulator.plan import SessionPlan

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        plan = SessionPlan(movies=2, size=wanted.size, frames=wanted.frames, seed=77, speed=0.0)
        acquire(plan, folder / "session")
        rows = []
        for what, kernels, warm in (
            ("fresh installation, no warm-up", "a", False),
            ("fresh installation, warmed up while waiting", "b", True),
            ("kernels kept from before, no warm-up", "b", False),
            ("kernels kept from before, warmed up", "b", True),
        ):
            (folder / kernels).mkdir(exist_ok=True)
            times = run(folder, folder / kernels, warm)
            rows.append((what, times))
            print(what, times, flush=True)
    lines = [
        "| | warm-up | first movie | second movie |",
        "|---|---|---|---|",
        *(
            f"| {what} | " + " | ".join(f"{cpu:.1f} CPU-s" for cpu in times[1:]) + " |"
            for what, times in rows
        ),
    ]
    text = "\n".join(
        [
            f"Movies of {wanted.frames} x {wanted.size}² pixels, LZW TIFF, through alignment, CTF, "
            "quality and picking, one thread:",
            "",
            *lines,
        ]
    )
    print(text)
    if wanted.write:
        publish("start", text, "python benchmarks/bench_start.py --write")


if __name__ == "__main__":
    main()
