"""What has become of exposures: done, rejected or failed, and why, in the adopted branch."""

import json
from collections.abc import Mapping

from sqlalchemy import select

from icestream.engine.graph.joins import LIVE, Row
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.cascade import Cascade
from icestream.model import RevisionId, SubjectId
from icestream.store import tables as t
from icestream.store.events import ExposureStateChanged

__all__ = ["judge_exposures"]


def judge_exposures(cascade: Cascade) -> None:
    """Write the state of every exposure that has come to an end, or goes on again."""
    expected = [s for s in cascade.plan.steps.values() if s.per_exposure and s.adopted]
    cascade.load(cascade.touched)
    known = _stored(cascade, cascade.reopened & cascade.touched)
    for subject in cascade.touched:
        state, reasons = _judge(expected, cascade.rows(subject))
        # What was not opened again had not come to an end.
        if state == "going" and subject not in known:
            continue
        written = json.dumps(reasons)
        if (state, written) != known.get(subject):
            cascade.writes.update(t.exposure, subject, state=state, reasons=written)
            said = ExposureStateChanged(state=state, reasons=reasons)
            cascade.writes.event(said, subject_id=subject)


def _stored(cascade: Cascade, subjects: set[SubjectId]) -> dict[SubjectId, tuple[str, str]]:
    """State and reasons of exposures, as the store has them."""
    if not subjects:
        return {}
    exposure = t.exposure.c
    chosen = select(exposure.id, exposure.state, exposure.reasons).where(exposure.id.in_(subjects))
    return {
        SubjectId(subject): (state, why)
        for subject, state, why in cascade.connection.execute(chosen)
    }


def _reached(step: PlannedStep, rows: Mapping[RevisionId, Row]) -> bool:
    """Whether an exposure has come to a trigger: it is what holds it back, and no earlier step."""
    feeds = (feed for port, feeds in step.feeds.items() for feed in feeds if port not in step.many)
    above = [rows.get(feed.step) for feed in feeds]
    return all(row is not None and row.state == "done" and row.passed for row in above)


def _judge(expected: list[PlannedStep], rows: Mapping[RevisionId, Row]) -> tuple[str, list[str]]:
    """State of an exposure with these tasks, and the reasons for it."""
    failed, rejected, left_out, live = [], [], [], False
    feeding = {feed.step for step in expected for feeds in step.feeds.values() for feed in feeds}
    arrived = True
    for step in expected:
        row = rows.get(step.id)
        if step.id not in feeding and (row is None or row.state != "done" or not row.passed):
            arrived = False
        if row is None or row.state in LIVE:
            live = True
        elif row.state == "failed":
            failed.append(f"{step.name}: {row.reason}")
        elif row.state == "done" and not row.passed:
            rejected.append(f"{step.name}: {row.reason or 'rejected'}")
        elif row.state == "skipped" and step.protocol.holds:
            if _reached(step, rows):
                left_out.append(f"{step.name}: {row.reason}")
        elif row.state == "skipped" and step.protocol.agrees:
            rejected.append(f"{step.name}: {row.reason}")
    if live:
        return "going", []
    if arrived:
        return "done", []  # whatever was lost on the way: a candidate of a consensus, say
    if failed:
        return "failed", failed
    # What a trigger or a sampler leaves out is not bad: no more is to be done with it.
    return ("rejected", rejected) if rejected else ("done", left_out)
