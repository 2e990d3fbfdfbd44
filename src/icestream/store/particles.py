"""How many particles a session has: counted from what results say of themselves."""

from sqlalchemy import bindparam, func, select

from icestream.store import tables as t
from icestream.store.current import Branch
from icestream.store.current import current as current_of
from icestream.store.open import Store

__all__ = ["count_particles"]

_COUNTED = (
    select(func.sum(t.part.c.rows))
    .select_from(t.task)
    .join(t.part, t.part.c.result_id == t.task.c.result_id)
    .where(t.task.c.revision_id == bindparam("of"), t.task.c.state == "done", t.task.c.passed)
)
"""Particles of a revision; null where it makes none."""


def count_particles(store: Store, step: str | None = None, *, branch: Branch = None) -> int:
    """Number of particles of current, accepted results: of one step, or of the deepest."""
    with store.read() as connection:
        current = current_of(connection, branch)
        members = (
            select(current.c.revision_id)
            .join(t.revision, t.revision.c.id == current.c.revision_id)
            .order_by(t.revision.c.depth.desc())
        )
        if step is not None:
            members = members.where(current.c.name == step)
        # One revision after another: to group all particles by steps takes ten times as long.
        for revision in connection.execute(members).scalars().all():
            rows = connection.execute(_COUNTED, {"of": revision}).scalar()
            if rows is not None:
                return int(rows)
    return 0
