"""Three ways to find a change in the same streams, at the same rate of false alarms.

    python benchmarks/bench_changes.py [--seeds 301 ... 303] [--write]

Page's CUSUM of a change of a size that is chosen before, the Bayesian posterior of a change of
Adams and MacKay (2007), and the windowed CUSUM over all sizes that icestream has. The first two are
given values without what groups and the defocus have of their own, over their robust spread. The
limit of each is what 95 % of clean streams stay below, for 65 exposures.
"""

import argparse
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.processing.changes.detect import Expected, _level, _look, _steps
from icestream.processing.simulate.measurements import Fault, FaultKind, simulate_measurements
from icestream.protocols.streams import STREAMS, gather, usable
from measured import publish

Floats = NDArray[np.float64]
FIRST, LAST, KNOWN = 300, 345, 240
KINDS: dict[str, tuple[FaultKind, float]] = {
    "dose": ("dose", 0.12),
    "defocus": ("defocus", 4000.0),
    "resolution": ("coherence", 1.4),
    "stripes": ("gain", 0.02),
    "interval": ("slow", 1.8),
}
"""Fault and size by stream."""


def residuals(seed: int, name: str, faults: tuple[Fault, ...]) -> tuple[Any, Expected, Floats]:
    """A stream, and its values over their spread as the first tell it."""
    shots = simulate_measurements(seed, LAST, faults)
    watched = STREAMS[name]
    found = gather(watched, shots, usable(shots), True)
    assert found is not None
    stream, places = found
    known = int(np.searchsorted(places, KNOWN))
    look = _look(stream, watched.expected, known)
    spread = math.hypot(look.spreads.noise, look.spreads.between)
    middle = np.median(_level(stream, known)[:known], axis=0)
    scaled = np.clip((look.values - middle) / spread, -4.0, 4.0)[:, 0]
    whole = np.full(LAST, np.nan)
    whole[places] = scaled
    return (stream, places), watched.expected, whole


def page(values: Floats, *, size: float = 1.5) -> Floats:
    """Page's CUSUM, both ways, of a change of `size` spreads."""
    up = down = 0.0
    found = np.zeros(len(values))
    for i, value in enumerate(np.nan_to_num(values)):
        up, down = max(0.0, up + value - size / 2), max(0.0, down - value - size / 2)
        found[i] = max(up, down)
    return found


def bayes(values: Floats, *, hazard: float = 1 / 500, prior: float = 3.0) -> Floats:
    """Log odds that the level changed in the last sixty values, of Adams and MacKay.

    The level of a run is normal with spread `prior`, and values have Student's t about it.
    """
    logs, means, counts = np.zeros(1), np.zeros(1), np.full(1, 1.0 / prior**2)
    found = np.zeros(len(values))
    for i, value in enumerate(values):
        if np.isnan(value):
            found[i] = found[i - 1] if i else 0.0
            continue
        variance = 1.0 + 1.0 / counts
        fit = -2.5 * np.log1p((value - means) ** 2 / (4.0 * variance)) - 0.5 * np.log(variance)
        grown = logs + fit + math.log1p(-hazard)
        fresh = np.logaddexp.reduce(logs + fit) + math.log(hazard)
        means = np.concatenate([[0.0], means + (value - means) / (counts + 1.0)])
        counts = np.concatenate([[1.0 / prior**2], counts + 1.0])
        logs = np.concatenate([[fresh], grown])
        logs -= np.logaddexp.reduce(logs)
        recent, older = logs[:60], logs[60:]
        if len(older):
            found[i] = np.logaddexp.reduce(recent) - np.logaddexp.reduce(older)
    return found


def windowed(stream: Any, places: Any, expected: Expected) -> Floats:
    """The scores of the detector that icestream has, without its smallest changes."""
    found = np.zeros(LAST)
    for end in range(len(places) - 100, len(places) + 1):
        part = type(stream)(
            values=stream.values[:end],
            blocks=stream.blocks[:end],
            groups=stream.groups[:end],
            covariate=None if stream.covariate is None else stream.covariate[:end],
        )
        fit = _look(part, expected, end - 60).fit(_steps(end, np.arange(end - 60, end - 5)))
        found[places[end - 1]] = fit.scores.max()
    return found


WAYS: dict[str, Callable[..., Floats]] = {"Page": page, "Adams and MacKay": bayes}


def scores(seed: int, name: str, faults: tuple[Fault, ...]) -> dict[str, Floats]:
    """Scores of each way after each exposure of the last 65."""
    (stream, places), expected, values = residuals(seed, name, faults)
    found = {way: of(values)[LAST - 65 :] for way, of in WAYS.items()}
    return {**found, "over all sizes": windowed(stream, places, expected)[LAST - 65 :]}


def main() -> None:
    """Measure the delay of each way at equal false alarms, and print or publish it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=list(range(301, 331)))
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args()
    lines = [
        "| Stream | Change | Page | Adams and MacKay | over all sizes |",
        "|---|---|---|---|---|",
    ]
    for name, (kind, size) in KINDS.items():
        clean = [scores(1000 + seed, name, ()) for seed in wanted.seeds]
        fault = (Fault(kind=kind, first=FIRST, size=size),)
        faulty = [scores(seed, name, fault) for seed in wanted.seeds]
        cells = []
        for way in clean[0]:
            limit = float(np.percentile([one[way].max() for one in clean], 95.0))
            after = [one[way][-(LAST - FIRST) :] > limit for one in faulty]
            delays = [int(np.argmax(one)) + 1 for one in after if one.any()]
            when = f"{np.median(delays):.0f}" if delays else "-"
            cells.append(f"{when} ({len(delays)} of {len(after)})")
        lines.append(f"| {name} | {size:g} | {' | '.join(cells)} |")
    table = "\n".join(lines)
    print(table)
    if wanted.write:
        publish("changes", table, "python benchmarks/bench_changes.py --write")


if __name__ == "__main__":
    main()
