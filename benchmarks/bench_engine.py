"""Measure the engine alone, on protocols that do nothing.

``python benchmarks/bench_engine.py [--quick]`` prints a table and exits with 1 when a figure misses
its goal. Times are wall-clock unless they are called CPU; docs/explanation/engine-benchmarks.md
explains each.
"""

import argparse
import itertools
import os
import resource
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import structlog

sys.path.insert(0, str(Path(__file__).parent))

import trivial_protocols
from icestream.engine.decisions.ready import ORDERS, Order
from icestream.engine.graph.workflow import Workflow
from icestream.engine.progress import Progress
from icestream.engine.session import Machine, run_session
from icestream.store import queries
from icestream.store.open import NoStore, open_store

CORES = 2


@dataclass(frozen=True)
class Figure:
    """One measured figure and its goal."""

    name: str
    value: float
    unit: str
    goal: float

    @property
    def met(self) -> bool:
        return self.value < self.goal


def chain(steps: int, **pace: float) -> Workflow:
    """A source and `steps` steps one after another."""
    made: list[dict[str, object]] = [
        {"name": "source", "protocol": "bench.source", "parameters": pace, "inputs": {}}
    ]
    before = "source"
    for number in range(1, steps + 1):
        name = f"step{number}"
        made.append({"name": name, "protocol": "bench.pass", "inputs": {"tick": before}})
        before = name
    return Workflow.from_document({"name": "bench", "steps": made})


def throughput() -> Figure:
    """1000 items through 3 steps, the start of the workers included."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        outcome = run_session(
            folder,
            chain(3, count=1000),
            registry=trivial_protocols.registry(),
            machine=Machine(cores=CORES),
        )
        seconds = time.perf_counter() - started
        assert outcome.exposures["done"] == 1000
    return Figure("1000 items x 3 steps", seconds, "s", 5.0)


def latency(steps: int, items: int, goal: float) -> list[Figure]:
    """From the discovery of an item to the moment when its last result can be read."""
    seen: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        done = threading.Event()

        def follow() -> None:
            store, after = None, 0
            while not done.is_set():
                try:
                    store = store or open_store(folder, readonly=True)
                except NoStore:
                    time.sleep(0.1)  # it has not begun
                    continue
                for one in queries.results(store, f"step{steps}", after=after):
                    seen[one.exposure] = time.time() - one.outputs["tick"]["made"]
                    after = one.serial
                time.sleep(0.005)

        thread = threading.Thread(target=follow)
        thread.start()
        run_session(
            folder,
            chain(steps, count=items, at_once=1, every=1.0),
            registry=trivial_protocols.registry(),
            machine=Machine(cores=CORES),
        )
        time.sleep(0.1)
        done.set()
        thread.join()
    # The first ones wait for the workers to start.
    values = [seen[name] for name in sorted(seen)][3:]
    plural = "s" if steps > 1 else ""
    return [
        Figure(f"latency through {steps} step{plural}, median", median(values), "s", goal),
        Figure(f"latency through {steps} step{plural}, worst", max(values), "s", goal),
    ]


def flatness(items: int, steps: int, order: Order) -> list[Figure]:
    """CPU of the coordinator per item at the beginning and at the end, and its memory."""
    marks: list[tuple[int, float]] = []

    def note(progress: Progress) -> None:
        ended = sum(step.counts.done for step in progress.steps if step.kind == "item")
        marks.append((ended, time.process_time()))
        trivial_protocols.ended = ended // steps

    trivial_protocols.ended = 0
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run_session(
            folder,
            # As a session grows: new items come while the earlier ones come to an end.
            chain(steps, count=items, at_once=500, every=0.01, ahead=1000),
            registry=trivial_protocols.registry(),
            machine=Machine(cores=CORES),
            order=order,
            on_progress=note,
        )
        seconds = time.perf_counter() - started
    tasks = items * steps
    thousand = 1000 * steps
    first = _cpu_between(marks, 0.2 * thousand, 1.2 * thousand)  # after the start of the workers
    last = _cpu_between(marks, tasks - 1.2 * thousand, tasks - 0.2 * thousand)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    label = f"{items} items x {steps} steps"
    return [
        Figure(f"CPU per task, first thousand items of {label}", first * 1e3, "ms", 2.0),
        Figure(f"CPU per task, last thousand items of {label}", last * 1e3, "ms", 2.0),
        Figure("ratio of last to first", last / first, "", 1.3),
        Figure(f"memory of the coordinator at {label}", memory, "MB", 300.0),
        Figure(f"time per task of {label}", seconds / tasks * 1e3, "ms", 10.0),
    ]


def _cpu_between(marks: list[tuple[int, float]], low: float, high: float) -> float:
    """CPU seconds per task between two numbers of ended tasks, by interpolation."""

    def at(wanted: float) -> tuple[float, float]:
        for (n0, t0), (n1, t1) in itertools.pairwise(marks):
            if n0 <= wanted <= n1 and n1 > n0:
                return wanted, t0 + (t1 - t0) * (wanted - n0) / (n1 - n0)
        return marks[-1]

    (n0, t0), (n1, t1) = at(low), at(high)
    return (t1 - t0) / max(1.0, n1 - n0)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 items instead of 100,000")
    parser.add_argument("--only", default="", help="throughput, latency or flatness")
    parser.add_argument("--order", choices=ORDERS, default="oldest", help="of the flatness")
    given = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as state:
        os.environ["ICESTREAM_STATE"] = state
        if given.only in ("", "flatness"):  # first: the memory is that of the whole process
            figures += flatness(10_000 if given.quick else 100_000, 5, given.order)
        if given.only in ("", "throughput"):
            figures.append(throughput())
        if given.only in ("", "latency"):
            items = 8 if given.quick else 20
            figures += latency(1, items, 0.2) + latency(3, items, 0.5)
    for figure in figures:
        verdict = "ok" if figure.met else "MISSED"
        print(f"{figure.name:64} {figure.value:9.3f} {figure.unit:3} < {figure.goal:g}  {verdict}")
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
