"""Watch the CTF of recent micrographs: limits, and sudden changes with the exposure named."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray

from icestream.model import Alert, Ctf
from icestream.protocol import Advanced, Limit, Monitor, Parameters, Sample, Window
from icestream.units import Angstrom, Micrometre, Usual

_EARLIER = 6
"""Fewest micrographs before a change that say what was normal."""
_SHARE_OF = 20
"""Micrographs of which the share outside the limits is taken, and the fewest that tell: half."""
_TIME = re.compile(r"(?<!\d)(\d{4})-?(\d\d)-?(\d\d)[ _T-](\d\d)[.:-]?(\d\d)[.:-]?(\d\d)(?!\d)")
_PIXELS = 3.0
"""Pixels, 1.5 times the finest detail that they hold, which a good fit goes beyond."""
_SURE = 4.0
"""Standard deviations of the difference of the medians that a change must exceed."""


class CtfLimits(Parameters):
    """When to warn."""

    defocus_min: Annotated[Micrometre, Ge(0), Usual(0.0, 10.0)] = 0.3
    """Smallest mean defocus that is expected."""

    defocus_max: Annotated[Micrometre, Gt(0), Usual(0.1, 20.0)] = 4.0
    """Largest mean defocus that is expected."""

    astigmatism_max: Annotated[Angstrom, Gt(0), Usual(10.0, 20000.0)] = 1000.0
    """Largest difference of the two defoci that is expected."""

    resolution_max: Annotated[Angstrom, Gt(0), Usual(1.5, 100.0)] = 8.0
    """Worst fit resolution that is expected; three pixels where those are so coarse that no fit
    can be much better."""

    for_last: Annotated[int, Ge(1), Le(50)] = 5
    """How many micrographs in a row must break a limit, or show a change, before it is said."""

    bad_share: Annotated[float, Gt(0), Le(1)] = 0.5
    """Share of the last 20 micrographs outside these limits above which it is said."""

    astigmatism_jump: Annotated[Angstrom, Gt(0), Usual(10.0, 20000.0)] = 300.0
    """Smallest sudden change of the astigmatism, in size or direction, worth a warning."""

    jumps: Annotated[bool, Advanced] = True
    """Whether sudden changes are said here; `monitor.changes` says them with their likely cause."""

    defocus_jump: Annotated[Micrometre, Gt(0), Usual(0.01, 10.0), Advanced] = 0.5
    """Smallest sudden change of the usual defocus worth a warning."""


class MonitorCtf(Monitor[CtfLimits]):
    """Warn when defocus, astigmatism or resolution leave their limits, or change suddenly.

    The results are put into the order in which the exposures were taken, as their names tell it:
    they come in another when the newest are processed first, or several at a time.
    """

    name = "monitor.ctf"
    title = "CTF monitor"

    def inspect(self, window: Window[Ctf]) -> Iterator[Alert | Sample]:
        ctfs = sorted(window.items, key=lambda ctf: order_taken(ctf.exposure))
        if not ctfs:
            return
        recent = ctfs[-self.parameters.for_last :]
        yield Sample("ctf.defocus.median", _middle(recent, _defocus), "Å")
        yield Sample("ctf.astigmatism.median", _middle(recent, _astigmatism), "Å")
        yield Sample("ctf.resolution.median", _middle(recent, _resolution), "Å")
        if len(recent) == self.parameters.for_last:
            yield from self._limits(recent)
            if self.parameters.jumps:
                yield from self._changes(ctfs)
        if len(ctfs) >= _SHARE_OF / 2:
            yield from self._share(ctfs[-_SHARE_OF:])

    def limits(self, pixel_size: float) -> Sequence[Limit]:
        """Beyond these it warns; that on the resolution is one that such pixels can reach."""
        wanted = self.parameters
        return (
            Limit(quality="ctf.defocus", low=wanted.defocus_min, high=wanted.defocus_max),
            Limit(quality="ctf.astigmatism", high=wanted.astigmatism_max),
            Limit(quality="ctf.resolution", high=self._reachable(pixel_size)),
        )

    def _coarsest(self, ctf: Ctf) -> float:
        return self._reachable(ctf.optics.pixel_size)

    def _reachable(self, pixel_size: float) -> float:
        """Limit of the fit resolution that pixels of this size can reach, Å."""
        return max(self.parameters.resolution_max, _PIXELS * pixel_size)

    def _ends_early(self, ctf: Ctf) -> bool:
        return ctf.resolution > self._coarsest(ctf)

    def _limits(self, recent: Sequence[Ctf]) -> Iterator[Alert]:
        limits = self.parameters
        low, high = limits.defocus_min * 1e4, limits.defocus_max * 1e4
        count = "micrograph" if len(recent) == 1 else f"{len(recent)} micrographs"
        if all(ctf.defocus < low for ctf in recent):
            yield _warn(
                "ctf.defocus.low",
                f"defocus of the last {count} is {_middle(recent, _defocus) * 1e-4:.2f} µm, below "
                f"the limit of {limits.defocus_min:g} µm: check the eucentric height and autofocus",
                recent[-1],
            )
        if all(ctf.defocus > high for ctf in recent):
            yield _warn(
                "ctf.defocus.high",
                f"defocus of the last {count} is {_middle(recent, _defocus) * 1e-4:.2f} µm, above "
                f"the limit of {limits.defocus_max:g} µm: check the eucentric height and autofocus",
                recent[-1],
            )
        if all(ctf.astigmatism > limits.astigmatism_max for ctf in recent):
            yield _warn(
                "ctf.astigmatism.high",
                f"astigmatism of the last {count} is {_middle(recent, _astigmatism):.0f} Å, above "
                f"the limit of {limits.astigmatism_max:g} Å: correct the objective stigmator",
                max(recent, key=_astigmatism),
            )
        if all(self._ends_early(ctf) for ctf in recent):
            yield _warn(
                "ctf.resolution.low",
                f"Thon rings of the last {count} end at {_middle(recent, _resolution):.1f} Å, "
                f"worse than the limit of {self._coarsest(recent[-1]):g} Å: "
                "look at ice thickness, drift and contamination",
                max(recent, key=_resolution),
            )

    def _share(self, ctfs: Sequence[Ctf]) -> Iterator[Alert]:
        limits = self.parameters
        out = {
            "resolution": [ctf for ctf in ctfs if self._ends_early(ctf)],
            "astigmatism": [ctf for ctf in ctfs if ctf.astigmatism > limits.astigmatism_max],
            "defocus": [
                ctf
                for ctf in ctfs
                if not limits.defocus_min * 1e4 <= ctf.defocus <= limits.defocus_max * 1e4
            ],
        }
        bad = {ctf.exposure for group in out.values() for ctf in group}
        if len(bad) > limits.bad_share * len(ctfs):
            reasons = ", ".join(f"{name} of {len(group)}" for name, group in out.items() if group)
            yield _warn(
                "ctf.bad",
                f"{len(bad)} of the last {len(ctfs)} micrographs are outside the limits "
                f"({reasons}): look at the ice, the stigmator and the gain reference, "
                "and whether to go to another grid square",
                [ctf for ctf in ctfs if ctf.exposure in bad][-1],
            )

    def _changes(self, ctfs: Sequence[Ctf]) -> Iterator[Alert]:
        # Without rings the fitted numbers mean nothing, and would look like a jump.
        known = [ctf for ctf in ctfs if not self._ends_early(ctf)]
        after = self.parameters.for_last
        vectors = np.array([_vector(ctf) for ctf in known]).reshape(-1, 2)
        jump = find_jump(vectors, self.parameters.astigmatism_jump, after)
        if jump:
            yield _warn(
                "ctf.astigmatism.jump",
                f"astigmatism changed by {jump.size:.0f} Å at {known[jump.place].exposure}: "
                f"from {_polar(jump.before)} in the {jump.place} micrographs before to "
                f"{_polar(jump.after)} in the {len(known) - jump.place} since: "
                "check the objective stigmator and what was changed then",
                known[jump.place],
            )
        defoci = np.array([[ctf.defocus] for ctf in known]).reshape(-1, 1)
        jump = find_jump(defoci, self.parameters.defocus_jump * 1e4, after)
        if jump:
            yield _warn(
                "ctf.defocus.jump",
                f"defocus changed by {jump.size * 1e-4:.2f} µm at {known[jump.place].exposure}: "
                f"from a median of {jump.before[0] * 1e-4:.2f} µm in the {jump.place} micrographs "
                f"before to {jump.after[0] * 1e-4:.2f} µm since: check the eucentric height, "
                "autofocus, and whether the target defocus was changed",
                known[jump.place],
            )


def order_taken(name: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    """Sorts exposures by the last date and time in their names, and then by the names themselves.

    Numbers in a name count as numbers: ``grid_9`` comes before ``grid_10``.
    """
    times = _TIME.findall(name)
    parts = re.split(r"(\d+)", name)
    natural = tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
    return ("".join(times[-1]) if times else "", natural)


@dataclass(frozen=True, slots=True)
class Jump:
    """A sudden change in a series of measurements."""

    place: int
    """Index of the first measurement after it."""
    before: NDArray[np.float64]
    """Median before."""
    after: NDArray[np.float64]
    """Median since."""
    size: float
    """Length of the difference."""


def find_jump(values: NDArray[np.float64], smallest: float, after: int) -> Jump | None:
    """The sudden change in a series, or None.

    The series is cut in two where the distances to the medians of both parts add up to least.
    That is a change when the medians differ by more than `smallest` and by more than four
    standard deviations of their difference, estimated from the mean absolute deviation of each
    part: few values of a cycle may happen to lie close together but for one. A series that cycles
    through several defoci scatters much, so the cycle is not taken for a change; and a change is
    the new normal once fewer than six are left from before it.

    Parameters
    ----------
    values
        ``(n, components)``, oldest first.
    smallest
        In the unit of `values`.
    after
        Fewest measurements since the change; six are needed before it.
    """
    cuts = range(2, len(values) - 1)
    if not cuts:
        return None
    cut_ = min(cuts, key=lambda cut: _distances(values[:cut]) + _distances(values[cut:]))
    if cut_ < _EARLIER or len(values) - cut_ < after:
        return None
    before, since = values[:cut_], values[cut_:]
    first, second = np.median(before, axis=0), np.median(since, axis=0)
    size = float(np.linalg.norm(second - first))
    if size <= max(smallest, _SURE * math.hypot(_error(before), _error(since))):
        return None
    return Jump(cut_, first, second, size)


def _distances(values: NDArray[np.float64]) -> float:
    """Sum of the distances to the median."""
    return float(np.linalg.norm(values - np.median(values, axis=0), axis=1).sum())


def _error(values: NDArray[np.float64]) -> float:
    """Standard error of the median of `values`."""
    distance = np.linalg.norm(values - np.median(values, axis=0), axis=1)
    return float(distance.mean() * math.pi / 2.0 / math.sqrt(len(values)))


def _warn(key: str, message: str, shown: Ctf) -> Alert:
    return Alert(key=key, level="warning", message=message, exposure=shown.exposure)


def _middle(ctfs: Sequence[Ctf], of: Callable[[Ctf], float]) -> float:
    return float(np.median([of(ctf) for ctf in ctfs]))


def _defocus(ctf: Ctf) -> float:
    return ctf.defocus


def _astigmatism(ctf: Ctf) -> float:
    return ctf.astigmatism


def _resolution(ctf: Ctf) -> float:
    return ctf.resolution


def _vector(ctf: Ctf) -> tuple[float, float]:
    """Astigmatism as a vector, Å: its direction counts, and turning by 180° is no change."""
    twice = math.radians(2.0 * ctf.angle)
    return ctf.astigmatism * math.cos(twice), ctf.astigmatism * math.sin(twice)


def _polar(vector: NDArray[np.float64]) -> str:
    angle = 0.5 * math.degrees(math.atan2(vector[1], vector[0]))
    return f"{np.linalg.norm(vector):.0f} Å along {angle:.0f}°"
