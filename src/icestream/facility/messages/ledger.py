"""The ledger of messages: what came in, what was answered, what has to go out.

It is a SQLite file that the facility's process alone writes. Each step of a request is one
transaction that is on the disk before anything is acknowledged, moved or sent: a process that is
killed between any two steps finds where it was. Nothing in here knows of brokers or sessions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from icestream.facility.messages.following import Following
from icestream.facility.messages.inbox import Inbox
from icestream.facility.messages.ledger_file import MessageFile
from icestream.facility.messages.outbox import Outbox

__all__ = ["MessageLedger"]


class MessageLedger:
    """The ledger in a SQLite file, which is made where it is not there.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    OSError
        If its folder cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._file = MessageFile(path)
        self.inbox = Inbox(self._file)
        self.outbox = Outbox(self._file)
        self.following = Following(self._file)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, in all three; one inside another is part of it."""
        with self._file.transaction():
            yield

    @property
    def begun(self) -> float:
        """When the ledger was made, seconds since the epoch."""
        row = self._file.one("SELECT at FROM begun")
        assert row is not None
        return float(row["at"])

    def counts(self) -> dict[str, int]:
        """Requests by state, and messages that wait to be published (``unsent``)."""
        rows = self._file.all("SELECT state, count(*) AS n FROM inbox GROUP BY state")
        waiting = self._file.one("SELECT count(*) AS n FROM outbox WHERE sent IS NULL")
        assert waiting is not None
        return {row["state"]: int(row["n"]) for row in rows} | {"unsent": int(waiting["n"])}
