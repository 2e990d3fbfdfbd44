"""Results by their keys: what has been made already."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select

from icestream.model import ResultId
from icestream.store import tables as t

__all__ = ["results_of"]

_CHOSEN = select(t.result.c.key, t.result.c.id).where(
    t.result.c.key.in_(bindparam("keys", expanding=True))
)


def results_of(connection: Connection, keys: Iterable[str]) -> dict[str, ResultId]:
    """The results that exist for these keys; the store is asked once, and not for none."""
    wanted = list(keys)
    if not wanted:
        return {}
    return {key: ResultId(result) for key, result in connection.execute(_CHOSEN, {"keys": wanted})}
