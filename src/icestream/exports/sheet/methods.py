"""The methods section: what each step says of itself, and its sources."""

from collections.abc import Iterator

import icestream
from icestream.protocol import Protocol, Registry
from icestream.protocol.describe import sources_of
from icestream.store.records import StepRecord, WorkflowRecord

__all__ = ["making", "methods", "references"]

_MAKING = ("item", "consensus", "batch", "group", "selection")


def methods(workflow: WorkflowRecord, registry: Registry, taken: str, kept: str) -> tuple[str, ...]:
    """Sentences, in the order of the work.

    Parameters
    ----------
    workflow
        The steps, with the parameters that made the results.
    registry
        Where their protocols are looked for; one that is not installed here is named.
    taken, kept
        How the movies were taken, and what came of them.
    """
    processed = f"They were processed with icestream {icestream.__version__}."
    steps = [_sentence(step, registry) for step in making(workflow)]
    sentences = (taken, processed if taken else "", *steps, kept)
    return tuple(dict.fromkeys(sentence for sentence in sentences if sentence))


def references(workflow: WorkflowRecord, registry: Registry) -> tuple[str, ...]:
    """The sources that the steps cite, in the order of the work."""
    cited = [
        source
        for step in making(workflow)
        for protocol in registry.usable([step.protocol])
        for source in sources_of(protocol)
    ]
    return tuple(dict.fromkeys(cited))


def making(workflow: WorkflowRecord, *, sources: bool = False) -> Iterator[StepRecord]:
    """Steps that make or refuse results, those nearest to the source first; it only if asked."""
    for step in sorted(workflow.steps, key=lambda one: (one.depth, one.id)):
        if step.kind in _MAKING or (sources and step.kind == "source"):
            yield step


def _sentence(step: StepRecord, registry: Registry) -> str:
    named = f"{step.protocol} was run as the step {step.name}."
    for protocol in registry.usable([step.protocol]):
        return _said(protocol, step) or f"{protocol.title} ({protocol.name}) was run."
    return named


def _said(protocol: type[Protocol], step: StepRecord) -> str:  # type: ignore[type-arg]
    """What a protocol says of itself with the step's parameters.

    Parameters of another version may not fit, and a plugin's words may fail: then it is named.
    """
    try:
        return protocol(protocol.parameters_type()(**step.parameters)).methods().strip()
    except Exception:  # whatever a plugin raises costs its own sentence
        return ""
