"""Lasting changes for the worse over the updates of the first 3D map, and their likely cause."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from icestream.model import Alert, Volume
from icestream.processing.changes.detect import LastingChange
from icestream.processing.changes.updates import worse_since
from icestream.protocols.causes import Cause, CauseRule, Evidence, find_cause

__all__ = ["MAP_CAUSES", "worse_map"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """A value of a map, larger is worse, and what is expected of it."""

    name: str
    value: Callable[[Volume], float | None]
    noise: float
    smallest: float


_WATCHED = (
    _Watched(
        name="map resolution",
        # Where views are uneven no one number holds in all directions.
        value=lambda made: math.log(made.resolution) if made.even and made.resolution > 0 else None,
        noise=0.05,
        smallest=math.log(1.2),
    ),
    _Watched(
        name="views",
        value=lambda made: -made.efficiency,
        noise=0.05,
        smallest=0.2,
    ),
)

MAP_CAUSES: tuple[CauseRule, ...] = (
    CauseRule(
        cause=Cause(
            name="symmetry",
            words="another symmetry was found",
            advice="compare the maps; give the symmetry to the step that makes the map, if you "
            "know it",
        ),
        any_of=("symmetry±",),
    ),
    CauseRule(
        cause=Cause(
            name="fewer particles in the map",
            words="it is made of fewer particles than before",
            advice="look at which classes were selected before and since",
        ),
        any_of=("map particles-",),
    ),
    CauseRule(
        cause=Cause(
            name="one side",
            words="more and more particles lie on few sides",
            advice="look for classes of other views that were left out, tilt the stage, or try "
            "another grid, support film or detergent",
        ),
        any_of=("views+",),
    ),
    CauseRule(
        cause=Cause(
            name="worse particles",
            words="the particles that came since are worse, or of another shape, or the map was "
            "begun anew from a worse start",
            advice="look at the classes and at the micrographs since, and at what else has changed",
        ),
        any_of=("map resolution+",),
    ),
)
"""Read from the top, as `icestream.protocols.causes.CAUSES`."""


def worse_map(updates: Sequence[Volume]) -> Alert | None:
    """What has lastingly become worse over the updates of the map; None where nothing has.

    Nothing is said of fewer than five updates: three before a change and two since.
    """
    made = [update for update in updates if update.map is not None]
    found: dict[str, tuple[LastingChange, list[Volume]]] = {}
    for watched in _WATCHED:
        known = [(one, value) for one in made if (value := watched.value(one)) is not None]
        values = np.array([value for _, value in known], dtype=np.float64)
        change = worse_since(values, watched.noise, watched.smallest)
        if change is not None:
            found[watched.name] = (change, [one for one, _ in known])
    if not found:
        return None
    name, (change, known_updates) = max(found.items(), key=lambda one: one[1][0].score)
    first, before = known_updates[change.first], known_updates[change.first - 1]
    cause = _cause(frozenset(found), before, first)
    also = f" (with it: {', '.join(_words(*one) for one in _others(found, name))})"
    return Alert(
        key="volume.worse",
        level="warning",
        message=f"{_words(name, change)} at update {first.iteration}: {cause.words}"
        f"{also if len(found) > 1 else ''}. What to do: {cause.advice}",
        cause=cause.words,
    )


def _others(
    found: dict[str, tuple[LastingChange, list[Volume]]], lead: str
) -> list[tuple[str, LastingChange]]:
    return [(name, change) for name, (change, _) in found.items() if name != lead]


def _cause(found: frozenset[str], before: Volume, first: Volume) -> Cause:
    """The cause of changes that were found, by what else differs between two updates."""
    changed = dict.fromkeys(found, 1)
    if first.symmetry != before.symmetry:
        changed["symmetry"] = 1
    if first.particles < 0.8 * before.particles:
        changed["map particles"] = -1
    evidence = Evidence(changed=changed, found=frozenset(changed))
    return find_cause(evidence, MAP_CAUSES)


def _words(name: str, change: LastingChange) -> str:
    """``resolution of the 3D map got worse from 9.1 to 12.3 Å``."""
    before = float(change.before[0])
    now = before + float(change.size[0])
    if name == "views":
        return f"views of the 3D map got less even, from {-before:.2f} to {-now:.2f} (1 is even)"
    worse = f"from {math.exp(before):.1f} to {math.exp(now):.1f} Å"
    return f"resolution of the 3D map got worse {worse}"
