"""A lasting change in a stream of measured values, found as soon as it is certain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.processing.changes.spreads import (
    Spreads,
    estimate_spreads,
    level_groups,
    resist_outliers,
    without_covariate,
)

__all__ = [
    "Expected",
    "LastingChange",
    "Stream",
    "find_change",
    "grows",
    "last_shown",
    "newest_shift",
    "shift_since",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FEWEST = 50
"""Values without which nothing is usual."""
_BEFORE = 12
"""Values before a change, at least."""
_SINCE = 6
"""Values since a change, at least: bad exposures come a few in a row."""
_ALIKE = 0.75
"""Of the values since a change, so many must show it: of six, five."""
_HALF = 0.3
"""A value shows a change that has so much of its size."""
_SEARCHED = 60
"""Newest values among which a change may have come at once."""
_RAMPS = np.arange(20, 161, 10)
"""Values in which something may have grown to what it is."""
_END = 12
"""Newest values of which most must show what has grown."""
_FAR = 5.0
"""Standard deviations from what is usual beyond which a value does not count more."""
_NEARLY = 0.85
"""Part of the best score with which a change began with the square, since squares do differ."""
_CLEARLY = 0.5
"""Standard errors by which growth must be surer than a change at once."""
_BETTER = 1.25
"""How much surer a change for the better must be: nobody has to do anything about it."""
_LARGE = 0.6
"""The least part of what is needed to be sure of a square that differs by much more than what is
worth telling."""
_SUPPORTING = 4
"""Values since a change that tell whether another stream has changed with it."""
_UNKNOWN = 15.0
"""With so many values known, a change must be twice as sure as with very many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is expected of a stream of values before anything is known of it."""

    noise: float
    """Standard deviation of a value about the level of its square."""
    between: float
    """Standard deviation of the levels of squares."""
    smallest: float
    """Smallest change that is worth telling."""
    growing: float | None = None
    """Smallest change that is worth telling of what is known to grow little by little, which needs
    less to be sure of it; None: it is not."""
    on_square: float = np.inf
    """Smallest change that is worth telling of a square that differs from those before it."""
    worse: int = 0
    """Sign of a change for the worse, the only one that is told of a square; 0: either is."""

    def is_better(self, size: Floats) -> bool:
        """Whether a change is one for the better."""
        return self.worse * float(size[0]) < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Values in the order in which they were taken, with where."""

    values: Floats
    """``(n, components)``, none of them missing."""
    blocks: Integers
    """``(n,)`` number of the visit of a grid square, never falling."""
    groups: Integers
    """``(n,)`` exposure group."""
    covariate: Floats | None = None
    """``(n,)`` what the values are known to depend on, such as the defocus that was asked for;
    None: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastingChange:
    """A lasting change of the level."""

    first: int
    """Index of the first value after it."""
    before: Floats
    """Level before, ``(components,)``."""
    size: Floats
    """Median change since, ``(components,)``."""
    score: float
    """Standard errors that the mean change is large."""
    gradual: bool
    """Whether it grows from `first` on, instead of having come at once."""


def find_change(
    stream: Stream,
    expected: Expected,
    sure: float,
    *,
    growing: float = 4.3,
    on_square: float = 4.5,
) -> LastingChange | None:
    """The change that the newest values show most surely, or None.

    Parameters
    ----------
    stream
        The newest values are its last.
    expected
        What is expected of it.
    sure
        Standard errors by which a change must exceed nothing.
    growing
        The same for what grows.
    on_square
        The same for a whole square that differs by `Expected.on_square`: there are few squares, so
        that chance has less to choose from. One that differs by more needs less.

    Notes
    -----
    The sum of log likelihood ratios since a moment, maximised over the moment and over the size of
    the change: Page's CUSUM for a change of unknown size in its windowed form [1]_. A value is the
    level of the session, plus one that its square has, plus noise, so that a change within a square
    is seen against the noise, one that comes with a new square against the spread of squares, and
    one that lasts over several against less and less of it. Values far from their neighbours
    count little, and the median must have changed, too.

    References
    ----------
    .. [1] Lai (1995) J. R. Statist. Soc. B 57, 613, doi:10.1111/j.2517-6161.1995.tb02052.x
    """
    count = len(stream.values)
    if count < FEWEST:
        return None
    known = max(count - _SEARCHED, FEWEST)
    look = _look(stream, expected, known)
    doubt = 1.0 + _UNKNOWN / known
    steps = np.arange(max(count - _SEARCHED, _BEFORE), count - _SINCE + 1)
    ramps = count - _RAMPS[count - _RAMPS >= _BEFORE]
    step = look.fit(_steps(count, steps))
    best = int(np.argmax(step.scores))
    start = int(look.starts[-1]) - int(steps[0])
    if 0 <= start < len(steps) and step.scores[start] > _NEARLY * step.scores[best]:
        best = start
    told = look.at_once(steps, step, best, expected, (sure * doubt, on_square * doubt))
    if told is None and 0 <= start < len(steps):
        told = look.at_once(steps, step, start, expected, (sure * doubt, on_square * doubt))
    ramp = look.fit(_grown(count, ramps))
    grown = int(np.argmax(ramp.scores)) if len(ramps) else 0
    # What is not sure to have come at once may be sure to have grown.
    least = float(step.scores[best]) if told is None else told.score + _CLEARLY
    if len(ramps) and ramp.scores[grown] > least:
        needed = growing if expected.growing is not None else max(growing, 0.9 * sure)
        return look.little_by_little(ramps, ramp, grown, expected, needed * doubt) or told
    return told


@dataclass(frozen=True, slots=True)
class _Fit:
    """Changes of some shapes, each fitted with the level before it."""

    sizes: Floats
    """``(shapes, components)``, where the shape is 1."""
    levels: Floats
    scores: Floats
    """Standard errors that each change is large."""
    own: Floats
    """``(shapes, blocks, components)`` what each square has of its own."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Values without what is known of them, and how they scatter."""

    values: Floats
    steady: Floats
    """The same with outliers pulled in."""
    blocks: Integers
    starts: Integers
    """Index of the first value of each visit of a square."""
    spreads: Spreads

    def fit(self, shapes: Floats) -> _Fit:
        """Generalised least squares with a level of its own for each square, for each shape."""
        counts = np.diff(np.append(self.starts, len(self.steady)))
        between = self.spreads.between**2
        pull = between / (between + self.spreads.mean**2 / counts)
        weight = pull / counts
        noise = self.spreads.mean**2

        def inner(products: Floats, first: Floats, second: Floats) -> Floats:
            found: Floats = products.sum(axis=-1) - (weight * first * second).sum(axis=-1)
            return found / noise

        sums = np.add.reduceat(shapes, self.starts, axis=1)
        values = self.steady.T
        summed = np.add.reduceat(values, self.starts, axis=1)
        one = inner(np.ones(len(self.steady)), counts, counts)
        of_shape = inner(shapes, sums, counts)
        squared = inner(shapes**2, sums, sums)
        of_values = inner(values, summed, counts)
        product = (shapes @ values.T - (sums * weight) @ summed.T) / noise
        determinant = np.maximum(squared * one - of_shape**2, 1e-12)
        sizes = (product * one - of_shape[:, None] * of_values) / determinant[:, None]
        levels = (of_values - of_shape[:, None] * sizes) / one
        scores = np.linalg.norm(sizes, axis=1) * np.sqrt(determinant / one)
        rest = (summed.T - sums[..., None] * sizes[:, None, :]) / counts[:, None]
        own = pull[:, None] * (rest - levels[:, None, :])
        return _Fit(sizes, levels, scores, own)

    def median_change(self, first: int, fit: _Fit, shape: int) -> Floats:
        """Median distance of what follows a step from what was before it, in a fit."""
        since = np.repeat(fit.own[shape], np.diff(np.append(self.starts, len(self.values))), axis=0)
        change: Floats = np.median((self.values - fit.levels[shape] - since)[first:], axis=0)
        return change

    def at_once(
        self,
        moments: Integers,
        fit: _Fit,
        shape: int,
        expected: Expected,
        sure: tuple[float, float],
    ) -> LastingChange | None:
        """A step of a fit, if it is sure: by itself, or as that of a whole square."""
        first, score = int(moments[shape]), float(fit.scores[shape])
        size = self.median_change(first, fit, shape)
        length = float(np.linalg.norm(size))
        better = expected.is_better(size)
        certain = score >= sure[0] * (_BETTER if better else 1.0) and length >= expected.smallest
        if self.begins_square(first) and not better and length >= expected.on_square:
            certain = certain or score >= sure[1] * _eased(length / expected.on_square)
        before = fit.levels[shape]
        if not certain or not self.shows(first, size, before):
            return None
        return LastingChange(first=first, before=before, size=size, score=score, gradual=False)

    def little_by_little(
        self, moments: Integers, fit: _Fit, shape: int, expected: Expected, sure: float
    ) -> LastingChange | None:
        """What has grown, in a fit, if it is sure."""
        first, score = int(moments[shape]), float(fit.scores[shape])
        before = fit.levels[shape]
        size = np.median(self.values[-_END:], axis=0) - before
        smallest = expected.smallest if expected.growing is None else expected.growing
        needed = sure * (_BETTER if expected.is_better(size) else 1.0)
        if score < needed or np.linalg.norm(size) < smallest:
            return None
        if not self.shows(len(self.values) - _END, size, before):
            return None
        return LastingChange(first=first, before=before, size=size, score=score, gradual=True)

    def begins_square(self, first: int) -> bool:
        """Whether a moment is the beginning of the newest square, about."""
        return abs(first - int(self.starts[-1])) <= 1

    def shows(self, first: int, size: Floats, level: Floats) -> bool:
        """Whether most values since a step show it, one by one."""
        along = (self.values[first:] - level) @ size / np.linalg.norm(size) ** 2
        return bool(np.count_nonzero(along > _HALF) >= _ALIKE * len(along))


