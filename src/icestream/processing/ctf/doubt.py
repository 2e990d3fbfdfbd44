"""Why a fitted CTF is not to be believed, or only roughly: in words, for a person."""

from dataclasses import dataclass

from icestream.model import Optics
from icestream.processing.ctf.partial import Errors
from icestream.processing.ctf.transfer import Defocus

__all__ = ["Span", "doubt", "ring_count"]

_WHOLE = 1.0
"""Thon rings within the range of the fit below which they are hardly told from the background. On
simulated spectra of 3 to 6 Å pixels, 100 to 300 kV, all fits with more were right."""
_ROUGH = 0.1
"""Standard error of the defocus, over the defocus, above which it is said to be rough."""


@dataclass(frozen=True, slots=True)
class Span:
    """The rings that are fitted."""

    coarse: float
    """Å."""
    fine: float
    """Å."""


def ring_count(span: Span, defocus: float, optics: Optics) -> float:
    """Thon rings, from one zero of the CTF to the next, that lie within `span` at a defocus in Å.

    A zero of the CTF lies before the end of a spectrum from about one on.
    """
    wavelength, cs = optics.wavelength, optics.spherical_aberration * 1e7
    low, high = 1.0 / span.coarse**2, 1.0 / span.fine**2
    bend = 0.5 * wavelength**3 * cs * (high**2 - low**2)
    return abs(wavelength * defocus * (high - low) - bend)


def doubt(
    span: Span, defocus: Defocus, optics: Optics, errors: Errors | None, *, has_rings: bool
) -> str:
    """Say why a fit is not to be believed, or only roughly.

    Parameters
    ----------
    span
        The rings that were fitted.
    defocus, optics
        The fit.
    errors
        Of the fit; None where there are none.
    has_rings
        Whether Thon rings stand out from the noise.

    Returns
    -------
    Empty where there is nothing to say.
    """
    count = ring_count(span, defocus.mean, optics)
    between = f"between {span.coarse:.0f} and {span.fine:.1f} Å"
    if not has_rings:
        least = _least_defocus(span, optics)
        return (
            f"no Thon rings stand out of the noise {between}, and the defocus is unknown; one "
            f"below {least * 1e-4:.2f} µm has not one ring there that could be told from the "
            "background"
        )
    if count < _WHOLE:
        return (
            f"only {count:.1f} Thon rings lie {between} at this defocus, hardly to be told from "
            "the background: finer pixels or more defocus would show more"
        )
    if errors is None or errors.mean > _ROUGH * abs(defocus.mean):
        known = "not known" if errors is None else f"known to {errors.mean * 1e-4:.2f} µm only"
        return f"the defocus is {known}, from {count:.1f} Thon rings {between}"
    return ""


def _least_defocus(span: Span, optics: Optics) -> float:
    """Å at which one whole ring lies in the span."""
    each = ring_count(span, 0.0, optics)
    wavelength = optics.wavelength
    return (_WHOLE + each) / (wavelength * (1.0 / span.fine**2 - 1.0 / span.coarse**2))
