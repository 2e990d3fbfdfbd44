"""What a branch has otherwise, what that costs and how its sample was chosen, for people."""

from collections.abc import Iterable, Iterator, Sequence

from icestream.engine.graph.differences import Difference
from icestream.engine.graph.workflow import Workflow
from icestream.engine.record.revisions import Preview
from icestream.engine.record.sampling import ChosenSample
from icestream.engine.record.turned import Medians, Turned
from icestream.model import quality_of
from icestream.model.awaited import Awaited
from icestream.model.outlook import outlook_words
from icestream.protocol import Registry, UnknownProtocol, unit_of
from icestream.protocol.describe import value_words

__all__ = [
    "cost_lines",
    "difference_lines",
    "sample_words",
    "selection_lines",
    "shown_value",
    "size_words",
]

_NAMED = 10
"""Exposures gained or lost that are named."""
_MINUTE, _HOUR = 90.0, 5400.0


def difference_lines(
    found: Iterable[Difference], workflow: Workflow, registry: Registry
) -> Iterator[str]:
    """Each difference: ``ctf.defocus_max: 5 µm -> 3 µm``, ``denoise: added (toy.add)``."""
    protocols = {step.name: step.protocol for step in workflow.steps}
    for one in found:
        match one.what:
            case "added":
                yield f"{one.step}: added ({one.new})"
            case "removed":
                yield f"{one.step}: taken out ({one.old})"
            case "protocol":
                yield f"{one.step}: {one.old} -> {one.new}"
            case "input":
                fed = [" and ".join(sources) or "nothing" for sources in (one.old, one.new)]
                yield f"{one.step}, {one.name} from {fed[0]} -> {fed[1]}"
            case _:
                unit = _unit(protocols.get(one.step, ""), one.name, registry)
                old, new = (value_words(value, unit) for value in (one.old, one.new))
                yield f"{one.step}.{one.name}: {old} -> {new}"


def _unit(protocol: str, parameter: str, registry: Registry) -> str:
    try:
        fields = registry.get(protocol).parameters_type().model_fields
    except UnknownProtocol:
        return ""
    return (unit_of(fields[parameter]) or "") if parameter in fields else ""


def sample_words(sample: ChosenSample | None) -> str:
    """For which exposures it is, and how they were chosen."""
    if sample is None:
        return "for all exposures"
    count = len(sample.exposures)
    said = f"on {count} of {sample.of} exposures"
    if not sample.quality:
        how = ", evenly in order of arrival: nothing was measured near the change"
    else:
        title = quality_of(sample.quality).title
        how = (
            f", evenly over the ranks of {title} ({sample.step}), from "
            f"{shown_value(sample.quality, sample.worst)} to "
            f"{shown_value(sample.quality, sample.best)}"
        )
    failed = f"; {sample.failed} of them failed before" if sample.failed else ""
    return said + how + failed


def shown_value(quality: str, value: float) -> str:
    """A value of a quality, as screens show it."""
    known = quality_of(quality)
    return value_words(float(f"{value * known.scale:.4g}"), known.shown_unit)


def cost_lines(preview: Preview, wait: Awaited | None = None, now: float = 0.0) -> Iterator[str]:
    """The sum of it, when it would be done, and what is not known.

    Parameters
    ----------
    wait
        How long it would wait and take; None: of that nothing is said.
    now
        Seconds since the epoch, for `wait`.
    """
    ran = [step for step in preview.steps if step.tasks or step.gathers]
    if not ran:
        yield "nothing has to be run"
    else:
        room = f", {size_words(preview.bytes)} on disk" if preview.bytes else ""
        took = (
            f"; about {_core_time(preview.seconds)}{room}, by what the steps took in this "
            "session so far"
        )
        yield (
            f"{_many(preview.tasks, 'task')} of {_many(len(ran), 'step')}, at most "
            f"{_many(preview.exposures, 'exposure')} in one"
            f"{'' if len(preview.unknown) == len(ran) else took}"
        )
    if wait is not None:
        yield from _awaited(wait, now)
    gathering = [step.name for step in ran if step.gathers]
    if gathering:
        yield f"not in it: {_and(gathering)}, which take many exposures at once"
    if preview.unknown:
        yield f"not known: how long {_and(preview.unknown)} will take, not having run here yet"
    if preview.removed:
        yield f"taken out: {_and(preview.removed)}; what was made there stays"


def _awaited(wait: Awaited, now: float) -> Iterator[str]:
    """How long it would wait and take, where that is known."""
    if wait.seconds <= 0.0:
        return
    if wait.cores is None or wait.alone is None:
        yield "not known: when it would be done, since no process has run the session so far"
        return
    waits = wait.before / wait.cores
    first = f"{_time(waits)} of work wait before it" if waits >= 1.0 else "no work waits before it"
    many = _many(round(wait.cores), "core")
    if not wait.runs:
        yield f"{_time(wait.alone)} on {many}, as it had last, once it is run again; {first}"
        return
    yield f"{_time(wait.alone)} on the {many} that the session has now; {first}"
    then, was = outlook_words(wait.then, now), outlook_words(wait.now, now)
    if then:
        instead = f"; without it {was}" if was and was != then else ""
        yield f"with it {then}{instead}"


def _core_time(seconds: float) -> str:
    """Of one core, for people."""
    return (
        f"{seconds / 3600:.1f} core hours" if seconds >= _HOUR else f"{_time(seconds)} of one core"
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _time(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < _HOUR else f"{seconds / 3600:.1f} h"


def size_words(count: float) -> str:
    """Bytes, for people."""
    for limit, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if count >= limit:
            return f"{count / limit:.1f} {unit}"
    return f"{count / 1e3:.1f} kB" if count else "0 MB"


def selection_lines(turned: Turned) -> Iterator[str]:
    """Exposures and particles that a change of a selection or a sampler gains and loses."""
    if not turned.judged:
        return
    after = turned.accepted + len(turned.gained) - len(turned.lost)
    verb, said = (
        ("takes", "are not known yet") if turned.drawn else ("accepts", "could not be judged")
    )
    unknown = f"; {turned.unknown} {said}" if turned.unknown else ""
    yield (
        f"{turned.step} {verb} {after} of {turned.judged} exposures, {turned.accepted} before: "
        f"{len(turned.gained)} gained, {len(turned.lost)} lost{unknown}"
    )
    for what, names in (("gained", turned.gained), ("lost", turned.lost)):
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield f"  {what}: {', '.join(names[:_NAMED])}{more}"
    if turned.particles and (turned.gained or turned.lost):
        gained = f", about {turned.particles_gained:.0f} gained" if turned.gained else ""
        yield f"  of {turned.particles} particles {turned.particles_lost} lost{gained}"
    for medians in turned.medians:
        yield f"  {_median_words(medians)}"


def _median_words(medians: Medians) -> str:
    """What a change gains and loses in quality: ``median Defocus: kept 1.5 µm, lost 3 µm``."""
    quality = quality_of(medians.quality)
    told = (("kept", medians.kept), ("gained", medians.gained), ("lost", medians.lost))
    said = ", ".join(
        f"{side} {value_words(float(f'{value * quality.scale:.3g}'), quality.shown_unit)}"
        for side, value in told
        if value is not None
    )
    return f"median {quality.title}: {said}"
