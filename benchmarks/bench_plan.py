"""Is a session as fast as the plan said? Plans for this machine, then runs a session at saturation.

    python benchmarks/bench_plan.py [--exposures 240 | --within 300] [--cores N] [--seconds 40]

Small fields (512 x 512 pixels, 8 frames), so that some hundred exposures pass in minutes; as many
as the plan says pass in some seconds with --within. The plan is made first, from simulated copies
of one movie. Then `icestream process` gets a simulated session that lies there whole, with its
report, so that it is never short of movies. Its pace is that of the alignment between the first
fifth of the exposures and the last tenth. On a machine that others use, what the processes of the
session computed per exposure is what can be compared; both are printed, and what its own process,
its report and its workers had of it. docs/explanation/planning.md has what came out.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
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
LEAST = 60
"""Exposures of the shortest session that says something."""
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
    computed: Mapping[str, float]
    """Seconds, of each kind of its processes."""


def planned(folder: Path, cores: int, seconds: float) -> tuple[SessionCosts, Hardware]:
    """Costs of an exposure, as `icestream plan` measures them, and of which machine."""
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
    print(
        f"measured in {rehearsed.making:.0f} s for the movie and {rehearsed.seconds:.0f} s for it"
    )
    hardware = Hardware(cores=cores, memory=machine.memory, write=disk.write, read=disk.read)
    return rehearsed.costs, hardware


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


def _computed(tree: psutil.Process) -> dict[str, float]:
    total = {"itself": 0.0, "report": 0.0, "workers": 0.0}
    for process_ in [tree, *tree.children(recursive=True)]:
        try:
            times, words = process_.cpu_times(), process_.cmdline()
        except psutil.NoSuchProcess:
            continue
        kind = "itself" if process_ == tree else "report" if "report" in words else "workers"
        total[kind] += times.user + times.system + times.children_user + times.children_system
    return total


def main(arguments: list[str] | None = None) -> int:
    """Plan, run, compare; 1 where they differ by more than the goal."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--exposures", type=int, default=240)
    parser.add_argument("--within", type=float, help="seconds that the session is to take")
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=40.0, help="that the plan measures")
    given = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory(prefix="bench-plan-") as scratch:
        folder = Path(scratch)
        os.environ["ICESTREAM_STATE"] = str(folder / "state")
        print(f"load {os.getloadavg()[0]:.1f}, {given.cores} cores", flush=True)
        costs, hardware = planned(folder, given.cores, given.seconds)
        exposures = given.exposures
        if given.within is not None:
            usual = plan(costs, hardware, Demand(rate=exposures, hours=1.0)).alone
            exposures = max(LEAST, round(usual * given.within / 3600.0))
        asked = Demand(rate=exposures, hours=1.0)  # a session of so many
        pace = plan(costs, hardware, asked).alone
        _tell(f"planned, a session of {exposures} exposures", costs, pace, exposures)
        acquire(replace(FIELDS, movies=exposures), folder / "movies")
        print(f"load {os.getloadavg()[0]:.1f}", flush=True)
        begun, over = process(folder / "movies", folder / "session", given.cores, exposures)
        with closing(open_store(folder / "session", readonly=True)) as store:
            told = session_costs(store, Registry())
    passed = over.aligned - begun.aligned
    came = passed / (over.at - begun.at) * 3600.0
    each = {kind: (over.computed[kind] - begun.computed[kind]) / passed for kind in over.computed}
    _tell(
        "the session, by its results (--from)", told, plan(told, hardware, asked).alone, exposures
    )
    alone = given.cores * 3600.0 / sum(each.values())
    print(f"\nexposures measured: {passed}")
    print(f"pace by the clock: {came:.0f} exposures/h, the plan is {_off(pace, came)}")
    kinds = ", ".join(f"{kind} {seconds:.3f}" for kind, seconds in each.items())
    print(
        f"pace with its cores for itself: {alone:.0f} exposures/h, the plan is {_off(pace, alone)}"
    )
    print(f"core seconds of an exposure: {sum(each.values()):.3f} ({kinds})")
    print(f"load {os.getloadavg()[0]:.1f}")
    return 0 if abs(pace / alone - 1.0) <= GOAL else 1


def _off(pace: float, came: float) -> str:
    return f"{100 * (pace / came - 1.0):+.0f} % off"


def _tell(what: str, costs: SessionCosts, pace: float, exposures: int) -> None:
    whole = costs.in_session(exposures)
    steps = sorted(zip(costs.steps, whole.steps, strict=True), key=lambda one: -one[1].seconds)
    told = ", ".join(
        f"{step.name} {step.seconds:.3f} -> {inside.seconds:.3f} ({step.tasks})"
        for step, inside in steps
    )
    print(
        f"\n{what}: {pace:.0f} exposures/h, {costs.seconds:.3f} core seconds each, "
        f"{whole.seconds:.3f} with what a session takes beside: {told}; the session itself "
        f"{costs.engine:.3f}; not known: {', '.join(costs.unknown) or 'none'}; "
        f"a core was held {costs.per_core:.1f} s for each second",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
