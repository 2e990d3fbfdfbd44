"""What a micrograph is worth, from how it looks at low resolution and from its CTF and motion.

No rule depends on what the particles are: their size, density and number differ between specimens
by more than good micrographs differ from bad ones. What is left says surely that the beam met
nothing or that the field is covered; Thon rings say whether an image is sharp. Where neither holds
there is no verdict.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model import Image, MicrographClass
from icestream.processing.backend import operations
from icestream.processing.fourier import bin_image, frequency_grid
from icestream.processing.picking.foreign import find_foreign

__all__ = ["Appearance", "Circumstances", "Judgement", "judge_micrograph", "look_at"]

SCALE = 7.5
"""Å: pixel at which a micrograph is looked at."""
_PARTICLES = (6.0, 16.0)
"""Wavelengths in such pixels: 45 to 120 Å."""
_PATCHES = (24.0, 40.0)
_NOISE = (2.0, 2.4)
_BORDER = 24
_STRIPE = 3
"""Rows and columns of the transform, from the axes, that hold the stripes of a camera."""
_OBJECT = 5.0
"""Robust standard deviations from the median at which a pixel is part of an object."""
_AROUND = 6
"""Pixels around objects that are left out of the statistics of the rest."""
_WIDEST = 150.0
"""Å: what is blurred over to tell carbon and drops."""
_DEEP = 200.0
"""Å from its edge that the middle of a body of carbon or ice lies, at least: no particle's does."""
_ICE = 0.9
"""Part of a block that is ice, for it to count."""

NOTHING = 1.3
"""Texture below which there is nothing to see at the size of particles."""
PLAIN = 2.1
"""Texture above which there is something, also where no CTF is known."""
EVEN = 1.35
"""Patches up to which an image without texture is empty."""
MOTTLED = 11.0
"""Patches over texture above which the field is mottled: no particles make it so."""
CALM = 2.0
"""Patches over texture below which a field is even, where no CTF is known."""
SPECKLED = 0.01
"""Objects above which a mottled field is contaminated, and below which it is crystalline."""
COVERED = 0.5
"""Part of the field under carbon or drops above which it is lost."""
STRIPED = 1.5
"""Power along rows and columns over that beside them above which the camera shows."""
RINGS = 10.0
"""Å: Thon rings up to here say that the beam met something."""
COARSE = 8.0
"""Å: a fit that ends before this shows no sharp image."""
FINE = 5.0
"""Å: fit resolution that a great micrograph has."""
PIXELS = 3.0
"""Pixels that a limit of the resolution is at least."""
NEAR = 2.4
"""Pixels that the limit of a great micrograph is at least; a perfect fit ends at two."""
THICK = 800.0
"""Å: ice beyond this."""
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
    """The same at 180 to 300 Å."""
    objects: float
    """Part of the image farther than 5 robust standard deviations from the rest, 0 to 1."""
    skew: float
    """Skewness of the grey values between the objects."""
    covered: float = 0.0
    """Part of the image under carbon, drops of ice, or the bar of the grid."""
    stripes: float = 1.0
    """Power along rows and columns over that beside them: 1 without a pattern of the camera."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What else is known of a micrograph; None for what is not."""

    resolution: float | None = None
    """Å up to which the Thon rings follow the CTF fit."""
    ice_ring: float | None = None
    """Excess of power at 3.7 Å."""
    drift: float | None = None
    """Å per frame in the second half of the movie."""
    thickness: float | None = None
    """Å of ice, where the rings show it."""
    thickness_least: float | None = None
    """Å of ice at least, where the rings fade as those of thick ice do."""
    pixel_size: float = 1.0
    """Å of the micrograph."""
    gain: bool = True
    """Whether the image was corrected with a gain reference, as far as anybody knows."""


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
    high = small - scipy.ndimage.gaussian_filter(small, 1.0)
    rough = np.full(small.shape, np.median(np.abs(high)), dtype=np.float32)
    foreign = find_foreign(-small, rough, pixel_size * factor, _WIDEST, _DEEP)
    ice = ~foreign
    bands = _Bands(small, ice)
    noise = bands.power(_NOISE, 32)
    if not noise > 1e-12 * float(np.square(small, dtype=np.float64).mean()):
        raise ValueError("the image to judge is constant, or has been smoothed: it has no noise")
    level = scipy.ndimage.gaussian_filter(small, 2.0) - scipy.ndimage.gaussian_filter(small, 25.0)
    level -= np.median(level[ice])
    spread = 1.4826 * float(np.median(np.abs(level[ice])))
    objects = (np.abs(level) > _OBJECT * max(spread, 1e-30)) & ice
    rest = level[ice & ~scipy.ndimage.binary_dilation(objects, iterations=_AROUND)]
    return Appearance(
        texture=bands.power(_PARTICLES, 32) / noise,
        patches=bands.power(_PATCHES, 64) / noise,
        objects=float(objects.mean()),
        skew=_skewness(rest) if rest.size > 0.1 * level.size else 0.0,
        covered=float(foreign.mean()),
        stripes=bands.stripes((_PARTICLES[0], _PATCHES[1])),
    )


