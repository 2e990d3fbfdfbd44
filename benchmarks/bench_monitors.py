"""Changes and their causes in sessions of measured values, with faults planted into them.

    python benchmarks/bench_monitors.py [--seeds 9001 ... 9010] [--write]

Each seed has a clean session of 2,000 exposures, in which everything that is said is false, and
twenty sessions with one fault each, of eight kinds. A fault counts as found when an alert names the
right cause at the latest ten exposures after the fault is there, though it may have named another
before; what is said later is not looked at. Ice that thickens is there when it is 60 % thicker
than it was, and may be told before. No test uses these seeds, and the limits were set with others.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from icestream.model import MeasuredExposure
from icestream.processing.simulate.measurements import (
    FAULTS,
    Fault,
    FaultKind,
    simulate_measurements,
)
from icestream.protocols.incidents import Tracker
from measured import publish

WINDOW = 500
"""Exposures that the monitor is shown."""
PLANTED = 20
ALLOWED = 10
"""Exposures after which a fault must have been named."""
RIGHT: dict[FaultKind, tuple[str, ...]] = {
    "astigmatism": ("realigned",),
    "square motion": ("square moves",),
    "ice": ("ice", "ice seen by dose"),
    "dose": ("dose fell",),
    "gain": ("gain",),
    "defocus": ("focus",),
    "coherence": ("coherence",),
    "slow": ("slow",),
}
"""Names of causes in `icestream.protocols.causes` that are right."""
THICKER = 0.6
"""How much thicker ice is when it counts as thicker."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one planted fault."""

    kind: FaultKind
    size: float
    delay: int | None
    """Exposures until the right cause was named; None: it was not, in time."""
    named: tuple[str, ...]
    """All causes that were named."""
    false: int
    """Alerts before there was anything."""


def plant(seed: int, number: int) -> tuple[list[MeasuredExposure], Fault, int]:
    """A session with one fault, and from which exposure on it is there."""
    rng = np.random.default_rng((seed, number))
    kind = FAULTS[number % len(FAULTS)]
    first = int(rng.integers(220, 560))
    sizes: dict[FaultKind, tuple[float, float]] = {
        "astigmatism": (300.0, 1200.0),
        "square motion": (2.0, 3.0),
        "ice": (1.0, 1.0),
        "dose": (0.10, 0.25),
        "gain": (0.02, 0.05),
        "defocus": (3000.0, 8000.0),
        "coherence": (1.35, 1.8),
        "slow": (1.7, 3.0),
    }
    size = float(rng.uniform(*sizes[kind]))
    if kind == "defocus" and rng.random() < 0.5:
        size = -size
    over = int(rng.integers(60, 150)) if kind == "ice" else 0
    there = first
    if kind == "square motion":
        squares = [shot.grid_square for shot in simulate_measurements(seed * 100 + number, 700)]
        while True:
            there = next(i for i in range(first, 700) if squares[i] != squares[first])
            if squares.count(squares[there]) >= ALLOWED + 2:
                break
            first = there
    fault = Fault(kind=kind, first=first, size=size, over=over)
    if kind == "ice":
        there = first + round(THICKER * over)
    return simulate_measurements(seed * 100 + number, there + 45, [fault]), fault, there


def try_fault(seed: int, number: int) -> Outcome:
    """Follow a session past its fault."""
    shots, fault, there = plant(seed, number)
    tracker = Tracker(many=20)  # of what was long before the fault, every fourth moment will do
    false, delay, named, kept = set(), None, [], []
    before = range(fault.first - 60, fault.first + 1, 10)
    for end in [*before, *range(fault.first + 1, len(shots) + 1)]:
        if delay is not None:
            break
        for incident in [*tracker.look(shots[max(0, end - WINDOW) : end]), *tracker.over]:
            assert incident.cause is not None
            kept.append(incident)  # so that no other gets its id
            if end <= fault.first:
                false.add(id(incident))
            elif id(incident) not in false:
                if incident.cause.name not in named:
                    named.append(incident.cause.name)
                if delay is None and incident.cause.name in RIGHT[fault.kind]:
                    delay = max(0, end - there)
    if delay is not None and delay > ALLOWED:
        named.append(f"late by {delay}")
        delay = None
    return Outcome(fault.kind, fault.size, delay, tuple(named), len(false))


def try_clean(seed: int, number: int = 2000) -> list[str]:
    """What is said of a session without a fault: the causes of all alerts."""
    shots = simulate_measurements(seed, number)
    tracker = Tracker()
    said: dict[int, str] = {}
    kept = []
    for end in range(30, number + 1, 10):  # each exposure is looked at all the same
        for incident in [*tracker.look(shots[max(0, end - WINDOW) : end]), *tracker.over]:
            assert incident.cause is not None
            if id(incident) not in said:
                kept.append(incident)  # so that no other gets its id
                said[id(incident)] = (
                    f"{end}: {incident.cause.name} {dict(incident.evidence.changed)} "
                    f"{incident.lead.score:.1f} {np.round(incident.lead.size, 2)}"
                )
    return list(said.values())


