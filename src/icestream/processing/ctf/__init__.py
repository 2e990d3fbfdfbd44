"""Contrast transfer: evaluate it, and fit it to micrographs and their spectra."""

from icestream.processing.ctf.agreement import (
    Agreeing,
    agreement_resolution,
    average_defocus,
    largest_agreement,
)
from icestream.processing.ctf.fit import CtfFit, fit_ctf, fit_spectrum
from icestream.processing.ctf.partial import Errors
from icestream.processing.ctf.picture import spectrum_picture
from icestream.processing.ctf.search import SearchRange
from icestream.processing.ctf.spectrum import PowerSpectrum, UnusableImage, power_spectrum
from icestream.processing.ctf.thickness import Thickness
from icestream.processing.ctf.tilt import Plane
from icestream.processing.ctf.transfer import Defocus, aberration, aberration_2d, ctf_1d, ctf_2d

__all__ = [
    "Agreeing",
    "CtfFit",
    "Defocus",
    "Errors",
    "Plane",
    "PowerSpectrum",
    "SearchRange",
    "Thickness",
    "UnusableImage",
    "aberration",
    "aberration_2d",
    "agreement_resolution",
    "average_defocus",
    "ctf_1d",
    "ctf_2d",
    "fit_ctf",
    "fit_spectrum",
    "largest_agreement",
    "power_spectrum",
    "spectrum_picture",
]
