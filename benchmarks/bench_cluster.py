"""Measure what a lease costs on a node of a cluster, beside one on this machine.

``python benchmarks/bench_cluster.py [--rounds N]`` runs leases of tasks that do nothing on two
workers of this machine and on a node of Dask with two cores, in turns, and prints medians. CPU time
is that of all processes that take part, the workers too.
"""

import argparse
import json
import queue
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent))

from icestream.engine.executors.cluster.executor import ClusterExecutor
from icestream.engine.executors.cluster.kinds import DaskCluster, NodeKind
from icestream.engine.executors.contract import Call, Ended, Executor, Lease
from icestream.engine.executors.local import LocalExecutor

CORES = 2
LEASES = 200
TASKS = (1, 64)


class Bench:
    """An executor that has run a lease on each of its workers."""

    def __init__(self, executor: Executor, folder: Path) -> None:
        self.executor = executor
        self.folder = folder
        self.said: queue.Queue[Any] = queue.Queue()
        self.number = 0
        executor.sweep("bench:", folder / ".scratch")
        executor.start(self.said.put)
        self.run(2 * CORES, 1)

    def run(self, leases: int, tasks: int) -> tuple[float, float]:
        """Wall-clock and CPU time of so many leases, seconds."""
        began, used = time.perf_counter(), cpu_seconds()
        for _ in range(leases):
            self.executor.submit(self.lease(tasks))
        left = leases
        while left:
            said = self.said.get(timeout=300.0)
            if isinstance(said, Ended):
                assert len(said.endings) == tasks, said
                assert {one.outcome for one in said.endings} == {"done"}, said
                left -= 1
        return time.perf_counter() - began, cpu_seconds() - used

    def lease(self, tasks: int) -> Lease:
        self.number += 1
        calls = tuple(
            Call(
                task=task, attempt=1, target="trivial_protocols:Pass", parameters={},
                inputs=json.dumps([["tick", "", 1, "tick"]]),
                documents={1: json.dumps({"tick": {"exposure": "e", "made": 0.0}})},
                session=str(self.folder), scratch=str(self.folder / f"{self.number}.{task}"),
                folder="step", name="e", key="0a",
            )
            for task in range(tasks)
        )  # fmt: skip
        return Lease(id=f"bench:{self.number};", calls=calls, timeout=600.0)


def cpu_seconds() -> float:
    """Of this process and of all that it started."""
    this = psutil.Process()
    return sum(sum(one.cpu_times()[:2]) for one in (this, *this.children(recursive=True)))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=5)
    rounds = asked.parse_args().rounds
    node = NodeKind(cores=CORES, memory=2**33, least=1)  # type: ignore[arg-type]
    path = [str(Path(__file__).parent), *filter(None, sys.path)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        benches = {
            "this machine": Bench(LocalExecutor(CORES, mark="bench:"), Path(folder, "here")),
            "a node of Dask": Bench(
                ClusterExecutor(DaskCluster(nodes={"here": node}), path=path), Path(folder, "node")
            ),
        }
        figures: dict[tuple[str, int], list[tuple[float, float]]] = {}
        for _ in range(rounds):
            for tasks in TASKS:
                for name, bench in benches.items():
                    figures.setdefault((name, tasks), []).append(
                        bench.run(LEASES // tasks + 8, tasks)
                    )
        for (name, tasks), found in figures.items():
            many = (LEASES // tasks + 8) * tasks
            wall, cpu = (1000 * median(one[n] for one in found) / many for n in (0, 1))
            print(f"{name:16} {tasks:3} in a lease: {wall:6.2f} ms, {cpu:6.2f} CPU-ms a task")
        for bench in benches.values():
            bench.executor.stop()


if __name__ == "__main__":
    main()
