"""How far a copy is, for screens and the command line: read from its ledger, by any process."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from icestream.facility.transfer.ledger import CopyLedger, CopyTally, State

__all__ = ["CopyProgress", "WaitingFiles", "progress"]

_OVER = 120.0
"""Seconds that the rate is taken over."""
_LEFT = ("seen", "settling", "ready", "copying", "failed")
_NOT_OWN = ("older", "gone")


@dataclass(frozen=True, slots=True)
class WaitingFiles:
    """Files that wait, or failed, for one reason."""

    state: str
    why: str
    files: int
    example: str
    """One of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyProgress:
    """How far the copy of one session is."""

    states: Mapping[State, CopyTally]
    files: int
    """All that were found, without those of others and those that went away before."""
    bytes: int
    left_files: int
    left_bytes: int
    """What is not in the copy yet."""
    rate: float
    """Bytes per second over the last two minutes."""
    seconds_left: float | None
    """At that rate; None where nothing moves."""
    outage: str
    """What keeps everything from being copied; empty where nothing does."""
    waiting: tuple[WaitingFiles, ...]
    unreadable: Mapping[str, str]
    """Folders at the source that cannot be read, with the reason."""
    last_round: float
    """When the source was last looked at, seconds since the epoch; 0 for never."""
    ended: bool
    """The session is over, and all that came of it is copied."""


def progress(path: Path, now: float | None = None) -> CopyProgress | None:
    """How far a copy is; None where nothing was ever copied.

    Parameters
    ----------
    path
        Of the ledger.
    """
    if not path.exists():
        return None
    now = time.time() if now is None else now
    ledger = CopyLedger(path, readonly=True)
    try:
        states = ledger.tallies()
        own = [tally for state, tally in states.items() if state not in _NOT_OWN]
        left = [states[state] for state in _LEFT if state in states]  # type: ignore[index]
        rate = ledger.copied_since(now - _OVER) / _OVER
        left_bytes = sum(tally.bytes for tally in left)
        return CopyProgress(
            states=states,
            files=sum(tally.files for tally in own),
            bytes=sum(tally.bytes for tally in own),
            left_files=sum(tally.files for tally in left),
            left_bytes=left_bytes,
            rate=rate,
            seconds_left=left_bytes / rate if rate else None,
            outage=ledger.noted("outage"),
            waiting=tuple(WaitingFiles(*each) for each in ledger.reasons(10)),
            unreadable=json.loads(ledger.noted("problems") or "{}"),
            last_round=float(ledger.noted("round") or 0.0),
            ended=bool(ledger.noted("ended")),
        )
    finally:
        ledger.close()
