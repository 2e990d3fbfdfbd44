"""What is under way with a session: while it is, nothing of it is removed."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from icestream.engine.machine.lock import as_it_is, holder
from icestream.exports.claim import MARKER
from icestream.facility.keep.known import Layout, rows
from icestream.facility.registry.records import KnownSession
from icestream.store import queries
from icestream.store.migrate import OtherSchema
from icestream.store.open import NoStore, open_store

__all__ = ["ended_at", "under_way"]

_GOING = ("new", "running", "stopped")
_LIVE = ("starting", "running", "paused", "draining", "held")
_DEPTH = 3
"""Folders below a place in which exports are looked for."""


def under_way(session: KnownSession, layout: Layout) -> list[str]:
    """What is done with a session now, in words; empty where nothing is."""
    return list(dict.fromkeys(_under_way(session, layout)))


def _under_way(session: KnownSession, layout: Layout) -> Iterator[str]:
    if runs := holder(layout.folder):
        yield f"it is run by {runs}"
    elif state := _live(layout.folder):
        yield f"it is {state}"
    if session.state in _GOING and session.ended is None:
        yield f"it is {session.state}: it has not ended"
    ledgers = layout.folder / ".facility"
    asked = (
        "SELECT COUNT(*) FROM file WHERE state IN"
        " ('seen', 'settling', 'ready', 'copying', 'copied')"
    )
    for (count,) in rows(ledgers / "transfer.db", asked):
        if count:
            yield f"{count} of its files are still to be copied from the microscope"
    if ledgers.is_dir():
        for one in sorted(ledgers.glob("backup-*")):
            if one.is_dir():  # the room for its copies of stores
                yield f"the backup {one.name.removeprefix('backup-')} is under way"
    for folder in _exports(layout.place):
        yield f"an export is written into {folder}"


def _live(folder: Path) -> str:
    """The state that a session is in on any machine, where it is one of those that go on."""
    with contextlib.suppress(NoStore, OtherSchema, SQLAlchemyError, OSError, ValueError):
        with contextlib.closing(open_store(folder, readonly=True)) as store:
            state = as_it_is(queries.session(store), folder).state
        return state if state in _LIVE else ""
    return ""


def ended_at(session: KnownSession, folder: Path) -> float | None:
    """When a session was last processed, seconds since the epoch; None while it goes on.

    One that was run again after it had ended has ended later; one whose store cannot be asked,
    as the facility knows it.
    """
    if session.ended is None:
        return None
    with contextlib.suppress(NoStore, OtherSchema, SQLAlchemyError, OSError, ValueError):
        with contextlib.closing(open_store(folder, readonly=True)) as store:
            last = queries.session(store).changed
            started = max((one.started for one in queries.epochs(store)), default=0.0)
        return min(max(session.ended, last, started), time.time())
    return session.ended


def _exports(place: Path) -> Iterator[Path]:
    """Folders in a place into which an export is written now."""
    waiting = [(place, 0)]
    while waiting:
        folder, depth = waiting.pop()
        if _is_claimed(folder / MARKER):
            yield folder
        if depth < _DEPTH:
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                waiting += (
                    (Path(one.path), depth + 1)
                    for one in entries
                    if one.is_dir(follow_symlinks=False)
                )


def _is_claimed(marker: Path) -> bool:
    try:
        number = os.open(marker, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(number)
    return False
