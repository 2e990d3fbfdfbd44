"""Cutting particle images out of a micrograph, and giving them a common grey scale."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from icestream.model import Column, Ctf, Image, Optics, Stack
from icestream.processing.backend import operations
from icestream.processing.ctf.transfer import Defocus, ctf_2d
from icestream.processing.defects import find_outliers, replace_defects
from icestream.processing.fourier import fourier_crop

__all__ = [
    "Box",
    "Cut",
    "cut_particles",
    "extract_particles",
    "flip_phases",
    "normalize_particles",
    "sweep_dust",
    "whole_boxes",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """How particle images are cut and finished."""

    cut: int
    """Side of the box that is cut, pixels of the micrograph, even."""
    size: int
    """Side of the final images, even; smaller than `cut` resamples by Fourier cropping."""
    radius: float
    """Radius of the particle, pixels of the micrograph; what lies outside is background."""
    dust: float = 5.0
    """Pixels farther than this from the mean, in standard deviations of the background, are
    replaced by noise; 0 leaves them."""
    invert: bool = True
    """Reverse the contrast, so that dark particles become bright."""

    def __post_init__(self) -> None:
        if self.size < 8 or self.size % 2 or self.size > self.cut:
            raise ValueError(
                f"particles of {self.cut} pixels can be resampled to an even number of at least "
                f"8 and at most {self.cut} pixels, not {self.size}"
            )


class Cut(NamedTuple):
    """Particle images, and which of the wanted ones they are."""

    images: Stack
    """``(n, box, box)``, the particle's center at pixel ``box // 2``."""
    kept: NDArray[np.intp]
    """``(n,)`` indices into the coordinates that were asked for."""


def whole_boxes(shape: tuple[int, int], x: Column, y: Column, box: int) -> NDArray[np.intp]:
    """Indices of the coordinates whose box lies inside an image of `shape` ``(y, x)``."""
    left, top = _corners(x, box), _corners(y, box)
    inside = (left >= 0) & (top >= 0) & (left + box <= shape[1]) & (top + box <= shape[0])
    return np.flatnonzero(inside)


def _corners(coordinates: Column, box: int) -> NDArray[np.int64]:
    """First pixel of each box: RELION drops the fraction of the coordinate, then half the box."""
    return np.trunc(np.asarray(coordinates, dtype=np.float64)).astype(np.int64) - box // 2


def cut_particles(image: Image, x: Column, y: Column, box: int) -> Cut:
    """Cut boxes of `box` pixels around (x, y); those that reach over the edge are left out.

    As RELION does it: the pixel that holds the coordinate, its fraction dropped, becomes pixel
    ``box // 2`` of the particle image.

    Parameters
    ----------
    image
        ``(y, x)``.
    x, y
        ``(n,)`` centers, pixels of the image.
    box
        Even number of pixels.
    """
    if box < 8 or box % 2:
        raise ValueError(f"a particle box must be an even number of at least 8 pixels, not {box}")
    kept = whole_boxes((image.shape[0], image.shape[1]), x, y, box)
    left, top = _corners(x, box)[kept], _corners(y, box)[kept]
    images = np.empty((len(kept), box, box), dtype=np.float32)
    for index, (row, column_) in enumerate(zip(top, left, strict=True)):
        images[index] = image[row : row + box, column_ : column_ + box]
    return Cut(images, kept)


