"""Which steps of a session made each kind of item, and the items of one exposure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any, TypeVar

from icestream.model import Classes, Ctf, Micrograph, Movie, Particles, Picks
from icestream.protocol import Registry, known_types
from icestream.store import queries
from icestream.store.items import item_of
from icestream.store.open import Store
from icestream.store.records import (
    ExposureRecord,
    ResultRecord,
    StandingRecord,
    StepRecord,
    WorkflowRecord,
)
from icestream.store.results import taken_in

__all__ = [
    "Items",
    "Makers",
    "are_inverted",
    "cut_parameters",
    "find_chain",
    "latest_classes",
    "read_exposure",
    "read_exposures",
    "taken_by_classes",
]

T = TypeVar("T")
PAGE = 200

Place = tuple[str, str]
"""(step, output port)."""


@dataclass(frozen=True, slots=True)
class Makers:
    """The step and port that made each kind of item; the last step where several did."""

    places: Mapping[type[Any], Place]
    standing: StandingRecord | None = None
    """What is read in the place of the session's present results."""

    def __contains__(self, kind: type[Any]) -> bool:
        return kind in self.places


@dataclass(frozen=True, slots=True)
class Items:
    """What a session holds for one exposure; None where it did not get so far."""

    exposure: ExposureRecord
    movie: Movie | None
    micrograph: Micrograph | None
    ctf: Ctf | None
    picks: Picks | None
    particles: Particles | None
    accepted: bool = True
    """Whether no selection rejected the exposure."""
    particles_result: int | None = None
    """Number of the result that has the particles."""


def find_chain(store: Store, registry: Registry, standing: StandingRecord | None = None) -> Makers:
    """Find the steps that made each kind of item, now or in results that stand from before.

    It is recorded with the results. A session older than that needs the protocols themselves.

    Raises
    ------
    icestream.protocol.UnknownProtocol
        If it was not recorded, and a protocol of the session is not installed here, or is broken.
    """
    places: dict[type[Any], Place] = {}
    workflow = queries.workflow(store, branch=standing)
    of_groups = _of_groups(workflow)
    for step in workflow.steps:
        if _makes_items(step) and step.name not in of_groups:
            for port, kind in _outputs(store, step, registry, standing):
                # What is more than a micrograph is a micrograph too.
                for base in filter(is_dataclass, kind.__mro__):
                    places[base] = (step.name, port)
    return Makers(places, standing)


def _outputs(
    store: Store, step: StepRecord, registry: Registry, standing: StandingRecord | None
) -> Iterator[tuple[str, type[Any]]]:
    """What a step makes: as is recorded with its newest result, or else as its protocol says."""
    newest = queries.latest_results(store, step.name, limit=1, branch=standing)
    if newest and newest[0].types:
        known = known_types(registry.usable([step.protocol]))
        for port, name in newest[0].types.items():
            if name in known:
                yield port, known[name]
        return
    made = [registry.get(step.protocol)] if newest else registry.usable([step.protocol])
    for protocol in made:
        for declared in protocol.outputs():
            yield declared.name, declared.item


def _of_groups(workflow: WorkflowRecord) -> set[str]:
    """Steps whose results are about groups of exposures: they are nobody's of one exposure."""
    names: set[str] = set()
    for step in workflow.steps:
        fed = {link.source for link in workflow.links if link.step == step.name}
        if step.kind == "group" or (step.kind != "batch" and fed & names):
            names.add(step.name)
    return names


def _makes_items(step: StepRecord) -> bool:
    """Selections and triggers pass items on; monitors make none."""
    return step.kind in ("source", "item", "consensus", "batch")


def read_exposures(store: Store, chain: Makers) -> Iterator[Items]:
    """The items of every exposure in order of arrival, a page at a time."""
    after = 0
    while page := queries.exposures(store, after=after, limit=PAGE):
        for exposure in page:
            yield read_exposure(store, chain, exposure)
        after = page[-1].id


def read_exposure(store: Store, chain: Makers, exposure: ExposureRecord) -> Items:
    """The items of one exposure."""
    results = queries.results_of(store, exposure.name, branch=chain.standing)
    return Items(
        exposure,
        _item(store, chain, results, Movie),
        _item(store, chain, results, Micrograph),
        _item(store, chain, results, Ctf),
        _item(store, chain, results, Picks),
        _item(store, chain, results, Particles),
        _is_accepted(chain, exposure, results),
        _number(chain, results, Particles),
    )


def _is_accepted(
    chain: Makers, exposure: ExposureRecord, results: Mapping[str, ResultRecord]
) -> bool:
    """Whether no selection rejected an exposure: its state is that of now, not of before."""
    if chain.standing is None:
        return exposure.state != "rejected"
    return all(result.passed for result in results.values())


def cut_parameters(store: Store, chain: Makers) -> Mapping[str, Any]:
    """Parameters of the step that cut the particles out; none where no step of ours did."""
    said = [
        step.parameters
        for step in queries.steps(store, branch=chain.standing)
        if "invert" in step.parameters and step.protocol.startswith("particles.")
    ]
    return said[-1] if said else {}


def are_inverted(store: Store, chain: Makers) -> bool:
    """Whether the particles are darker in the micrographs than around them, as in ice.

    The step that cut them out was told so, and reversed the contrast.
    """
    return bool(cut_parameters(store, chain).get("invert", True))


def latest_classes(store: Store, chain: Makers) -> Classes | None:
    """The newest snapshot of the 2D classification; None before the first."""
    if Classes not in chain:
        return None
    step, port = chain.places[Classes]
    newest = queries.latest_results(store, step, limit=1, branch=chain.standing)
    return item_of(store, newest[0], port, Classes) if newest else None


def taken_by_classes(store: Store, chain: Makers, exposures: Sequence[str]) -> dict[str, list[int]]:
    """Which results of exposures went into the newest snapshot of the 2D classification."""
    step, _ = chain.places[Classes]
    newest = queries.latest_results(store, step, limit=1, branch=chain.standing)
    return taken_in(store, newest[0].id, exposures) if newest else {}


def _number(chain: Makers, results: Mapping[str, ResultRecord], kind: type[Any]) -> int | None:
    made = results.get(chain.places[kind][0]) if kind in chain else None
    return None if made is None else made.id


def _item(
    store: Store, chain: Makers, results: Mapping[str, ResultRecord], kind: type[T]
) -> T | None:
    if kind not in chain:
        return None
    step, port = chain.places[kind]
    result = results.get(step)
    return None if result is None else item_of(store, result, port, kind)
