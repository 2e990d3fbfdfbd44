import numpy as np
import pytest

from icestream.processing.picking.ground import Ground
from icestream.processing.picking.heaps import clear_of_heaps
from icestream.processing.picking.peaks import Peaks

PIXEL = 10.0
SIDE = 200


def made(places: list[tuple[float, float]], heap: list[tuple[float, float]]) -> Ground:
    """Balls of 120 Å in weak noise."""
    y, x = np.indices((SIDE, SIDE))
    flat = 0.1 * np.random.default_rng(1).standard_normal((SIDE, SIDE))
    for cy, cx in (*places, *heap):
        flat += 5.0 * np.sqrt(np.clip(1 - (np.hypot(y - cy, x - cx) / 6.0) ** 2, 0, None))
    none = np.zeros(flat.shape, bool)
    return Ground(
        flat=flat.astype(np.float32),
        usable=~none,
        factor=1,
        pixel_size=PIXEL,
        shape=(SIDE, SIDE),
        rim=0.0,
        foreign=none,
    )


def peaks(places: list[tuple[float, float]]) -> Peaks:
    y, x = np.array(places, float).reshape(-1, 2).T
    return Peaks(x, y, np.ones(len(x)))


SINGLE = [(30.0, 30.0), (30.0, 80.0), (60.0, 170.0), (170.0, 40.0), (120.0, 30.0), (30.0, 130.0)]


def test_a_heap_is_told_and_what_stands_alone_is_kept() -> None:
    rng = np.random.default_rng(2)
    heap = [(150.0 + dy, 150.0 + dx) for dy, dx in rng.uniform(-12, 12, (16, 2))]
    clear = clear_of_heaps(made(SINGLE, heap), peaks([*SINGLE, *heap]), 120.0)
    assert clear[: len(SINGLE)].all()
    assert clear[len(SINGLE) :].mean() < 0.25  # some lie at its edge


@pytest.mark.parametrize("gap", [12.0, 15.0])
def test_a_raft_of_particles_side_by_side_is_no_heap(gap: float) -> None:
    raft = [(100 + gap * i, 100 + gap * j) for i in range(-1, 2) for j in range(-1, 2)]
    assert clear_of_heaps(made(SINGLE, raft), peaks([*SINGLE, *raft]), 120.0).all()


def test_nothing_is_no_heap() -> None:
    assert len(clear_of_heaps(made([], []), peaks([]), 120.0)) == 0
