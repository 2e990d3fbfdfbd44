"""Dependencies of routes about one session: the session, if who asks may see it, and its store."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Path, Query

from icestream.server.access import CurrentPerson, may_see
from icestream.server.catalogue import Entry, UnknownSession
from icestream.server.context import ThisServer
from icestream.server.errors import Refused
from icestream.store import queries
from icestream.store.open import Store

__all__ = ["AskedBranch", "BranchBeside", "OpenStore", "ThisSession", "known_branch"]


def _this_session(
    session_id: Annotated[str, Path(alias="id", description="Of the session.")],
    person: CurrentPerson,
    server: ThisServer,
) -> Entry:
    entry = server.catalogue.entry(session_id)
    if not may_see(person, entry):
        # The same words as for one that does not exist: who may not see it does not learn of it.
        raise UnknownSession(server.catalogue.unknown(session_id))
    return entry


ThisSession = Annotated[Entry, Depends(_this_session)]
"""A parameter of a route: the session of its path, if who asks may see it."""


def _open_store(entry: ThisSession, server: ThisServer) -> Iterator[Store]:
    with server.catalogue.store(entry) as store:
        yield store


OpenStore = Annotated[Store, Depends(_open_store)]
"""A parameter of a route: the store of the session of its path, for reading."""


def known_branch(store: Store, name: str | None) -> str | None:
    """The name of a branch, if the session has one of that name; None stands for the adopted."""
    if not name:
        return None
    names = [branch.name for branch in queries.branches(store)]
    if name not in names:
        raise Refused(
            404, f"there is no branch {name}", f"branches of this session: {', '.join(names)}"
        )
    return name


def _asked_branch(
    store: OpenStore,
    branch: Annotated[
        str | None, Query(description="Name of a branch; the adopted one when not given.")
    ] = None,
) -> str | None:
    return known_branch(store, branch)


AskedBranch = Annotated[str | None, Depends(_asked_branch)]
"""A parameter of a route: the branch that is asked for; None: the adopted one."""


def _branch_beside(store: OpenStore, branch: AskedBranch) -> str | None:
    return None if branch is None or branch == queries.session(store).branch else branch


BranchBeside = Annotated[str | None, Depends(_branch_beside)]
"""The same, and None where it is asked for by its name, too: what stands in it is shown."""