def _eased(times: float) -> float:
    """Part of the standard errors that a square needs which differs by `times` the least size.

    Few squares differ by so much, whatever their spread seems to be of the few that are known: the
    size says more than it does.
    """
    return max(_LARGE, float(times**-1.5))


def _look(stream: Stream, expected: Expected, known: int) -> _Look:
    levelled = _level(stream, known)
    spreads = estimate_spreads(
        levelled[:known], stream.blocks[:known], (expected.noise, expected.between)
    )
    # Whole runs of bad exposures are not pulled in by their neighbours: by what is usual, then.
    middle = np.median(levelled[:known], axis=0)
    far = _FAR * float(np.hypot(spreads.noise, spreads.between))
    steady = resist_outliers(levelled, stream.blocks, spreads.noise)
    steady = middle + np.clip(steady - middle, -far, far)
    starts = np.flatnonzero(np.diff(stream.blocks, prepend=-1))
    return _Look(levelled, steady, stream.blocks, starts, spreads)


def _steps(count: int, moments: Integers) -> Floats:
    """``(moments, count)`` 1 from each moment on."""
    return (np.arange(count)[None, :] >= moments[:, None]).astype(np.float64)


def _grown(count: int, moments: Integers) -> Floats:
    """``(moments, count)`` from 0 before each moment to 1 at the end."""
    times = np.maximum(0.0, np.arange(count)[None, :] - moments[:, None] + 1.0)
    grown: Floats = times / np.maximum(1.0, count - moments)[:, None]
    return grown


