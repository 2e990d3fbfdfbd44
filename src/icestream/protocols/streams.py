"""The qualities that are watched for changes, and what is expected of each before it is known."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.model import MeasuredExposure
from icestream.processing.changes.detect import Expected, Stream

__all__ = ["STREAMS", "Watched", "gather", "usable"]

Values = Callable[[Sequence[MeasuredExposure]], list[tuple[float, ...] | None]]

_HARDLY = 100.0
"""Astigmatism, Å, up to which one without a known angle is taken for none."""
_UNUSABLE = 0.5
"""Score below which a micrograph was judged unusable: carbon, a crack, a drop."""
_JUDGED = 10
"""Judged micrographs of which half must be usable for the others to be left out."""

_NO_PATTERN = 0.005
"""Fixed pattern, as a part of the mean, up to which there is none: it is the root of a difference
of variances, which is zero or a few thousandths by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A stream of measured values."""

    name: str
    """What evidence calls it."""
    title: str
    """What people read: ``fit resolution``."""
    qualities: tuple[str, ...]
    """What it is made of; nothing where the times of the exposures are enough."""
    values: Values
    expected: Expected
    unit: str = ""
    """Unit of the change that is said; a ratio where it is empty."""
    worse: int = 0
    """Sign of a change for the worse; 0: either is."""
    of_defocus: bool = False
    """Whether it depends on the defocus that was asked for."""
    judged: bool = False
    """Whether micrographs that were judged unusable are left in."""

    def expected_with(self, smallest: Mapping[str, float]) -> Expected:
        """What is expected, with the smallest change that is worth telling from elsewhere."""
        known = replace(self.expected, worse=self.worse)
        if self.name not in smallest:
            return known
        return replace(known, smallest=smallest[self.name])


def _log(quality: str, floor: float = 1e-9) -> Values:
    def values(shots: Sequence[MeasuredExposure]) -> list[tuple[float, ...] | None]:
        measured = [shot.qualities.get(quality) for shot in shots]
        return [None if value is None else (math.log(max(value, floor)),) for value in measured]

    return values


def _astigmatism(shots: Sequence[MeasuredExposure]) -> list[tuple[float, ...] | None]:
    """As a vector at twice the angle; of an unknown angle a small one is hardly any.

    A large one was not measured well enough to say where it points, and says nothing.
    """
    found: list[tuple[float, ...] | None] = []
    for shot in shots:
        size, angle = shot.qualities.get("ctf.astigmatism"), shot.qualities.get("ctf.angle")
        if size is None or (angle is None and size > _HARDLY):
            found.append(None)
        elif angle is None:
            found.append((0.0, 0.0))
        else:
            twice = math.radians(2.0 * angle)
            found.append((size * math.cos(twice), size * math.sin(twice)))
    return found


def _off_target(shots: Sequence[MeasuredExposure]) -> list[tuple[float, ...] | None]:
    """Defocus less what was asked for, of those of which that is known."""
    return [
        None
        if shot.nominal_defocus is None or "ctf.defocus" not in shot.qualities
        else (shot.qualities["ctf.defocus"] - shot.nominal_defocus,)
        for shot in shots
    ]


def _intervals(shots: Sequence[MeasuredExposure]) -> list[tuple[float, ...] | None]:
    """Time since the exposure before, which need not be measured itself."""
    return [
        None if shot.since_last is None else (math.log(max(shot.since_last, 1.0)),)
        for shot in shots
    ]


def _expected(
    noise: float,
    between: float,
    smallest: float,
    on_square: float = math.inf,
    growing: float | None = None,
) -> Expected:
    return Expected(
        noise=noise, between=between, smallest=smallest, on_square=on_square, growing=growing
    )


_ALL = (
    Watched(
        name="astigmatism",
        title="astigmatism",
        qualities=("ctf.astigmatism", "ctf.angle"),
        values=_astigmatism,
        expected=_expected(40.0, 30.0, 200.0),
        unit="Å",
    ),
    Watched(
        name="defocus",
        title="distance of the defocus from the one asked for",
        qualities=("ctf.defocus",),
        values=_off_target,
        expected=_expected(300.0, 700.0, 1500.0, 4000.0),
        unit="µm",
    ),
    Watched(
        name="resolution",
        title="CTF fit resolution",
        qualities=("ctf.resolution",),
        values=_log("ctf.resolution"),
        expected=_expected(0.07, 0.08, math.log(1.25), math.log(1.25)),
        worse=1,
        of_defocus=True,
    ),
    Watched(
        name="ice ring",
        title="ice ring",
        qualities=("ctf.ice_ring",),
        values=_log("ctf.ice_ring", 0.02),
        expected=_expected(0.2, 0.2, math.log(1.25), math.log(2.0), math.log(1.25)),
        worse=1,
    ),
    Watched(
        name="thickness",
        title="ice thickness from the CTF",
        qualities=("ctf.thickness",),
        values=_log("ctf.thickness"),
        expected=_expected(0.1, 0.2, math.log(1.25), math.log(2.0), math.log(1.25)),
        worse=1,
    ),
    Watched(
        name="motion",
        title="total motion",
        qualities=("motion.total",),
        values=_log("motion.total", 0.1),
        expected=_expected(0.25, 0.2, math.log(1.5), math.log(1.65)),
        worse=1,
    ),
    Watched(
        name="early motion",
        title="early motion",
        qualities=("motion.early",),
        values=_log("motion.early", 0.05),
        expected=_expected(0.3, 0.2, math.log(1.5), math.log(1.75)),
        worse=1,
    ),
    Watched(
        name="dose",
        title="dose rate",
        qualities=("dose.counted",),
        values=_log("dose.counted", 1e-4),
        expected=_expected(0.01, 0.02, 0.07, 0.08, growing=0.04),
        unit="%",
    ),
    Watched(
        name="gain residual",
        title="fixed pattern left by the gain reference",
        qualities=("gain.residual",),
        values=_log("gain.residual", _NO_PATTERN),
        expected=_expected(0.15, 0.05, math.log(1.4)),
        worse=1,
        judged=True,
    ),
    Watched(
        name="stripes",
        title="stripes of the camera",
        qualities=("micrograph.stripes",),
        values=_log("micrograph.stripes", 0.1),
        expected=_expected(0.08, 0.05, math.log(1.1), math.log(1.15)),
        worse=1,
    ),
    Watched(
        name="particles",
        title="number of particles",
        qualities=("picks.count",),
        values=_log("picks.count", 1.0),
        expected=_expected(0.2, 0.25, math.log(1.7), math.log(3.0)),
        worse=-1,
    ),
    Watched(
        name="interval",
        title="time between exposures",
        qualities=(),
        values=_intervals,
        expected=_expected(0.15, 0.1, math.log(1.4)),
        worse=1,
        judged=True,
    ),
)

STREAMS: Mapping[str, Watched] = {watched.name: watched for watched in _ALL}
"""Every stream that is watched, by name."""


def gather(
    watched: Watched, shots: Sequence[MeasuredExposure], use: NDArray[np.bool_], asked: bool
) -> tuple[Stream, NDArray[np.int64]] | None:
    """The values of a stream with where they were taken, and which exposures have one.

    Parameters
    ----------
    use
        ``(n,)`` exposures that count.
    asked
        Whether the defocus that was asked for is known of all.
    """
    values = watched.values(shots)
    chosen = [i for i, value in enumerate(values) if value is not None and use[i]]
    if not chosen:
        return None
    places: Any = np.array(chosen)
    defocus = None
    if watched.of_defocus and asked:
        defocus = np.array([shots[i].nominal_defocus or 0.0 for i in chosen])
    stream = Stream(
        values=np.array([values[i] for i in chosen], dtype=np.float64),
        blocks=_visits(shots)[places],
        groups=np.array([shots[i].group for i in chosen]),
        covariate=defocus,
    )
    return stream, places


def usable(shots: Sequence[MeasuredExposure]) -> NDArray[np.bool_]:
    """``(n,)`` which were not judged unusable, as long as that is not what most are."""
    scores = [shot.qualities.get("micrograph.score") for shot in shots]
    kept = np.ones(len(shots), dtype=bool)
    judged: list[bool] = []
    for i, score in enumerate(scores):
        if score is None:
            continue
        judged.append(score >= _UNUSABLE)
        recent = judged[-_JUDGED:]
        kept[i] = judged[-1] or 2 * sum(recent) < len(recent)
    return kept


def _visits(shots: Sequence[MeasuredExposure]) -> NDArray[np.int64]:
    """Number of the visit of a square, which goes up with each that is another than before."""
    squares = [shot.grid_square for shot in shots]
    news = [0] + [int(a != b) for a, b in pairwise(squares)]
    visits: NDArray[np.int64] = np.cumsum(np.array(news[: len(shots)], dtype=np.int64))
    return visits
