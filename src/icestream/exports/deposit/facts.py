"""What the exports of a deposition are made of, read from a session as it is now."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from icestream.engine.machine.lock import as_it_is
from icestream.exports.chain import Items, Makers, find_chain, latest_classes, read_exposures
from icestream.exports.sheet.methods import making
from icestream.model import Classes, Ctf, Movie, Optics, Volume
from icestream.protocol import Protocol, Registry
from icestream.protocol.describe import sources_of
from icestream.store import queries
from icestream.store.newest import newest_map
from icestream.store.open import open_store
from icestream.store.records import EpochRecord, SessionRecord, StepRecord, WorkflowRecord
from icestream.store.runs import StepRun, step_runs
from icestream.store.standing import reruns

__all__ = ["DepositFacts", "UsedStep", "common", "gather_facts"]

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedStep:
    """A step whose results are handed over, with the program that made them."""

    record: StepRecord
    title: str
    """Of its protocol; its name where it is not installed here."""
    run: StepRun | None
    """How often and when; None where it has made nothing yet."""
    sources: tuple[str, ...]
    """What is to be cited for it."""
    package: str
    """The distribution that its protocol is from; empty where it is not installed here."""
    is_known: bool
    """Whether its protocol is installed here, and so says its sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositFacts:
    """A session as an archive wants to know it; of results that stand until others replace them."""

    folder: Path
    session: SessionRecord
    epochs: tuple[EpochRecord, ...]
    exposures: tuple[Items, ...]
    workflow: WorkflowRecord
    steps: tuple[UsedStep, ...]
    """Those that make or refuse results, in the order of the work, the source first."""
    makers: Makers
    classes: Classes | None
    volume: Volume | None
    """The newest one with a map."""

    @property
    def movies(self) -> tuple[Movie, ...]:
        """All that were taken in."""
        return tuple(one.movie for one in self.exposures if one.movie is not None)

    @property
    def acquired(self) -> tuple[datetime, ...]:
        """When images were taken by their metadata, from the first to the last, with time zones.

        A time without a zone is one of this machine's clock; see `assumptions`.
        """
        return tuple(sorted(time.astimezone() if time.tzinfo is None else time
                            for time in self._times()))  # fmt: skip

    def _times(self) -> Iterator[datetime]:
        for one in self.exposures:
            said = one.exposure.details.get("acquired")
            if one.movie is not None and one.movie.details and one.movie.details.acquired:
                yield one.movie.details.acquired
            elif said:
                yield datetime.fromisoformat(said)

    @property
    def kept(self) -> tuple[Items, ...]:
        """Exposures that were neither rejected nor failed."""
        return tuple(
            one for one in self.exposures if one.accepted and one.exposure.state != "failed"
        )

    @property
    def fits(self) -> tuple[Ctf, ...]:
        """Of the kept exposures."""
        return tuple(one.ctf for one in self.kept if one.ctf is not None)

    @property
    def picked(self) -> int:
        """Particles in the kept micrographs."""
        return sum(len(one.picks) for one in self.kept if one.picks is not None)

    @property
    def optics(self) -> Optics | None:
        """Of the raw images; those of most where they differ, None where there are no images."""
        if self.movies:
            return common(movie.optics for movie in self.movies)
        return common(one.micrograph.optics for one in self.exposures if one.micrograph is not None)

    def step_of(self, kind: type[object]) -> UsedStep | None:
        """The step that made the items of a kind."""
        place = self.makers.places.get(kind)
        return next((one for one in self.steps if place and one.record.name == place[0]), None)

    def assumptions(self) -> tuple[str, ...]:
        """What neither people nor metadata said of the optics, and what differs among movies."""
        assumed = dict.fromkeys(pair for movie in self.movies for pair in movie.assumed)
        told = [
            f"{name.replace('_', ' ')} is assumed: "
            + ("nobody said it" if source == "assumed" else source)
            for name, source in assumed
        ]
        for name, values in (
            ("optics", {movie.optics for movie in self.movies}),
            ("frame size", {movie.shape for movie in self.movies}),
        ):
            if len(values) > 1:
                told.append(f"the movies have {len(values)} different values of {name}: the most "
                            "frequent is written")  # fmt: skip
        if any(time.tzinfo is None for time in self._times()):
            told.append("times of the metadata have no time zone: that of this machine is assumed")
        return tuple(told)


def common(values: Iterable[T]) -> T | None:
    """The most frequent of some values, the first of those where several are; None of none."""
    counted = Counter(values).most_common(1)
    return counted[0][0] if counted else None


def gather_facts(session: Path, registry: Registry | None = None) -> DepositFacts:
    """Read the session in the folder `session`; it may be running."""
    registry = Registry() if registry is None else registry
    with closing(open_store(session, readonly=True)) as store:
        standing = reruns(store).standing
        chain = find_chain(store, registry, standing)
        workflow = queries.workflow(store, branch=standing)
        volume = newest_map(store, standing)
        runs = {(run.step, run.revision): run for run in step_runs(store)}
        return DepositFacts(
            folder=store.folder,
            session=as_it_is(queries.session(store), store.folder),
            epochs=tuple(queries.epochs(store)),
            exposures=tuple(read_exposures(store, chain)),
            workflow=workflow,
            steps=tuple(_used(step, runs, registry) for step in making(workflow, sources=True)),
            makers=chain,
            classes=latest_classes(store, chain),
            volume=volume if volume is not None and volume.map is not None else None,
        )


def _used(
    step: StepRecord, runs: Mapping[tuple[str, int], StepRun], registry: Registry
) -> UsedStep:
    found: list[type[Protocol]] = list(registry.usable([step.protocol]))  # type: ignore[type-arg]
    return UsedStep(
        record=step,
        title=found[0].title if found else step.protocol,
        run=runs.get((step.name, step.revision)),
        sources=sources_of(found[0]) if found else (),
        package=registry.package(step.protocol).partition(" ")[0] if found else "",
        is_known=bool(found),
    )