def _level(stream: Stream, known: int) -> Floats:
    """Values without what follows from the exposure group and from the covariate."""
    values = stream.values
    if stream.covariate is not None:
        values = without_covariate(values, stream.covariate, stream.blocks, known)
    return level_groups(values, stream.groups, known)


def shift_since(
    stream: Stream, expected: Expected, first: int, *, gradual: bool = False
) -> tuple[Floats, float]:
    """The change since a moment that is known: ``(components,)``, and its standard errors.

    Zero where there are too few values to tell.
    """
    none: Floats = np.zeros(stream.values.shape[1])
    count = len(stream.values)
    if first < _BEFORE or count - first < _SUPPORTING:
        return none, 0.0
    moments = np.array([first])
    shape = _grown(count, moments) if gradual else _steps(count, moments)
    fit = _look(stream, expected, first).fit(shape)
    return fit.sizes[0], float(fit.scores[0])


def grows(stream: Stream, expected: Expected, first: int) -> bool:
    """Whether what has changed since about a moment grows, rather than having come at once."""
    count = len(stream.values)
    if first < FEWEST or count - first < _SINCE:
        return False
    look = _look(stream, expected, max(first - _SEARCHED, FEWEST))
    starts = np.arange(max(_BEFORE, first - _SEARCHED), min(first + 1, count - _SINCE), 4)
    steps = np.arange(max(_BEFORE, first - _SINCE), min(first + _SINCE, count - _SINCE) + 1)
    ramp = look.fit(_grown(count, starts)).scores.max(initial=0.0)
    return bool(ramp > look.fit(_steps(count, steps)).scores.max(initial=0.0) + _CLEARLY)


def newest_shift(stream: Stream, first: int, before: Floats, newest: int) -> Floats:
    """Median distance of the `newest` values from the level `before` a change at `first`."""
    levelled = _level(stream, first)
    shift: Floats = np.median(levelled[-newest:], axis=0) - before
    return shift


def last_shown(stream: Stream, first: int, before: Floats, size: Floats) -> int:
    """Index of the last value that shows a change which began at `first` and is over.

    That is where the values are best told into those that show it and those that are as before:
    more than half of the size, or less, one by one, so that a single one that lies far off counts
    no more than another.
    """
    along = (_level(stream, first)[first:] - before) @ size / float(size @ size)
    return first + int(np.argmax(np.cumsum(np.clip(along, 0.0, 1.0) - 0.5)))
