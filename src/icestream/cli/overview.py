"""Where a session stands, read at once: what `icestream status` shows and gives to programs."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icestream.engine.executors.cluster.present import PresentNodes, read_nodes
from icestream.engine.machine.lock import as_it_is, holder
from icestream.engine.record.leases import SCRATCH
from icestream.engine.requests.commands import mending_command, run_again
from icestream.model import (
    QUALITIES,
    Micrograph,
    Movie,
    Particles,
    Taken,
    Volume,
)
from icestream.model.filling import Filling
from icestream.model.forecast import Forecast, forecast
from icestream.model.outlook import filling_document, forecast_document
from icestream.store import queries
from icestream.store.filling import filling
from icestream.store.history import history
from icestream.store.newest import (
    Median,
    newest_map,
    newest_medians,
    newest_particles,
    newest_taken,
)
from icestream.store.open import Store
from icestream.store.pace import Pace, pace
from icestream.store.particles import count_particles
from icestream.store.published import Published, published
from icestream.store.records import (
    AlertRecord,
    BranchRecord,
    FailureRecord,
    HistoryRecord,
    RequestRecord,
    SessionRecord,
    StepRecord,
)
from icestream.store.requests import requests
from icestream.store.severity import told_once
from icestream.store.standing import Reruns, reruns, told_state
from icestream.store.workload import workload

__all__ = ["SHOWN", "Overview", "document_of", "overview"]

SHOWN = ("ctf.resolution", "ctf.defocus")
"""Qualities whose newest medians are shown."""
_ENDED = ("done", "stopped")
_TAKEN = (Taken("movie", "movies"), Taken("micrograph", "micrographs"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Where a session stands."""

    session: SessionRecord
    """Its state and reason are what people are told."""
    runs: str
    """Which process runs it; empty: none."""
    again: Reruns
    asked: tuple[RequestRecord, ...]
    """Requests that wait to be carried out."""
    exposures: Mapping[str, int]
    particles: int
    """Of the last complete results."""
    particles_anew: int | None
    """Of the new results, while steps wait to be run again."""
    cut: Particles | None
    """The newest of them."""
    steps: tuple[StepRecord, ...]
    alerts: tuple[AlertRecord, ...]
    """The worst first."""
    decisions: tuple[HistoryRecord, ...]
    pace: Pace
    forecast: Forecast | None
    """When it will have caught up; None where nothing more happens by itself."""
    disk: Filling | None
    """When it will be full; None where nobody looks at it."""
    taken: Taken
    """What comes in, in words."""
    newest: Movie | Micrograph | None
    """The newest of it."""
    medians: Mapping[str, Median]
    map: Volume | None
    report: Path | None
    """Its page; None where it has not been written."""
    published: Published | None
    """What became of publishing it; None where nobody asked for that."""
    nodes: PresentNodes | None = None
    """Of the cluster on which it runs; None: it runs on one machine, or not at all."""
    branches: tuple[BranchRecord, ...] = ()
    """All but those that were dropped."""
    branch: str = ""
    """Of which the steps are."""

    @property
    def ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return not self.runs and self.session.state in _ENDED

    @property
    def diameter(self) -> float | None:
        """Of the particles, Å; None while nobody knows it."""
        known = self.cut is not None and self.cut.diameter_known and self.cut.diameter > 0
        return self.cut.diameter if self.cut is not None and known else None

    @property
    def waits(self) -> bool:
        """Whether there is work that nobody does."""
        return bool(self.again or self.asked)


def overview(store: Store, now: float, branch: str | None = None) -> Overview:
    """Where the session stands `now`; what it costs hardly grows with the session.

    The steps are those of a branch, by default the one that is adopted.
    """
    session, again = as_it_is(queries.session(store), store.folder), reruns(store)
    waiting = requests(store, state="new")
    state, reason = told_state(session.state, session.reason, again, len(waiting))
    standing = again.standing
    taken, newest = newest_taken(store)
    runs = holder(store.folder)
    page = store.folder / "report" / "index.html"
    return Overview(
        session=dataclasses.replace(session, state=state, reason=reason),  # type: ignore[arg-type]
        runs=runs,
        again=again,
        asked=waiting,
        exposures=queries.count_exposures(store),
        particles=count_particles(store, branch=standing),
        particles_anew=None if standing is None else count_particles(store),
        steps=queries.steps(store, branch=branch),
        branches=tuple(one for one in queries.branches(store) if one.state != "dropped"),
        branch=branch or session.branch,
        cut=newest_particles(store, standing),
        alerts=tuple(told_once(queries.alerts(store))),
        decisions=history(store),
        pace=pace(store, now, finished=session.state in _ENDED),
        forecast=forecast(workload(store, now)) if runs else None,
        disk=filling(store, now) if runs else None,
        taken=taken or _to_be_taken(store),
        newest=newest,
        medians=newest_medians(store, SHOWN, standing),
        map=newest_map(store, standing),
        report=page if page.exists() else None,
        published=published(store.folder),
        nodes=read_nodes(store.folder / SCRATCH) if runs else None,
    )


