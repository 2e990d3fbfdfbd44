"""What a report knows of a session, taken in without reading anything twice."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from icestream.engine.machine.lock import as_it_is
from icestream.report.rates import Minutes
from icestream.report.table import BEFORE, ExposureTable, Rank
from icestream.report.timeline import Tempo
from icestream.report.where import where_of
from icestream.store import queries
from icestream.store.current import Branch, told_branch
from icestream.store.events import ExposureStateChanged
from icestream.store.follow import EventFollower
from icestream.store.history import history
from icestream.store.open import Store
from icestream.store.outcomes import BranchOutcomes
from icestream.store.pace import found_times
from icestream.store.records import (
    AlertRecord,
    BranchRecord,
    ExposureRecord,
    HistoryRecord,
    ResultRecord,
    SampleRecord,
    SessionRecord,
    StandingRecord,
    StepRecord,
    WorkflowRecord,
)
from icestream.store.requests import requests
from icestream.store.standing import Reruns, reruns, told_state
from icestream.store.whole import every_exposure, every_value, exposure_times, newest_value
from icestream.store.workload import acquired_at

__all__ = ["Follower", "rank"]

_STATES = {"going": "p", "done": "a", "rejected": "r", "failed": "f"}
_DECIDING = ("request.answered", "step.revised")
"""Kinds of events after which there is more in the history."""
_ALERTING = "alert."
"""How the kinds of events begin that tell of alerts."""
_MOST_ALERTS = 500
"""Alerts of the timeline: the newest."""
_PAGE = 500
_HOUR = 3600.0
_PAST_ALERTS = 20


def rank(step: StepRecord) -> Rank:
    """Where several steps give the same kind of result, the one of the highest rank is shown.

    That is the deepest, so a consensus wins over what it was made from; among equals, the first.
    """
    return (step.depth, -step.id)


class Follower:
    """Reads on from where it stopped; all it knows is rebuilt by a new one from the store.

    Parameters
    ----------
    store
        The session's.
    beside
        Name of a branch that is not adopted; None: what is adopted is followed. Such a branch has
        the exposures of which it makes something: those of its sample, and while it rests or is
        dropped those with which it came to an end.
    """

    def __init__(self, store: Store, beside: str | None = None) -> None:
        self.store = store
        self.beside = beside
        self.table = ExposureTable()
        self.minutes = Minutes()
        self.tempo = Tempo()
        self.samples: dict[str, deque[SampleRecord]] = {}
        self.snapshots: dict[str, ResultRecord] = {}
        """Newest result of each batch step."""
        self.touched: dict[int, float] = {}
        """Exposures with news, and when; whoever deals with one takes it out."""
        self.session: SessionRecord = as_it_is(queries.session(store), store.folder)
        self.workflow: WorkflowRecord = queries.workflow(store, branch=beside)
        self.branch = beside or told_branch(store)
        """Of which the page is, where it has to be said: the session has others."""
        self.record: BranchRecord | None = self._record()
        """Of the branch that is followed beside the adopted one."""
        self.again: Reruns = reruns(store) if beside is None else Reruns()
        """What waits to be run again, and the results that are shown until it is."""
        self.asked = len(requests(store, state="new"))
        self.history: Sequence[HistoryRecord] = ()
        """What people and the session itself decided, the newest last."""
        self.chosen: dict[str, ResultRecord] = {}
        """What came of the newest snapshot of a batch step, by the name of that step: the choice
        of its classes, say."""
        self.decided = 1
        """Counts the changes of the history."""
        self.alerted = 1
        """Counts the changes of alerts."""
        self._decided = False
        self._outcomes = None if beside is None else BranchOutcomes(store, beside)
        self._ids: list[int] = []
        self._last = 0
        self._batches: dict[str, int] = {}
        self._ended: dict[str, float] = {}
        """When each exposure needed nothing more for the first time."""
        self._events = EventFollower(store)
        self._quality = 0
        self._begun = False
        self._sample = 0
        self._alert = 0

    def read(self) -> bool:
        """Take in everything that is new; False when a new follower has to begin from the start.

        That is so after parameters were changed: a step may have gone back to results that were
        made long ago. It is so again when all that depends on the change has been run again. Of a
        branch beside the adopted one it is so, too, when it is dropped, rests, or goes on.
        """
        self.session = as_it_is(queries.session(self.store), self.store.folder)
        self.branch = self.beside or told_branch(self.store)
        before, self.workflow = self.workflow, queries.workflow(self.store, branch=self.beside)
        if self.record != self._record():
            return False
        stood = self.again.standing
        asked, self.asked = self.asked, len(requests(self.store, state="new"))
        if self.again:  # where nothing waited, nothing does before the next change
            self.again = reruns(self.store)
        if _revisions(before) != _revisions(self.workflow) or stood != self.again.standing:
            return False
        if not self._begun:
            self._begin()
        times = self._read_events()
        if self._decided or asked != self.asked:
            self.history = history(self.store)
            self.decided += 1
        self._read_exposures(times)
        self._read_qualities()
        self._read_samples()
        self._read_snapshots()
        return True

    def _begin(self) -> None:
        """Take in at once what is there already; from then on, what is new is read by itself."""
        self._begun = True
        times = exposure_times(self.store, branch=self.beside)
        # Before the exposures are read: all that it is about are there then.
        self._quality = newest_value(self.store)
        self._events.after = times.upto
        # What is decided from here on has an event that is read.
        self.history = history(self.store)
        self.decided += 1
        self.alerted += 1
        whole = every_exposure(self.store)
        while page := tuple(islice(whole, _PAGE)):
            self._last = page[-1].id
            for record in self._said(page):
                over = self.beside is None or record.state != "going"
                if over and record.id in times.ended:
                    self._ended[record.name] = times.ended[record.id]
                self._add(record)
                self._take(record, times.last.get(record.id, record.found))
        if self.again.standing is not None:
            self._take_columns(self.again.standing)
        self._take_columns(None)

    def _take_columns(self, standing: StandingRecord | None) -> None:
        """Take in what was measured, the deepest step last: what it measured counts."""
        ranks = {step.name: rank(step) for step in self.workflow.steps}
        own = np.array(self._ids, dtype=np.int64)
        for column in every_value(self.store, self._quality, branch=standing or self.beside):
            ours = np.isin(column.subjects, own)
            if column.step in ranks and ours.any():
                orders = np.searchsorted(own, column.subjects[ours])
                known = ranks[column.step] if standing is None else BEFORE
                self.table.measure_many(column.name, orders, column.values[ours], known)

    def _read_events(self) -> dict[str, float]:
        """When something last happened to each exposure with news."""
        times: dict[str, float] = {}
        self._decided = False
        for page in self._events.pages():
            self._decided |= any(event.kind in _DECIDING for event in page)
            self.alerted += any(event.kind.startswith(_ALERTING) for event in page)
            times.update((event.exposure, event.time) for event in page if event.exposure)
            for event in page:
                ends = (
                    self.beside is None  # of another branch it does not tell
                    and event.kind == ExposureStateChanged.kind
                    and event.document.get("state") != "going"
                )
                if ends and event.exposure:
                    self._ended.setdefault(event.exposure, event.time)
        return times

    def _read_exposures(self, times: Mapping[str, float]) -> None:
        orders = self.table.order
        known = sorted(self._ids[orders[name]] for name in times if name in orders)
        for first, count in _spans(known):
            page = queries.exposures(self.store, after=first - 1, limit=count)
            for record in self._said(
                [one for one in page if one.name in times and one.name in orders]
            ):
                self._take(record, times[record.name])
        while page := queries.exposures(self.store, after=self._last, limit=_PAGE):
            self._last = page[-1].id
            for record in self._said(page):
                self._add(record)
                self._take(record, times.get(record.name, record.found))

    def _record(self) -> BranchRecord | None:
        if self.beside is None:
            return None
        return next(one for one in queries.branches(self.store) if one.name == self.beside)

    def _said(self, records: Sequence[ExposureRecord]) -> Iterator[ExposureRecord]:
        """Exposures with what is made of them in the branch; those that it does not have are not.

        Their states are recorded in the adopted branch alone.
        """
        if self._outcomes is None:
            yield from records
            return
        said = self._outcomes.of([record.id for record in records])
        for record in records:
            state, reasons = said[record.id]
            if state:
                yield replace(record, state=state, reasons=tuple(reasons))

    def _add(self, record: ExposureRecord) -> None:
        details = record.details
        where = " · ".join(
            f"{label} {details[key]}"
            for label, key in (("square", "grid_square"), ("hole", "foil_hole"))
            if details.get(key)
        )
        self._ids.append(record.id)
        self.table.add(
            record.name,
            number=record.number,
            found=record.found,
            time=acquired_at(details) or record.found,
            place=where,
            where=where_of(details),
        )
        self.minutes.found(record.found)

    def _take(self, record: ExposureRecord, time: float) -> None:
        order = self.table.order[record.name]
        before = chr(self.table.state[order])
        state = _STATES.get(record.state, "p")
        self.table.judge(order, state, record.reasons)
        if before == "p" and state != "p":
            first = self._ended.get(record.name)
            self.minutes.settled(time)
            self.tempo.settled(time if first is None else first)
        self.touched[order] = time

    @property
    def state(self) -> tuple[str, str]:
        """State of the session and its reason, as people are told."""
        return told_state(self.session.state, self.session.reason, self.again, self.asked)

    @property
    def found(self) -> int:
        """Exposures of the session, of which a branch may have a part."""
        if self.beside is None:
            return len(self.table)
        return sum(queries.count_exposures(self.store).values())

    def arrivals(self, count: int) -> Sequence[float]:
        """When the newest so many exposures of the session were found, the oldest first."""
        if self.beside is None:
            return self.table.found[-count:]
        return found_times(self.store, count)

    def branch_of(self, step: StepRecord) -> Branch:
        """Where results of a step on many exposures are read: of before, while it has none."""
        if step.counts.done or self.again.standing is None:
            return self.beside
        return self.again.standing

    def _read_qualities(self) -> None:
        ranks = {step.name: rank(step) for step in self.workflow.steps}
        while page := queries.qualities(self.store, after=self._quality, branch=self.beside):
            for record in page:
                order = self.table.order.get(record.exposure)
                if order is None and record.exposure and record.subject_id > self._last:
                    return  # committed after the exposures were read: next time
                self._quality = record.id
                if order is not None:  # those of a batch are shown with its classes
                    self.table.measure(order, record.name, record.value, ranks[record.step])

    def _read_samples(self) -> None:
        while page := queries.samples(self.store, after=self._sample):
            self._sample = page[-1].id
            for record in page:
                self.samples.setdefault(record.name, deque()).append(record)
        for series in self.samples.values():
            while series[0].time < series[-1].time - _HOUR:
                series.popleft()

    def _read_snapshots(self) -> None:
        for step in self.workflow.steps:
            if step.kind == "batch" and self._batches.get(step.name) != step.counts.done:
                self._batches[step.name] = step.counts.done
                branch = self.branch_of(step)
                for record in queries.latest_results(self.store, step.name, limit=1, branch=branch):
                    self.snapshots[step.name] = record
        batches = {step.name for step in self.workflow.steps if step.kind == "batch"}
        sources = {link.step: link.source for link in self.workflow.links}
        for step in self.workflow.steps:
            source = sources.get(step.name, "")
            if step.kind != "item" or source not in batches:
                continue
            if self._batches.get(step.name) != step.counts.done:
                self._batches[step.name] = step.counts.done
                branch = self.branch_of(step)
                for record in queries.latest_results(self.store, step.name, limit=1, branch=branch):
                    self.chosen[source] = record

    def all_alerts(self) -> Sequence[AlertRecord]:
        """The newest five hundred, whether they hold or not, and all that hold."""
        self.alerts()  # which looks for the newest
        after = max(0, self._alert - _MOST_ALERTS)
        recent = queries.alerts(self.store, open_only=False, after=after)
        both = {record.id: record for record in (*queries.alerts(self.store), *recent)}
        return list(self._ours(both.values()))

    def alerts(self) -> Sequence[AlertRecord]:
        """All that hold now and the last that were raised, the newest first."""
        while page := queries.alerts(self.store, open_only=False, after=self._alert):
            self._alert = page[-1].id
        recent = queries.alerts(
            self.store, open_only=False, after=max(0, self._alert - _PAST_ALERTS)
        )
        both = {record.id: record for record in (*queries.alerts(self.store), *recent)}
        return list(self._ours(both[key] for key in sorted(both, reverse=True)))

    def _ours(self, records: Iterable[AlertRecord]) -> Iterator[AlertRecord]:
        """Those of the session, of the branch, and of steps that it shares with the adopted one."""
        if self.beside is None:
            yield from records
            return
        mine, adopted = _revisions(self.workflow), self.session.branch
        shared = set(mine) & set(_revisions(queries.workflow(self.store)))
        steps = {name for name, _ in shared}
        for record in records:
            if record.branch in ("", self.beside) or (
                record.branch == adopted and record.step in steps
            ):
                yield record


def _revisions(workflow: WorkflowRecord) -> list[tuple[str, int]]:
    return [(step.name, step.revision) for step in workflow.steps]


def _spans(ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pages ``(first, count)`` that cover sorted ids without reading much between them."""
    start = 0
    for length in range(1, len(ids) + 1):
        first, last = ids[start], ids[length - 1]
        ended = length == len(ids)
        if ended or ids[length] - last > 20 or ids[length] - first >= _PAGE:
            yield first, last - first + 1
            start = length
