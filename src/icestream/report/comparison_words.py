"""What a comparison of two branches says, in sentences and in numbers for people."""

from collections.abc import Iterator
from math import isfinite

from icestream.model import quality_of
from icestream.report.boxes import Boxes
from icestream.report.comparison import BranchComparison, ComparedStep
from icestream.report.paired import ERROR, FEWEST, Paired

__all__ = ["amount", "boxes_words", "change_words", "is_same", "sided", "verdict"]


def verdict(found: BranchComparison) -> tuple[str, ...]:
    """What can be said of a comparison, in sentences: no more than the numbers carry."""
    told = list(_claims(found))
    if not told:
        compared = any(step.qualities for step in found.steps)
        few = all(len(one.pairs) < FEWEST for step in found.steps for one in step.qualities)
        why = f"fewer than {FEWEST} exposures are too few to tell" if compared and few else ""
        told = [why or "No quality differs by more than chance." if compared else ""]
    told += _facts(found)
    said = tuple(sentence[:1].upper() + sentence[1:] for sentence in told if sentence)
    return said or (_nothing(found),)


def _nothing(found: BranchComparison) -> str:
    """Whether nothing differs, or nothing is there."""
    same = [step.both for step in found.steps if step.identical]
    if not same:
        return "There is nothing to compare yet."
    count = max(same)
    of = "the one exposure" if count == 1 else f"all {count:,} exposures"
    return f"Nothing differs: the results are the same on {of} that both have."


def _claims(found: BranchComparison) -> Iterator[str]:
    """Qualities that differ by more than chance."""
    for step in found.steps:
        for one in step.qualities:
            if not one.is_claimed(found.asked) or one.name.endswith(ERROR):
                continue
            quality = quality_of(one.name)
            up = one.difference > 0
            way = "higher" if up else "lower"
            if quality.better is not None:
                way = "better" if up == (quality.better == "high") else "worse"
            yield (
                f"{quality.title} ({step.name}) is {way} in {found.new}, "
                f"by {change_words(one, signed=False)} on average of "
                f"{len(one.pairs)} exposures."
            )


def is_same(step: ComparedStep) -> bool:
    """Whether nothing at all differs at a step that both have, but time."""
    there = step.old_revision is not None and step.new_revision is not None
    turned = (step.fails.gained, step.fails.lost, step.selects.gained, step.selects.lost)
    return (
        there
        and not step.of_batches
        and bool(step.both)
        and not any(turned)
        and (step.particles is None or step.particles[0] == step.particles[1])
        and not any(one.higher or one.lower for one in step.qualities)
    )


def sided(one: Paired) -> tuple[str, str]:
    """On how many exposures a quantity is better and worse; of time nothing is said."""
    if one.name == "seconds" or not (one.higher or one.lower):
        return "", ""
    if one.better is None:
        return f"{one.higher} higher", f"{one.lower} lower"
    return f"{one.better} better", f"{one.worse} worse"


def change_words(one: Paired, *, signed: bool = True) -> str:
    """The mean difference with its standard error: ``+0.21 ± 0.04 Å``."""
    quality = quality_of(one.name)
    unit = "s" if one.name == "seconds" else quality.shown_unit
    difference, error = one.difference * quality.scale, one.error * quality.scale
    if not (one.higher or one.lower):
        return "the same"
    said = f"{difference:+.3g}".replace("-", "−") if signed else f"{abs(difference):.3g}"
    said += f" ± {error:.2g}" if isfinite(error) and error > 0 else ""
    return f"{said} {unit}".strip()


def amount(name: str, value: float | None, error: float | None = None) -> str:
    """A value as screens show it, with its error where known."""
    if value is None or not isfinite(value):
        return ""
    quality = quality_of(name)
    unit = "s" if name == "seconds" else quality.shown_unit
    said = f"{value * quality.scale:.4g}"
    said += f" ± {error * quality.scale:.2g}" if error is not None and isfinite(error) else ""
    return f"{said} {unit}".strip()


def boxes_words(boxes: Boxes, old: str, new: str) -> str:
    """``boxes on 20 exposures: 410 in both (within 45 Å), 31 only in main, 12 only in fine``."""
    return (
        f"boxes on {boxes.exposures} exposures: {boxes.both:,} in both (within "
        f"{boxes.radius:.0f} Å), {boxes.only_old:,} only in {old}, {boxes.only_new:,} only in {new}"
    )


def _facts(found: BranchComparison) -> Iterator[str]:
    """What is not a mean: exposures that fail or change side, and particles."""
    for step in found.steps:
        gained, lost = len(step.fails.gained), len(step.fails.lost)
        if gained or lost:
            yield (
                f"at {step.name} {gained} that failed {_are(gained)} processed, "
                f"and {lost} {_are(lost)} lost."
            )
        gained, lost = len(step.selects.gained), len(step.selects.lost)
        if gained or lost:
            yield f"at {step.name} {gained} more {_are(gained)} let through, and {lost} held back."
        if step.particles is not None and step.particles[0] != step.particles[1]:
            old, new = step.particles
            yield f"at {step.name} there are {new:,} particles instead of {old:,}."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
