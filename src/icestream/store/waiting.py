"""What there is to run in the branches of a session: of one that nobody runs, it waits."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select

from icestream.store import tables as t
from icestream.store.open import Store

__all__ = ["Waiting", "waiting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Work that nobody has done yet."""

    steps: tuple[str, ...] = ()
    """Steps that have some, in the order of the work."""
    tasks: int = 0
    """Tasks that are known; what gathers many exposures makes its tasks as it goes."""

    def __bool__(self) -> bool:
        return bool(self.steps)


def waiting(store: Store) -> Waiting:
    """Work of all branches that are processed."""
    active = (
        select(t.member.c.revision_id)
        .join(t.branch, t.branch.c.id == t.member.c.branch_id)
        .where(t.branch.c.state == "active")
    )
    gathered = (
        select(t.arrival.c.revision_id).where(t.arrival.c.task_id.is_(None)).distinct().subquery()
    )
    tasks = t.counter.c.ready + t.counter.c.running
    revision = t.revision.c
    # What was gathered by a step that has ended is too little for it.
    open_ = (gathered.c.revision_id.is_not(None)) & revision.state.not_in(["done", "failed"])
    unread = (revision.kind == "source") & (revision.cursor == "null")
    chosen = (
        select(t.step.c.name, func.coalesce(tasks, 0).label("tasks"))
        .join(t.revision, revision.step_id == t.step.c.id)
        .outerjoin(t.counter, t.counter.c.revision_id == revision.id)
        .outerjoin(gathered, gathered.c.revision_id == revision.id)
        .where(revision.id.in_(active), or_(tasks > 0, open_, unread))
        .order_by(revision.depth, t.step.c.id)
    )
    with store.read() as connection:
        rows = connection.execute(chosen).all()
    names = tuple(dict.fromkeys(row.name for row in rows))
    return Waiting(steps=names, tasks=sum(row.tasks for row in rows))
