"""A short session on this machine, from which is told what an exposure costs here."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from icestream.engine.graph.blanks import needed, provisional
from icestream.engine.graph.workflow import InvalidWorkflow, Step, Workflow
from icestream.engine.progress import Progress
from icestream.engine.session import Machine, RunningSession, run_session
from icestream.model import Movie
from icestream.planning.cameras import CameraKind
from icestream.planning.costs import SessionCosts
from icestream.planning.measured import session_costs
from icestream.planning.movies import make_movie
from icestream.planning.source import RepeatedMovie, registry_with_it
from icestream.protocol import Registry
from icestream.starting.trial import holding_nothing_back, left_without
from icestream.store.open import open_store

__all__ = ["Rehearsed", "rehearse", "rehearsed_workflow"]

_EACH = 200
"""Exposures for each core: more than it can process in the time."""
_LEAST = 2
"""Exposures for each core that are processed whatever the time."""
_BATCHES = 2
"""Tasks of each step that gathers exposures, whatever the time."""
_TOO_LONG = 4.0
"""Times the time after which it ends even without those."""
_GATHERING = ("batch", "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What was measured, and how."""

    costs: SessionCosts
    seconds: float
    """That the session ran."""
    making: float
    """Seconds that it took to make its movies."""
    cores: int
    """That the session might use."""
    left_out: tuple[str, ...]
    """Steps of the workflow that were not run."""


def rehearse(
    workflow: Workflow,
    camera: CameraKind,
    folder: Path,
    *,
    machine: Machine,
    particles: int = 300,
    seconds: float = 40.0,
) -> Rehearsed:
    """Process simulated movies of a camera for some seconds, on all cores, and measure.

    Parameters
    ----------
    workflow
        Whose steps are measured. What works on the results of steps that gather exposures, such
        as a map made from classes, is left out: it says nothing in so short a session.
    camera
        Of which size and kind the movies are.
    folder
        On the disk of the sessions; nothing is left in it.
    machine
        What the session may use.
    particles
        In each movie.
    seconds
        How long movies are processed; longer until each core has processed two, and each step
        that gathers exposures has run twice, but not more than four times as long.

    Raises
    ------
    InvalidWorkflow
        If it has blanks that nobody filled, or takes no files.
    NothingMeasured
        If no exposure came through any step.
    """
    registry = registry_with_it()
    with _scratch(folder) as scratch:
        began = time.monotonic()
        movie = make_movie(camera, scratch / "movies", particles=particles)
        making = time.monotonic() - began
        short = rehearsed_workflow(workflow, registry, movie, _EACH * machine.cores)
        session = scratch / "session"
        began = time.monotonic()
        enough = _Enough(_LEAST * machine.cores, seconds)
        run_session(
            session,
            short,
            registry=registry,
            machine=machine,
            on_start=enough.begin,
            on_progress=enough.look,
        )
        took = time.monotonic() - began
        with closing(open_store(session, readonly=True)) as store:
            costs = session_costs(store, registry, engine=enough.engine)
    left = {step.name for step in short.steps}
    return Rehearsed(
        costs=replace(costs, workflow=workflow.name),
        seconds=took,
        making=making,
        cores=machine.cores,
        left_out=tuple(step.name for step in workflow.steps if step.name not in left),
    )


def rehearsed_workflow(
    workflow: Workflow, registry: Registry, movie: Movie, times: int
) -> Workflow:
    """The workflow for one movie so many times, up to the first steps that gather exposures."""
    workflow = holding_nothing_back(workflow, registry)
    sources = [step for step in workflow.steps if _brings_movies(step, registry)]
    if not sources:
        raise InvalidWorkflow(
            workflow.name,
            ["it takes no movies, so that it cannot be measured here: see --from"],
        )
    gathers = {s.name for s in workflow.steps if registry.get(s.protocol).kind in _GATHERING}
    gone = {
        step.name
        for step in workflow.steps
        if any(one.step in gathers for feeding in step.inputs.values() for one in feeding)
    }
    gone |= {step.name for step in sources[1:]}
    steps = [
        replace(step, protocol=RepeatedMovie.name, parameters=RepeatedMovie.of(movie, times))
        if step.name == sources[0].name
        else step
        for step in left_without(workflow, registry, gone)
    ]
    short = replace(workflow, name=f"{workflow.name}, measured", steps=tuple(steps))
    if open_ := needed(short):
        names = ", ".join(blank.name for blank in open_)
        raise InvalidWorkflow(
            workflow.name,
            [
                f"it leaves open {names}, so that it cannot be measured here: fill that in a file "
                "of your own, or plan from a session that ran with it (--from)"
            ],
        )
    return replace(provisional(short), blanks=())


def _brings_movies(step: Step, registry: Registry) -> bool:
    protocol = registry.get(step.protocol)
    return protocol.brings and any(port.item is Movie for port in protocol.outputs())


class _Enough:
    """Ends a session when enough exposures came through it and the time is over."""

    def __init__(self, least: int, seconds: float) -> None:
        self._least, self._seconds = least, seconds
        self._began = time.monotonic()
        self._stop: Callable[[], None] | None = None
        self._looks: list[tuple[int, float]] = []
        """Exposures that had come through, and seconds that this process had computed."""

    @property
    def engine(self) -> float:
        """Seconds of this process for an exposure, its start left out; 0: not known."""
        if not self._looks:
            return 0.0
        (before, since), (ended, until) = self._looks[0], self._looks[-1]
        return (until - since) / (ended - before) if ended - before >= self._least else 0.0

    def begin(self, running: RunningSession) -> None:
        """Know what to end."""
        self._began = time.monotonic()
        self._stop = running.request_stop

    def look(self, progress: Progress) -> None:
        """End it, where it is time."""
        ended = progress.found - progress.behind
        gone = time.monotonic() - self._began
        if self._stop is None:
            return
        if ended:
            self._looks.append((ended, time.process_time()))
        gathered = all(s.counts.done >= _BATCHES for s in progress.steps if s.kind in _GATHERING)
        enough = ended >= self._least and gathered
        if gone > self._seconds and (enough or gone > _TOO_LONG * self._seconds):
            self._stop()
            self._stop = None


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder for the time being, which goes also when nobody waits for it any more."""
    made = Path(tempfile.mkdtemp(dir=folder, prefix=".icestream-plan-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