def normalize_particles(images: Stack, radius: float, *, plane: bool = True) -> Stack:
    """Give the background outside a circle mean 0 and standard deviation 1, in every image.

    Parameters
    ----------
    images
        ``(n, box, box)``.
    radius
        Pixels, about ``box // 2``; pixels farther out are background.
    plane
        Subtract the plane through the background, not its mean only.

    Raises
    ------
    ValueError
        If the circle leaves fewer than 16 background pixels.
    """
    box = images.shape[-1]
    axis = np.arange(box, dtype=np.float32) - box // 2
    background = (axis[:, None] ** 2 + axis[None, :] ** 2 > radius**2).ravel()
    if background.sum() < 16:
        raise ValueError(
            f"a background radius of {radius:g} pixels leaves {int(background.sum())} background "
            f"pixels in a box of {box}; use a larger box or a smaller radius"
        )
    flat = images.reshape(len(images), box * box)
    terms = np.ones((box * box, 3 if plane else 1), dtype=np.float32)
    if plane:
        terms[:, 1] = np.tile(axis, box)
        terms[:, 2] = np.repeat(axis, box)
    # One least-squares solution for all images: the design is the same for each.
    solve = np.linalg.pinv(terms[background].astype(np.float64)).astype(np.float32)
    level = (flat[:, background] @ solve.T) @ terms.T
    result = flat - level
    spread = result[:, background].std(axis=1, dtype=np.float64)
    result /= np.where(spread > 0, spread, 1.0).astype(np.float32)[:, None]
    return np.asarray(result.reshape(images.shape), dtype=np.float32)


def extract_particles(image: Image, x: Column, y: Column, box: Box, *, seed: int = 0) -> Cut:
    """Cut, resample, normalize and clean the particles of one micrograph.

    Parameters
    ----------
    image
        ``(y, x)`` micrograph.
    x, y
        ``(n,)`` centers, pixels of the micrograph.
    box
        Sizes, and what is done to the images.
    seed
        Of the noise that replaces dust.

    Returns
    -------
    Cut
        Images with background mean 0 and standard deviation 1.

    Notes
    -----
    The order of operations is that of RELION's
    ``relion_preprocess --extract --scale --norm --invert_contrast``.
    """
    images, kept = cut_particles(image, x, y, box.cut)
    if not len(kept):
        return Cut(np.zeros((0, box.size, box.size), dtype=np.float32), kept)
    images = fourier_crop(images, (box.size, box.size))
    radius = box.radius * box.size / box.cut
    normal = normalize_particles(images, radius)
    if box.dust > 0:
        normal = _without_dust(images, normal, radius, box.dust, seed)
    return Cut(-normal if box.invert else normal, kept)


def sweep_dust(image: Image, limit: float, *, seed: int = 0) -> Image:
    """Replace pixels of a micrograph that stand out by those of their neighbourhood.

    What turns phases spreads a speck over rings that reach far into particles, so it has to be
    gone before.

    Parameters
    ----------
    image
        ``(y, x)``.
    limit
        Standard deviations of the micrograph's pixels from the median of the neighbourhood.
    seed
        The same seed draws the same neighbours.
    """
    clean = image.copy()
    replace_defects(clean[None], find_outliers(image, threshold=limit), seed=seed)
    return clean


def flip_phases(image: Image, optics: Optics, ctf: Ctf) -> Image:
    """Give every frequency of a micrograph the contrast that protein has at low ones.

    The whole micrograph is corrected at once, so that what the CTF spread beyond a particle's
    box comes back into it; its one CTF, of the center, is used everywhere.

    Parameters
    ----------
    image
        ``(y, x)``, particles dark.
    optics
        Of the image.
    ctf
        As it was fitted.

    See Also
    --------
    sweep_dust : To be called before.
    """
    transfer = ctf_2d(image.shape, Defocus.of(ctf), optics, half=True)
    ops = operations(image)
    spectrum = ops.rfft2(image)
    spectrum[transfer > 0] *= -1
    return ops.irfft2(spectrum, (image.shape[0], image.shape[1]))


def _without_dust(images: Stack, normal: Stack, radius: float, limit: float, seed: int) -> Stack:
    """Replace pixels beyond `limit` by noise; repeated, since dust itself widens the scale."""
    odd = np.zeros(images.shape, dtype=bool)
    for _ in range(3):
        new = (np.abs(normal) > limit) & ~odd
        if not new.any():
            break
        odd |= new
        touched = np.flatnonzero(odd.any(axis=(1, 2)))
        filled = images[touched].copy()
        for image, holes in zip(filled, odd[touched], strict=True):
            image[holes] = np.median(image[~holes])
        normal[touched] = normalize_particles(filled, radius)
    rng = np.random.default_rng(seed)
    normal[odd] = rng.standard_normal(int(odd.sum()), dtype=np.float32)
    return normal
