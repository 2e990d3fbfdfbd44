"""What people and programs asked of a session, and what was answered."""

import json
from typing import Any

from sqlalchemy import select

from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.records import RequestRecord

__all__ = ["request", "requests"]


def requests(store: Store, *, state: str | None = None) -> tuple[RequestRecord, ...]:
    """All requests, or those in a state (new, done, refused), in the order of asking."""
    chosen = select(t.request).order_by(t.request.c.time)
    if state is not None:
        chosen = chosen.where(t.request.c.state == state)
    with store.read() as connection:
        return tuple(map(_record, connection.execute(chosen)))


def request(store: Store, token: str) -> RequestRecord:
    """The request of a token.

    Raises
    ------
    LookupError
        If none was made by it.
    """
    with store.read() as connection:
        row = connection.execute(select(t.request).where(t.request.c.token == token)).one_or_none()
    if row is None:
        raise LookupError(f"no request {token!r} was made to the session in {store.folder}")
    return _record(row)


def _record(row: Any) -> RequestRecord:
    return RequestRecord(
        token=row.token,
        verb=row.verb,
        document=json.loads(row.document),
        who=row.who,
        time=row.time,
        state=row.state,
        answer=row.answer,
    )
