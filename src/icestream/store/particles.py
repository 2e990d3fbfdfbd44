"""How many particles a session has: counted from what results say of themselves."""

from sqlalchemy import func, select

from icestream.store import tables as t
from icestream.store.current import Branch
from icestream.store.current import current as current_of
from icestream.store.open import Store

__all__ = ["count_particles"]


def count_particles(store: Store, step: str | None = None, *, branch: Branch = None) -> int:
    """Number of particles of current, accepted results: of one step, or of the deepest."""
    with store.read() as connection:
        current = current_of(connection, branch)
        counted = (
            select(t.revision.c.depth, func.coalesce(func.sum(t.part.c.rows), 0))
            .select_from(t.part)
            .join(t.task, t.task.c.result_id == t.part.c.result_id)
            .join(current, current.c.revision_id == t.task.c.revision_id)
            .join(t.revision, t.revision.c.id == current.c.revision_id)
            .where(t.task.c.state == "done", t.task.c.passed)
            .group_by(current.c.id, t.revision.c.depth)
            .order_by(t.revision.c.depth.desc())
        )
        if step is not None:
            counted = counted.where(current.c.name == step)
        row = connection.execute(counted).first()
    return int(row[1]) if row else 0
