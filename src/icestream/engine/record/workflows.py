"""Which workflow a session has, in each of its branches: the one place that says so."""

import json
from collections.abc import Mapping

from sqlalchemy import Connection, select

from icestream.alike import hint
from icestream.engine.graph.workflow import Output, Step, Workflow
from icestream.model import BranchId, RevisionId
from icestream.store import tables as t
from icestream.store.open import Store

__all__ = ["adopted_branch", "branch_called", "inputs_of", "session_workflow", "workflow_of"]


_SAID = [t.revision.c[name] for name in ("protocol", "changed", "said_by", "within")]


def session_workflow(store: Store, branch: str | None = None) -> Workflow:
    """The workflow that a session runs now, with the parameters that people set.

    Parameters
    ----------
    store
        The session's.
    branch
        Name of a branch; the adopted one by default.

    Raises
    ------
    LookupError
        If the session has not been started, or has no such branch.
    """
    with store.read() as connection:
        adopted = adopted_branch(connection)
        if adopted is None:
            raise LookupError(f"the session in {store.folder} has not been started yet")
        return workflow_of(connection, branch_called(connection, branch) if branch else adopted)


def adopted_branch(connection: Connection) -> BranchId | None:
    """Number of the branch that was adopted; None for a new session."""
    branch = connection.execute(select(t.session.c.branch_id)).scalar()
    return None if branch is None else BranchId(branch)


def branch_called(connection: Connection, name: str) -> BranchId:
    """Number of the branch called `name`; LookupError names those that exist."""
    chosen = select(t.branch.c.name, t.branch.c.id).order_by(t.branch.c.id)
    known = {row.name: BranchId(row.id) for row in connection.execute(chosen)}
    if name not in known:
        raise LookupError(
            f"no branch {name!r} in this session; it has {', '.join(known)}{hint(name, known)}"
        )
    return known[name]


def workflow_of(connection: Connection, branch: BranchId) -> Workflow:
    """The workflow of a branch, as its revisions say it."""
    name = connection.execute(select(t.branch.c.workflow).where(t.branch.c.id == branch))
    chosen = (
        select(t.step.c.name, t.revision.c.id, *_SAID)
        .join(t.member, t.member.c.step_id == t.step.c.id)
        .join(t.revision, t.revision.c.id == t.member.c.revision_id)
        .where(t.member.c.branch_id == branch)
        .order_by(t.step.c.id)
    )
    rows = connection.execute(chosen).all()
    inputs = inputs_of(connection, [RevisionId(row.id) for row in rows])
    steps = tuple(
        Step(
            name=row.name,
            protocol=row.protocol,
            parameters=json.loads(row.changed),
            inputs=inputs[row.id],
            said_by=json.loads(row.said_by or "{}"),
            within=None if row.within is None else tuple(json.loads(row.within)),
        )
        for row in rows
    )
    return Workflow(name=name.scalar_one(), steps=steps)


def inputs_of(
    connection: Connection, revisions: list[RevisionId]
) -> Mapping[RevisionId, dict[str, tuple[Output, ...]]]:
    """What feeds each input port of revisions, by the names of steps."""
    chosen = (
        select(t.link.c.revision_id, t.link.c.port, t.step.c.name, t.link.c.source_port)
        .join(t.step, t.step.c.id == t.link.c.source_id)
        .where(t.link.c.revision_id.in_(revisions))
        .order_by(t.link.c.id)
    )
    inputs: dict[RevisionId, dict[str, tuple[Output, ...]]] = {
        revision: {} for revision in revisions
    }
    for revision, port, name, source_port in connection.execute(chosen):
        ports = inputs[RevisionId(revision)]
        ports[port] = (*ports.get(port, ()), Output(name, source_port))
    return inputs