class _Bands:
    """Power of the ice in bands of wavelengths, block by block.

    Rows and columns of the transform that hold the stripes of a camera are left out.
    """

    def __init__(self, image: Image, ice: NDArray[np.bool_]) -> None:
        self._ice = ice
        level = float(image[ice].mean(dtype=np.float64)) if ice.any() else 0.0
        padded = np.pad(np.where(ice, image - level, 0.0), _BORDER, mode="reflect")
        self._shape = (padded.shape[0], padded.shape[1])
        # Edges that do not match would stand on the axes too.
        down, across = (np.hanning(n).astype(np.float32) for n in self._shape)
        self._faded = np.asarray(padded, dtype=np.float32) * down[:, None] * across
        self._ops = operations(padded)
        self._spectrum = self._ops.rfft2(padded)
        self._frequency = frequency_grid(self._shape)
        axes = np.zeros(self._frequency.shape, dtype=bool)
        axes[:_STRIPE] = axes[1 - _STRIPE :] = axes[:, :_STRIPE] = True
        self._axes = axes

    def _band(self, wavelengths: tuple[float, float]) -> NDArray[np.bool_]:
        k = self._frequency
        return np.asarray((k >= 1.0 / wavelengths[1]) & (k < 1.0 / wavelengths[0]))

    def power(self, wavelengths: tuple[float, float], side: int) -> float:
        """Median over blocks of `side` pixels of the power density between two wavelengths."""
        band = self._band(wavelengths) & ~self._axes
        passed = self._ops.irfft2(self._spectrum * band, self._shape)
        passed = passed[_BORDER:-_BORDER, _BORDER:-_BORDER]
        power = _blocks(np.square(passed, dtype=np.float64), side)
        iced = _blocks(self._ice.astype(np.float64), side) > _ICE
        if not iced.any():
            return 0.0
        # Each column of the half spectrum but the first and the last stands for two.
        twice = np.full(band.shape[1], 2.0)
        twice[0] = 1.0
        if self._shape[1] % 2 == 0:
            twice[-1] = 1.0
        waves = float((band * twice).sum())
        return float(np.median(power[iced])) / waves * math.prod(self._shape)

    def stripes(self, wavelengths: tuple[float, float]) -> float:
        """Median power on the axes over that off them at the same frequency; 1 without stripes."""
        band = self._band(wavelengths)
        power = np.square(np.abs(self._ops.rfft2(self._faded)), dtype=np.float64)
        ring = np.rint(self._frequency * max(self._shape)).astype(np.intp)
        on, beside = band & self._axes, band & ~self._axes
        level = np.zeros(int(ring.max()) + 1)
        numbers = np.unique(ring[beside])
        level[numbers] = scipy.ndimage.median(power[beside], ring[beside], numbers)
        usual = level[ring[on]]
        known = usual > 0
        return float(np.median(power[on][known] / usual[known])) if known.any() else 1.0


