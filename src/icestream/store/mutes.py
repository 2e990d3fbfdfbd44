"""Mutes: kinds of alerts of which nothing is sent for a time."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from icestream.store import tables as t

__all__ = ["MuteRecord", "mute_of", "mutes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteRecord:
    """Nothing of this kind is sent for a time."""

    id: int
    key: str
    """Of the alerts."""
    step_id: int | None
    """The step that raises them; None: wherever they come from."""
    until: float
    who: str
    why: str

    def covers(self, key: str, step_id: int | None) -> bool:
        """Whether an alert of this key, raised by this step, is muted by it."""
        return self.key == key and self.step_id in (None, step_id)


def mutes(connection: Connection, now: float) -> tuple[MuteRecord, ...]:
    """The mutes that hold `now`."""
    mute = t.mute.c
    chosen = select(t.mute).where(mute.ended.is_(None), mute.until > now)
    return tuple(
        MuteRecord(
            id=row.id,
            key=row.key,
            step_id=row.step_id,
            until=row.until,
            who=row.who,
            why=row.why,
        )
        for row in sorted(connection.execute(chosen), key=lambda row: int(row.id))
    )


def mute_of(held: Iterable[MuteRecord], key: str, step_id: int | None) -> MuteRecord | None:
    """The mute that covers an alert for the longest time; None: it is not muted."""
    covering = [mute for mute in held if mute.covers(key, step_id)]
    return max(covering, key=lambda mute: mute.until, default=None)
