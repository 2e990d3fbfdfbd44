"""When the session's disk will be full, as a monitor has foreseen it last."""

from sqlalchemy import func, select

from icestream.model.filling import FILLS, FREE, FULL_IN, LATEST, SOONEST, Filling, FillingState
from icestream.store import tables as t
from icestream.store.open import Store

__all__ = ["filling"]

_SAMPLES = 3000
"""The newest samples that are looked at."""
_OLD = 300.0
"""Seconds after which what was foreseen is not shown any more."""


def filling(store: Store, now: float) -> Filling | None:
    """How the disk fills, as of the newest inspection; None where none was of late."""
    sample = t.sample.c
    with store.read() as connection:
        last = connection.execute(select(func.max(sample.id))).scalar() or 0
        chosen = (
            select(sample.name, sample.value, sample.time)
            .where(sample.id > last - _SAMPLES, sample.name.startswith("machine.disk_f"))
            .order_by(sample.id)
        )
        rows = {row.name: row for row in connection.execute(chosen)}
    newest = rows.get(FREE)
    if newest is None or now - newest.time > _OLD:
        return None
    # What is not in sight any more was not told again.
    told = {name: float(row.value) for name, row in rows.items() if row.time == newest.time}
    rate = told.get(FILLS)
    hours = [told.get(name) for name in (FULL_IN, SOONEST, LATEST)]
    until, soonest, latest = (None if each is None else newest.time + 3600 * each for each in hours)
    state: FillingState = "unknown"
    if rate is not None:
        state = "not in sight" if until is None else "in sight"
    return Filling(
        state=state,
        free=told[FREE],
        rate=None if rate is None else 1e6 * rate,
        until=until,
        soonest=soonest,
        latest=latest,
    )
