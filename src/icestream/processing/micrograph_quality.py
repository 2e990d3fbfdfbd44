"""What a micrograph is worth, from how it looks at low resolution and from its CTF and motion.

Four numbers describe the look, all relative to the image's own noise, so that neither grey scale
nor dose matters. Each class has a rule on one or two of them, with a limit between what the
classes on its two sides showed; there is nothing else to learn from twelve labelled images.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from icestream.model import Image, MicrographClass
from icestream.processing.backend import operations
from icestream.processing.fourier import bin_image, frequency_grid

__all__ = ["Appearance", "Circumstances", "Judgement", "judge_micrograph", "look_at"]

SCALE = 7.5
"""Å: pixel at which a micrograph is looked at."""
_PARTICLES = (6.0, 16.0)
"""Wavelengths in such pixels: 45 to 120 Å."""
_PATCHES = (32.0, 64.0)
_NOISE = (2.0, 2.4)
_BORDER = 24
_OBJECT = 5.0
"""Robust standard deviations from the median at which a pixel is part of an object."""
_AROUND = 6
"""Pixels around objects that are left out of the statistics of the rest."""

BARE = 2.1
"""Texture below which particles, if there are any, are few or faint."""
UNEVEN = 2.6
"""Patches above which a bare image shows ice."""
CROWDED = 0.022
"""Objects above which the image is contaminated."""
MOTTLED = 8.0
"""Patches over texture above which the ice is crystalline."""
PARTICLES = -0.35
"""Skewness below which there are discrete dark particles, few or many."""
CLEAN = 0.01
"""Objects above which the skewness may be that of what is left of them."""
RINGS = 10.0
"""Å: Thon rings up to here say that the beam met something."""
COARSE = 8.0
"""Å: a fit that ends before this costs more than half of the score."""
FINE = 6.0
"""Å: fit resolution that a great micrograph has."""
DRIFTING = 1.5
"""Å that the specimen moves in a frame, which blurs it, in the second half of the movie."""
ICE_RING = 1.0
"""Excess of power at 3.7 Å: crystalline ice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """How a micrograph looks."""

    texture: float
    """Power at 45 to 120 Å over that of the noise, in the middle one of the image's blocks."""
    patches: float
    """The same at 240 to 480 Å."""
    objects: float
    """Part of the image farther than 5 robust standard deviations from the rest, 0 to 1."""
    skew: float
    """Skewness of the grey values between the objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What else is known of a micrograph; None for what is not."""

    resolution: float | None = None
    """Å up to which the Thon rings follow the CTF fit."""
    ice_ring: float | None = None
    """Excess of power at 3.7 Å."""
    drift: float | None = None
    """Å per frame in the second half of the movie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Class and score, and what decided."""

    label: MicrographClass
    score: float
    reason: str


def look_at(image: Image, pixel_size: float) -> Appearance:
    """Describe a micrograph by its look at 7.5 Å per pixel.

    Parameters
    ----------
    image
        ``(y, x)`` micrograph or thumbnail, particles dark. Averaged down by a whole factor;
        coarser pixels than 7.5 Å are taken as they are, and all lengths grow with them.
    pixel_size
        Å.

    Raises
    ------
    ValueError
        If the image is smaller than 64 pixels of 7.5 Å, is constant, or holds NaN or infinity.
    """
    factor = max(1, round(SCALE / pixel_size))
    if min(image.shape) < 64 * factor:
        raise ValueError(
            f"an image of {image.shape[0]} x {image.shape[1]} pixels of {pixel_size:g} Å is too "
            f"small to judge: it needs {64 * factor} pixels along each side"
        )
    small = bin_image(image, factor)
    if not np.isfinite(small).all():
        raise ValueError("the image to judge holds NaN or infinity; mask or replace them first")
    bands = _Bands(small)
    noise = bands.power(_NOISE, 32)
    if not noise > 1e-12 * float(np.square(small, dtype=np.float64).mean()):
        raise ValueError("the image to judge is constant, or has been smoothed: it has no noise")
    level = ndimage.gaussian_filter(small, 2.0) - ndimage.gaussian_filter(small, 25.0)
    level -= np.median(level)
    spread = 1.4826 * float(np.median(np.abs(level)))
    objects = np.abs(level) > _OBJECT * max(spread, 1e-30)
    rest = level[~ndimage.binary_dilation(objects, iterations=_AROUND)]
    return Appearance(
        texture=bands.power(_PARTICLES, 32) / noise,
        patches=bands.power(_PATCHES, 64) / noise,
        objects=float(objects.mean()),
        skew=_skewness(rest) if rest.size > 0.1 * level.size else 0.0,
    )


class _Bands:
    """Power of an image in bands of wavelengths, block by block."""

    def __init__(self, image: Image) -> None:
        padded = np.pad(image - image.mean(dtype=np.float64), _BORDER, mode="reflect")
        self._shape = (padded.shape[0], padded.shape[1])
        self._ops = operations(padded)
        self._spectrum = self._ops.rfft2(padded)
        self._frequency = frequency_grid(self._shape)

    def power(self, wavelengths: tuple[float, float], side: int) -> float:
        """Median over blocks of `side` pixels of the power density between two wavelengths."""
        k = self._frequency
        band = (k >= 1.0 / wavelengths[1]) & (k < 1.0 / wavelengths[0])
        passed = self._ops.irfft2(self._spectrum * band, self._shape)
        passed = passed[_BORDER:-_BORDER, _BORDER:-_BORDER]
        rows, columns = passed.shape[0] // side, passed.shape[1] // side
        blocks = passed[: rows * side, : columns * side].reshape(rows, side, columns, side)
        power = np.square(blocks, dtype=np.float64).mean(axis=(1, 3))
        # Each column of the half spectrum but the first and the last stands for two.
        twice = np.full(k.shape[1], 2.0)
        twice[0] = 1.0
        if self._shape[1] % 2 == 0:
            twice[-1] = 1.0
        return float(np.median(power)) / float((band * twice).sum()) * math.prod(self._shape)


