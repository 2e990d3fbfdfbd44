"""One session of a server: what a person can ask on the command line, from a program."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from icestream.client.asking import Asking
from icestream.client.connection import Connection
from icestream.client.events import follow
from icestream.store.records import (
    AlertRecord,
    EventRecord,
    HistoryRecord,
    SessionRecord,
    WorkflowRecord,
)

__all__ = ["ServedSession"]

_PAGE = 500
_PIECE = 1 << 20
_MAKING = 600.0
"""Seconds that an export may take until its first bytes come."""
Limit = tuple[str, float | None, float | None]
"""Name of a quality, and the lowest and highest value that is wanted, as the store has it."""


@dataclass(frozen=True)
class _Workflow:
    """What the server says of a workflow."""

    record: WorkflowRecord


class ServedSession(Asking):
    """A session of a server.

    Parameters
    ----------
    connection
        To the server.
    session_id
        By which the server knows it.
    """

    def __init__(self, connection: Connection, session_id: str) -> None:
        super().__init__(connection, f"/sessions/{quote(session_id, safe='~')}")
        self.id = session_id

    def __repr__(self) -> str:
        return f"ServedSession({self.id!r} of {self._connection.address})"

    def status(self) -> SessionRecord:
        """Where it stands."""
        return self._connection.get(self._path, SessionRecord)

    def live(self, branch: str | None = None) -> Mapping[str, Any]:
        """Everything that its first screen shows."""
        return self._connection.get(f"{self._path}/live", dict[str, Any], branch=branch)

    def workflow(self, branch: str | None = None) -> WorkflowRecord:
        """Its steps with their parameters, states and counts, and how they are linked."""
        shown = self._connection.get(f"{self._path}/workflow", _Workflow, branch=branch)
        return shown.record

    def exposures(
        self,
        *,
        where: Sequence[Limit] = (),
        state: str | None = None,
        search: str | None = None,
        sort: str | None = None,
        descending: bool = False,
    ) -> Iterator[Mapping[str, Any]]:
        """Exposures, page by page as they are taken.

        Parameters
        ----------
        where
            Limits, all of which hold: ``("ctf.resolution", None, 4.0)``.
        state
            pending, accepted, rejected or failed.
        search
            Part of the name.
        sort
            name, number, found, or the name of a quality.
        descending
            The highest first.
        """
        limits = tuple(_limit(*one) for one in where)
        query = {"where": limits, "state": state, "search": search, "sort": sort}
        after = None
        while True:
            page = self._connection.get(
                f"{self._path}/exposures", dict[str, Any], after=after, limit=_PAGE,
                descending=descending or None, **query,
            )  # fmt: skip
            yield from page["rows"]
            after = page.get("next")
            if after is None:
                return

    def exposure(self, name: str) -> Mapping[str, Any]:
        """One exposure in full: its results, qualities, decisions and failures."""
        return self._connection.get(
            f"{self._path}/exposures/{quote(name, safe='')}", dict[str, Any]
        )

    def alerts(self, *, open_only: bool = True) -> tuple[AlertRecord, ...]:
        """Alerts that hold, or all there have been."""
        return self._connection.get(
            f"{self._path}/alerts", tuple[AlertRecord, ...], open_only=open_only
        )

    def history(self) -> Iterator[HistoryRecord]:
        """What was decided, the oldest first: who, when, what and why."""
        after = 0
        while page := self._connection.get(
            f"{self._path}/history", tuple[HistoryRecord, ...], after=after or None, limit=_PAGE
        ):
            yield from page
            after += len(page)

    def follow(
        self, after: int | None = None, kinds: Sequence[str] = (), patience: float = 300.0
    ) -> Iterator[EventRecord]:
        """What happens, as it happens; each event once, also when the server is started anew.

        Parameters
        ----------
        after
            Number of the last event that is known, 0 for all; None: begin with what happens next.
        kinds
            Of the events that are wanted; all when none is named.
        patience
            Seconds that the server may be away before that is raised.
        """
        return follow(self._connection, f"{self._path}/events/stream", after, kinds, patience)

    def download(self, path: str, target: Path | str) -> Path:
        """Copy a file of the session, named relative to its folder, into a file here."""
        return self._saved(f"{self._path}/files/download", target, {"path": path})

    def export(
        self, kind: str, target: Path | str, branch: str | None = None, **options: str | bool
    ) -> Path:
        """Have an export made, such as ``relion``, and copied into a file here.

        Parameters
        ----------
        kind
            Of the export.
        target
            The file; of an export of several files it is a zip archive.
        branch
            The adopted one by default.
        **options
            What else that kind takes, such as ``format="json"`` or ``step="ctf"``.
        """
        query = {"branch": branch, **options}
        return self._saved(f"{self._path}/exports/{quote(kind, safe='')}", target, query)

    def _saved(self, path: str, target: Path | str, query: Mapping[str, Any]) -> Path:
        target = Path(target)
        partial = target.with_name(f"{target.name}.part")
        with contextlib.ExitStack() as undo:
            undo.callback(partial.unlink, missing_ok=True)
            answer = undo.enter_context(self._connection.stream(path, query, silence=_MAKING))
            with partial.open("wb") as file:
                for piece in answer.iter_bytes(_PIECE):
                    file.write(piece)
            partial.replace(target)
        return target


def _limit(name: str, low: float | None, high: float | None) -> str:
    """A limit as the server takes it: name:low:high, either of which may be empty."""
    return f"{name}:{'' if low is None else low}:{'' if high is None else high}"
