"""Which symmetry to give to a map: what it shows, and what held-out particles say of it."""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from icestream.processing.classify2d.polar import Float
from icestream.processing.volume.align import turn
from icestream.processing.volume.detect import find_symmetries
from icestream.processing.volume.slices import Map
from icestream.processing.volume.starts import Trial
from icestream.processing.volume.symmetry import group_order

__all__ = ["Choice", "choose_symmetry", "prefer"]

_LIKELY = 0.6
"""Of the best agreement of a point group, below which another is not tried."""
_TRIED = 4
"""Point groups that are tried."""
_GAIN, _LOSS = 2.0, 1.0
"""In standard errors: what a symmetry must gain, and by how much it may be the second best."""
_PLAIN = 0.75
"""Agreement of a map with itself that is a symmetry, if the particles do not speak against it."""
_SLIGHT = 0.02
"""Of the likelihood: what imposing a plain symmetry may cost by interpolation alone."""

Choice = tuple[str, Map, tuple[Trial, ...]]
"""A point group, the map with it, and all that were tried."""


def choose_symmetry(
    volume: Map,
    known: str,
    rings: int,
    impose: Callable[[str, Map | None], Map],
    judge: Callable[[str, Map], Float],
    always: Sequence[str] = (),
) -> Choice:
    """Try the larger point groups that a map shows.

    Parameters
    ----------
    volume
        ``(m, m, m)``, centered.
    known
        The point group that it has already, ``C1`` for none.
    rings
        Highest shell in which symmetry is looked for.
    impose
        Makes a map with a symmetry, from the name of the group and the map with its axes laid
        where that has them, or without one.
    judge
        Log-likelihood ratios ``(n,)`` of held-out particles for a map with a symmetry.
    always
        Groups that are tried even where the map does not show them.
    """
    order = group_order(known)
    found = [each for each in find_symmetries(volume, rings) if group_order(each.name) > order]
    most = max((each.agreement for each in found), default=0.0)
    likely = [each for each in found if each.agreement > _LIKELY * most]
    likely.sort(key=lambda each: -group_order(each.name))
    maps, told = {known: volume}, {known: judge(known, volume)}
    trials = [Trial(known, float(told[known].mean()), 1.0)]
    plain = {each.name for each in likely if each.agreement > _PLAIN}
    shown = {each.name: each for each in likely[:_TRIED]}
    for name in dict.fromkeys([*shown, *always]):
        laid, agreement = None, 0.0
        if name in shown:
            laid = turn(volume, shown[name].rotation, len(volume) // 2 - 2)
            agreement = shown[name].agreement
        maps[name] = impose(name, laid)
        told[name] = judge(name, maps[name])
        trials.append(Trial(name, float(told[name].mean()), agreement))
    chosen = prefer(told, known, plain)
    return chosen, maps[chosen], tuple(trials)


def prefer(told: Mapping[str, Float], known: str, plain: Collection[str] = ()) -> str:
    """The point group that held-out particles speak for.

    Parameters
    ----------
    told
        Log-likelihood ratios ``(n,)`` of the same particles for each point group.
    known
        The one to fall back on.
    plain
        Groups that the map shows so clearly that it is enough if no particle speaks against them.

    Notes
    -----
    A group is taken when it makes the particles more likely than `known`, by twice the standard
    error of the mean difference; a plain one unless it costs more than a fiftieth of the
    likelihood. Of those as good as the best, within one standard error, the largest.
    """

    def gain(name: str, over: str) -> float:
        more = told[name] - told[over]
        return float(more.mean() / max(more.std() / np.sqrt(len(more)), 1e-9))

    def stands(name: str, over: str) -> bool:
        loss = float((told[over] - told[name]).mean())
        return name in plain and loss < _SLIGHT * float(told[over].mean())

    others = [name for name in told if name != known]
    better = [name for name in others if gain(name, known) > _GAIN or stands(name, known)]
    if not better:
        return known
    best = max(better, key=lambda name: float(told[name].mean()))
    equal = [name for name in better if gain(best, name) < _LOSS or stands(name, best)]
    return max(equal, key=group_order)
