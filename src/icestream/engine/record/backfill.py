"""What was there before a step was added or changed, a page at a time."""

from sqlalchemy import Connection, select

from icestream.engine.graph.plan import Plan, PlannedStep
from icestream.model import SubjectId
from icestream.store import tables as t

__all__ = ["PAGE", "next_page"]

PAGE = 500
"""Subjects in one transaction."""


def next_page(connection: Connection, plan: Plan, step: PlannedStep, after: int) -> list[SubjectId]:
    """Subjects of what feeds a step, the first that come after one of them."""
    feeding = {feed.step for feeds in step.feeds.values() for feed in feeds}
    if all(plan.steps[revision].domain.kind == "exposure" for revision in feeding):
        column = t.exposure.c.id
        chosen = select(column).where(column > after).order_by(column)
    else:
        task = t.task.c
        chosen = (
            select(task.subject_id)
            .distinct()
            .where(task.revision_id.in_(feeding), task.subject_id > after)
            .order_by(task.subject_id)
        )
    return [SubjectId(row[0]) for row in connection.execute(chosen.limit(PAGE))]