def _blocks(image: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Means over blocks of `side` pixels."""
    rows, columns = image.shape[0] // side, image.shape[1] // side
    blocks = image[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return np.asarray(blocks.mean(axis=(1, 3)))


def _skewness(values: NDArray[np.float32]) -> float:
    centered = values - values.mean(dtype=np.float64)
    variance = float(np.mean(centered**2))
    return float(np.mean(centered**3) / max(variance, 1e-30) ** 1.5)


def judge_micrograph(look: Appearance, known: Circumstances | None = None) -> Judgement:
    """Give a micrograph a class and a score, or say that neither can be told.

    The first rule that holds gives the class: drift; an ice ring; a field that is covered; a
    mottle far above the texture (crystals or dirt where Thon rings end early, else unclear); no
    texture and no rings (empty); great and decent by how far the rings go. Where no CTF is known,
    an even field with a texture is decent. All others are unclear. So is what a gain reference may
    have made: a mottle, or nothing, in an image without one or with the stripes of a camera.

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
        0.5 that the class belongs to; 0.5 for what is unclear.
    """
    known = known or Circumstances()
    label, reason = _rule(look, known)
    score = _score(look, known)
    if label == "unclear":
        score = 0.5
    elif label in ("great", "decent"):
        score = max(score, 0.5)
    else:
        score = min(score, 0.5)
    return Judgement(label=label, score=round(score, 4), reason=reason)


_Verdict = tuple[MicrographClass, str]


def _rule(look: Appearance, known: Circumstances) -> _Verdict:
    """Class and reason by the first rule that holds."""
    if known.drift is not None and known.drift > DRIFTING:
        return "contamination_or_drift", f"it drifts by {known.drift:.2g} Å in each frame"
    if known.ice_ring is not None and known.ice_ring > ICE_RING:
        return "crystalline_ice", f"the ice ring is {known.ice_ring:.2g} above its background"
    looks = _spoilt(look, known) or _bare(look, known)
    if looks is None:
        return _usable(look, known)
    if look.stripes > STRIPED and look.covered == 0.0:
        return "unclear", f"rows and columns stand out as of a wrong gain reference ({looks[1]})"
    if not known.gain:
        return "unclear", f"nobody knows of a gain reference, which may have made this: {looks[1]}"
    return looks


def _spoilt(look: Appearance, known: Circumstances) -> _Verdict | None:
    """What makes an image useless, or unclear, although there is something to see.

    None if nothing does. A mottle alone is not enough: very large particles make one too.
    """
    if look.covered > COVERED:
        covered = f"carbon or ice covers {100 * look.covered:.0f} % of the field"
        return "contamination_or_drift", covered
    ratio = look.patches / max(look.texture, 1e-6)
    if ratio <= MOTTLED:
        return None
    power = f"patches of 180 to 300 Å have {ratio:.0f} times the power of the texture"
    if known.resolution is None or known.resolution <= _limit(COARSE, known):
        return "unclear", f"{power}: crystals, dirt, or very large particles"
    power = f"Thon rings end at {known.resolution:.2g} Å, and {power}"
    if look.objects > SPECKLED:
        return "contamination_or_drift", f"{power}, with dark objects"
    return "crystalline_ice", power


def _bare(look: Appearance, known: Circumstances) -> _Verdict | None:
    """Of an image without texture; None where there is one."""
    if look.texture >= NOTHING:
        return None
    texture = f"power at 45 to 120 Å is {look.texture:.2g} times the noise"
    if known.resolution is not None and known.resolution < _limit(RINGS, known):
        return "unclear", f"Thon rings, but few or faint particles, or none: {texture}"
    if look.patches < EVEN:
        return "empty_no_ice", f"nothing but noise: {texture}"
    return "unclear", f"no texture, but something large: {texture}"


def _usable(look: Appearance, known: Circumstances) -> _Verdict:
    """Great or decent, where that can be told."""
    if known.thickness is not None and known.thickness > THICK:
        return "unclear", f"the ice is {known.thickness:.0f} Å thick"
    if known.thickness_least is not None and known.thickness_least > THICK:
        return "unclear", f"the ice is {known.thickness_least:.0f} Å thick at least"
    if known.resolution is None:
        even = look.patches < CALM * look.texture
        if look.texture > PLAIN and even:
            return "decent", "a texture in an even field; no CTF says how sharp it is"
        return "unclear", f"no CTF is known, and the texture is {look.texture:.2g} times the noise"
    ends = f"Thon rings are followed to {known.resolution:.2g} Å"
    if known.resolution > _limit(COARSE, known):
        return "unclear", ends
    if known.resolution > max(FINE, NEAR * known.pixel_size):
        return "decent", ends
    if look.texture < PLAIN:
        return "decent", f"{ends}, but particles are few or faint"
    return "great", ends


def _limit(resolution: float, known: Circumstances) -> float:
    """A limit of the resolution that the pixels can reach, Å."""
    return max(resolution, PIXELS * known.pixel_size)


def _score(look: Appearance, known: Circumstances) -> float:
    """Product of factors, each 0.5 at the limit of its rule."""
    score = _factor(math.log(max(look.texture, 1e-6) / NOTHING), 0.2)
    score *= _factor(COVERED - look.covered, 0.1)
    score *= _factor(math.log(MOTTLED * look.texture / max(look.patches, 1e-6)), 0.3)
    if known.resolution is not None:
        score *= _factor(_limit(COARSE, known) - known.resolution, 1.0)
    if known.ice_ring is not None:
        score *= _factor(ICE_RING - known.ice_ring, 0.2)
    if known.drift is not None:
        score *= _factor(DRIFTING - known.drift, 0.2)
    return score


def _factor(margin: float, width: float) -> float:
    """0.5 at the limit, towards 1 on the good side of it."""
    return 1.0 / (1.0 + math.exp(-float(np.clip(margin / width, -50.0, 50.0))))
