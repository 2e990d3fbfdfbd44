"""Which symmetry to give to a map: what its halves show, and what held-out particles say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from icestream.processing.classify2d.polar import Float
from icestream.processing.volume.align import center_of, move, turn, varied
from icestream.processing.volume.detect import CANDIDATES, Candidate, find_symmetries
from icestream.processing.volume.fsc import fourier_shell_correlation
from icestream.processing.volume.refine import Observations
from icestream.processing.volume.slices import Map
from icestream.processing.volume.starts import MATCHED, StartPlan, Trial, judge, start_map
from icestream.processing.volume.symmetry import group_order

__all__ = ["Contest", "contenders", "largest", "prefer", "shown_symmetry"]

_KNOWN = 0.5
"""Correlation of the halves down to which shells have a part in the test."""
_LEAST_SHELLS = 3
"""Of those, below which nothing is said."""
_OPEN, _CLEAR = 0.5, 0.8
"""On the way from a rotation at random, 0, to a true one, 1."""
_AS_GOOD = 0.9
"""Of the best agreement: what a larger group must have to be preferred."""
_ALWAYS = {"T": 1.0, "O": 0.5, "I": 0.5}
"""Point groups that a map without symmetry may hide, and that cost little to try. The random
starts of each, over those without symmetry: T is a part of the others, and leads to them."""
_LIKELY, _TRIED = 0.6, 4
"""Of the best agreement, below which no other group is tried; and how many at most."""
_GAIN, _LOSS = 2.0, 1.0
"""In standard errors: what a symmetry must gain, and by how much it may be the second best."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Point groups that were tried on a map."""

    maps: dict[str, Map]
    """The map without symmetry, and one with if that is more likely."""
    trials: tuple[Trial, ...]
    """All that were tried."""


def contenders(
    volume: Map,
    averages: Observations,
    held: Observations,
    plan: StartPlan,
    random: np.random.Generator,
) -> Contest:
    """Try point groups on a map that was made without symmetry.

    A map without symmetry may lie in a dead end: each group that it hints at, and those that cost
    little, are imposed on it, and have a chance from another start.
    """
    centered = move(volume, -center_of(volume))
    shells = np.arange(2, plan.ring(averages.box, MATCHED) + 1)
    symmetries = find_symmetries((centered, centered), shells)
    most = max((each.agreement for each in symmetries), default=0.0)
    likely = [each for each in symmetries if each.agreement > _LIKELY * most]
    likely.sort(key=lambda each: -group_order(each.name))
    shown = {each.name: each for each in likely[:_TRIED]}
    maps, told = {"C1": volume}, {"C1": judge(volume, held, "C1", plan)}
    trials = [Trial("C1", float(told["C1"].mean()), 1.0)]
    for name in dict.fromkeys([*shown, *_ALWAYS]):
        laid = turn(centered, shown[name].rotation, len(volume) // 2 - 2) if name in shown else None
        chances = [None] * max(1, round(_ALWAYS.get(name, 0.0) * plan.starts))
        starts = chances if laid is None else [laid, *chances]
        begun = [start_map(averages, name, plan, random, known) for known in starts]
        asked = [judge(each, held, name, plan) for each in begun]
        best = int(np.argmax([each.mean() for each in asked]))
        maps[name], told[name] = begun[best], asked[best]
        agreement = shown[name].agreement if name in shown else 0.0
        trials.append(Trial(name, float(told[name].mean()), agreement))
    chosen = prefer(told, "C1")
    return Contest({name: maps[name] for name in dict.fromkeys(["C1", chosen])}, tuple(trials))


def shown_symmetry(
    halves: tuple[Map, Map],
    rings: int,
    known: str,
    speak_for: Callable[[Candidate], bool],
) -> Candidate | None:
    """The largest point group above `known` that two halves of a map show; None without any.

    Parameters
    ----------
    halves
        ``(m, m, m)``, centered, refined apart with the point group `known`.
    rings
        Highest shell that may have a part in the test.
    known
        The point group that was imposed, ``C1`` for none.
    speak_for
        Whether held-out particles speak for a group: asked where the halves leave it open.

    Notes
    -----
    What one half has in common with the other turned, over what it has in common with the other
    as it is, says how well a rotation maps the particle onto itself, whatever the noise: both
    halves have noise of their own. What is alike in all directions has no part, nor have shells
    on which the halves correlate by less than 0.5 in the rest.
    """
    varied_halves = (varied(halves[0]), varied(halves[1]))
    known_shells = fourier_shell_correlation(*varied_halves)[: rings + 1] > _KNOWN
    shells = np.flatnonzero(known_shells[2:]) + 2
    if len(shells) < _LEAST_SHELLS:
        return None
    order = group_order(known)
    larger = [n for n in CANDIDATES if group_order(n) > order and group_order(n) % order == 0]
    return largest(find_symmetries(halves, shells, larger), speak_for)


def largest(
    candidates: Sequence[Candidate], speak_for: Callable[[Candidate], bool]
) -> Candidate | None:
    """Of the point groups that agree nearly as well as the best, the largest that holds.

    A group may hold where each of its rotations is nearer to a true one than to one at random.
    It does where each is nearly a true one; between the two, where particles `speak_for` it.
    """
    possible = [each for each in candidates if each.certainty > _OPEN]
    best = max((each.agreement for each in possible), default=0.0)
    equal = [each for each in possible if each.agreement >= _AS_GOOD * best]
    for each in sorted(equal, key=lambda candidate: -group_order(candidate.name)):
        if each.certainty > _CLEAR or speak_for(each):
            return each
    return None


def prefer(told: Mapping[str, Float], known: str) -> str:
    """The point group that held-out particles speak for.

    Parameters
    ----------
    told
        Log-likelihood ratios ``(n,)`` of the same particles for each point group.
    known
        The one to fall back on.

    Notes
    -----
    A group is taken when it makes the particles more likely than `known`, by twice the standard
    error of the mean difference. Of those as good as the best, within one standard error, the
    largest.
    """

    def gain(name: str, over: str) -> float:
        more = told[name] - told[over]
        return float(more.mean() / max(more.std() / np.sqrt(len(more)), 1e-9))

    better = [name for name in told if name != known and gain(name, known) > _GAIN]
    if not better:
        return known
    best = max(better, key=lambda name: float(told[name].mean()))
    return max((name for name in better if gain(best, name) < _LOSS), key=group_order)
