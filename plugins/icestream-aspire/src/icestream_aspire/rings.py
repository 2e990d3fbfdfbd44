"""How well the Thon rings of a spectrum follow a CTF that was fitted elsewhere."""

import numpy as np

from icestream.model import Optics
from icestream.processing.ctf.doubt import Span, ring_count
from icestream.processing.ctf.fit import CtfFit
from icestream.processing.ctf.quality import (
    curve_score,
    equi_phase_average,
    fit_resolution,
    ice_ring_excess,
    modulation,
    trust,
)
from icestream.processing.ctf.rings import Score, make_rings
from icestream.processing.ctf.spectrum import PowerSpectrum
from icestream.processing.ctf.transfer import Defocus, ctf_1d

__all__ = ["followed"]

_SIGNIFICANT = 5.0
"""Standard deviations below which `icestream.processing.ctf.fit` sees no rings."""
_ALIKE = 0.4
"""Score of a fit that follows the rings, at the least: noise gives 0.2 to 0.35, and a fit of four
times the true defocus gave 0.04, though it was significant."""


def followed(
    spectrum: PowerSpectrum, optics: Optics, defocus: Defocus, span: tuple[float, float]
) -> CtfFit:
    """A fit of another program, with what it is worth, measured as that of `fit_spectrum` is.

    Parameters
    ----------
    spectrum
        Of the micrograph.
    optics
        Of the micrograph.
    defocus
        What the other program has found.
    span
        Å, coarse and fine, of the rings that it looked at.
    """
    rings = make_rings(spectrum, optics, span[0])
    fitted = rings.frequency <= 1.0 / span[1]
    depth = modulation(rings, defocus, optics)
    weight = depth * fitted * trust(rings, defocus, depth * fitted)
    significance = float(Score(rings, weight).significance(defocus)) if weight.any() else 0.0
    average = equi_phase_average(rings, defocus, optics) - rings.background
    model = ctf_1d(rings.frequency, defocus.mean, optics) ** 2
    score = curve_score(average, model, fitted)
    has_rings = significance >= _SIGNIFICANT and score >= _ALIKE
    contrast = np.ones(len(rings.counts))
    resolution = float(1.0 / rings.frequency[0])
    if has_rings:
        resolution = fit_resolution(rings, average, defocus, optics, contrast)
    deep = np.abs(depth)
    shown = 0.5 + 0.5 * average / np.maximum(deep, max(0.1 * float(deep.max()), 0.02))
    curve = np.stack([rings.frequency, np.clip(shown, -0.5, 1.5), model])
    return CtfFit(
        defocus=defocus,
        score=score,
        significance=significance if has_rings else 0.0,
        resolution=resolution,
        ice_ring=ice_ring_excess(spectrum),
        doubt=_doubt(Span(*span), defocus, optics, has_rings=has_rings),
        errors=None,
        plane=None,
        thickness=None,
        thickness_least=None,
        curve=curve.astype(np.float32),
        depth=deep.astype(np.float32),
        spectrum=spectrum,
    )


def _doubt(span: Span, defocus: Defocus, optics: Optics, *, has_rings: bool) -> str:
    between = f"between {span.coarse:.0f} and {span.fine:.1f} Å"
    if not has_rings:
        return f"no Thon rings {between} lie where the fit has them: it is wrong, or there are none"
    count = ring_count(span, defocus.mean, optics)
    if count < 1.0:
        return (
            f"only {count:.1f} Thon rings lie {between} at this defocus, hardly to be told from "
            "the background"
        )
    return ""
