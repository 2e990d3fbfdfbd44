import numpy as np

from icestream.processing.classify2d.reservoir import Reservoir

RNG = np.random.default_rng


def stream(memory: int, batches: list[int], seed: int) -> Reservoir:
    """The image and the CTF of each particle are filled with its number."""
    kept, random, seen = Reservoir.empty(memory, 8, 3), RNG(seed), 0
    for count in batches:
        numbers = np.arange(seen, seen + count, dtype=np.float32)
        images = np.broadcast_to(numbers[:, None, None] / 20, (count, 8, 8))
        places = kept.store(images, np.repeat(numbers[:, None], 3, axis=1), seen)
        assert kept.rows[places].tolist() == numbers.tolist()
        seen += count
        kept.forget(count, seen, random)
    return kept


def test_rows_stay_together() -> None:
    kept = stream(40, [30, 30, 30, 30], 1)
    assert len(kept) == 40
    assert len(set(kept.rows.tolist())) == 40
    places = np.arange(40)
    assert np.allclose(kept.images(places)[:, 3, 3], kept.rows / 20)
    assert np.array_equal(kept.transfer[:, 1], kept.rows)


def test_every_particle_is_equally_likely_to_stay() -> None:
    """Whatever the sizes of the batches: 100 of 400, so a quarter, within 4 deviations."""
    stays = np.zeros(400)
    for seed in range(200):
        stays[stream(100, [150, 50, 20, 180], seed).rows] += 1
    share = np.add.reduceat(stays, [0, 150, 200, 220]) / (200 * np.array([150, 50, 20, 180]))
    assert np.abs(share - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / (200 * 20))


def test_grey_values_are_kept_to_a_twentieth() -> None:
    kept = Reservoir.empty(10, 8, 3)
    images = RNG(2).normal(size=(5, 8, 8)).astype(np.float32)
    kept.store(images, np.ones((5, 3), np.float32), 0)
    assert np.abs(kept.images(np.arange(5)) - images).max() <= 0.0251
    kept.store(np.full((1, 8, 8), 99.0, np.float32), np.ones((1, 3), np.float32), 5)
    assert kept.images(np.array([5])).max() == np.float32(127 / 20)
