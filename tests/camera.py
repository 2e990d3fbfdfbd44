"""Sums of a simulated camera over movies, without the movies."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from icestream.processing.gain.sums import GainSums
from icestream.processing.simulate.camera import Camera


def sensitivity(camera: Camera) -> NDArray[np.float32]:
    """What the counts of an even beam are in proportion to."""
    return np.divide(1.0, camera.gain, out=np.zeros_like(camera.gain), where=camera.gain > 0)


def count_movies(
    camera: Camera, rng: np.random.Generator, movies: int, frames: int = 40, dose: float = 1.0
) -> Iterator[GainSums]:
    """Add Poisson counts of movies with other specimens and beams; the sums after each."""
    sums = GainSums(camera.shape)
    seen = sensitivity(camera)
    slope = np.linspace(-1, 1, camera.shape[1])[None, :]
    hot = camera.hot[:, 0].astype(int), camera.hot[:, 1].astype(int)
    for _ in range(movies):
        specimen = ndimage.gaussian_filter(rng.normal(size=camera.shape), 8.0)
        scene = 1 + 0.05 * specimen / specimen.std() + 0.03 * rng.uniform(-1, 1) * slope
        total = rng.poisson(frames * dose * seen * scene).astype(np.uint32)
        total[hot] = rng.poisson(frames * camera.hot[:, 2])
        sums.add(total, frames)
        yield sums
