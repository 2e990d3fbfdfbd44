"""Template picking: a matched filter through the micrograph's CTF and against its noise."""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model import Ctf, Image, Stack
from icestream.processing.fourier import frequency_grid
from icestream.processing.picking.ground import Ground, Wanted, prepare_ground, transfer_of
from icestream.processing.picking.heaps import clear_of_heaps
from icestream.processing.picking.limits import Limits, within_limits
from icestream.processing.picking.peaks import Float, Peaks
from icestream.processing.picking.rooms import Stencil, one_each
from icestream.processing.picking.teaching import session_width
from icestream.processing.picking.templates import components, make_bank

__all__ = ["TemplateSearch", "pick_by_templates"]

_PIXELS_PER_DIAMETER = 10
_COARSEST = 8.0
"""Å to which a micrograph is averaged down at most."""
_TILE = 32
"""Side of the tiles that the noise is measured in, pixels: two to three diameters, so that some
lie between the particles."""
_QUIET = 0.1
"""Part of the tiles, those of the least variance, that tell the noise."""
_LONG = 0.5
"""Width over length below which particles keep room by their form and not by their diameter."""
_BODY = 0.25
"""Part of its height above which a template is the particle."""
_BLOCK = 8192
"""Pixels whose heights are compared at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSearch:
    """What to look for, and how strict to be."""

    diameter: float
    """Of the particle, Å."""
    limits: Limits = field(default_factory=lambda: Limits(threshold=5.0))
    """`limits.typical` is 1 for particles as strong as the templates say."""
    spacing: float = 0.8
    """Least distance of two particles, in diameters."""
    border: float | None = None
    """Width of the rim without picks, Å; half a diameter when None."""
    bright: bool = False
    """Particles are brighter than the ice (negative stain, or inverted contrast)."""


def pick_by_templates(
    image: Image,
    pixel_size: float,
    averages: tuple[Stack, float],
    search: TemplateSearch,
    *,
    ctf: Ctf | None = None,
) -> Peaks:
    """Find particles that look like class averages.

    Parameters
    ----------
    image
        ``(y, x)``; particles dark unless `search.bright`. Must be finite.
    pixel_size
        Å.
    averages
        Class averages ``(k, box, box)``, corrected for the CTF, bright, in standard deviations of
        the background of the particles that they were made of, and their pixel size, Å.
    search
        Diameter and limits.
    ctf
        CTF of the image. None: the contrast is taken as it is, at all frequencies alike.

    Returns
    -------
    Peaks
        Best first; heights in standard deviations of the noise.

    Raises
    ------
    ValueError
        If the image is smaller than two diameters, or holds NaN or infinity; if all averages are
        blank.

    Notes
    -----
    The matched filter: with the noise's power P, a template T and the phase-flipped image X,
    ``z = F⁻¹(X T*|CTF| / P) / sqrt(sum |T CTF|² / P)`` is the height in standard deviations of the
    noise, and the largest over all templates is the response (Sigworth, J. Struct. Biol. 145
    (2004), doi:10.1016/j.jsb.2003.10.025). Where the image varies more than usual within a
    diameter, the response is reduced in proportion. The templates are not correlated one by one
    but by way of their principal components, some fifteen for two hundred of them.

    As the averages are in units of the background, the height that a particle should have in this
    micrograph is known. Peaks are held against it, so that one limit serves all micrographs: on
    an empty one nothing is taken for particles just because nothing else is there.
    """
    wanted = Wanted(
        pixel_size=min(_COARSEST, search.diameter / _PIXELS_PER_DIAMETER),
        diameter=search.diameter,
        border=search.diameter / 2 if search.border is None else search.border,
        bright=search.bright,
    )
    ground = prepare_ground(image, pixel_size, wanted, ctf)
    stack, average_pixel = averages
    templates = make_bank(stack, average_pixel, search.diameter, ground.pixel_size)
    response = _match(ground, templates, average_pixel, ctf)
    calm = response.highest / _unrest(ground, search.diameter)
    width = session_width(stack, np.ones(len(stack)), average_pixel)
    long = 0.0 < width < _LONG * search.diameter
    if long:
        peaks = ground.peaks(calm, 0.5 * width)
        margin = round((search.spacing - 0.5) * width / ground.pixel_size)
        peaks = peaks.take(_one_each(ground, peaks, response, templates, margin))
    else:
        peaks = ground.peaks(calm, search.spacing * search.diameter)
    height = np.asarray(peaks.score, dtype=np.float64)
    expected = response.expected(ground.places(peaks))
    strongest = height / float(response.heights.max())
    kept = within_limits(height, height / expected, search.limits, strongest=strongest)
    clear = peaks.clear_of(kept.contamination, search.diameter / pixel_size)
    picked = peaks.take(kept.particles & clear)
    if long:
        return picked  # several of them lie in the wide disc that tells a heap
    return picked.take(clear_of_heaps(ground, picked, search.diameter))


def _one_each(
    ground: Ground, peaks: Peaks, response: "_Response", templates: Stack, margin: int
) -> NDArray[np.bool_]:
    """Which peaks of long particles are no part of a better one."""

    @cache
    def own(template: int) -> Stencil:
        image = templates[template]
        return np.asarray(image > _BODY * float(np.quantile(image, 0.995)))

    @cache
    def room(template: int) -> Stencil:
        if margin < 1:
            return own(template)
        padded = np.pad(own(template), margin)
        return np.asarray(scipy.ndimage.binary_dilation(padded, iterations=margin))

    which = response.fitting(ground.places(peaks))
    return one_each(ground, peaks, which.tolist(), own, room)


@dataclass(frozen=True, slots=True, eq=False)
class _Response:
    """What the templates found."""

    highest: Float
    """``(y, x)`` height of the template that fits best."""
    components: NDArray[np.float32]
    """``(m, y, x)`` response of each component."""
    unit: NDArray[np.float32]
    """``(n, m)`` templates of norm 1 as sums of the components."""
    heights: NDArray[np.float32]
    """``(n,)`` height that a particle has that looks as the template."""

    def fitting(self, places: tuple[NDArray[np.intp], NDArray[np.intp]]) -> NDArray[np.intp]:
        """Number of the template that fits best, at some places."""
        best = (self.unit @ self.components[:, places[0], places[1]]).argmax(axis=0)
        return np.asarray(best, dtype=np.intp)

    def expected(self, places: tuple[NDArray[np.intp], NDArray[np.intp]]) -> NDArray[np.float32]:
        """Height to be expected of the template that fits best, at some places."""
        heights: NDArray[np.float32] = self.heights[self.fitting(places)]
        return heights


def _match(ground: Ground, templates: Stack, average_pixel: float, ctf: Ctf | None) -> _Response:
    """Correlate a micrograph with the templates, by way of their components."""
    flat, side = ground.flat, templates.shape[-1]
    noise = _noise_power(ground)
    padded = np.pad(flat, side // 2, mode="reflect")
    shape = tuple(scipy.fft.next_fast_len(n, real=True) for n in padded.shape)
    weight = _weight(shape, ground, noise, ctf)
    deviation = np.sqrt(noise.at(shape, ground.pixel_size))
    image = scipy.fft.rfft2(padded, shape) * (weight / deviation)
    images, parts = components(templates)
    norm = np.sqrt(np.einsum("tm,mn,tn->t", parts, _products(images, ground, noise, ctf), parts))
    scores = np.empty((len(images), flat.size), dtype=np.float32)
    for each, component in zip(scores, images, strict=True):
        full = scipy.fft.irfft2(image * scipy.fft.rfft2(component, shape).conj(), shape)
        each[:] = full[: flat.shape[0], : flat.shape[1]].ravel()
    unit = (parts / norm[:, None]).astype(np.float32)
    response = np.empty(flat.size, dtype=np.float32)
    for first in range(0, flat.size, _BLOCK):
        block = slice(first, first + _BLOCK)
        (unit @ scores[:, block]).max(axis=0, out=response[block])
    expected = (noise.deviation(average_pixel) * norm).astype(np.float32)
    return _Response(response.reshape(flat.shape), scores.reshape(-1, *flat.shape), unit, expected)


def _weight(shape: tuple[int, int], ground: Ground, noise: "_Noise", ctf: Ctf | None) -> Float:
    """|CTF| over the deviation of the noise, in the half spectrum of an image of `shape`."""
    weight = 1.0 / np.sqrt(noise.at(shape, ground.pixel_size))
    weight[0, 0] = 0.0
    if ctf is not None:
        weight *= np.abs(transfer_of(ctf, shape, ground.pixel_size))
    return np.asarray(weight, dtype=np.float32)


def _products(
    images: Stack, ground: Ground, noise: "_Noise", ctf: Ctf | None
) -> NDArray[np.float64]:
    """Inner products ``(m, m)`` of components as they are seen here, in units of the noise.

    The spectra of such small images are smooth: a grid of twice their side holds all.
    """
    shape = (2 * scipy.fft.next_fast_len(images.shape[-1]),) * 2
    spectra = scipy.fft.rfft2(images, shape) * _weight(shape, ground, noise, ctf)
    twice = np.full(spectra.shape[-1], 2.0, dtype=np.float32)
    twice[[0, -1]] = 1.0  # an even side: both exist once
    flat = (spectra * np.sqrt(twice)).reshape(len(spectra), -1)
    product = (flat @ flat.conj().T).real / (shape[0] * shape[1])
    return np.asarray(product, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Noise:
    """Power of the noise along the spatial frequency."""

    frequency: NDArray[np.float64]
    """1/Å."""
    power: NDArray[np.float64]
    pixel_size: float
    """Å, of the image that it was measured in."""

    def at(self, shape: tuple[int, int], pixel_size: float) -> Float:
        """In the half spectrum of an image."""
        k = frequency_grid(shape, pixel_size)
        return np.interp(k, self.frequency, self.power).astype(np.float32)

    def deviation(self, pixel_size: float) -> float:
        """Standard deviation of the noise in an image of pixels of `pixel_size`."""
        line = np.linspace(-0.5, 0.5, 129) / pixel_size
        grid = np.hypot(line[:, None], line[None, :])
        mean = float(np.interp(grid, self.frequency, self.power).mean())
        return float(np.sqrt(mean)) * self.pixel_size / pixel_size


def _noise_power(ground: Ground) -> _Noise:
    """Power of the noise, from the quietest tiles."""
    side = min(_TILE, *ground.flat.shape)
    window = np.hanning(side + 1)[:side].astype(np.float32)
    window = window[:, None] * window[None, :]
    window /= np.sqrt(np.mean(window**2))
    view, step = np.lib.stride_tricks.sliding_window_view, side // 2
    tiles = view(ground.flat, (side, side))[::step, ::step].reshape(-1, side, side)
    usable = view(ground.usable, (side, side))[::step, ::step].mean(axis=(2, 3)).ravel()
    tiles = tiles - tiles.mean(axis=(1, 2), keepdims=True)
    foreign = view(ground.foreign, (side, side))[::step, ::step].any(axis=(2, 3)).ravel()
    if not foreign.all():
        usable[foreign] = 0.0
    variance = np.where(usable > 0.5, tiles.var(axis=(1, 2)), np.inf)
    quiet = tiles[np.argsort(variance)[: max(1, round(_QUIET * len(tiles)))]]
    power = (np.abs(scipy.fft.rfft2(quiet * window)) ** 2).mean(axis=0) / side**2
    ring = np.rint(frequency_grid((side, side)) * side).astype(int).ravel()
    radial = np.bincount(ring, power.ravel()) / np.maximum(np.bincount(ring), 1)
    radial = radial[: side // 2 + 1]
    radial[0] = radial[1]  # each tile's mean is gone
    radial = np.maximum(radial, 1e-3 * radial.max())
    frequency = np.arange(len(radial)) / (side * ground.pixel_size)
    return _Noise(frequency, radial, ground.pixel_size)


def _unrest(ground: Ground, diameter: float) -> Float:
    """Local deviation within a diameter / the usual one, at least 1."""
    local = scipy.ndimage.gaussian_filter(ground.flat**2, 0.35 * diameter / ground.pixel_size)
    usual = float(np.median(local[ground.usable])) if ground.usable.any() else 1.0
    ratio: NDArray[np.float32] = np.sqrt(np.maximum(local / max(usual, 1e-12), 1.0))
    return ratio
