"""Long particles: a bank of bars at all angles, and peaks that keep a bar's room to themselves."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model import Ctf, Image
from icestream.processing.picking.discs import disc_responses
from icestream.processing.picking.ground import Ground, Wanted, prepare_ground
from icestream.processing.picking.limits import Limits, within_limits
from icestream.processing.picking.peaks import Float, Peaks
from icestream.processing.picking.rooms import Stencil, one_each, rod_stencil

__all__ = ["BarSearch", "Shape", "long_shape", "pick_by_bars"]

_WIDTHS = (45.0, 60.0, 80.0)
"""Å of the bars that are tried."""
_RATIOS = (3.2, 4.6, 6.5)
"""Lengths of the bars that are tried, in widths: what is shorter, discs find well."""
_ANGLES = 12
_RIM = 1.5
"""Outer width of the negative rim of a bar over the bar's own."""
_BETTER = 1.28
"""Height of the peaks of bars over that of discs from which particles are long. Rods gave 1.3 to
1.8, compact particles and heaps of them up to 1.24."""
_PEAKS = 20
"""Highest peaks whose median height speaks for a shape: a few drops of ice are not half of them."""
_FIELD = 384
"""Pixels of the middle of the micrograph, at most, in which shapes are compared."""
_PARTS = (0.5, 0.8, 1.2)
"""Lengths of bars that are looked for over that of the particle: tilted ones look shorter."""
_PIXELS_PER_WIDTH = 7
_WIDE = 0.6
"""Lengths from its edge that the middle of a foreign body lies, at least."""
_LEAST = 2.0
"""Standard deviations below which peaks are not worth listing."""


class Shape(NamedTuple):
    """Length and width of what stands out of a micrograph, Å; a disc has both alike."""

    length: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BarSearch:
    """What to look for, and how strict to be."""

    shape: Shape
    """Of the particle."""
    limits: Limits = field(default_factory=Limits)
    """How high peaks are; heights are in standard deviations of the noise."""
    spacing: float = 0.8
    """Least distance of two particles that lie side by side, in widths."""
    border: float | None = None
    """Width of the rim without picks, Å; half a length when None."""
    bright: bool = False
    """Particles are brighter than the ice (negative stain, or inverted contrast)."""


def pick_by_bars(
    image: Image, pixel_size: float, search: BarSearch, *, ctf: Ctf | None = None
) -> Peaks:
    """Find long particles, each once.

    As `pick_by_log`, with bars at all angles beside the disc: of a half, of most and of a little
    more than the particle's length, as tilted ones look shorter, and the disc for those that are
    seen along their axis. A bar keeps others off along its length, and off its width to the sides:
    rods may lie side by side, and none is picked in pieces.

    Parameters
    ----------
    image
        ``(y, x)``; particles dark unless `search.bright`. Must be finite.
    pixel_size
        Å.
    search
        Shape, threshold, spacing.
    ctf
        CTF of the image: phases are flipped where it reverses the contrast. None: the image is
        taken as it is.

    Raises
    ------
    ValueError
        If the image is smaller than two lengths, or holds NaN or infinity.
    """
    length, width = search.shape
    wanted = Wanted(
        pixel_size=width / _PIXELS_PER_WIDTH,
        diameter=length,
        border=0.5 * length if search.border is None else search.border,
        bright=search.bright,
        depth=_WIDE * length,
    )
    ground = prepare_ground(image, pixel_size, wanted, ctf)
    best = _Best.of_disc(ground, width)
    for part in _PARTS:
        for number, response in enumerate(_responses(ground, Shape(part * length, width))):
            best.offer(response, part * length, math.pi * number / _ANGLES)
    peaks = ground.peaks(best.response, 0.5 * width)
    peaks = peaks.take(best.one_each(ground, peaks, search))
    height = np.asarray(peaks.score, dtype=np.float64)
    found = within_limits(height, height, search.limits)
    clear = peaks.clear_of(found.contamination, length / pixel_size)
    return peaks.take(found.particles & clear)


def long_shape(ground: Ground, discs: tuple[float, ...]) -> Shape | None:
    """Shape of the bars that stand out of a micrograph, where they do so far more than discs.

    Parameters
    ----------
    ground
        The micrograph, at about 8 Å per pixel.
    discs
        Diameters of the discs that bars are compared with, Å.
    """
    middle = _middle(ground)
    round_ = max(_height(middle, [next(disc_responses(middle, (d,)))], d) for d in discs)
    best, highest = None, _BETTER * round_
    for width in _WIDTHS:
        for ratio in _RATIOS:
            shape = Shape(ratio * width, width)
            height = _height(middle, list(_responses(middle, shape)), width)
            if height > highest:
                best, highest = shape, height
    return best


