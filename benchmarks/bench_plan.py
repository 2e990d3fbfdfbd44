"""Is a session as fast as the plan said? Plans for this machine, then runs a session at saturation.

    python benchmarks/bench_plan.py [--exposures 240] [--cores N] [--seconds 40]

Small fields (512 x 512 pixels, 8 frames), so that some hundred exposures pass in minutes. The plan
is made first, from simulated copies of one movie. Then `icestream process` gets a simulated session
that lies there whole, with its report, so that it is never short of movies. Its pace is that of the
alignment between the first fifth of the exposures and the last tenth. On a machine that others use,
what the processes of the session computed per exposure is what can be compared; both are printed.
docs/explanation/planning.md has what came out.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import structlog

from icestream.engine.graph.workflow import load_workflow
from icestream.engine.session import Machine
from icestream.planning.cameras import camera_called
from icestream.planning.costs import Demand, Hardware, SessionCosts
from icestream.planning.disk import measure_disk
from icestream.planning.measured import session_costs
from icestream.planning.model import plan
from icestream.planning.rehearsal import rehearse
from icestream.protocol import Registry
from icestream.simulator.acquire import acquire
from icestream.simulator.plan import SessionPlan
from icestream.store import queries
from icestream.store.open import NoStore, open_store

GOAL = 0.25
FIRST, LAST = 0.2, 0.9
"""Parts of the exposures between which the pace is taken."""
PARTICLES = 30
FIELDS = SessionPlan(
    size=512,
    frames=8,
    pixel_size=1.8,
    dose_per_frame=5.0,
    particles=PARTICLES,
    b_factor=(30.0, 50.0),
    thickness=(150.0, 300.0),
    defocus=(1.0, 2.2),
    speed=0,
    seed=41,
)
"""Those of benchmarks/night.py."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the session was at a time, and what it had computed until then."""

    at: float
    aligned: int
    computed: float
    """Seconds, of all of its processes: coordinator, workers, report."""


def planned(folder: Path, cores: int, seconds: float) -> tuple[SessionCosts, float]:
    """Costs of an exposure, and exposures in an hour, as `icestream plan` says them."""
    camera = replace(
        camera_called("K3"),
        shape=(FIELDS.size, FIELDS.size),
        frames=FIELDS.frames,
        pixel_size=FIELDS.pixel_size,
        dose_per_frame=FIELDS.dose_per_frame,
    )
    machine = Machine(cores=cores)
    rehearsed = rehearse(
        load_workflow("default"),
        camera,
        folder,
        machine=machine,
        particles=PARTICLES,
        seconds=seconds,
    )
    disk = measure_disk(folder)
    hardware = Hardware(cores=cores, memory=machine.memory, write=disk.write, read=disk.read)
    return rehearsed.costs, plan(rehearsed.costs, hardware, Demand(rate=600)).alone


def process(movies: Path, session: Path, cores: int, exposures: int) -> tuple[Mark, Mark]:
    """Run a session over movies that lie there; how far it was at two times."""
    words = ["process", str(movies), "--out", str(session), "--cores", str(cores)]
    command = [sys.executable, "-P", "-m", "icestream", *words]
    marks: list[Mark] = []
    wanted = [round(FIRST * exposures), round(LAST * exposures)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        tree = psutil.Process(running.pid)
        while wanted and running.poll() is None:
            time.sleep(0.2)
            aligned = _aligned(session)
            if aligned >= wanted[0]:
                wanted.pop(0)
                marks.append(Mark(time.monotonic(), aligned, _computed(tree)))
        if running.wait() != 0:
            print(f"the session ended with status {running.returncode}")
    if len(marks) < 2:
        raise SystemExit("the session ended too early to be measured: give it more exposures")
    return marks[0], marks[1]


def _aligned(session: Path) -> int:
    try:
        with closing(open_store(session, readonly=True)) as store:
            return queries.step(store, "align").counts.done
    except (NoStore, LookupError):
        return 0


def _computed(tree: psutil.Process) -> float:
    total = 0.0
    for process_ in [tree, *tree.children(recursive=True)]:
        try:
            times = process_.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def main(arguments: list[str] | None = None) -> int:
    """Plan, run, compare; 1 where they differ by more than the goal."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--exposures", type=int, default=240)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=40.0, help="that the plan measures")
    given = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory(prefix="bench-plan-") as scratch:
        folder = Path(scratch)
        os.environ["ICESTREAM_STATE"] = str(folder / "state")
        print(f"load {os.getloadavg()[0]:.1f}, {given.cores} cores", flush=True)
        costs, pace = planned(folder, given.cores, given.seconds)
        _tell("planned", costs, pace)
        acquire(replace(FIELDS, movies=given.exposures), folder / "movies")
        print(f"load {os.getloadavg()[0]:.1f}", flush=True)
        begun, over = process(folder / "movies", folder / "session", given.cores, given.exposures)
        with closing(open_store(folder / "session", readonly=True)) as store:
            told = session_costs(store, Registry())
    passed = over.aligned - begun.aligned
    came = passed / (over.at - begun.at) * 3600.0
    each = (over.computed - begun.computed) / passed
    _tell("the session, by its results (--from)", told, plan(
        told, Hardware(cores=given.cores, memory=1e12), Demand(rate=600)
    ).alone)  # fmt: skip
    alone = given.cores * 3600.0 / each
    print(f"\nexposures measured: {passed}")
    print(f"pace by the clock: {came:.0f} exposures/h, the plan is {_off(pace, came)}")
    print(
        f"pace with its cores for itself: {alone:.0f} exposures/h ({each:.3f} core seconds each), "
        f"the plan is {_off(pace, alone)}"
    )
    print(f"load {os.getloadavg()[0]:.1f}")
    return 0 if abs(pace / alone - 1.0) <= GOAL else 1


def _off(pace: float, came: float) -> str:
    return f"{100 * (pace / came - 1.0):+.0f} % off"


def _tell(what: str, costs: SessionCosts, pace: float) -> None:
    steps = sorted(costs.steps, key=lambda step: -step.seconds)
    told = ", ".join(f"{step.name} {step.seconds:.3f} ({step.tasks})" for step in steps)
    print(
        f"\n{what}: {pace:.0f} exposures/h, {costs.seconds:.3f} core seconds each: {told}; "
        f"the session itself {costs.engine:.3f}; not known: {', '.join(costs.unknown) or 'none'}; "
        f"a core was held {costs.per_core:.1f} s for each second",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
