"""A short session on this machine, from which is told what an exposure costs here."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Set
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from icestream.engine.graph.blanks import needed, provisional
from icestream.engine.graph.workflow import InvalidWorkflow, Step, Workflow
from icestream.engine.progress import Progress
from icestream.engine.session import Machine, RunningSession, run_session
from icestream.model import Movie
from icestream.planning.cameras import CameraKind
from icestream.planning.costs import SessionCosts
from icestream.planning.lessons import with_lessons
from icestream.planning.measured import particles_each, session_costs
from icestream.planning.movies import make_movie
from icestream.planning.source import RepeatedMovie, registry_with_it
from icestream.protocol import Registry
from icestream.report.writer import ReportWriter
from icestream.starting.trial import holding_nothing_back, left_without
from icestream.store.open import NoStore, open_store

__all__ = ["Rehearsed", "rehearse", "rehearsed_workflow"]

_EACH = 200
"""Exposures for each core: more than it can process in the time."""
_LEAST = 4
"""Exposures without which nothing is said of what the session's own process takes for each."""
_EACH_CORE = 2
"""Results of each step of single exposures that are waited for, for each core."""
_LONGER, _TOO_LONG = 2.0, 4.0
"""Times the time after which one result of each step is enough, and after which none is."""
_PATIENCE = 120.0
"""Seconds before which it does not end so, however short the time is: workers have to start."""
_GATHERING = ("batch", "group")
_REPORT = 5.0
"""Seconds between two looks of the report, as the settings have it where nobody changed them."""
_EACH_EXPOSURE = ("item", "consensus", "selection")


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
        Whose steps are measured: those that have a result when the time is over.
    camera
        Of which size and kind the movies are.
    folder
        On the disk of the sessions; nothing is left in it.
    machine
        What the session may use.
    particles
        In each movie.
    seconds
        How long movies are processed; up to twice as long until each step of single exposures has
        run twice on each core, one that gathers them has run, and no map is being made; up to four
        times, or two minutes, until each has run at all. What runs at the end is not waited for.

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
        movie = make_movie(camera, scratch / "movies", particles=particles, threads=machine.cores)
        making = time.monotonic() - began
        short = rehearsed_workflow(workflow, registry, movie, _EACH * machine.cores)
        session = scratch / "session"
        began = time.monotonic()
        later = _later(short, registry)
        enough = _Enough(_single(short, registry), later, _EACH_CORE * machine.cores, seconds)
        with _reported(session, registry):
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
            costs = with_lessons(costs, short, registry, particles_each(store))
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
    """The workflow for one movie so many times."""
    workflow = holding_nothing_back(workflow, registry)
    sources = [step for step in workflow.steps if _brings_movies(step, registry)]
    if not sources:
        raise InvalidWorkflow(
            workflow.name,
            ["it takes no movies, so that it cannot be measured here: see --from"],
        )
    gone = {step.name for step in sources[1:]}
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


def _later(workflow: Workflow, registry: Registry) -> frozenset[str]:
    """The steps that wait for what gathers exposures."""
    found: set[str] = set()
    gathers = {s.name for s in workflow.steps if registry.get(s.protocol).kind in _GATHERING}
    while (
        more := {
            step.name
            for step in workflow.steps
            if any(
                one.step in gathers | found for feeding in step.inputs.values() for one in feeding
            )
        }
        - found
    ):
        found |= more
    return frozenset(found)


def _single(workflow: Workflow, registry: Registry) -> frozenset[str]:
    """The steps of single exposures, which do not wait for what gathers them."""
    kinds = {step.name: registry.get(step.protocol).kind for step in workflow.steps}
    single = frozenset(name for name, kind in kinds.items() if kind in _EACH_EXPOSURE)
    return single - _later(workflow, registry)


class _Enough:
    """Ends a session when enough of its steps has been seen and the time is over."""

    def __init__(self, single: Set[str], later: Set[str], results: int, seconds: float) -> None:
        self._single, self._later = single, later
        self._results, self._seconds = results, seconds
        self._began = time.monotonic()
        self._stop: Callable[[], None] | None = None
        self._looks: list[tuple[int, float]] = []
        """Exposures that a step had come to, and seconds that this process had computed."""

    @property
    def engine(self) -> float:
        """Seconds of this process for an exposure, its start left out; 0: not known."""
        if not self._looks:
            return 0.0
        (before, since), (ended, until) = self._looks[0], self._looks[-1]
        return (until - since) / (ended - before) if ended - before >= _LEAST else 0.0

    def begin(self, running: RunningSession) -> None:
        """Know what to end."""
        self._began = time.monotonic()
        self._stop = partial(running.request_stop, drain=False)

    def look(self, progress: Progress) -> None:
        """End it, where it is time."""
        gone = time.monotonic() - self._began
        if self._stop is None:
            return
        single = [step.counts.done for step in progress.steps if step.name in self._single]
        if ended := max(single, default=0):
            self._looks.append((ended, time.process_time()))
        gathered = [step.counts.done for step in progress.steps if step.kind in _GATHERING]
        seen = min(single, default=0) if any(gathered) or not gathered else 0
        runs = any(step.counts.running for step in progress.steps if step.name in self._later)
        if gone > self._until(min(seen, 1) if runs else seen):
            self._stop()
            self._stop = None

    def _until(self, results: int) -> float:
        """Seconds after which it ends with so many results of each step."""
        if results >= self._results:
            return self._seconds
        if results:
            return _LONGER * self._seconds
        return max(_TOO_LONG * self._seconds, _PATIENCE)


@contextmanager
def _reported(session: Path, registry: Registry) -> Iterator[None]:
    """Keep a session's report up to date while a block runs, as is usual, in this process."""
    over = threading.Event()
    thread = threading.Thread(target=_report, args=(session, registry, over), name="report")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _report(session: Path, registry: Registry, over: threading.Event) -> None:
    writer = None
    try:
        while not over.wait(_REPORT):
            with suppress(NoStore):  # it has not begun
                writer = writer or ReportWriter(session, every=_REPORT, registry=registry)
                writer.update()
    finally:
        if writer is not None:
            writer.close()


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder for the time being, which goes also when nobody waits for it any more."""
    made = Path(tempfile.mkdtemp(dir=folder, prefix=".icestream-plan-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
