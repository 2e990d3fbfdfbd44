"""Thickness of the ice from the node of its Thon rings."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model import Optics
from icestream.processing.ctf.partial import TileRings

__all__ = ["THICK", "Thickness", "fit_thickness", "least_thickness", "ring_contrast"]

Numbers = NDArray[np.float64]

_SEEN = 5.0
"""Standard deviations that rings beyond the node, of the opposite sign, must be above noise."""
_LEAST_SPREAD = 4.0

THICK = 800.0
"""Å: thickness that `least_thickness` claims or does not."""
_FADING = (10.0, 3.2)
"""Å between which rings fade with the thickness. Coarser ones are bent by molecules: from 16 Å on
15 of 25 simulated fields of thick ice were told, from 10 Å on 21, and none of 32 of thin ice."""
_REACHED = 4.0
"""Å that the spectrum reaches at least: the node of 800 Å at 300 kV."""
_BANDS = 20
_FLOOR = 0.02
"""Of the deepest band, that the depth of the others may be off beside noise."""
_UNLIKELY = 6.0
"""How much worse, in chi squared, thinner ice must fit. Of 32 simulated fields of 200 to 800 Å the
worst had 1.2."""
_TRIED = np.array([0.0, *range(300, 2600, 100)])
_ENVELOPES = np.arange(0.0, 401.0, 20.0)
"""Å²: of exp(-B s² / 2), on the power of the rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thickness:
    """Thickness of the ice."""

    value: float
    """Å."""
    error: float | None
    """Standard error, Å; None where the tiles are not known."""


def ring_contrast(frequency: Numbers, thickness: float | None, optics: Optics) -> Numbers:
    """Contrast of the Thon rings of a slab over that of a thin film, negative beyond a node.

    ``sinc(lambda t s²)`` with ``sinc(x) = sin(pi x) / (pi x)``: each depth of the ice has its own
    defocus, and their rings, added, fade and come back reversed. Ones for `thickness` None.

    References
    ----------
    Elferich et al. (2024), doi:10.7554/eLife.97227
    """
    return np.sinc(optics.wavelength * (thickness or 0.0) * np.square(frequency))


def fit_thickness(tiles: TileRings, period: Numbers, optics: Optics) -> Thickness | None:
    """Find the first node of the rings: ``t = 1 / (lambda s²)``.

    The depth of the rings is measured in windows of about a period. The node is where it falls
    through zero; it is believed where the rings beyond, up to where the second node would be, are
    reversed by more than five standard deviations, and where they are reversed rather than
    displaced, which a wrong defocus would do as well. Most ice is too thin for a node before the
    spectrum ends (400 Å at 300 kV have it at 2.8 Å).

    Parameters
    ----------
    tiles
        Rings of each tile along curves of equal phase of the fit.
    period
        ``(rings,)``: distance between Thon rings, pixels of the spectrum.
    optics
        Of the image.

    Returns
    -------
    None where no node is seen.

    References
    ----------
    Elferich et al. (2024), doi:10.7554/eLife.97227
    """
    wave = -np.cos(2.0 * math.pi * tiles.turns)
    quarter = np.sin(2.0 * math.pi * tiles.turns)
    data = tiles.without_background(tiles.sums[:, 0])
    spread = float(np.clip(np.median(period), _LEAST_SPREAD, 20.0))

    def smooth(values: Numbers) -> Numbers:
        return np.asarray(scipy.ndimage.gaussian_filter1d(values, spread, axis=-1, mode="constant"))

    weight = smooth(tiles.counts * wave**2)
    by_tile = smooth(data * wave) / np.maximum(weight, 1e-9)
    depth = by_tile.mean(axis=0)
    total = data.mean(axis=0)
    noise = total - tiles.counts * depth * wave
    variance = float(np.sum(noise**2) / tiles.counts.sum())
    node = _crossing(depth, tiles.counts, np.sqrt(variance * tiles.counts))
    if node is None:
        return None
    index = math.floor(node)
    frequency = float(np.interp(node, np.arange(len(depth)), tiles.frequency))
    beyond = (np.arange(len(depth)) > node) & (tiles.frequency < math.sqrt(2.0) * frequency)
    reversed_by = float((total * wave)[beyond].sum())
    displaced_by = float((total * quarter)[beyond].sum())
    noise_level = math.sqrt(variance * float((tiles.counts * wave**2)[beyond].sum()))
    if -reversed_by < _SEEN * noise_level or abs(displaced_by) > -0.5 * reversed_by:
        return None
    value = 1.0 / (optics.wavelength * frequency**2)
    error = None
    if len(by_tile) > 1:
        scatter = float(by_tile[:, index].std(ddof=1)) / math.sqrt(len(by_tile))
        fall = (depth[max(index - 2, 0)] - depth[min(index + 3, len(depth) - 1)]) / 5.0
        step = float(tiles.frequency[1] - tiles.frequency[0])
        moved = scatter * math.sqrt(tiles.variance_ratio) / max(float(fall), 1e-9) * step
        error = 2.0 * value * moved / frequency
    return Thickness(value=value, error=error)


