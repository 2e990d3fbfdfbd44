"""Lasting changes for the worse over the updates of the first 3D map, and their likely cause."""

import math
from collections.abc import Sequence

from icestream.model import Alert, Volume
from icestream.processing.changes.detect import LastingChange
from icestream.protocols.causes import Cause, CauseRule, Evidence, find_cause
from icestream.protocols.followed import Followed, worse_alert, worse_of

__all__ = ["MAP_CAUSES", "worse_map"]


_FOLLOWED: tuple[Followed[Volume], ...] = (
    Followed(
        name="map resolution",
        # Where views are uneven no one number holds in all directions.
        value=lambda made: math.log(made.resolution) if made.even and made.resolution > 0 else None,
        noise=0.05,
        smallest=math.log(1.2),
    ),
    Followed(
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
    found = worse_of(_FOLLOWED, [update for update in updates if update.map is not None])
    if not found:
        return None
    surest = next(iter(found.values()))
    cause = _cause(frozenset(found), surest.before, surest.first)
    return worse_alert("volume.worse", found, cause, _words, f"update {surest.first.iteration}")


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