def document_of(store: Store, found: Overview, program: str) -> dict[str, Any]:
    """The same for programs, with each failure.

    Parameters
    ----------
    program
        How icestream is called, as a shell reads it.
    """
    session = found.session
    return {
        "session": dataclasses.asdict(session) | {"runs": found.runs},
        "takes": found.taken.many,
        "optics": None if found.newest is None else _optics(found.newest),
        "exposures": dict(found.exposures),
        "particles": found.particles,
        "diameter": found.diameter,
        "quality": {name: _quality(median) for name, median in found.medians.items()},
        "rates": {"found": found.pace.found, "processed": found.pace.processed},
        "delay": found.pace.delay,
        "forecast": None if found.forecast is None else forecast_document(found.forecast),
        "disk": None if found.disk is None else filling_document(found.disk),
        "last_movie": found.pace.last,
        "usual_interval": found.pace.interval,
        "map": None if found.map is None else _map(found.map),
        "report": None if found.report is None else str(found.report),
        "published": None if found.published is None else dataclasses.asdict(found.published),
        "reruns": _reruns(store, found.again, program),
        "asked": [dataclasses.asdict(request) for request in found.asked],
        "decisions": [dataclasses.asdict(record) for record in found.decisions],
        "nodes": None if found.nodes is None else dataclasses.asdict(found.nodes),
        "branch": found.branch,
        "branches": [dataclasses.asdict(branch) for branch in found.branches],
        "steps": [dataclasses.asdict(step) for step in found.steps],
        "alerts": [
            dataclasses.asdict(alert) | {"command": mending_command(store, alert, program)}
            for alert in found.alerts
        ],
        "failures": [dataclasses.asdict(failure) for failure in _failures(store)],
    }


def _to_be_taken(store: Store) -> Taken:
    """What the sources of a session are to bring, from which nothing has come, or all failed.

    The name of a protocol begins with what it makes; it is not loaded for that, which is slow.
    """
    sources = [step.protocol for step in queries.steps(store) if step.kind == "source"]
    known = {word.many: word for word in _TAKEN}
    words = {known.get(name.partition(".")[0], Taken()) for name in sources}
    return words.pop() if len(words) == 1 else Taken()


def _quality(median: Median) -> dict[str, Any]:
    """In the unit that screens show."""
    quality = QUALITIES[median.name]
    value = median.value * quality.scale
    return {"median": value, "unit": quality.shown_unit, "exposures": median.count}


def _optics(newest: Movie | Micrograph) -> dict[str, Any]:
    """Of the newest, with where each value is from that neither a person nor the metadata say."""
    return dataclasses.asdict(newest.optics) | {"assumed": dict(newest.assumed)}


def _map(volume: Volume) -> dict[str, Any]:
    return {
        "resolution": volume.resolution or None,
        "resolution_is_limit": volume.resolution_is_limit,
        "particles": volume.particles,
        "symmetry": volume.symmetry,
        "file": None if volume.map is None else str(volume.map),
        "note": volume.note,
    }


def _reruns(store: Store, again: Reruns, program: str) -> dict[str, Any] | None:
    """What waits to be run again, the command that does so, and what stands until then."""
    if not again:
        return None
    stands = again.standing
    return {
        "steps": [dataclasses.asdict(step) for step in again.steps],
        "exposures": again.exposures,
        "command": run_again(store, program),
        "standing": None
        if stands is None
        else {"steps": stands.steps, "until": stands.until, "who": stands.who},
    }


def _failures(store: Store) -> list[FailureRecord]:
    failures: list[FailureRecord] = []
    while page := queries.failures(
        store, after=failures[-1].serial if failures else 0, states=("failed",)
    ):
        failures += page
    return failures