def try_seed(seed: int) -> tuple[int, list[str], list[Outcome]]:
    """All of one seed."""
    return seed, try_clean(seed), [try_fault(seed, number) for number in range(PLANTED)]


SHOWN = (
    (Fault(kind="dose", first=300, size=0.12), "dose.counted", "Counts in a pixel"),
    (Fault(kind="ice", first=300, size=1.0, over=100), "ctf.ice_ring", "Ice ring"),
    (Fault(kind="square motion", first=300, size=2.5), "motion.total", "Total motion, Å"),
)
"""Faults of the figure, and what shows them."""


def draw(path: Path) -> None:
    """Three faults, with where each begins and where its cause is named."""
    import matplotlib as mpl  # of the documentation's tools: the benchmark does without

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(3, 1, figsize=(7.2, 6.0), sharex=True, layout="constrained")
    for axes, (fault, name, title) in zip(panels, SHOWN, strict=True):
        shots = simulate_measurements(7, 400, [fault])
        begun = fault.first
        if fault.kind == "square motion":
            squares = [shot.grid_square for shot in shots]
            begun = next(i for i in range(begun, 400) if squares[i] != squares[begun])
        tracker, told = Tracker(), None
        for end in range(250, len(shots) + 1):
            for incident in tracker.look(shots[:end]):
                if told is None and incident.cause and incident.cause.name in RIGHT[fault.kind]:
                    told = (end - 1, incident.cause.words)
        values = [shot.qualities.get(name, np.nan) for shot in shots]
        axes.plot(values, ".", color="#7F7F7F", markersize=3)
        low, high = np.nanpercentile(values, [1.0, 99.0])
        axes.set_ylim(low - 0.25 * (high - low), high + 0.35 * (high - low))
        for i in range(1, len(shots)):
            if shots[i].grid_square != shots[i - 1].grid_square:
                axes.axvline(i - 0.5, color="#DDDDDD", linewidth=0.6, zorder=0)
        axes.axvline(begun, color="#000000", linewidth=1.0, label="it begins")
        if told is not None:
            axes.axvline(told[0], color="#0072B2", linewidth=1.0, label=f"told: {told[1]}")
        axes.set_xlim(200, 400)
        axes.set_ylabel(title)
        axes.legend(
            loc="lower left", bbox_to_anchor=(0.0, 0.98), ncols=2, frameon=False, fontsize=8
        )
    panels[-1].set_xlabel("Exposure; grey lines: a new grid square")
    figure.savefig(path, dpi=140)


def main() -> None:
    """Try all seeds, and print or publish what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=list(range(9001, 9011)))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--cores", type=int, default=2)
    wanted = parser.parse_args()
    if wanted.figure is not None:
        draw(wanted.figure)
        return
    started = time.perf_counter()
    outcomes: list[Outcome] = []
    clean: list[int] = []
    with ProcessPoolExecutor(wanted.cores) as pool:
        for seed, said, found in pool.map(try_seed, wanted.seeds):
            outcomes += found
            clean.append(len(said))
            right = sum(one.delay is not None for one in found)
            print(f"{seed}: {right} of {len(found)}, false: {len(said)}", flush=True)
            for line in said:
                print(f"   false {line}")
            for one in found:
                if one.delay is None or one.false:
                    print(f"   {one}", flush=True)
    table = _table(outcomes, clean, wanted.seeds)
    print(table, f"\n{time.perf_counter() - started:.0f} s")
    if wanted.write:
        publish("monitors", table, "python benchmarks/bench_monitors.py --write")


def _table(outcomes: Sequence[Outcome], clean: Sequence[int], seeds: Sequence[int]) -> str:
    by_kind: dict[FaultKind, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        by_kind[one.kind].append(one)
    lines = [
        "| Fault | Planted | Right cause within 10 exposures | Exposures until then, "
        "median (worst) |",
        "|---|---|---|---|",
    ]
    for kind, of in by_kind.items():
        delays = [one.delay for one in of if one.delay is not None]
        when = f"{np.median(delays):.0f} ({max(delays)})" if delays else ""
        lines.append(f"| {kind} | {len(of)} | {len(delays)} | {when} |")
    found = sum(one.delay is not None for one in outcomes)
    early = sum(one.false for one in outcomes)
    lines.append(f"| all | {len(outcomes)} | {found} | |")
    lines += [
        "",
        f"False alerts in {len(clean)} clean sessions of 2,000 exposures: {sum(clean)} in all, at "
        f"most {max(clean)} in one; before the faults, in sixty exposures each: {early}. Seeds "
        f"{min(seeds)} to {max(seeds)}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
