"""The likely cause of a change, by what changed together, where, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["CAUSES", "UNCLEAR", "Cause", "CauseRule", "Evidence", "find_cause"]

Where = Literal["all", "square", "group"]
"""Whether exposures of all squares and groups show it, those of one square alone, or of one
exposure group alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What changed at one moment."""

    changed: Mapping[str, int]
    """Streams (`icestream.protocols.streams`) that changed, each with the sign of its change."""
    found: frozenset[str] = frozenset()
    """Those that were found by themselves; the others are seen to have changed with them."""
    where: Where = "all"
    gradual: bool = False
    """Whether it grows, instead of having come at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What is likely to have happened, and what to do."""

    name: str
    words: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRule:
    """A row of the table: evidence that a cause explains."""

    cause: Cause
    any_of: tuple[str, ...]
    """Changes of which one at least is there: a stream with ``+``, ``-``, or ``±`` for either."""
    all_of: tuple[str, ...] = ()
    """Changes that are there as well."""
    none_of: tuple[str, ...] = ()
    """Changes that are not there."""
    where: tuple[Where, ...] = ("all", "square", "group")
    how: tuple[Literal["sudden", "gradual"], ...] = ("sudden", "gradual")


UNCLEAR = Cause(
    name="unclear",
    words="the cause is unclear",
    advice="look at the micrographs before and since, and at what was done at the microscope then",
)

_ICE = ("ice ring+", "thickness+")
_CAMERA = ("gain residual+", "stripes+")


def _cause(name: str, words: str, advice: str) -> Cause:
    return Cause(name=name, words=words, advice=advice)


CAUSES: tuple[CauseRule, ...] = (
    CauseRule(
        cause=_cause(
            "gain",
            "the gain reference is out of date",
            "record a new one, or use the one that is estimated from the movies",
        ),
        any_of=_CAMERA,
        none_of=("astigmatism±",),
    ),
    CauseRule(
        cause=_cause(
            "ice on a square",
            "the ice is thicker on this square",
            "go to another square if the fit resolution suffers",
        ),
        any_of=_ICE,
        where=("square",),
        how=("sudden",),
    ),
    CauseRule(
        cause=_cause(
            "ice",
            "ice thickens",
            "contamination grows on the grid: look at the cold trap, at the vacuum, and at how old "
            "the liquid nitrogen of the loader is",
        ),
        any_of=_ICE,
    ),
    CauseRule(
        cause=_cause(
            "astigmatism of a group",
            "the beam tilt of this exposure group is off",
            "check the calibration of image shift against beam tilt and astigmatism",
        ),
        any_of=("astigmatism±",),
        where=("group",),
    ),
    CauseRule(
        cause=_cause(
            "realigned",
            "the beam was realigned, or the objective stigmator was changed",
            "if nobody did, check the stigmator; give these exposures optics groups of their own",
        ),
        any_of=("astigmatism±",),
        where=("all", "square"),
        how=("sudden",),
    ),
    CauseRule(
        cause=_cause(
            "stigmator drifts",
            "the objective stigmator drifts, or the aperture charges",
            "correct the stigmator, and clean or change the objective aperture",
        ),
        any_of=("astigmatism±",),
        how=("gradual",),
    ),
    CauseRule(
        cause=_cause(
            "ice seen by dose",
            "ice thickens",
            "fewer electrons come through and the rings end earlier: look at the ice",
        ),
        any_of=("dose-",),
        all_of=("resolution+",),
        none_of=("astigmatism±",),
        how=("gradual",),
    ),
    CauseRule(
        cause=_cause(
            "fewer electrons",
            "ice thickens, or the beam gets weaker",
            "compare the ice of micrographs before and since; if it is the same, check the "
            "emission, the apertures and the energy slit",
        ),
        any_of=("dose-",),
        none_of=_ICE,
        how=("gradual",),
    ),
    CauseRule(
        cause=_cause(
            "dose fell",
            "the beam is weaker, or the exposure was set anew",
            "check emission, spot size, apertures and the energy slit; the dose weighting relies "
            "on the dose that is set",
        ),
        any_of=("dose-",),
        none_of=_ICE,
    ),
    CauseRule(
        cause=_cause(
            "dose rose",
            "the beam is stronger, or the exposure was set anew",
            "check spot size and beam diameter; the dose weighting relies on the dose that is set",
        ),
        any_of=("dose+",),
    ),
    CauseRule(
        cause=_cause(
            "focus",
            "the eucentric height or the autofocus is off",
            "set the eucentric height anew, on each square if they differ, and run the autofocus "
            "again",
        ),
        any_of=("defocus±",),
    ),
    CauseRule(
        cause=_cause(
            "square moves",
            "the film is loose or broken on this square, or the stage had not settled on it",
            "leave the square, or wait longer after the stage has moved",
        ),
        any_of=("motion+", "early motion+"),
        where=("square",),
    ),
    CauseRule(
        cause=_cause(
            "stage drifts",
            "the stage drifts or vibrates",
            "wait longer after the stage has moved; look at the cooling and at what shakes the "
            "room",
        ),
        any_of=("motion+", "early motion+"),
    ),
    CauseRule(
        cause=_cause(
            "coherence",
            "the beam is less coherent or tilted: the ice, the motion and the dose are as before",
            "check the coma-free alignment, the parallel illumination and the gun",
        ),
        any_of=("resolution+",),
        none_of=("dose-", "defocus±", "astigmatism±", *_ICE),
    ),
    CauseRule(
        cause=_cause(
            "slow",
            "the acquisition has become slower",
            "look at what it waits for: drift, autofocus, the camera, the disk or the network",
        ),
        any_of=("interval+",),
        none_of=("resolution+",),
    ),
    CauseRule(
        cause=_cause(
            "fewer particles",
            "there are fewer particles although the images are as good",
            "look at the ice and at the picks: another square or grid may hold more",
        ),
        any_of=("particles-",),
        none_of=("resolution+", "motion+"),
    ),
)
"""Read from the top: the first row names the cause that holds for a change that was found by
itself; where there is none, the first that holds for one that was seen with it.

What explains more of the others stands before: thick ice also makes resolution worse and takes
electrons, motion makes rings end earlier, and the last rows ask that nothing before them has
changed."""


def find_cause(evidence: Evidence, rules: Sequence[CauseRule] = CAUSES) -> Cause:
    """The cause of the first row of a table that the evidence fits, or `UNCLEAR`."""
    fitting = [rule for rule in rules if _fits(rule, evidence)]
    for rule in fitting:
        there = {one[:-1] for one in rule.any_of if _is_there(evidence, one)}
        if there & evidence.found:
            return rule.cause
    return fitting[0].cause if fitting else UNCLEAR


def _fits(rule: CauseRule, evidence: Evidence) -> bool:
    how = "gradual" if evidence.gradual else "sudden"
    return (
        evidence.where in rule.where
        and how in rule.how
        and any(_is_there(evidence, one) for one in rule.any_of)
        and all(_is_there(evidence, one) for one in rule.all_of)
        and not any(_is_there(evidence, one) for one in rule.none_of)
    )


def _is_there(evidence: Evidence, change: str) -> bool:
    """Whether a change, written as in a rule, is part of the evidence."""
    sign = evidence.changed.get(change[:-1], 0)
    return sign != 0 and (change[-1] == "±" or (sign > 0) == (change[-1] == "+"))