def least_thickness(tiles: TileRings, optics: Optics) -> float | None:
    """Say how thick ice is at least, where its rings fade as those of a slab do.

    An envelope, ``exp(-B s² / 2)``, never ends; the rings of a slab do, at the node, with
    ``sinc(lambda t s²)``. Both are fitted to the depth of the rings in bands of s². Molecules
    and defocus change neither, so this does not depend on the specimen. The node itself, and
    reversed rings beyond it, need not be seen, as `fit_thickness` wants.

    Parameters
    ----------
    tiles
        Rings of each tile along curves of equal phase of the fit. How the tiles scatter says what
        noise is.
    optics
        Of the image.

    Returns
    -------
    The smallest thickness that chi squared, over that of the best fit where it is above its
    degrees of freedom, does not exclude by more than six. None where 800 Å or less are not
    excluded, with fewer than four tiles, and where the spectrum ends before 4 Å.
    """
    frequency, squared = tiles.frequency, np.square(tiles.frequency)
    if len(tiles.sums) < 4 or frequency[-1] < 1.0 / _REACHED:
        return None
    wave = -np.cos(2.0 * math.pi * tiles.turns)
    low, high = (1.0 / end**2 for end in _FADING)
    edges = np.linspace(low, high, _BANDS + 1)
    inside = (squared > low) & (squared < high)
    band = np.digitize(squared, edges) - 1
    data = tiles.without_background(tiles.sums[:, 0]) * wave
    weight = tiles.counts * wave**2
    used = [m for m in (inside & (band == one) for one in range(_BANDS)) if m.sum() > 1]
    each = np.array([data[:, m].sum(axis=1) / weight[m].sum() for m in used])
    middle = np.array([squared[m].mean() for m in used])
    depth = each.mean(axis=1)
    noise = each.std(axis=1, ddof=1) * math.sqrt(tiles.variance_ratio / each.shape[1])
    error = np.maximum(np.hypot(noise, _FLOOR * np.abs(depth).max()), 1e-12)
    fading = np.exp(-0.5 * _ENVELOPES[None, :, None] * (middle - middle[0]))
    model = fading * np.sinc(optics.wavelength * _TRIED[:, None, None] * middle) / error
    measured = depth / error
    scale = np.maximum((model @ measured) / np.square(model).sum(axis=-1), 0.0)
    misfit = np.square(measured - scale[..., None] * model).sum(axis=-1).min(axis=1)
    worse = (misfit - misfit.min()) / max(1.0, float(misfit.min()) / max(len(used) - 3, 1))
    least = float(_TRIED[worse <= _UNLIKELY][0])
    return least if least > THICK else None


def _crossing(depth: Numbers, counts: Numbers, noise: Numbers) -> float | None:
    """Where, in rings, the depth last falls from clearly above zero to below."""
    falls = np.flatnonzero((depth[:-1] > 0.0) & (depth[1:] <= 0.0))
    best, crossing = 0.0, None
    for index in falls:
        # The deepest valley right of a fall decides among falls that noise makes.
        after = np.flatnonzero(depth[index + 1 :] > 0.0)
        end = index + 1 + int(after[0]) if len(after) else len(depth)
        valley = -float((depth * counts)[index + 1 : end].sum())
        valley /= max(float(np.sqrt(np.sum(noise[index + 1 : end] ** 2))), 1e-12)
        if valley > best:
            share = depth[index] / (depth[index] - depth[index + 1])
            best, crossing = valley, float(index + share)
    return crossing
