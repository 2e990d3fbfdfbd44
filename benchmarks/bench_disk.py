"""How right the forecast of the disk is: nights with changing rates, and when it really was full.

``python benchmarks/bench_disk.py [--seeds 101 200]`` prints a table; docs/explanation/forecast.md
explains it.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from simulated_disks import Look, looks

LEAST = 300.0
"""Seconds that brackets may miss by: the hour is shown in minutes, and the rate in two of them."""


def line(name: str, every: Sequence[Look]) -> str:
    """One line of the table."""
    told = [look for look in every if look.said.until is not None and look.full is not None]
    errors = [abs((look.said.until or 0.0) - look.full) / (look.full - look.time) for look in told
              if look.full is not None]  # fmt: skip
    inside = sum(_holds(look) for look in told)
    early = sum(_is_early(look) for look in told)
    return (
        f"| {name} | {len(every)} | {len(told)} | {100 * statistics.median(errors):.0f} % "
        f"| {100 * inside / len(told):.0f} % | {100 * early / len(told):.0f} % |"
    )


def _holds(look: Look) -> bool:
    full = look.full or 0.0
    low, high = look.said.soonest, look.said.latest
    return low is not None and low - LEAST <= full and (high is None or full <= high + LEAST)


def _is_early(look: Look) -> bool:
    """Whether the disk was full before the brackets."""
    return look.said.soonest is not None and (look.full or 0.0) < look.said.soonest - LEAST


def main() -> int:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(101, 200), help="first and last")
    given = parser.parse_args()
    print(
        "| nights | forecasts | with an hour | median error | in the brackets | full before them |"
    )
    print("|---|---|---|---|---|---|")
    began = time.process_time()
    count = 0
    for name, kind in (
        ("rates change by up to a quarter", {}),
        ("by up to a half", {"rough": True}),
        ("a quarter, and files are moved away", {"moved": True}),
    ):
        nights = range(given.seeds[0], given.seeds[1] + 1)
        every = [look for seed in nights for look in looks(seed, **kind)]
        count += len(every)
        print(line(name, every))
        for parts, low, high in (("under 2 h left", 0, 2), ("2 to 8 h", 2, 8), ("more", 8, 99)):
            some = [
                look
                for look in every
                if look.full is not None and low <= (look.full - look.time) / 3600.0 < high
            ]
            print(line(f"{name}, {parts}", some))
    print(f"{1000 * (time.process_time() - began) / count:.1f} ms each, the simulation included")
    return 0


if __name__ == "__main__":
    sys.exit(main())
