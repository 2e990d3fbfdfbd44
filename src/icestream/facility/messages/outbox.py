"""What is to be published, until the broker has it."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from icestream.facility.messages.ledger_file import MessageFile

__all__ = ["Outbox", "OutgoingMessage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """Something that is to be published."""

    key: str
    """The same wherever it is made again: it is published once."""
    queue: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    id: int = 0
    tried: int = 0


class Outbox:
    """Messages in the ledger that go out, each once."""

    def __init__(self, file: MessageFile) -> None:
        self._file = file

    def publish(self, messages: Iterable[OutgoingMessage]) -> None:
        """Enter what is to be published; what was entered before is not entered again."""
        for message in messages:
            self._file.write(
                "INSERT OR IGNORE INTO outbox (key, queue, headers, body, made) VALUES (?,?,?,?,?)",
                message.key, message.queue, json.dumps(dict(message.headers)), message.body,
                time.time(),
            )  # fmt: skip

    def unsent(self, now: float, limit: int = 200) -> list[OutgoingMessage]:
        """What is to be published now, in its order."""
        rows = self._file.all(
            "SELECT * FROM outbox WHERE sent IS NULL AND next <= ? ORDER BY id LIMIT ?", now, limit
        )
        return [
            OutgoingMessage(
                key=row["key"],
                queue=row["queue"],
                headers=json.loads(row["headers"]),
                body=row["body"],
                id=row["id"],
                tried=row["tried"],
            )
            for row in rows
        ]

    def sent(self, numbers: Iterable[int]) -> None:
        """The broker has confirmed these."""
        with self._file.transaction():
            for number in numbers:
                self._file.write(
                    "UPDATE outbox SET sent = ?, reason = '' WHERE id = ?", time.time(), number
                )

    def unpublished(self, number: int, until: float, reason: str) -> None:
        """The broker did not take one; it is tried again."""
        self._file.write(
            "UPDATE outbox SET tried = tried + 1, next = ?, reason = ? WHERE id = ?",
            until, reason, number,
        )  # fmt: skip

    def forget(self, before: float) -> None:
        """Leave out what was published, and what was told of sessions that were over, before."""
        with self._file.transaction():
            self._file.write("DELETE FROM outbox WHERE sent < ?", before)
