"""What came in, how far each request has come, and what was answered."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from icestream.facility.messages.documents import MessageAnswer, UnreadableRequest
from icestream.facility.messages.ledger_file import MessageFile

__all__ = ["ArrivedMessage", "Inbox", "LedgerEntry", "ReceivedMessage"]

_GIVEN_UP = "given up"
_OPEN = ("new", "accepted")
"""States of what is still to be carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedMessage:
    """Something that came in."""

    identity: str
    """What makes it the same, wherever and however often it comes."""
    digest: str
    """Of its content: another one under the same identity is another request."""
    kind: str
    """``request``, ``workflow``, ``zocalo`` or ``step``."""
    source: str
    """``folder`` or ``queue NAME``."""
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    reply_to: str = ""
    """The queue that answers go to; empty: none."""
    who: str = ""
    """Who asks, as far as its way says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMessage:
    """What the ledger says to something that came in."""

    id: int
    again: bool
    """It was here before."""
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A request, and how far it has come."""

    id: int
    identity: str
    kind: str
    source: str
    body: bytes
    headers: Mapping[str, str]
    reply_to: str
    who: str
    arrived: float
    times: int
    """How often it came."""
    again: int
    """How often a person had it tried again."""
    state: str
    """new, accepted, done, refused, given up."""
    tried: int
    next: float
    reason: str
    session: str
    folder: str


