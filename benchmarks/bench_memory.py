"""How often charts of a microscope find drift that is none, and how soon drift that is one.

Histories are made up: a session's figure is a normal deviate of the usual spread between sessions;
in some, one session in ten has a poor specimen that makes it worse by four spreads on average.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from icestream.facility.memory.chart import ChartRule, judge

HISTORIES = 400
RULES = {"worse on one side": ChartRule(side="high"), "on both": ChartRule(side="both")}
Values = NDArray[np.float64]


def steady(draw: np.random.Generator, count: int) -> Values:
    return draw.normal(size=count)


def poor_specimens(draw: np.random.Generator, count: int) -> Values:
    values = draw.normal(size=count)
    poor = draw.random(count) < 0.1
    values[poor] += np.abs(draw.normal(0.0, 5.0, int(poor.sum())))
    return values


def first_alarm(values: Values, rule: ChartRule, since: int) -> int | None:
    """Sessions from the change, it included, to the one at which staff are told."""
    judged = judge(values.tolist(), [False] * len(values), rule)
    return next((i - since + 1 for i in range(since, len(judged)) if judged[i].drifting), None)


def false_alarms(make: Callable[[np.random.Generator, int], Values], rule: ChartRule) -> str:
    draw, alarms, beyond, sessions = np.random.default_rng(1), 0, 0, 0
    for _ in range(HISTORIES // 2):
        judged = judge(make(draw, 108).tolist(), [False] * 108, rule)
        told = [False, *(one.drifting for one in judged)]
        alarms += sum(now and not before for before, now in pairwise(told))
        beyond += sum(one.beyond for one in judged)
        sessions += 100
    rate = f"1 in {sessions / alarms:,.0f}" if alarms else f"none in {sessions:,}"
    return f"{rate} | {100.0 * beyond / sessions:.2f} %"


def found(before: int, after: int, change: Callable[[int], Values], rule: ChartRule) -> str:
    draw, counts = np.random.default_rng(2), []
    for _ in range(HISTORIES):
        values = steady(draw, before + after)
        values[before:] += change(after)
        count = first_alarm(values, rule, before)
        counts += [] if count is None else [count]
    share = 100.0 * len(counts) / HISTORIES
    return f"{share:.0f} % | {np.median(counts):.0f}" if counts else "0 % | –"


def main() -> None:
    print("| history | figure | drift told in sessions | outside of limits |\n|---|---|---|---|")
    for name, make in (("steady", steady), ("one poor specimen in ten", poor_specimens)):
        for side, rule in RULES.items():
            print(f"| {name} | {side} | {false_alarms(make, rule)} |", flush=True)
    rule = RULES["worse on one side"]
    print("\n| change | sessions before | found within 20 | after, median |\n|---|---|---|---|")
    for size in (1.0, 1.5, 2.0, 3.0):
        for before in (10, 30):
            told = found(before, 20, lambda n, s=size: np.full(n, s), rule)  # type: ignore[misc]
            print(f"| a step of {size:g} spreads | {before} | {told} |", flush=True)
    print("\n| drift | sessions before | found within 40 | after, median |\n|---|---|---|---|")
    for slope in (0.05, 0.1, 0.2):
        told = found(30, 40, lambda n, s=slope: s * np.arange(1, n + 1), rule)  # type: ignore[misc]
        print(f"| {slope:g} spreads a session | 30 | {told} |", flush=True)


if __name__ == "__main__":
    main()
