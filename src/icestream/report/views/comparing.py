"""Two branches side by side for screens: quantities with their errors, exposures and pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from icestream.model import quality_of
from icestream.report.comparison import BranchComparison, ComparedStep, Sides
from icestream.report.comparison_pictures import chosen_exposures
from icestream.report.comparison_words import boxes_words, change_words, is_same, verdict
from icestream.report.paired import Pair, Paired
from icestream.report.views.pictures import ShownPicture, pictures_of_result
from icestream.store import queries
from icestream.store.items import Known
from icestream.store.open import Store
from icestream.store.records import ResultRecord

__all__ = [
    "ComparedNewest",
    "ComparedPoint",
    "ComparedQuantity",
    "ComparedStepView",
    "ComparisonView",
    "PicturePair",
    "comparison_view",
    "picture_pairs",
]

_MOST_POINTS = 2000
_OF_MANY = "made of many exposures"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPoint:
    """One exposure as both branches have it, with standard errors where they are known."""

    exposure: str
    old: float
    new: float
    old_error: float | None
    new_error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedQuantity:
    """A quantity of the exposures that both branches have; values are as they are stored."""

    name: str
    """Of a quality, or ``seconds``."""
    title: str
    unit: str
    """Shown."""
    scale: float
    """Stored value x scale = shown value."""
    old: float | None
    """Mean; null of an angle, which has none."""
    new: float | None
    difference: float | None
    """Mean of the differences, exposure by exposure."""
    error: float | None
    """Standard error of that mean; null where there are too few."""
    words: str
    """``+0.21 ± 0.04 Å``."""
    chance: float
    """Probability that the mean differs from 0 so much by chance."""
    claimed: bool
    """Whether it differs by more than chance, among all quantities that are compared."""
    tone: Literal["good", "bad", "other", ""]
    """What that means, where it is claimed."""
    higher: int
    lower: int
    same: int
    better: int | None
    """Exposures on which it is better; null where nobody has said which way that is."""
    worse: int | None
    count: int
    """Exposures that have it in both."""
    points: tuple[ComparedPoint, ...]
    """At most 2000 of them, evenly spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedNewest:
    """A quality of the newest results of a step on many exposures; as it is stored."""

    name: str
    title: str
    unit: str
    scale: float
    old: float | None
    new: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedStepView:
    """A step that the two branches have differently."""

    name: str
    of_batches: bool
    old_revision: int | None
    """Null: the older branch has no such step."""
    new_revision: int | None
    both: int
    """Exposures, or groups, of which both have a result."""
    only_old: int
    only_new: int
    same: bool
    """Whether nothing at all differs."""
    fails: Sides
    """Exposures that failed and are processed now (gained), and the other way around (lost)."""
    fail_both: int
    selects: Sides
    """Exposures that a selection lets through in the newer branch only, and in the older only."""
    particles: tuple[int, int] | None
    seconds: ComparedQuantity | None
    """Time that an exposure took."""
    qualities: tuple[ComparedQuantity, ...]
    newest: tuple[ComparedNewest, ...]
    boxes: str
    """Whether both pickers drew the same, in words; empty of other steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """What two branches made."""

    old: str
    new: str
    sample: int | None
    """Exposures that the smaller of them is for, chosen over the range of quality; null: all."""
    asked: int
    """Quantities that are compared."""
    changes: tuple[str, ...]
    """What is otherwise in the newer branch, in words."""
    verdict: tuple[str, ...]
    """What can be said, in sentences: no more than the numbers carry."""
    steps: tuple[ComparedStepView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePair:
    """One picture as both branches have it; None where one has none."""

    step: str
    exposure: str
    """Empty: of many."""
    why: str
    """Why this exposure is shown."""
    title: str
    old: tuple[int, ShownPicture] | None
    """Number of the result, and its picture."""
    new: tuple[int, ShownPicture] | None


def comparison_view(found: BranchComparison, changes: Sequence[str]) -> ComparisonView:
    """A comparison for screens, with what was changed in words."""
    return ComparisonView(
        old=found.old,
        new=found.new,
        sample=found.sample,
        asked=found.asked,
        changes=tuple(changes),
        verdict=verdict(found),
        steps=tuple(_step(found, step) for step in found.steps),
    )


def _step(found: BranchComparison, step: ComparedStep) -> ComparedStepView:
    return ComparedStepView(
        name=step.name,
        of_batches=step.of_batches,
        old_revision=step.old_revision,
        new_revision=step.new_revision,
        both=step.both,
        only_old=step.only_old,
        only_new=step.only_new,
        same=step.identical or is_same(step),
        fails=step.fails,
        fail_both=step.fail_both,
        selects=step.selects,
        particles=step.particles,
        seconds=None if step.seconds is None else _quantity(step.seconds, found.asked),
        qualities=tuple(_quantity(one, found.asked) for one in step.qualities),
        newest=tuple(_newest(name, values) for name, values in step.newest.items()),
        boxes="" if step.boxes is None else boxes_words(step.boxes, found.old, found.new),
    )


def _quantity(one: Paired, asked: int) -> ComparedQuantity:
    quality = quality_of(one.name)
    time = one.name == "seconds"
    claimed = not time and one.is_claimed(asked)
    turns = quality.period is not None
    stride = -(-len(one.pairs) // _MOST_POINTS) or 1
    return ComparedQuantity(
        name=one.name,
        title="Seconds for an exposure" if time else quality.title,
        unit="s" if time else quality.shown_unit,
        scale=quality.scale,
        old=None if turns else _known(one.old),
        new=None if turns else _known(one.new),
        difference=_known(one.difference),
        error=_known(one.error),
        words=change_words(one),
        chance=one.chance,
        claimed=claimed,
        tone=_tone(one) if claimed else "",
        higher=one.higher,
        lower=one.lower,
        same=one.same,
        better=one.better,
        worse=one.worse,
        count=len(one.pairs),
        points=tuple(_point(pair) for pair in one.pairs[::stride]),
    )


def _tone(one: Paired) -> Literal["good", "bad", "other", ""]:
    way = quality_of(one.name).better
    if way is None:
        return "other"
    return "good" if (one.difference > 0) == (way == "high") else "bad"


def _point(pair: Pair) -> ComparedPoint:
    return ComparedPoint(
        exposure=pair.exposure,
        old=pair.old,
        new=pair.new,
        old_error=_known(pair.old_error),
        new_error=_known(pair.new_error),
    )


def _newest(name: str, values: tuple[float | None, float | None]) -> ComparedNewest:
    quality = quality_of(name)
    return ComparedNewest(
        name=name,
        title=quality.title,
        unit=quality.shown_unit,
        scale=quality.scale,
        old=_known(values[0]),
        new=_known(values[1]),
    )


def _known(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def picture_pairs(store: Store, found: BranchComparison, known: Known) -> Iterator[PicturePair]:
    """Pictures of the steps that differ: of a few exposures, and the newest of many at once."""
    sides = (found.old, found.new)
    for exposure, why in chosen_exposures(found).items():
        records = [queries.results_of(store, exposure, branch=branch) for branch in sides]
        for step in found.steps:
            if not (step.of_batches or step.identical):
                pair = [each.get(step.name) for each in records]
                yield from _pairs(store, pair, (step.name, exposure, why), known)
    for step in found.steps:
        if step.of_batches:
            there = [{one.name for one in queries.steps(store, branch=b)} for b in sides]
            newest = [
                next(iter(queries.latest_results(store, step.name, limit=1, branch=branch)), None)
                if step.name in names
                else None
                for branch, names in zip(sides, there, strict=True)
            ]
            yield from _pairs(store, newest, (step.name, "", _OF_MANY), known)


def _pairs(
    store: Store,
    records: Sequence[ResultRecord | None],
    about: tuple[str, str, str],
    known: Known,
) -> Iterator[PicturePair]:
    """The pictures of one result beside those of another of the same title."""
    step, exposure, why = about
    found: list[Mapping[str, tuple[int, ShownPicture]]] = [
        {}
        if record is None
        else {one.title: (record.id, one) for one in pictures_of_result(store, record, known)}
        for record in records
    ]
    for title in {**found[0], **found[1]}:
        yield PicturePair(
            step=step,
            exposure=exposure,
            why=why,
            title=title,
            old=found[0].get(title),
            new=found[1].get(title),
        )
