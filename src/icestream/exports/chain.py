"""Which steps of a session made each kind of item, and the items of one exposure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from icestream.model import Classes, Ctf, Micrograph, Movie, Particles, Picks
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.open import Store
from icestream.store.records import ExposureRecord, ResultRecord, StepRecord

__all__ = ["Chain", "Items", "find_chain", "latest_classes", "read_exposures"]

T = TypeVar("T")
PAGE = 200

Place = tuple[str, str]
"""(step, output port)."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The step and port that made each kind of item; the last step where several did."""

    places: Mapping[type[Any], Place]

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

    @property
    def accepted(self) -> bool:
        """Whether no selection rejected the exposure."""
        return self.exposure.state != "rejected"


def find_chain(store: Store, registry: Registry) -> Chain:
    """Find the steps that made each kind of item.

    Raises
    ------
    icestream.protocol.UnknownProtocol
        If a protocol of the session is not installed here, or is broken.
    """
    places: dict[type[Any], Place] = {}
    for step in sorted(queries.steps(store), key=lambda step: step.depth):
        if _makes_items(step):
            for port in registry.get(step.protocol).outputs():
                places[port.item] = (step.name, port.name)
    return Chain(places)


def _makes_items(step: StepRecord) -> bool:
    """Selections and triggers pass items on; monitors make none."""
    return step.kind in ("source", "item", "consensus", "batch")


def read_exposures(store: Store, chain: Chain) -> Iterator[Items]:
    """The items of every exposure in order of arrival, a page at a time."""
    after = 0
    while page := queries.exposures(store, after=after, limit=PAGE):
        for exposure in page:
            results = queries.results_of(store, exposure.name)
            yield Items(
                exposure,
                _item(store, chain, results, Movie),
                _item(store, chain, results, Micrograph),
                _item(store, chain, results, Ctf),
                _item(store, chain, results, Picks),
                _item(store, chain, results, Particles),
            )
        after = page[-1].id


def latest_classes(store: Store, chain: Chain) -> Classes | None:
    """The newest snapshot of the 2D classification; None before the first."""
    if Classes not in chain:
        return None
    step, port = chain.places[Classes]
    found = queries.latest_results(store, step, limit=1)
    return queries.item(store, Classes, found[0].outputs[port]) if found else None


def _item(
    store: Store, chain: Chain, results: Mapping[str, ResultRecord], kind: type[T]
) -> T | None:
    if kind not in chain:
        return None
    step, port = chain.places[kind]
    result = results.get(step)
    return None if result is None else queries.item(store, kind, result.outputs[port])
