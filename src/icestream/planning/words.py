"""A plan in words and as a document: what was measured, what was assumed, what follows."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from icestream.planning.cameras import CameraKind
from icestream.planning.costs import StepCost
from icestream.planning.disk import DiskPace
from icestream.planning.model import CapacityPlan, Requirement
from icestream.planning.rehearsal import Rehearsed

__all__ = [
    "Basis",
    "assumed",
    "cost_rows",
    "day_rows",
    "full_words",
    "measured",
    "need_rows",
    "pace_lines",
    "plan_document",
    "size_words",
]

_BUSY = 1.5
"""Seconds in which a core was held for a second of computing, beyond which it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a plan was told from."""

    session: str = ""
    """Folder of the session whose results were read; empty where it was measured here."""
    rehearsed: Rehearsed | None = None
    camera: CameraKind | None = None
    particles: int = 0
    """In each simulated movie."""
    folder: str
    """Whose disk was measured."""
    disk: DiskPace | None
    rules: str
    """Whose rules say how long data stay."""


def size_words(count: float) -> str:
    """Bytes for people."""
    for limit, unit in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if count >= limit:
            return f"{count / limit:.3g} {unit}"
    return f"{count / 1e3:.3g} kB"


def measured(made: CapacityPlan, basis: Basis) -> Iterator[str]:
    """What was measured, and how."""
    costs, rehearsed, camera = made.costs, basis.rehearsed, basis.camera
    if rehearsed is not None and camera is not None:
        height, width = camera.shape
        yield (
            f"steps: {costs.exposures:,} names of one simulated movie ({camera.name}, {width} x "
            f"{height} pixels, {camera.frames} frames, {size_words(costs.movie)}) were processed "
            f"for {rehearsed.seconds:.0f} s on {_many(rehearsed.cores, 'core')} of this machine"
        )
    else:
        yield (
            f"steps: the newest results of {basis.session}, which has "
            f"{_many(costs.exposures, 'exposure')}"
        )
    if costs.per_core > _BUSY:
        yield (
            f"the machine was busy: a task held its core {costs.per_core:.1f} times as long as it "
            "computed. Costs are seconds of computing, so they hold nearly all the same"
        )
    if basis.disk is not None:
        disk = basis.disk
        yield (
            f"disk of {basis.folder}: takes {_pace(disk.write)} and gives {_pace(disk.read)}, "
            f"one file of {size_words(disk.size)} at a time"
        )
    else:
        yield f"disk of {basis.folder}: not measured"


def assumed(made: CapacityPlan, basis: Basis) -> Iterator[str]:
    """What was not measured."""
    demand, costs = made.demand, made.costs
    if basis.camera is not None:
        camera = basis.camera
        yield (
            f"movies are like that one: {camera.dose_per_frame:g} e/Å² in each frame, "
            f"{camera.pixel_size:g} Å a pixel, {basis.particles} particles"
        )
    yield "cores of other machines are as fast as these, and so are all of them together"
    left = basis.rehearsed.left_out if basis.rehearsed is not None else ()
    if nothing := sorted({*costs.unknown, *left}):
        yield (
            f"{', '.join(nothing)}: taken to cost nothing, for no task of them ended; measure for "
            "longer (--seconds), or plan from a session of some hours (--from)"
        )
    yield from _once(made)
    if costs.engine == 0:
        yield "the session's own process, the report and the web server: not counted"
    else:
        yield "the web server: not counted"
    yield (
        f"what is needed is {100 * demand.spare:.0f} % more than the mean, for faster runs and for "
        "what has to be caught up with"
    )
    yield (
        "each movie is copied onto the disk of the sessions, and read once from there; of results, "
        "those that another step reads, once: what comes again comes from memory"
    )
    yield f"movies come in {demand.hours:g} h of each day; how long data stay: {basis.rules}"


def _once(made: CapacityPlan) -> Iterator[str]:
    """What a session takes beside what each exposure costs."""
    whole = f"a session has {made.demand.session:,.0f} exposures"
    anew = [step.name for step in made.measured.steps if step.anew]
    if anew and (lessons := [one for one in made.measured.lessons if one <= made.demand.session]):
        counts = " and ".join(f"{math.ceil(one):,}" for one in lessons)
        yield (
            f"{whole}; the first {counts} go through {', '.join(anew)} once more, when the classes "
            "teach the picker"
        )
    once = [
        f"{step.name} {step.once:.3g} s"
        + (
            f" with {math.ceil(step.first):,} and each time there are twice as many"
            * (step.first > 0)
        )
        for step in made.measured.steps
        if step.once >= 1.0
    ]
    if once:
        yield f"{whole}, which share what is not taken for each, of a core: {', '.join(once)}"


def cost_rows(made: CapacityPlan) -> Iterator[tuple[str, ...]]:
    """Each step: what it takes for an exposure."""
    for step in sorted(made.costs.steps, key=lambda step: -step.seconds):
        yield (
            step.name,
            f"{step.seconds:.3g}",
            size_words(step.memory),
            str(step.gpus) if step.gpus else "",
            size_words(sum(step.writes.values())) if step.writes else "",
            f"{step.tasks}{' (gathers)' if step.gathers else ''}",
        )
    if made.costs.engine:
        yield ("the session itself", f"{made.costs.engine:.3g}", "", "", "", "")


def pace_lines(made: CapacityPlan) -> Iterator[str]:
    """What the machine keeps up with, and what limits it."""
    demand, limit = made.demand, made.bottleneck
    several = f"; with {demand.microscopes}, {_rate(made.together)} in all"
    yield (
        f"this machine ({_many(made.hardware.cores, 'core')}, {size_words(made.hardware.memory)}"
        f"{_gpu_words(made.hardware.gpus)}) keeps up with {_rate(made.alone)} of one microscope"
        f"{several if demand.microscopes > 1 else ''}"
    )
    if made.keeps_up:
        spare = made.together / demand.total - 1.0
        has = f", with {100 * spare:.0f} % to spare" if math.isfinite(spare) else ""
        yield f"asked are {_rate(demand.total)}: it keeps up{has}"
    else:
        slow = 1.0 - made.together / demand.total
        yield f"asked are {_rate(demand.total)}: it is {100 * slow:.0f} % too slow"
    if math.isfinite(limit.rate):
        step = made.dearest
        yield f"the bottleneck: {limit.resource}{'' if step is None else _share(made, step)}"
        others = [one for one in made.limits[1:] if math.isfinite(one.rate)]
        if others:
            yield "then: " + ", ".join(f"{one.resource} at {_rate(one.rate)}" for one in others)


def _share(made: CapacityPlan, step: StepCost) -> str:
    if made.bottleneck.resource == "disk":
        return f"; of the steps, {step.name} writes most"
    if made.bottleneck.resource != "cores":
        return f"; {step.name} holds most of it"
    part = step.seconds / made.costs.seconds
    return (
        f"; an exposure takes {made.costs.seconds:.3g} s of a core, {100 * part:.0f} % of that "
        f"{step.name}"
    )


def need_rows(made: CapacityPlan) -> Iterator[tuple[str, str, str]]:
    """What is needed: of what, for all microscopes, for one."""
    for_all, for_one = _needs(made.needed), _needs(made.each)
    yield from ((name, for_all[name], for_one[name]) for name in for_all)
    machines = "none of them can: see GPUs" if made.machines == 0 else str(made.machines)
    how = "a session over several of them" if made.spread else "a session runs on one"
    yield "machines like this one", machines, how if made.machines else ""


def _needs(one: Requirement) -> dict[str, str]:
    return {
        "cores": f"{math.ceil(round(one.cores, 9)):,}",
        "memory": size_words(one.memory),
        "GPUs": str(math.ceil(round(one.gpus, 9))),
        "disks take": _pace(one.write),
        "disks give": _pace(one.read),
    }


def day_rows(made: CapacityPlan) -> Iterator[tuple[str, str, str, str]]:
    """Each class of data: what comes in a day, how long it stays, and what lies there then."""
    for one in made.stays:
        for_ever = math.isinf(one.days)
        yield (
            one.kind,
            size_words(one.a_day),
            "for ever" if for_ever else f"{one.days:g} days",
            f"{size_words(365 * one.a_day)} more each year" if for_ever else size_words(one.level),
        )
    whole = sum(one.a_day for one in made.stays)
    staying = sum(one.level for one in made.stays if math.isfinite(one.days))
    growing = sum(one.a_day for one in made.stays if math.isinf(one.days))
    lies = [size_words(staying)] if staying else []
    lies += [f"{size_words(365 * growing)} more each year"] if growing else []
    yield "all", size_words(whole), "", ", and ".join(lies)


def full_words(made: CapacityPlan) -> str:
    """When the disk is full."""
    if made.hardware.free is None:
        return ""
    free = f"{size_words(made.hardware.free)} are free"
    if math.isinf(made.full_in):
        return f"{free}: enough for what stays"
    return f"{free}: full after {_days(made.full_in)}"


def plan_document(made: CapacityPlan, basis: Basis) -> dict[str, Any]:
    """The plan for programs: bytes, seconds, movies an hour; null where there is no end to it."""
    step = made.dearest
    document: dict[str, Any] = _finite(
        {
            "asked": asdict(made.demand),
            "workflow": made.costs.workflow,
            "measured": {
                "how": list(measured(made, basis)),
                "steps": [asdict(one) for one in made.measured.steps],
                "lessons": list(made.measured.lessons),
                "engine": made.costs.engine,
                "seconds": made.costs.seconds,
                "movie": made.costs.movie,
                "exposures": made.costs.exposures,
                "per_core": made.costs.per_core,
                "machine": asdict(made.hardware),
            },
            "assumed": list(assumed(made, basis)),
            "keeps_up": made.keeps_up,
            "able": {"one": made.alone, "all": made.together},
            "limits": {one.resource: one.rate for one in made.limits},
            "bottleneck": {
                "resource": made.bottleneck.resource,
                "step": None if step is None else step.name,
            },
            "needed": {"all": asdict(made.needed), "each": asdict(made.each)},
            "machines": made.machines or None,
            "spread": made.spread,
            "a_day": {one.kind: one.a_day for one in made.stays},
            "stays": {one.kind: {"days": one.days, "bytes": one.level} for one in made.stays},
            "full_in_days": made.full_in,
        }
    )
    return document


def _finite(value: Any) -> Any:
    """The same without infinity, which JSON has not."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(one) for one in value]
    return value


def _pace(count: float) -> str:
    return f"{count / 1e6:,.0f} MB/s" if count >= 1e7 else f"{count / 1e6:.2g} MB/s"


def _rate(rate: float) -> str:
    return f"{rate:,.0f} movies/h" if math.isfinite(rate) else "any number of movies/h"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _gpu_words(gpus: int) -> str:
    return f", {_many(gpus, 'GPU')}" if gpus else ""


def _days(days: float) -> str:
    if days < 2:
        return f"{24 * days:.0f} hours"
    return f"{days:.0f} days" if days < 730 else f"{days / 365:.0f} years"
