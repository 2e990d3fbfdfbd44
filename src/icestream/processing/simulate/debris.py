"""What else lies in the field: the edge of the carbon film, and drops of ice on the surface."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from icestream.model.optics import Optics
from icestream.processing.ctf.transfer import ctf_2d
from icestream.processing.fourier import frequency_grid
from icestream.processing.simulate.ice import VOLT_SQUARE_ANGSTROM
from icestream.processing.simulate.transfer import Aberrations, phase_per_volt

__all__ = ["carbon_film", "cluster_points", "debris_transform", "ice_drops"]

CARBON_THICKNESS = 150.0
"""Å of the holey film."""
CARBON_ATOMS = 0.1
"""Atoms in 1 Å³ of amorphous carbon."""
CARBON_LENGTH = 2.509
"""Scattering factor of carbon at zero angle, Å."""
CARBON_ORDER = 0.5
"""Power of the density of amorphous carbon over that of a gas of its atoms."""
CARBON_PATH = 1500.0
"""Apparent mean free path in carbon, Å: what an energy filter takes."""
ICE_POTENTIAL = 4.0
"""Mean inner potential of ice, V."""
ICE_PATH = 3950.0
"""Apparent mean free path in ice, Å."""
HOLE = 6000.0
"""Radius of the holes of the film, Å."""
DROPS = (120.0, 450.0)
"""Range of the radius of a drop, Å."""


def carbon_film(
    rng: np.random.Generator, shape: tuple[int, int], pixel_size: float, share: float
) -> NDArray[np.float32]:
    """Where a holey film covers `share` of a field, 1 or 0: outside a hole at a random side."""
    angle = rng.uniform(0.0, 2.0 * np.pi)
    away = HOLE / pixel_size
    y = np.arange(shape[0])[:, None] - shape[0] / 2 - away * np.sin(angle)
    x = np.arange(shape[1])[None, :] - shape[1] / 2 - away * np.cos(angle)
    distance = np.hypot(y, x)
    edge = float(np.quantile(distance, 1.0 - share))
    return np.asarray(np.clip(distance - edge + 0.5, 0.0, 1.0), dtype=np.float32)


def ice_drops(
    rng: np.random.Generator, shape: tuple[int, int], pixel_size: float, count: int
) -> NDArray[np.float32]:
    """Thickness of `count` drops of ice on a field, Å: flattened spheres that may overlap."""
    y, x = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
    thickness = np.zeros(shape, dtype=np.float32)
    for _ in range(count):
        middle, radius = rng.uniform((0, 0), shape), rng.uniform(*DROPS)
        flat, turn = rng.uniform(0.7, 1.0), rng.uniform(0.0, np.pi)
        v, u = (y - middle[0]) * pixel_size, (x - middle[1]) * pixel_size
        along = u * np.cos(turn) + v * np.sin(turn)
        across = (v * np.cos(turn) - u * np.sin(turn)) / flat
        inside = np.maximum(radius**2 - along**2 - across**2, 0.0)
        thickness += (1.4 * np.sqrt(inside)).astype(np.float32)
    return thickness


def debris_transform(
    rng: np.random.Generator,
    carbon: NDArray[np.float32] | None,
    drops: NDArray[np.float32] | None,
    optics: Optics,
    aberrations: Aberrations,
) -> NDArray[np.complex64]:
    """Half transform of the relative intensity that carbon and drops add.

    Parameters
    ----------
    rng
        Source of chance, for the grain of the carbon.
    carbon
        ``(y, x)`` from `carbon_film`.
    drops
        ``(y, x)`` Å, from `ice_drops`.
    optics, aberrations
        Of the exposure.

    Notes
    -----
    Both shift the phase of the wave, which the CTF makes visible as fringes and, on carbon, as
    the grain that microscopists focus on; and both scatter electrons out of the energy filter.
    """
    given = carbon if carbon is not None else drops
    assert given is not None
    shape = (given.shape[0], given.shape[1])
    potential = np.zeros(shape, dtype=np.float32)
    lost = np.zeros(shape, dtype=np.float32)
    if carbon is not None:
        atoms = CARBON_ATOMS * CARBON_THICKNESS * optics.pixel_size**2
        deviation = VOLT_SQUARE_ANGSTROM * CARBON_LENGTH * math.sqrt(CARBON_ORDER * atoms)
        grain = rng.standard_normal(shape, dtype=np.float32) * np.float32(
            deviation / optics.pixel_size**2
        )
        mean = VOLT_SQUARE_ANGSTROM * CARBON_LENGTH * CARBON_ATOMS * CARBON_THICKNESS
        potential += carbon * (grain + np.float32(mean))
        lost += carbon * np.float32(1.0 - math.exp(-CARBON_THICKNESS / CARBON_PATH))
    if drops is not None:
        potential += np.float32(ICE_POTENTIAL) * drops
        lost += 1.0 - np.exp(-drops / np.float32(ICE_PATH))
    k2 = np.square(frequency_grid(shape, optics.pixel_size))
    total = fft.rfft2(potential) * ctf_2d(shape, aberrations.at(), optics, half=True)
    total *= np.float32(2.0 * phase_per_volt(optics))
    total *= np.exp(np.float32(-0.25 * aberrations.b_factor) * k2)
    total -= fft.rfft2(lost)
    return np.asarray(total, dtype=np.complex64)


def cluster_points(
    rng: np.random.Generator, shape: tuple[int, int], diameter: float, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres of the particles of `count` aggregates, and of the aggregates; ``(n, 2)`` as (y, x).

    Each has 8 to 25 particles on top of each other, over a disc that holds four of them in place
    of one.
    """
    middles = rng.uniform((0, 0), shape, (count, 2))
    members = []
    for middle in middles:
        number = int(rng.integers(8, 26))
        reach = 0.25 * math.sqrt(number) * diameter * np.sqrt(rng.uniform(0.0, 1.0, (number, 1)))
        angle = rng.uniform(0.0, 2.0 * np.pi, (number, 1))
        members.append(middle + reach * np.concatenate([np.sin(angle), np.cos(angle)], axis=1))
    return np.concatenate(members), middles
