"""Measured values of a session that never was: what is planted is there, and nothing else."""

import numpy as np
import pytest

from icestream.processing.simulate.measurements import (
    FAULTS,
    Fault,
    FaultKind,
    simulate_measurements,
)

SHOWN: dict[FaultKind, tuple[str, float, float]] = {
    "astigmatism": ("ctf.astigmatism", 900.0, 2.0),
    "square motion": ("motion.total", 3.0, 1.8),
    "ice": ("ctf.ice_ring", 2.0, 1.5),
    "dose": ("dose.counted", 0.2, 0.85),
    "gain": ("gain.residual", 0.03, 2.0),
    "defocus": ("ctf.defocus", 6000.0, 1.2),
    "coherence": ("ctf.resolution", 1.6, 1.3),
}
"""What shows a fault, its size, and a ratio that it goes beyond."""


def column(shots: object, name: str) -> np.ndarray:  # type: ignore[type-arg]
    return np.array([shot.qualities.get(name, np.nan) for shot in shots])  # type: ignore[attr-defined]


def test_the_same_seed_is_the_same_session() -> None:
    assert simulate_measurements(5, 60) == simulate_measurements(5, 60)
    assert simulate_measurements(5, 60) != simulate_measurements(6, 60)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_changes_nothing_before_it(kind: FaultKind) -> None:
    size = SHOWN.get(kind, ("", 2.0, 0.0))[1]
    fault = Fault(kind=kind, first=150, size=size, over=50)
    clean, faulty = (simulate_measurements(5, 300, faults) for faults in ((), (fault,)))
    assert clean[:150] == faulty[:150]
    assert clean[150:] != faulty[150:]


@pytest.mark.parametrize("kind", SHOWN)
def test_a_fault_shows_in_what_it_changes(kind: FaultKind) -> None:
    name, size, ratio = SHOWN[kind]
    fault = Fault(kind=kind, first=150, size=size, over=50)
    clean, faulty = (simulate_measurements(5, 300, faults) for faults in ((), (fault,)))
    changed = [
        i for i in range(300) if clean[i].qualities.get(name) != faulty[i].qualities.get(name)
    ]
    there = np.nanmedian(column(faulty, name)[changed]) / np.nanmedian(column(clean, name)[changed])
    assert there > ratio if ratio > 1 else there < ratio


def test_a_slow_acquisition_takes_longer() -> None:
    clean = simulate_measurements(5, 300)
    slow = simulate_measurements(5, 300, [Fault(kind="slow", first=150, size=2.0)])
    span = [shots[-1].taken - shots[150].taken for shots in (clean, slow)]
    assert span[1] == pytest.approx(2.0 * span[0], rel=1e-6)
