"""How far what was found in a simulated exposure is from what is true about it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from icestream.model import Ctf, Motion, Picks
from icestream.simulator.truth import ExposureTruth

__all__ = ["ctf_errors", "match_picks", "motion_errors", "picks_errors"]

_GRID = np.linspace(-0.4, 0.4, 9)
"""Places of the field along each side at which tracks are compared, as parts of it."""

Floats = NDArray[np.float64]


def motion_errors(motion: Motion, truth: ExposureTruth) -> Mapping[str, float]:
    """RMS error per axis of the track of the whole field and of those of its parts, Å.

    What is constant over the frames is removed, of the whole or at each place: it moves the
    micrograph and blurs nothing. Nothing where no track was found, or where the frames are not
    those of the truth.
    """
    shifts = np.asarray(motion.shifts, dtype=np.float64)
    first = motion.first_frame - 1
    if not motion.known or len(shifts) < 2 or first + len(shifts) > len(truth.tracks.shifts):
        return {}
    y, x = (axis.ravel() for axis in np.meshgrid(_GRID, _GRID, indexing="ij"))
    true = truth.tracks.at(y + 0.5, x + 0.5, (1, 1))[first : first + len(shifts)]
    true = true * truth.pixel_size
    found = _field(motion, shifts, y, x) * motion.pixel_size
    return {
        "track": _rms(found.mean(axis=2) - true.mean(axis=2)),
        "field": _rms(found - true),
    }


def _field(motion: Motion, shifts: Floats, y: Floats, x: Floats) -> Floats:
    """Shifts ``(frames, 2, places)`` by the model of RELION's motion STAR files, pixels."""
    whole = np.repeat(shifts[:, :, None], len(y), axis=2)
    if motion.local is None:
        return whole
    t = np.arange(len(shifts), dtype=np.float64)
    terms = np.asarray(motion.local, dtype=np.float64).reshape(2, 6, 3)
    places = np.stack([np.ones_like(x), x, x * x, y, y * y, x * y])
    local = np.einsum("csa,af,sp->fcp", terms, np.stack([t, t**2, t**3]), places)
    return np.asarray(whole + local)


def _rms(errors: Floats) -> float:
    apart = errors - errors.mean(axis=0)
    return float(np.sqrt((apart**2).mean()))


def ctf_errors(ctf: Ctf, truth: ExposureTruth) -> Mapping[str, float]:
    """Errors of the mean defocus and of the astigmatism, Å.

    Astigmatism is a vector that points along twice its angle: its error is the length of the
    difference.
    """
    found = ctf.astigmatism * np.exp(2j * np.radians(ctf.angle))
    true = (truth.defocus_u - truth.defocus_v) * np.exp(2j * np.radians(truth.angle))
    return {"defocus": abs(ctf.defocus - truth.defocus), "astigmatism": float(abs(found - true))}


def picks_errors(picks: Picks, truth: ExposureTruth, size: int) -> Mapping[str, float]:
    """Part of the true particles that were picked, and part of the picks that are particles.

    A part of nothing is left out.

    Parameters
    ----------
    picks
        What was picked.
    truth
        About the same exposure.
    size
        Pixels along each side of the movie.
    """
    found, true, picked = match_picks(picks, truth, size)
    parts = {"recall": (found, true), "precision": (found, picked)}
    return {name: part / whole for name, (part, whole) in parts.items() if whole}


def match_picks(picks: Picks, truth: ExposureTruth, size: int) -> tuple[int, int, int]:
    """(found, true, picked) particles; a match is within half a diameter, one to one.

    Particles whose circle is cut by the edge are neither true nor false.
    """
    scale = picks.pixel_size / truth.pixel_size
    x, y = ((np.asarray(each, np.float64) + 0.5) * scale - 0.5 for each in (picks.x, picks.y))
    radius = 0.5 * truth.diameter / truth.pixel_size

    def inside(x: Floats, y: Floats) -> NDArray[np.bool_]:
        near = np.minimum.reduce([x, y, size - 1 - x, size - 1 - y])
        kept: NDArray[np.bool_] = near >= radius
        return kept

    distance = np.hypot(x[:, None] - truth.x, y[:, None] - truth.y)
    near = np.argwhere(distance <= radius)
    near = near[np.argsort(distance[near[:, 0], near[:, 1]], kind="stable")]
    taken_pick, taken_true = set(), set()
    for pick, particle in near.tolist():
        if pick not in taken_pick and particle not in taken_true:
            taken_pick.add(pick)
            taken_true.add(particle)
    whole, false = inside(truth.x, truth.y), inside(x, y)
    found = sum(bool(whole[particle]) for particle in taken_true)
    wrong = sum(bool(false[pick]) for pick in range(len(x)) if pick not in taken_pick)
    return found, int(whole.sum()), found + wrong
