"""Sessions of which is told what happens in them, and how far they were told."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from icestream.facility.messages.ledger_file import MessageFile

__all__ = ["FollowedSession", "Following"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedSession:
    """A session of which is told what happens in it."""

    folder: Path
    name: str
    inbox_id: int | None
    """The request that began it; none of one that a person began."""
    after: int = 0
    """Number of the last event that was told."""
    at: float | None = None
    """When that event happened; None before one was told."""
    life: int = 0
    """How often its store was replaced by an older one: its events have the same numbers again."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What has to be known to tell it: zocalo's parameters and the like."""


class Following:
    """Sessions in the ledger that are followed."""

    def __init__(self, file: MessageFile) -> None:
        self._file = file

    def folder_of(self, session: str) -> Path | None:
        """Folder of the session of this name that a request began last."""
        row = self._file.one(
            "SELECT folder FROM followed WHERE name = ? ORDER BY rowid DESC LIMIT 1", session
        )
        return None if row is None else Path(row["folder"])

    def follow(self, session: FollowedSession) -> None:
        """Tell from now on what happens in a session; where that is so, know who asked for it."""
        self._file.write(
            "INSERT INTO followed (folder, inbox_id, name, after, about) VALUES (?,?,?,?,?)"
            " ON CONFLICT (folder) DO UPDATE SET inbox_id = excluded.inbox_id,"
            " about = excluded.about WHERE followed.inbox_id IS NULL",
            str(session.folder), session.inbox_id, session.name, session.after,
            json.dumps(dict(session.about)),
        )  # fmt: skip

    def followed(self) -> list[FollowedSession]:
        """All sessions that are followed."""
        rows = self._file.all("SELECT * FROM followed WHERE over IS NULL ORDER BY rowid")
        return [
            FollowedSession(
                folder=Path(row["folder"]),
                name=row["name"],
                inbox_id=row["inbox_id"],
                after=row["after"],
                at=row["at"],
                life=row["life"],
                about=json.loads(row["about"]),
            )
            for row in rows
        ]

    def folders(self) -> frozenset[str]:
        """Folders of all sessions that are followed, or were."""
        return frozenset(row["folder"] for row in self._file.all("SELECT folder FROM followed"))

    def told(self, folder: Path, after: int, at: float | None, *, life: int = 0) -> None:
        """All events up to a number, which happened at a time, were told."""
        self._file.write(
            "UPDATE followed SET after = ?, at = ?, life = ? WHERE folder = ?",
            after, at, life, str(folder),
        )  # fmt: skip

    def told_of(self, folder: Path) -> int:
        """Number of the last event of a session that was told; 0: none was."""
        row = self._file.one("SELECT after FROM followed WHERE folder = ?", str(folder))
        return 0 if row is None else int(row["after"])

    def leave(self, folder: Path) -> None:
        """Follow a session no more: its folder is gone."""
        self._file.write("UPDATE followed SET over = ? WHERE folder = ?", time.time(), str(folder))