def _skewness(values: NDArray[np.float32]) -> float:
    centered = values - values.mean(dtype=np.float64)
    variance = float(np.mean(centered**2))
    return float(np.mean(centered**3) / max(variance, 1e-30) ** 1.5)


def judge_micrograph(look: Appearance, known: Circumstances | None = None) -> Judgement:
    """Give a micrograph a class and a score.

    The first rule that holds gives the class: no texture and no discrete dark particles (empty,
    or ice without particles); drift; objects (contamination); an ice ring or a mottle far above
    the texture (crystals); else great when there is texture, skewed to dark as discrete particles
    make it, and the fit reaches 6 Å; and decent otherwise.

    Parameters
    ----------
    look
        From `look_at`.
    known
        CTF and motion, as far as there are any.

    Returns
    -------
    Judgement
        The score is a product of one factor per rule, each 0.5 at its limit, kept on the side of
        0.5 that the class belongs to.
    """
    known = known or Circumstances()
    score = _score(look, known)
    label, reason = _rule(look, known)
    if label == "decent":
        score = max(score, 0.5)
    elif label != "great":
        score = min(score, 0.5)
    return Judgement(label=label, score=round(score, 4), reason=reason)


def _rule(look: Appearance, known: Circumstances) -> tuple[MicrographClass, str]:
    """Class and reason by the first rule that holds."""
    if look.texture < BARE and not _speckled(look):
        return _bare(look, known)
    return _spoilt(look, known) or _usable(look, known)


def _speckled(look: Appearance) -> bool:
    """Whether there are discrete dark particles, however few or faint."""
    return look.skew < PARTICLES and look.objects < CLEAN


def _bare(look: Appearance, known: Circumstances) -> tuple[MicrographClass, str]:
    """Of an image without texture."""
    texture = f"power at 45 to 120 Å is {look.texture:.2g} times the noise"
    rings = known.resolution is not None and known.resolution < RINGS
    if look.patches > UNEVEN or rings:
        seen = "Thon rings" if rings else "uneven ice"
        return "vitreous_no_particles", f"{seen}, but no particles: {texture}"
    return "empty_no_ice", f"nothing but noise: {texture}"


def _spoilt(look: Appearance, known: Circumstances) -> tuple[MicrographClass, str] | None:
    """What makes an image useless although there is something to see; None if nothing does."""
    if known.drift is not None and known.drift > DRIFTING:
        return "contamination_or_drift", f"it drifts by {known.drift:.2g} Å in each frame"
    if look.objects > CROWDED:
        covered = f"{100 * look.objects:.2g} % of the image"
        return "contamination_or_drift", f"{covered} is far darker or brighter than the rest"
    if known.ice_ring is not None and known.ice_ring > ICE_RING:
        return "crystalline_ice", f"the ice ring is {known.ice_ring:.2g} above its background"
    ratio = look.patches / look.texture
    if ratio > MOTTLED:
        power = f"{ratio:.0f} times the power of the texture"
        return "crystalline_ice", f"patches of 240 to 480 Å have {power}"
    return None


def _usable(look: Appearance, known: Circumstances) -> tuple[MicrographClass, str]:
    """Great or decent."""
    if look.texture < BARE:
        return "decent", f"few or faint particles: skewness {look.skew:.2f}"
    if known.resolution is not None and known.resolution > FINE:
        return "decent", f"the CTF fit ends at {known.resolution:.2g} Å"
    if look.skew < PARTICLES:
        return "great", f"discrete dark particles: skewness {look.skew:.2f}"
    return "decent", f"no discrete dark particles: skewness {look.skew:.2f}"


def _score(look: Appearance, known: Circumstances) -> float:
    """Product of factors, each 0.5 at the limit of its rule."""
    discrete = _factor(PARTICLES - look.skew, 0.08)
    texture = _factor(math.log(max(look.texture, 1e-6) / BARE), 0.2)
    score = max(texture, discrete if look.objects < CLEAN else 0.0)
    score *= _factor(math.log(CROWDED / max(look.objects, 1e-6)), 0.25)
    score *= _factor(math.log(MOTTLED * look.texture / max(look.patches, 1e-6)), 0.3)
    score *= 0.5 + 0.5 * discrete * texture
    if known.resolution is not None:
        score *= _factor(COARSE - known.resolution, 1.0)
    if known.ice_ring is not None:
        score *= _factor(ICE_RING - known.ice_ring, 0.2)
    if known.drift is not None:
        score *= _factor(DRIFTING - known.drift, 0.2)
    return score


def _factor(margin: float, width: float) -> float:
    """0.5 at the limit, towards 1 on the good side of it."""
    return 1.0 / (1.0 + math.exp(-float(np.clip(margin / width, -50.0, 50.0))))
