"""What has become of exposures: done, rejected or failed, and why, in the adopted branch."""

import json

from sqlalchemy import select

from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.cascade import Cascade
from icestream.model import RevisionId, SubjectId
from icestream.store import tables as t
from icestream.store.events import ExposureStateChanged
from icestream.store.outcomes import JudgedStep, outcome

__all__ = ["judge_exposures"]


def judge_exposures(cascade: Cascade) -> None:
    """Write the state of every exposure that has come to an end, or goes on again."""
    expected = _judged([s for s in cascade.plan.steps.values() if s.per_exposure and s.adopted])
    cascade.load(cascade.touched)
    known = _stored(cascade, cascade.reopened & cascade.touched)
    for subject in cascade.touched:
        state, reasons = outcome(expected, cascade.rows(subject))
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


def _judged(expected: list[PlannedStep]) -> list[JudgedStep[RevisionId]]:
    """The steps as they are judged, found by their revisions."""
    feeding = {feed.step for step in expected for feeds in step.feeds.values() for feed in feeds}
    return [
        JudgedStep(
            key=step.id,
            name=step.name,
            holds=step.protocol.holds,
            agrees=step.protocol.agrees,
            feeds=step.id in feeding,
            above=tuple(
                feed.step
                for port, feeds in step.feeds.items()
                for feed in feeds
                if port not in step.many
            ),
        )
        for step in expected
    ]
