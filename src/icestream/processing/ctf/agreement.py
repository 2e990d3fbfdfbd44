"""How far two estimates of one CTF agree."""

import numpy as np

from icestream.model import Optics
from icestream.processing.ctf.transfer import Defocus, aberration

__all__ = ["agreement_resolution"]

_DIRECTIONS = 36
_FREQUENCIES = 2000


def agreement_resolution(
    first: tuple[Defocus, Optics], second: tuple[Defocus, Optics]
) -> tuple[float, float]:
    """Å where two estimates of the CTF of one exposure come to differ by 90 degrees.

    Up to there both give a particle's Fourier components the same sign nearly everywhere; beyond,
    they are no better than guesses of each other. Voltage, aberration, amplitude contrast and
    phase shift of each estimate count.

    Parameters
    ----------
    first, second
        Each estimate with the optics it was made for. Frequencies are looked at up to the finer
        Nyquist frequency of the two.

    Returns
    -------
    mean, worst
        Å, averaged over directions in frequency, and in the direction that differs first. Twice
        the smaller pixel size where they never differ by 90 degrees.

    Notes
    -----
    For a mere difference of defocus ``d`` the frequency is ``sqrt(1 / (2 lambda d))``. Counting
    pixels of the plane that agree, as others do, gives the square of a frequency, not a
    frequency; here each direction is followed outwards instead.

    References
    ----------
    Marabini et al. (2015), doi:10.1016/j.jsb.2015.09.002
    """
    highest = 0.5 / min(first[1].pixel_size, second[1].pixel_size)
    frequency = np.arange(1, _FREQUENCIES + 1) * (highest / _FREQUENCIES)
    theta = np.arange(_DIRECTIONS) * (np.pi / _DIRECTIONS)
    phases = []
    for defocus, optics in (first, second):
        along, across = defocus.vector
        local = defocus.mean + along * np.cos(2.0 * theta) + across * np.sin(2.0 * theta)
        phases.append(
            aberration(frequency[None, :], local[:, None], optics, phase_shift=defocus.phase_shift)
        )
    apart = np.abs(phases[0] - phases[1])
    # Not wrapped to half a turn: estimates that drifted whole turns apart agree by chance only.
    beyond = apart >= 0.5 * np.pi
    ring = np.where(beyond.any(axis=1), beyond.argmax(axis=1), _FREQUENCIES - 1)
    before = np.maximum(ring - 1, 0)
    rows = np.arange(_DIRECTIONS)
    low, high = apart[rows, before], apart[rows, ring]
    share = np.clip((0.5 * np.pi - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    reached = frequency[before] + share * (frequency[ring] - frequency[before])
    return float(1.0 / reached.mean()), float(1.0 / reached.min())
