"""Local motion: how the parts of the field move against the whole frame."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from icestream.processing.motion.agreement import Agreement, measure_agreement
from icestream.processing.motion.local_motion import LocalMotion
from icestream.processing.motion.patches import Patches
from icestream.processing.motion.smoothing import anchor
from icestream.processing.motion.track import Track, TrackSearch

__all__ = ["LocalFit", "fit_local_motion"]

_SCALE = np.array([12.0, 180.0, 12.0, 180.0, 144.0]) ** 0.5
"""Makes x, x² - 1/12, y, y² - 1/12 and xy of mean square 1 over the field."""
_PRIOR = 6.0
"""Å: typical local motion, a weak prior that only keeps the fit finite."""
_LEARNING = 30
"""Rounds in which the size of the local motion is learned."""
_DOMINANT = 3.0
"""A patch counts at most this many times as much as the median patch."""
_LEAST = 0.3
"""A patch counts at least this part of what is expected of it."""


@dataclass(frozen=True, slots=True, eq=False)
class LocalFit:
    """A fitted model, and what each patch says about it."""

    motion: LocalMotion
    gains: NDArray[np.float64]
    """``(patches,)`` log-likelihood that each patch gains over the whole-frame track by the
    model of those that share no side with it."""
    agreement: NDArray[np.float64]
    """``(patches,)`` curvature of the agreement of its frames, over that of the mean patch."""


def fit_local_motion(
    patches: Patches, track: Track, search: TrackSearch, *, cores: int = 1
) -> LocalFit:
    """Fit whole-frame shifts and a polynomial local model to all patches together.

    All patches and frames vote with the slope of their own agreement, so that a patch that alone
    could not be aligned still counts; no peak is picked. Starting from the whole-frame track,
    Newton steps maximize the summed log-likelihood. Each patch is then judged with the model that
    those patches ask for which share no side with it: `LocalMotion.gain` is the log-likelihood that
    all patches together gain by these models over the whole-frame track.
    """
    votes = _Votes(patches, track, cores)
    model = votes.model
    start = np.zeros((model.size, 2))
    start[: model.frames] = track.shifts
    first, last = _maximize(votes, start, search, 5 * search.tolerance)
    model.learn(votes.curvature(last), last.unknowns)
    _, last = _maximize(votes, last.unknowns + last.step, search, search.tolerance)
    unknowns = last.unknowns + last.step
    gains = votes.at(_foretold(votes, last)).value.sum(axis=1) - first.value
    # Every pair of frames is in the sum twice.
    gains *= 0.5
    shifts = unknowns[: model.frames]
    motion = LocalMotion(shifts - shifts[0], model.coefficients(unknowns), float(gains.sum()))
    return LocalFit(motion, gains, last.strength)


class _Model:
    """Linear model of the shifts of all patches: one shift per frame, and the polynomial."""

    def __init__(self, frames: int, precision: NDArray[np.float64]) -> None:
        number = np.arange(frames, dtype=np.float64)
        powers = np.stack([number, number**2, number**3], axis=1)[:, : max(min(3, frames - 2), 1)]
        self.times, self.to_powers = np.linalg.qr(powers)
        self.frames = frames
        self.local = 5 * self.times.shape[1]
        self.size = frames + self.local
        self.prior = np.zeros((self.size, self.size))
        self.prior[:frames, :frames] = precision
        places = np.arange(frames, self.size)
        self.prior[places, places] = 1.0 / (_PRIOR**2 * frames)

    def moves(
        self, unknowns: NDArray[np.float64], places: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Shifts ``(patches, n, 2)`` at `places` ``(patches, 6)``."""
        terms = unknowns[self.frames :].reshape(5, self.times.shape[1], 2)
        local = np.einsum("ps,sac->pac", places[:, 1:], terms)
        moved: NDArray[np.float64] = unknowns[: self.frames] + self.times @ local
        return moved

    def slopes(
        self, votes: NDArray[np.float64], places: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Slopes by the unknowns ``(unknowns, 2)`` from those by shifts ``(patches, n, 2)``."""
        moments = np.einsum("ps,pfc->sfc", places, votes)
        local = np.einsum("fa,sfc->sac", self.times, moments[1:]).reshape(self.local, 2)
        return np.concatenate([moments[0], local])

    def curvature(
        self, moments: NDArray[np.float64], frames: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Curvature by the unknowns, from ``(6, 6)`` in space and ``(n, n)`` between frames."""
        result = np.empty((self.size, self.size))
        cross = np.kron(moments[0, 1:], frames @ self.times)
        result[: self.frames, : self.frames] = moments[0, 0] * frames
        result[: self.frames, self.frames :] = cross
        result[self.frames :, : self.frames] = cross.T
        inner = self.times.T @ frames @ self.times
        result[self.frames :, self.frames :] = np.kron(moments[1:, 1:], inner)
        return result

    def learn(self, normal: NDArray[np.float64], unknowns: NDArray[np.float64]) -> None:
        """Set the prior of the polynomial from its likely size, by expectation-maximization.

        Terms that the patches do not support are drawn to zero instead of fitting noise. The size
        is shared by both axes and by the linear or the quadratic terms at one power of time.

        Parameters
        ----------
        normal
            Curvature of the log-likelihood at its maximum, without prior.
        unknowns
            ``(unknowns, 2)`` there.
        """
        count = self.times.shape[1]
        places = np.arange(self.frames, self.size).reshape(5, count)
        pull = (normal + self.prior) @ unknowns
        for _ in range(_LEARNING):
            inverse = np.linalg.inv(normal + self.prior)
            guess = inverse @ pull
            power = (guess**2).mean(axis=1) + np.diag(inverse)
            for terms in ((0, 2), (1, 3, 4)):
                for power_of_time in range(count):
                    group = places[list(terms), power_of_time]
                    self.prior[group, group] = 1.0 / max(float(power[group].mean()), 1e-12)

    def coefficients(self, unknowns: NDArray[np.float64]) -> NDArray[np.float64]:
        """The polynomial in the order of `LocalMotion.coefficients`."""
        count = self.times.shape[1]
        terms = unknowns[self.frames :].T.reshape(2, 5, count) * _SCALE[:, None]
        terms = terms @ np.linalg.inv(self.to_powers).T
        full = np.zeros((2, 6, 3))
        full[:, 1:, :count] = terms
        full[:, 0] = -(full[:, 2] + full[:, 4]) / 12
        return full.reshape(2, 18)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stand:
    """What the patches say at some values of the unknowns."""

    unknowns: NDArray[np.float64]
    slopes: NDArray[np.float64]
    """``(patches, n, 2)``."""
    strength: NDArray[np.float64]
    """``(patches,)`` measured curvature over the expected one."""
    counts: NDArray[np.float64]
    """``(patches,)`` how much each patch counts."""
    value: NDArray[np.float64]
    """``(patches,)`` agreement."""
    step: NDArray[np.float64]
    """By which the unknowns should change."""


class _Votes:
    """What each patch says about the unknowns of the model."""

    def __init__(self, patches: Patches, track: Track, cores: int) -> None:
        self.patches = patches
        self.cores = cores
        self.model = _Model(len(track.shifts), track.precision)
        y, x = patches.centers[:, 0], patches.centers[:, 1]
        terms = np.stack([x, x * x - 1 / 12, y, y * y - 1 / 12, x * y], axis=1) * _SCALE
        self.places = np.concatenate([np.ones((len(terms), 1)), terms], axis=1)
        self.weight = track.weighting.on(patches.band)
        self.between_frames = track.weighting.curvature / len(patches)
        frames = self.model.frames
        self.anchor = np.zeros_like(self.model.prior)
        self.anchor[:frames, :frames] = anchor(track.weighting.curvature)

    def at(self, shifts: NDArray[np.float64]) -> Agreement:
        """Agreement at shifts ``(patches, n, 2)`` in Å."""
        return measure_agreement(self.patches, self.weight, shifts, cores=self.cores)

    def curvature(
        self, stand: _Stand, used: NDArray[np.bool_] | slice = slice(None)
    ) -> NDArray[np.float64]:
        """Expected curvature by the unknowns from some of the patches, without the prior."""
        places = self.places[used]
        moments = (places * stand.counts[used, None]).T @ places
        return self.model.curvature(moments, self.between_frames) + self.anchor

    def solve(
        self, stand: _Stand, used: NDArray[np.bool_] | slice = slice(None)
    ) -> NDArray[np.float64]:
        """The step that some of the patches ask for."""
        prior = self.model.prior
        pull = self.model.slopes(stand.slopes[used], self.places[used]) - prior @ stand.unknowns
        return np.asarray(np.linalg.solve(self.curvature(stand, used) + prior, pull))

    def stand(self, unknowns: NDArray[np.float64]) -> _Stand:
        """What all patches say when each is moved as the model says."""
        residuals = self.at(self.model.moves(unknowns, self.places))
        strength = residuals.bend.sum(axis=1) / (float(np.trace(self.between_frames)) + 1e-9)
        counts = np.maximum(strength, _LEAST)
        tame = np.minimum(1.0, _DOMINANT * np.median(counts) / counts)
        result = _Stand(
            unknowns=unknowns,
            slopes=residuals.slope * tame[:, None, None],
            strength=strength,
            counts=counts * tame,
            value=residuals.value.sum(axis=1),
            step=np.zeros_like(unknowns),
        )
        return replace(result, step=self.solve(result))


def _maximize(
    votes: _Votes, unknowns: NDArray[np.float64], search: TrackSearch, tolerance: float
) -> tuple[_Stand, _Stand]:
    """Where Newton steps begin, and where they become smaller than `tolerance`."""
    first = stand = votes.stand(unknowns)
    for _ in range(search.rounds):
        moves = votes.model.moves(stand.step, votes.places)
        largest = float(np.abs(moves - moves.mean(axis=1, keepdims=True)).max())
        if largest < tolerance:
            break
        step = stand.step * min(1.0, 0.5 * search.resolution / largest)
        stand = votes.stand(stand.unknowns + step)
    return first, stand


def _foretold(votes: _Votes, stand: _Stand) -> NDArray[np.float64]:
    """Shifts of each patch ``(patches, n, 2)`` by the model of those that share no side with it."""
    rows, columns = np.divmod(np.arange(len(votes.places)), votes.patches.grid[1])
    shifts = []
    for i in range(len(rows)):
        apart = np.abs(rows - rows[i]) + np.abs(columns - columns[i]) > 1
        unknowns = stand.unknowns + votes.solve(stand, apart)
        shifts.append(votes.model.moves(unknowns, votes.places[i : i + 1])[0])
    return np.stack(shifts)
