"""A specimen of five blobs: its map, and how particles of it look."""

import numpy as np
from numpy.typing import NDArray

from icestream.model import Optics
from icestream.processing.ctf.transfer import Defocus, ctf_2d
from icestream.processing.volume.rotations import euler_rotations

BOX, PIXEL = 32, 6.0
CENTERS = np.array([[0, 0, 30], [35, 0, -10], [0, -40, -15], [-25, 20, 25], [10, 30, -35]]) * 1.0
"""(x, y, z) Å of the blobs of which the specimen is made; no symmetry."""
HEAVY = np.array([1.0, 1.2, 0.8, 1.0, 0.6])


def phantom(box: int = BOX, pixel: float = PIXEL) -> NDArray[np.float32]:
    """The specimen as a map ``(z, y, x)``."""
    axis = (np.arange(box) - box // 2) * pixel
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    density = np.zeros((box, box, box))
    for (cx, cy, cz), heavy in zip(CENTERS, HEAVY, strict=True):
        density += heavy * np.exp(-((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) / (2 * 11.0**2))
    return density.astype(np.float32)


def particle(
    angles: tuple[float, float, float], defocus: float, box: int = BOX, pixel: float = PIXEL
) -> NDArray[np.float64]:
    """A particle as RELION has it: bright, through a CTF, of standard deviation 1.

    `angles` are rot, tilt and psi, degrees; `defocus` is in Å.
    """
    axis = (np.arange(box) - box // 2) * pixel
    x, y, _ = euler_rotations(*angles) @ CENTERS.T
    image = np.zeros((box, box))
    for heavy, a, b in zip(HEAVY, x, y, strict=True):
        image += heavy * np.exp(-((axis[None, :] - a) ** 2 + (axis[:, None] - b) ** 2) / 242.0)
    optics = Optics(pixel_size=pixel, voltage=300.0)
    transfer = -ctf_2d((box, box), Defocus(u=defocus, v=defocus), optics, half=True)
    seen = np.fft.irfft2(np.fft.rfft2(image) * transfer, (box, box))
    return np.asarray(seen / seen.std())