def _middle(ground: Ground) -> Ground:
    """The middle of a large micrograph."""
    first = [max(0, (n - _FIELD) // 2) for n in ground.flat.shape]
    here = tuple(slice(start, start + _FIELD) for start in first)
    return ground.part(here[0], here[1])


def _height(ground: Ground, responses: list[Float], spacing: float) -> float:
    """Height of the highest peaks, in standard deviations of the bulk of a response."""
    highest = np.full(ground.flat.shape, -np.inf, dtype=np.float32)
    for response in responses:
        low, middle = np.quantile(response[::3, ::3], (0.16, 0.5))
        above = (response - middle) / max(float(middle - low), 1e-6)
        np.maximum(highest, above.astype(np.float32), out=highest)
    y, x, height = ground.maxima(highest - _LEAST, 0.8 * spacing)
    del y, x
    if not len(height):
        return 0.0
    return float(np.median(height[:_PEAKS])) + _LEAST


def _responses(ground: Ground, shape: Shape) -> Iterator[Float]:
    """Correlate with unit-norm bars at all angles, each in a rim of the opposite sign."""
    flat, pixel = ground.flat, ground.pixel_size
    reach = int(np.ceil((shape.length + (_RIM - 1.0) * shape.width) / pixel / 2 + 1))
    padded = np.pad(flat, min(reach, min(flat.shape) - 1), mode="reflect")
    size = tuple(scipy.fft.next_fast_len(n, real=True) for n in padded.shape)
    start = min(reach, min(flat.shape) - 1) + reach
    spectrum = scipy.fft.rfft2(padded, size)
    axis = pixel * np.arange(-reach, reach + 1)
    for angle in np.pi * np.arange(_ANGLES) / _ANGLES:
        along = axis[None, :] * np.cos(angle) + axis[:, None] * np.sin(angle)
        across = axis[:, None] * np.cos(angle) - axis[None, :] * np.sin(angle)
        beyond = np.maximum(np.abs(along) - 0.5 * (shape.length - shape.width), 0.0)
        distance = np.hypot(beyond, across)
        bar = np.clip((0.5 * shape.width - distance) / pixel + 0.5, 0, 1)
        rim = np.clip((0.5 * _RIM * shape.width - distance) / pixel + 0.5, 0, 1) - bar
        kernel = bar / bar.sum() - rim / rim.sum()
        kernel /= np.sqrt((kernel * kernel).sum())
        # A bar is its own mirror image, so that convolution is correlation.
        full = scipy.fft.irfft2(spectrum * scipy.fft.rfft2(kernel.astype(np.float32), size), size)
        yield full[start : start + flat.shape[0], start : start + flat.shape[1]]


@dataclass(slots=True, eq=False)
class _Best:
    """The bar that fits best at each pixel."""

    response: Float
    length: Float
    """Å."""
    angle: Float
    """Radians from x towards y."""

    @classmethod
    def of_disc(cls, ground: Ground, width: float) -> "_Best":
        """Discs everywhere."""
        response = np.ascontiguousarray(next(disc_responses(ground, (width,))))
        return cls(response, np.full_like(response, width), np.zeros_like(response))

    def offer(self, response: Float, length: float, angle: float) -> None:
        """A bar that may fit better."""
        better = response > self.response
        self.response[better] = response[better]
        self.length[better] = length
        self.angle[better] = angle

    def one_each(self, ground: Ground, peaks: Peaks, search: BarSearch) -> NDArray[np.bool_]:
        """Which peaks are no part of a better one."""
        rows, columns = ground.places(peaks)
        forms = np.stack([self.length[rows, columns], self.angle[rows, columns]], axis=1)
        different, which = np.unique(forms, axis=0, return_inverse=True)
        width, pixel = search.shape.width, ground.pixel_size
        wide = 2.0 * search.spacing * width - 0.5 * width

        @cache
        def own(form: int) -> Stencil:
            length, angle = different[form]
            return rod_stencil(length / pixel, width / pixel, float(angle))

        @cache
        def room(form: int) -> Stencil:
            length, angle = different[form]
            return rod_stencil((length + 0.5 * width) / pixel, wide / pixel, float(angle))

        return one_each(ground, peaks, which.ravel().tolist(), own, room)