class Inbox:
    """Requests in the ledger, each once."""

    def __init__(self, file: MessageFile) -> None:
        self._file = file
        self._all_written: tuple[Any, ...] = ()
        """The newest answer and the newest file when all answers were beside the files."""

    def receive(self, arrived: ArrivedMessage, *, laid: bytes | None = None) -> ReceivedMessage:
        """Enter something that came, once; `laid` is the free path that its file is moved to.

        Raises
        ------
        UnreadableRequest
            If another request has its identity.
        """
        with self._file.transaction():
            row = self._file.one("SELECT * FROM inbox WHERE identity = ?", arrived.identity)
            if row is not None and row["digest"] != arrived.digest:
                raise UnreadableRequest(
                    [
                        f"id: {arrived.identity.partition(':')[2]!r} is that of another request, "
                        "which came before; give each request an id of its own"
                    ]
                )
            if row is None:
                number, state = self._file.insert(
                    "INSERT INTO inbox (identity, digest, kind, source, body, headers, reply_to,"
                    " who, arrived, times, state) VALUES (?,?,?,?,?,?,?,?,?,1,'new')",
                    (arrived.identity, arrived.digest, arrived.kind, arrived.source, arrived.body,
                     json.dumps(dict(arrived.headers)), arrived.reply_to, arrived.who, time.time()),
                ), "new"  # fmt: skip
            else:
                number, state = int(row["id"]), str(row["state"])
                self._file.write("UPDATE inbox SET times = times + 1 WHERE id = ?", number)
            again = row is not None
            if laid is not None:
                known = self._file.one("SELECT inbox_id FROM laid WHERE path = ?", laid)
                if known is not None and known["inbox_id"] == number:
                    again = False  # the file that could not be moved any more when we were killed
                else:
                    self._file.write("INSERT OR REPLACE INTO laid (path, inbox_id) VALUES (?,?)",
                             laid, number)  # fmt: skip
        return ReceivedMessage(id=number, again=again, state=state)

    def due(self, now: float, limit: int = 100) -> list[LedgerEntry]:
        """What is to be carried out now, in the order in which it came."""
        return self._entries(
            "SELECT * FROM inbox WHERE state IN (?,?) AND next <= ? ORDER BY id LIMIT ?",
            *_OPEN, now, limit,
        )  # fmt: skip

    def entry(self, number: int) -> LedgerEntry:
        """The request with a number; LookupError when there is none."""
        found = self._entries("SELECT * FROM inbox WHERE id = ?", number)
        if not found:
            raise LookupError(f"the ledger has no message {number}: {self._file.path}")
        return found[0]

    def of_folder(self, folder: Path) -> list[LedgerEntry]:
        """Requests that were accepted to begin the session in a folder."""
        return self._entries(
            "SELECT * FROM inbox WHERE folder = ? AND state IN ('accepted', 'done') ORDER BY id",
            str(folder),
        )

    def move(self, number: int, state: str, **values: str) -> None:
        """Let a request be in another state, and know its session, folder or reason."""
        known = {"session", "folder", "reason"}
        assert values.keys() <= known
        names = "".join(f", {name} = ?" for name in values)
        self._file.write(
            f"UPDATE inbox SET state = ?, next = 0{names} WHERE id = ?",  # noqa: S608 - own names
            state, *values.values(), number,
        )  # fmt: skip

    def put_off(self, number: int, until: float, reason: str, *, counts: bool = True) -> None:
        """Try a request again later; `counts`: as one of the tries that it has."""
        self._file.write(
            "UPDATE inbox SET next = ?, reason = ?, tried = tried + ? WHERE id = ?",
            until, reason, int(counts), number,
        )  # fmt: skip

    def newest(self, limit: int) -> list[LedgerEntry]:
        """Requests in whatever state, the newest first."""
        return self._entries("SELECT * FROM inbox ORDER BY id DESC LIMIT ?", limit)

    def dead(self) -> list[LedgerEntry]:
        """Requests that were given up, the oldest first."""
        return self._entries("SELECT * FROM inbox WHERE state = ? ORDER BY id", _GIVEN_UP)

    def again(self, number: int) -> LedgerEntry:
        """Try a request anew that was given up or refused.

        Raises
        ------
        LookupError
            If there is none with this number, or it was neither.
        """
        with self._file.transaction():
            entry = self.entry(number)
            if entry.state not in (_GIVEN_UP, "refused"):
                raise LookupError(
                    f"message {number} is {entry.state}: only what was given up or refused is "
                    "tried again"
                )
            state = "accepted" if entry.folder else "new"
            self._file.write(
                "UPDATE inbox SET state = ?, tried = 0, next = 0, reason = '', again = again + 1"
                " WHERE id = ?",
                state, number,
            )  # fmt: skip
        return self.entry(number)

    def answer(self, number: int | None, answer: MessageAnswer) -> bool:
        """Keep an answer, once; False where it was there."""
        done = self._file.write(
            "INSERT OR IGNORE INTO answer (key, inbox_id, document) VALUES (?,?,?)",
            answer.id, number or 0, answer.text(),
        )  # fmt: skip
        return done > 0

    def answers(self, number: int) -> list[dict[str, Any]]:
        """All answers to a request, in their order."""
        rows = self._file.all("SELECT document FROM answer WHERE inbox_id = ? ORDER BY id", number)
        return [json.loads(row["document"]) for row in rows]

    def unwritten(self) -> list[tuple[bytes, int, int]]:
        """Files of requests beside which not all answers are: path, request, answers there are."""
        asked = "SELECT (SELECT max(id) FROM answer), (SELECT max(rowid) FROM laid)"
        newest = tuple(self._file.one(asked) or ())
        if newest == self._all_written:
            return []
        rows = self._file.all(
            "SELECT laid.path, laid.inbox_id, count(answer.id) AS answers FROM laid"
            " JOIN answer ON answer.inbox_id = laid.inbox_id GROUP BY laid.path"
            " HAVING answers > laid.written"
        )
        self._all_written = () if rows else newest
        return [(bytes(row["path"]), int(row["inbox_id"]), int(row["answers"])) for row in rows]

    def written(self, path: bytes, answers: int) -> None:
        """So many answers are beside a file."""
        self._file.write("UPDATE laid SET written = ? WHERE path = ?", answers, path)

    def laid(self, number: int) -> list[bytes]:
        """Where the files of a request are."""
        rows = self._file.all("SELECT path FROM laid WHERE inbox_id = ? ORDER BY rowid", number)
        return [bytes(row["path"]) for row in rows]

    def _entries(self, statement: str, *values: Any) -> list[LedgerEntry]:
        return [
            LedgerEntry(
                **{
                    name: row[name]
                    for name in LedgerEntry.__dataclass_fields__
                    if name not in ("headers", "body")
                },
                headers=json.loads(row["headers"]),
                body=bytes(row["body"]),
            )
            for row in self._file.all(statement, *values)
        ]
