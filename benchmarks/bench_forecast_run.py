"""One run of the real engine, with toy protocols of known cost: what is forecast, and what comes.

``python benchmarks/bench_forecast_run.py`` takes a quarter of an hour. Steps sleep, so that the
forecast is measured and not this machine; docs/explanation/engine-benchmarks.md has its table.
"""

import os
import sys
import tempfile
import threading
import time
from importlib.metadata import EntryPoint
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).parent))

import bench_forecast_run
from icestream.engine.graph.workflow import Workflow
from icestream.engine.session import Machine, run_session
from icestream.model.forecast import Forecast, forecast, near_of
from icestream.protocol import (
    Cursor,
    Discovery,
    ItemProtocol,
    Parameters,
    Registry,
    SourceProtocol,
)
from icestream.store.open import NoStore, open_store
from icestream.store.workload import workload
from trivial_protocols import Tick

CORES = 4
COSTS = {"align": 1.0, "ctf": 0.5}
"""Seconds of one core for an exposure."""
EARLIER = 1600
"""Exposures that are there at the beginning."""
EVERY = 0.5
"""Seconds from one exposure to the next, in a run."""
RUN, PAUSE = 240.0, 100.0
"""Seconds of a run, and between two."""
END = 840.0
"""Seconds after which nothing more comes."""


class Microscope(SourceProtocol[Parameters]):
    """Brings ticks in runs with pauses between them."""

    name = "bench.microscope"
    title = "Microscope"
    item = Tick

    def discover(self, cursor: Cursor) -> Discovery:
        began, brought = cursor.state or (time.time(), 0)
        elapsed = min(time.time() - began, END)
        rounds, rest = divmod(elapsed, RUN + PAUSE)
        come = EARLIER + int((rounds * RUN + min(rest, RUN)) / EVERY)
        items = [Tick(exposure=f"e{n:06d}", made=time.time()) for n in range(brought, come)]
        return Discovery(items, state=(began, come), closed=elapsed >= END)

    def interval(self) -> float:
        return 0.5


class Seconds(Parameters):
    """How long a task takes."""

    seconds: float = 1.0
    """Of one core."""


class Take(ItemProtocol[Seconds]):
    """Take some time."""

    name = "bench.take"
    title = "Take"

    def process(self, tick: Tick) -> Tick:
        time.sleep(self.parameters.seconds)
        return tick


def registry() -> Registry:
    """A registry of these protocols alone, by the name by which workers import them."""
    return Registry(
        EntryPoint(kind.name, f"bench_forecast_run:{kind.__name__}", "icestream.protocols")
        for kind in (bench_forecast_run.Microscope, bench_forecast_run.Take)
    )


def workflow() -> Workflow:
    """The microscope, and a chain of steps."""
    steps: list[dict[str, object]] = [
        {"name": "microscope", "protocol": "bench.microscope", "inputs": {}}
    ]
    before = "microscope"
    for name, seconds in COSTS.items():
        steps.append(
            {
                "name": name,
                "protocol": "bench.take",
                "parameters": {"seconds": seconds},
                "inputs": {"tick": before},
            }
        )
        before = name
    return Workflow.from_document({"name": "toy night", "steps": steps})


def main() -> int:
    """Run, look twice a minute, and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    looks: list[tuple[float, Forecast]] = []
    over = threading.Event()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as state:
        os.environ["ICESTREAM_STATE"] = state

        def look() -> None:
            store = None
            while not over.wait(5.0):
                try:
                    store = store or open_store(folder, readonly=True)
                    now = time.time()
                    looks.append((now, forecast(workload(store, now))))
                except (NoStore, LookupError):
                    continue

        thread = threading.Thread(target=look)
        thread.start()
        began = time.time()
        run_session(folder, workflow(), registry=registry(), machine=Machine(cores=CORES))
        over.set()
        thread.join()
    near = near_of(CORES / sum(COSTS.values()), CORES)
    print("min  behind  found/h  able/h  outlook         forecast  (80 %)       came")
    for now, said in looks[::6]:
        caught = next((at for at, one in looks if at > now and one.behind <= near), None)
        came = f"{(caught - now) / 60:6.1f}" if caught else "     -"
        moments = (said.until, said.soonest, said.latest)
        times = [None if at is None else (at - now) / 60 for at in moments]
        told = " ".join("     -" if value is None else f"{value:6.1f}" for value in times)
        print(
            f"{(now - began) / 60:4.1f} {said.behind:6} {said.found or 0:8.0f}"
            f" {said.able or 0:7.0f}  {said.outlook:14} {told} {came}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
