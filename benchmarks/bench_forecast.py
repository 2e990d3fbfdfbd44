"""How right the forecast is: nights with changing rates, and when they had really caught up.

``python benchmarks/bench_forecast.py [--seeds 101 110]`` prints a table;
docs/explanation/engine-benchmarks.md explains it.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from simulated_nights import Look, Night, knowing, simulate

CLOSE = 0.2
"""Part of the time that is left by which a forecast may be wrong."""
LEAST = 120.0
"""Seconds that a forecast may be wrong by in any case: it is shown in minutes."""


def error(look: Look) -> float | None:
    """Part of the time that was left by which a forecast was wrong; None where it named none."""
    if look.said.until is None or look.caught_up is None:
        return None
    left = look.caught_up - look.time
    wrong = abs(look.said.until - look.caught_up)
    return 0.0 if wrong <= LEAST else wrong / left


def line(name: str, looks: Sequence[Look]) -> str:
    """One line of the table."""
    errors = [wrong for look in looks if (wrong := error(look)) is not None]
    if not errors:
        return f"{name:44} {len(looks):5}"
    close = sum(wrong <= CLOSE for wrong in errors) / len(errors)
    inside = [
        look.said.soonest is not None
        and look.said.soonest - LEAST <= look.caught_up
        and (look.said.latest is None or look.caught_up <= look.said.latest + LEAST)
        for look in looks
        if look.said.until is not None and look.caught_up is not None
    ]
    median = statistics.median(errors)
    return (
        f"{name:44} {len(looks):5} {len(errors):6} {100 * median:8.0f} % {100 * close:8.0f} %"
        f" {100 * sum(inside) / len(inside):8.0f} %"
    )


def much(look: Look) -> bool:
    """Whether a quarter of an hour of work waited, or more."""
    return (look.said.alone or 0.0) >= 900.0


def undisturbed(made: Night, look: Look) -> bool:
    """Whether nothing that nobody could know changed between the forecast and its end."""
    end = look.caught_up or float("inf")
    known = look.time >= made.end or made.end > end or look.said.ends
    return known and not any(look.time - 900.0 < change < end for change in made.changes)


def _known(made: Night, look: Look) -> Look:
    """With what somebody would say who knows all but the luck, where a time was said."""
    seconds = knowing(made, look) if look.said.until is not None else None
    if seconds is None:
        return look
    return replace(look, said=replace(look.said, until=look.time + seconds))


def main() -> int:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(101, 110), help="first and last")
    parser.add_argument("--told", action="store_true", help="the end of acquisition is known")
    parser.add_argument("--rough", action="store_true", help="cores are lost, a step is slower")
    parser.add_argument(
        "--knowing", action="store_true", help="also: how right somebody who knows the law would be"
    )
    given = parser.parse_args()
    every: list[tuple[Night, Look]] = []
    head = ("moments", "timed", "median error", "within 20 %", "in 80 % interval")
    print(f"{'':44} " + " ".join(head))
    for seed in range(given.seeds[0], given.seeds[1] + 1):
        made, looks = simulate(seed, rough=given.rough, told=given.told)
        every += [(made, look) for look in looks]
        print(line(f"night {seed}", looks))
    looks = [look for _, look in every]
    print(line("all", looks))
    print(line("a quarter of an hour of work or more", [k for k in looks if much(k)]))
    print(
        line("nothing changes before it has caught up", [k for n, k in every if undisturbed(n, k)])
    )
    if given.knowing and not given.rough:
        print(line("said by one who knows the law of nights", [_known(n, k) for n, k in every]))
    print(line("acquisition over", [k for n, k in every if k.time >= n.end]))
    print(line("acquisition goes on", [k for n, k in every if k.time < n.end]))
    for name in ("falling behind", "level", "unknown"):
        said = [look for look in looks if look.said.outlook == name]
        late = sum(look.caught_up is None or look.caught_up - look.time > 7200 for look in said)
        print(f"{name:44} {len(said):5}; {late} were not caught up two hours later")
    return 0


if __name__ == "__main__":
    sys.exit(main())
