"""What one channel of staff did not take, while another did: kept until it does."""

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from icestream.channels.message import Message, Told
from icestream.facility.ledger import opened_ledger

__all__ = ["FILE", "KEPT", "StaffLetter", "StaffLetters", "letters_in"]

FILE = "staff.db"
"""In the folder for state of the settings: the registry may be what is away."""
KEPT = 86400.0
"""Seconds after which a letter is given up, as those of sessions are."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS letter (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  made REAL NOT NULL,
  message TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class StaffLetter:
    """A message that a channel has not taken yet."""

    id: int
    channel: str
    made: float
    """Seconds since the epoch."""
    message: Message


class StaffLetters:
    """Messages to staff that wait, the oldest of a channel first."""

    def __init__(self, path: Path) -> None:
        self._ledger = opened_ledger(path, _SCHEMA)

    def keep(self, channel: str, message: Message) -> None:
        """Keep a message until a channel takes it."""
        self._ledger.execute(
            "INSERT INTO letter (channel, made, message) VALUES (?, ?, ?)",
            (channel, time.time(), json.dumps(asdict(message))),
        )

    def waiting(self) -> dict[str, list[StaffLetter]]:
        """What waits, by channel."""
        found: dict[str, list[StaffLetter]] = {}
        rows = self._ledger.execute("SELECT id, channel, made, message FROM letter ORDER BY id")
        for number, channel, made, text in rows:
            message = _message(json.loads(text))
            found.setdefault(channel, []).append(StaffLetter(number, channel, made, message))
        return found

    def drop(self, letter: StaffLetter) -> None:
        """Forget a letter that was taken, or is given up."""
        self._ledger.execute("DELETE FROM letter WHERE id = ?", (letter.id,))

    def close(self) -> None:
        """Give the ledger up."""
        self._ledger.close()


@contextmanager
def letters_in(state: Path) -> Iterator[StaffLetters]:
    """The letters that are kept in a folder."""
    with closing(StaffLetters(state / FILE)) as letters:
        yield letters


def _message(document: dict[str, Any]) -> Message:
    alerts = tuple(Told(**one) for one in document["alerts"])
    return Message(**{**document, "alerts": alerts})
