"""Mutes: kinds of alerts of which nothing is sent for a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from icestream.alike import hint
from icestream.store import tables as t

__all__ = ["MuteRecord", "alert_row", "check_key", "mute_of", "mutes"]


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


def alert_row(connection: Connection, number: int) -> Any:
    """The row of an alert; LookupError when the session has had none of this number."""
    row = connection.execute(select(t.alert).where(t.alert.c.id == number)).one_or_none()
    if row is None:
        raise LookupError(
            f"no alert {number} in this session; icestream alerts SESSION --all lists those that "
            "there were, with their numbers"
        )
    return row


def check_key(connection: Connection, key: str) -> None:
    """Do nothing where a session has had alerts of this key; LookupError says which it has had."""
    known = connection.execute(select(t.alert.c.key).distinct()).scalars().all()
    if key not in known:
        there = f"there were {', '.join(sorted(known))}" if known else "there was none"
        raise LookupError(f"no alert was called {key!r} in this session; {there}{hint(key, known)}")
