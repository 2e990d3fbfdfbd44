"""How far estimates of one CTF agree, and what those that do make together."""

import math
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from icestream.model import Ctf, Optics
from icestream.processing.ctf.partial import NO_ANGLE, Errors
from icestream.processing.ctf.transfer import Defocus, aberration

__all__ = ["Agreeing", "agreement_resolution", "average_defocus", "largest_agreement"]

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


class Agreeing(NamedTuple):
    """Estimates of which every two agree."""

    members: tuple[int, ...]
    """Their indices, ascending."""
    mean: float
    """Å up to which the two agree that differ most, averaged over directions."""
    worst: float
    """The same in the direction that differs first."""


def largest_agreement(ctfs: Sequence[Ctf], limit: float, *, worst: bool = False) -> Agreeing:
    """Find the largest set of estimates in which every two agree up to `limit`.

    Of sets as large it is the one that agrees furthest. Where no two agree so far, it is the two
    that come closest.

    Parameters
    ----------
    ctfs
        Two or more estimates of one micrograph.
    limit
        Å up to which two estimates have to agree to be of one opinion.
    worst
        Ask it of the direction that differs first, not of the average over directions.
    """
    pairs = {
        pair: agreement_resolution(*((Defocus.of(ctfs[i]), ctfs[i].optics) for i in pair))
        for pair in combinations(range(len(ctfs)), 2)
    }

    def reach(members: tuple[int, ...]) -> float:
        return max(pairs[pair][worst] for pair in combinations(members, 2))

    for size in range(len(ctfs), 1, -1):
        sets = [(reach(one), one) for one in combinations(range(len(ctfs)), size)]
        reached, members = min(sets)
        if reached <= limit or size == 2:
            within = [pairs[pair] for pair in combinations(members, 2)]
            return Agreeing(members, max(p[0] for p in within), max(p[1] for p in within))
    raise ValueError("fewer than two estimates cannot agree")


def average_defocus(
    estimates: Sequence[Defocus], errors: Sequence[Errors | None]
) -> tuple[Defocus, Errors | None]:
    """Average estimates of one micrograph, each weighted by its standard errors.

    Parameters
    ----------
    estimates
        Of one micrograph.
    errors
        Of each; if one has none, all weigh the same, and the average has none.

    Returns
    -------
    defocus
        Mean defocus and phase shift with the weights of the mean defocus (both shape the same
        rings, and only together do they fit them), the vector of the astigmatism with its own.
    errors
        Estimates of one image share its noise, which averaging does not reduce: the weighted mean
        of the errors, and in quadrature how far the estimates lie from the average.
    """
    known = [one for one in errors if one is not None]
    if len(known) < len(estimates):
        share = np.full(len(estimates), 1.0 / len(estimates))
        shares = (share, share)
    else:
        shares = (_shares([e.mean for e in known]), _shares([e.astigmatism for e in known]))
    rings, bent = shares
    numbers = np.array([(one.mean, one.phase_shift) for one in estimates]) * 1.0
    vectors = np.array([one.vector for one in estimates])
    mean, shift = rings @ numbers
    vector = bent @ vectors
    average = Defocus.from_vector(float(mean), float(vector[0]), float(vector[1]), float(shift))
    if len(known) < len(estimates):
        return average, None
    # `vector` is half the astigmatism.
    spread = 2.0 * math.sqrt(float(bent @ np.sum((vectors - vector) ** 2, axis=1)) / 2.0)
    astigmatism = math.hypot(float(bent @ [e.astigmatism for e in known]), spread)
    turned = math.degrees(0.5 * astigmatism / max(average.u - average.v, 1e-6))
    shifts = [e.phase_shift for e in known if e.phase_shift is not None]
    return average, Errors(
        mean=_joined(rings, [e.mean for e in known], numbers[:, 0]),
        astigmatism=astigmatism,
        angle=min(turned, NO_ANGLE),
        phase_shift=_joined(rings, shifts, numbers[:, 1]) if len(shifts) == len(known) else None,
    )


def _shares(errors: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Weights, one in sum, of estimates with these standard errors."""
    weights = 1.0 / np.maximum(np.asarray(errors, dtype=np.float64), 1e-3) ** 2
    return np.asarray(weights / weights.sum()).reshape(len(errors))


def _joined(
    shares: np.ndarray[tuple[int], np.dtype[np.float64]],
    errors: Sequence[float],
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> float:
    """The standard error of an average: shared noise, and how far its parts lie apart."""
    apart = float(shares @ (values - shares @ values) ** 2)
    return math.hypot(float(shares @ errors), math.sqrt(apart))
