"""What follows when tasks end, within the transaction that records it.

When a task ends, the steps that it feeds are looked at for the same subject: those whose inputs
are all there get a task, those whose inputs will not come are skipped with the reason, and a task
whose result is known already ends at once, which may go on down the graph. The work depends on
the number of subjects in the transaction and of steps in the plan, never on the session.
"""

from icestream.engine.graph.joins import join
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.machine import storage
from icestream.engine.record import tallies
from icestream.engine.record.arrivals import Outcomes
from icestream.engine.record.cascade import Cascade
from icestream.engine.record.groups import gather_groups
from icestream.engine.record.judgements import judge_exposures
from icestream.store import tables as t

__all__ = ["follow"]


def follow(cascade: Cascade) -> None:
    """Follow everything that was changed down the graph, shallow steps first."""
    while (look := cascade.next_look()) is not None:
        step, subjects = look
        outcomes = {
            subject: join(cascade.plan, step, cascade.rows(subject)) for subject in subjects
        }
        if step.protocol.watches or step.protocol.brings:
            continue
        if step.gathers or step.protocol.holds:
            _gather(cascade, step, outcomes)
        else:
            cascade.join(step, outcomes)
        if step.sample is not None:
            settled = {subject for subject, outcome in outcomes.items() if outcome is not None}
            cascade.applied.settled.setdefault(step.id, set()).update(settled)
    tallies.note(cascade.connection, cascade.plan, cascade.memory, cascade.applied, cascade.rows)
    judge_exposures(cascade)


def _gather(cascade: Cascade, step: PlannedStep, outcomes: Outcomes) -> None:
    """Bring items to a step that gathers them; when its author's method fails, it is broken.

    What came is looked at again when the step is resumed.
    """
    try:
        if step.protocol.holds:
            cascade.join(step, outcomes)
        elif step.protocol.groups:
            gather_groups(cascade, step, outcomes)
        else:
            cascade.arrivals.gather(step, outcomes)
    except Exception as error:
        if storage.is_trouble(error):
            raise
        cascade.applied.broken[step.id] = f"{type(error).__name__}: {error}"
        cascade.writes.update(t.revision, step.id, backfill=0)
