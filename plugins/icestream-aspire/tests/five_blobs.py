"""A particle of five blobs without symmetry, and what is seen of it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import write_mrc
from icestream.model import Optics, Particles, column
from icestream.processing.ctf.transfer import Defocus, ctf_2d
from icestream.processing.volume.rotations import euler_rotations

BOX, PIXEL, WIDTH = 32, 6.0, 11.0
OPTICS = Optics(pixel_size=PIXEL, voltage=300.0)
CENTERS = np.array([[0, 0, 30], [35, 0, -10], [0, -40, -15], [-25, 20, 25], [10, 30, -35]]) * 1.0
HEAVY = np.array([1.0, 1.2, 0.8, 1.0, 0.6])
_AXIS = (np.arange(BOX) - BOX // 2) * PIXEL


def seen(rotation: NDArray[np.float32], moved: tuple[float, float] = (0, 0)) -> NDArray[np.float64]:
    """Its projection, moved by (x, y) Å."""
    image = np.zeros((BOX, BOX))
    for (x, y, _), heavy in zip((rotation @ CENTERS.T).T, HEAVY, strict=True):
        away = (_AXIS[None, :] - x - moved[0]) ** 2 + (_AXIS[:, None] - y - moved[1]) ** 2
        image += heavy * np.exp(-away / (2 * WIDTH**2))
    return image


def density() -> NDArray[np.float32]:
    """Its map ``(z, y, x)``."""
    z, y, x = np.meshgrid(_AXIS, _AXIS, _AXIS, indexing="ij")
    made = np.zeros((BOX,) * 3)
    for center, heavy in zip(CENTERS, HEAVY, strict=True):
        away = (x - center[0]) ** 2 + (y - center[1]) ** 2 + (z - center[2]) ** 2
        made += heavy * np.exp(-away / (2 * WIDTH**2))
    return made.astype(np.float32)


def turned(random: np.random.Generator, view: int | None = None) -> NDArray[np.float32]:
    """One of six views, or any, with any angle in the plane."""
    rot, tilt = random.uniform(-180, 180), np.degrees(np.arccos(random.uniform(-1, 1)))
    if view is not None:
        rot, tilt = 33.0 * view, 20.0 + 10.0 * view
    return euler_rotations(rot, tilt, random.uniform(-180, 180))


def particles(
    folder: Path, name: str, views: NDArray[np.int64], defocus: float, noise: float
) -> Particles:
    """Images of these views through a CTF, each particle a little off the middle."""
    random = np.random.default_rng(int(defocus))
    transfer = -ctf_2d((BOX, BOX), Defocus(u=defocus, v=defocus), OPTICS, half=True)
    clean = np.array(
        [seen(turned(random, view), tuple(random.normal(0, 4, 2))) for view in views.tolist()]
    )
    images = np.fft.irfft2(np.fft.rfft2(clean) * transfer, (BOX, BOX))
    images = images / images.std() + noise * random.normal(size=images.shape)
    count = len(views)
    zeros = column(np.zeros(count))
    return Particles(
        exposure=name,
        stack=write_mrc(folder / f"{name}.mrcs", images.astype(np.float32), PIXEL),
        box=BOX,
        optics=OPTICS,
        micrograph=folder / f"{name}.mrc",
        micrograph_pixel_size=2.0,
        x=column(7.0 * np.arange(count)),
        y=column(3.0 * np.arange(count)),
        score=zeros,
        defocus_u=column(np.full(count, defocus)),
        defocus_v=column(np.full(count, defocus)),
        defocus_angle=zeros,
        diameter=130.0,
    )
