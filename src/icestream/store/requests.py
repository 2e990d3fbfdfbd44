"""What people and programs asked of a session, and what was answered."""

import json

from sqlalchemy import select

from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.records import RequestRecord

__all__ = ["requests"]


def requests(store: Store, *, state: str | None = None) -> tuple[RequestRecord, ...]:
    """All requests, or those in a state (new, done, refused), in the order of asking."""
    chosen = select(t.request).order_by(t.request.c.time)
    if state is not None:
        chosen = chosen.where(t.request.c.state == state)
    with store.read() as connection:
        return tuple(
            RequestRecord(
                verb=row.verb,
                document=json.loads(row.document),
                who=row.who,
                time=row.time,
                state=row.state,
                answer=row.answer,
            )
            for row in connection.execute(chosen)
        )
