"""Which revision of each step is read: a branch's own, or the one whose results still stand."""

from typing import Any

from sqlalchemy import Connection, Select, Subquery, select

from icestream.alike import hint
from icestream.store import tables as t
from icestream.store.records import StandingRecord

__all__ = ["Branch", "current", "number_of"]

Branch = str | StandingRecord | None
"""Name of a branch, or what a branch was before a change; the adopted one when None."""


def number_of(connection: Connection, branch: Branch) -> int:
    """Number of a branch; of the adopted one where none is named."""
    if branch is None:
        return int(connection.execute(select(t.session.c.branch_id)).scalar() or 0)
    name = branch.branch if isinstance(branch, StandingRecord) else branch
    chosen = select(t.branch.c.name, t.branch.c.id).order_by(t.branch.c.id)
    known: dict[str, int] = {row.name: row.id for row in connection.execute(chosen)}
    if name not in known:
        raise LookupError(
            f"no branch {name!r} in this session; it has {', '.join(known)}{hint(name, known)}"
        )
    return known[name]


def current(connection: Connection, branch: Branch) -> Subquery:
    """The steps of a branch: id, name, and the revision that it has of each."""
    chosen: Select[Any]
    if isinstance(branch, StandingRecord):
        chosen = (
            select(t.step.c.id, t.step.c.name, t.revision.c.id.label("revision_id"))
            .join(t.revision, t.revision.c.step_id == t.step.c.id)
            .where(t.revision.c.id.in_(sorted(branch.revisions)))
        )
    else:
        chosen = (
            select(t.step.c.id, t.step.c.name, t.member.c.revision_id)
            .join(t.member, t.member.c.step_id == t.step.c.id)
            .where(t.member.c.branch_id == number_of(connection, branch))
        )
    return chosen.subquery("current")
