"""Which revision of each step is read: a branch's own, or the one whose results still stand."""

from math import inf
from typing import Any

from sqlalchemy import Connection, Subquery, select

from icestream.alike import hint
from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.records import StandingRecord

__all__ = ["FIRST_BRANCH", "Branch", "as_standing", "current", "number_of", "told_branch"]

FIRST_BRANCH = "main"
"""Name of the branch that a session begins with."""

Branch = str | StandingRecord | None
"""Name of a branch, or what a branch was before a change; the adopted one when None."""


def _members(branch: Any) -> Subquery:
    """The steps of the branch of a number, or of one that is asked for: id, name, revision."""
    chosen = (
        select(t.step.c.id, t.step.c.name, t.member.c.revision_id)
        .join(t.member, t.member.c.step_id == t.step.c.id)
        .where(t.member.c.branch_id == branch)
    )
    return chosen.subquery("current")


_ADOPTED = _members(select(t.session.c.branch_id).scalar_subquery())
"""Of the branch that is adopted when it is asked for; made once, since most questions have it."""


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
    if branch is None:
        return _ADOPTED
    if not isinstance(branch, StandingRecord):
        return _members(number_of(connection, branch))
    chosen = (
        select(t.step.c.id, t.step.c.name, t.revision.c.id.label("revision_id"))
        .join(t.revision, t.revision.c.step_id == t.step.c.id)
        .where(t.revision.c.id.in_(sorted(branch.revisions)))
    )
    return chosen.subquery("current")


def told_branch(store: Store) -> str:
    """Name of the adopted branch, where there are others and so it has to be said; else empty."""
    chosen = select(t.branch.c.id, t.branch.c.name, t.session.c.branch_id).outerjoin(
        t.session, t.session.c.branch_id == t.branch.c.id
    )
    with store.read() as connection:
        rows = connection.execute(chosen.where(t.branch.c.state != "dropped")).all()
    adopted = [row.name for row in rows if row.branch_id is not None]
    return str(adopted[0]) if adopted and len(rows) > 1 else ""


def as_standing(store: Store, branch: str) -> StandingRecord:
    """A branch as what is read in the place of the adopted one; LookupError names those there are.

    It is as it is now: nothing has replaced it.
    """
    with store.read() as connection:
        members = current(connection, branch)
        chosen = (
            select(members.c.name, t.revision.c.id, t.revision.c.number)
            .join(t.revision, t.revision.c.id == members.c.revision_id)
            .order_by(t.revision.c.depth, members.c.id)
        )
        rows = connection.execute(chosen).all()
    return StandingRecord(
        branch=branch,
        revisions=frozenset(row.id for row in rows),
        steps={row.name: row.number for row in rows},
        until=inf,
        who="",
    )
