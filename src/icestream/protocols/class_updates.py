"""Lasting changes for the worse over the updates of the 2D classes, and their likely cause."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from icestream.model import Alert, Classes
from icestream.processing.changes.detect import LastingChange
from icestream.protocols.causes import Cause, CauseRule, Evidence, find_cause
from icestream.protocols.followed import Followed, worse_alert, worse_of

__all__ = [
    "CLASS_CAUSES",
    "class_resolution",
    "classes_in_use",
    "good_share",
    "since_begun",
    "worse_classes",
]

Floats = NDArray[np.float64]

_YOUNG = 1000
"""Particles below which classes still form, and say nothing of the particles."""


def class_resolution(classes: Classes) -> float | None:
    """Å: the mean over the particles in good classes, of the logarithm; None: none is known."""
    resolution = _column(classes.resolution)
    weights = _column(classes.counts) * _good(classes) * (resolution > 0)
    if not weights.sum():
        return None
    return math.exp(float(np.average(np.log(np.maximum(resolution, 1e-3)), weights=weights)))


def good_share(classes: Classes) -> float | None:
    """Share of the particles that are in good classes; None where nobody has judged."""
    counts = _column(classes.counts)
    if classes.selected is None or not counts.sum():
        return None
    return float(counts @ _good(classes) / counts.sum())


def classes_in_use(classes: Classes) -> float | None:
    """Effective number of classes: as many of equal size hold the particles as evenly."""
    counts = _column(classes.counts)
    shares = counts[counts > 0] / max(float(counts.sum()), 1.0)
    return math.exp(-float(shares @ np.log(shares))) if len(shares) else None


def _log_resolution(classes: Classes) -> float | None:
    known = class_resolution(classes)
    return None if known is None else math.log(known)


def _bad_share(classes: Classes) -> float | None:
    known = good_share(classes)
    return None if known is None else 1.0 - known


def _in_few(classes: Classes) -> float | None:
    known = classes_in_use(classes)
    return None if known is None else -math.log(known)


_FOLLOWED: tuple[Followed[Classes], ...] = (
    Followed(name="class resolution", value=_log_resolution, noise=0.05, smallest=math.log(1.2)),
    Followed(name="bad share", value=_bad_share, noise=0.04, smallest=0.15),
    Followed(name="in few", value=_in_few, noise=0.08, smallest=math.log(1.5)),
)

CLASS_CAUSES: tuple[CauseRule, ...] = (
    CauseRule(
        cause=Cause(
            name="worse particles",
            words="the particles since are worse: of thicker ice, out of focus, or broken",
            advice="look at the micrographs and their picks since, and at what else has changed",
        ),
        any_of=("bad share+",),
        all_of=("class resolution+",),
    ),
    CauseRule(
        cause=Cause(
            name="picked junk",
            words="more of what is picked is no particle",
            advice="look at the picks on the micrographs since, for carbon, ice and edges, and "
            "raise the picker's threshold if they are there",
        ),
        any_of=("bad share+",),
    ),
    CauseRule(
        cause=Cause(
            name="more classes",
            words="the particles are spread over more classes than before",
            advice="wait for more particles, or ask for fewer classes",
        ),
        any_of=("class resolution+",),
        all_of=("classes+",),
    ),
    CauseRule(
        cause=Cause(
            name="other particles",
            words="the particles that came since blur the classes: they are worse, or of another "
            "shape",
            advice="look at the classes and at the micrographs since",
        ),
        any_of=("class resolution+",),
    ),
    CauseRule(
        cause=Cause(
            name="few classes take all",
            words="more and more particles go to few classes: most are seen from one side, or "
            "look alike",
            advice="look whether the largest classes are sharp; if so tilt the stage or try "
            "another grid, support film or detergent, if not look at the picks",
        ),
        any_of=("in few+",),
    ),
)
"""Read from the top, as `icestream.protocols.causes.CAUSES`."""


def since_begun(updates: Sequence[Classes]) -> list[Classes]:
    """The updates since the classes were last begun anew, as where the picker was taught."""
    begun = 0
    for place in range(1, len(updates)):
        before, now = updates[place - 1], updates[place]
        anew = now.iteration <= before.iteration or now.particles < before.particles
        if anew or (now.box, now.diameter) != (before.box, before.diameter):
            begun = place
    return list(updates[begun:])


def worse_classes(updates: Sequence[Classes]) -> Alert | None:
    """What has lastingly become worse over the updates of the classes; None where nothing has.

    Nothing is said of fewer than five updates since the classes were begun: three before a change
    and two since. Those of fewer than a thousand particles are not looked at.
    """
    formed = [update for update in since_begun(updates) if update.particles >= _YOUNG]
    found = worse_of(_FOLLOWED, formed)
    if not found:
        return None
    surest = next(iter(found.values()))
    cause = _cause(frozenset(found), surest.before, surest.first)
    update = f"update {surest.first.iteration} ({surest.first.particles} particles)"
    return worse_alert("classes.worse", found, cause, _words, update)


def _cause(found: frozenset[str], before: Classes, first: Classes) -> Cause:
    """The cause of changes that were found, by what else differs between two updates."""
    changed = dict.fromkeys(found, 1)
    if _used(first) > 1.2 * _used(before):
        changed["classes"] = 1
    return find_cause(Evidence(changed=changed, found=found), CLASS_CAUSES)


def _words(name: str, change: LastingChange) -> str:
    """``particles in good classes fell from 82 to 61 %``."""
    before = float(change.before[0])
    now = before + float(change.size[0])
    if name == "bad share":
        return (
            f"particles in good 2D classes fell from {100 * (1 - before):.0f} to "
            f"{100 * (1 - now):.0f} %"
        )
    if name == "in few":
        return (
            f"2D classes that hold the particles fell from {math.exp(-before):.1f} to "
            f"{math.exp(-now):.1f} (effective number)"
        )
    worse = f"from {math.exp(before):.1f} to {math.exp(now):.1f} Å"
    return f"resolution of the good 2D classes got worse {worse}"


def _good(classes: Classes) -> Floats:
    """1 for classes of particles; for all where nobody has judged."""
    if classes.selected is None:
        return np.ones(len(classes.counts))
    return (_column(classes.selected) > 0).astype(np.float64)


def _used(classes: Classes) -> int:
    return int(np.count_nonzero(_column(classes.counts)))


def _column(values: object) -> Floats:
    return np.asarray(values, dtype=np.float64)
