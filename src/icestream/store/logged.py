"""Events that people look for in a log: alerts, failures, requests and decisions, with names.

All else that happens is in the store, in the order in which it happened.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from sqlalchemy import Connection, Table, select

from icestream.store import tables as t

__all__ = ["LOGGED", "log_events"]

_log = structlog.get_logger("icestream.session")

LOGGED = {
    "session.state": "info",
    "step.revised": "info",
    "branch.adopted": "info",
    "source.failed": "warning",
    "exposure.state": "info",
    "exposure.judged": "info",
    "picks.corrected": "info",
    "task.failed": "warning",
    "alert.raised": "info",
    "alert.updated": "info",
    "alert.cleared": "info",
    "alert.acknowledged": "info",
    "alert.adopted": "info",
    "alert.muted": "info",
    "alert.rearmed": "info",
    "alert.sent": "info",
    "alert.unsent": "warning",
    "request.asked": "info",
    "request.answered": "info",
}
"""Kinds of events that are logged, and how loud; an alert is as loud as it says."""
_LOUD = ("warning", "critical")
_TOLD = ("rejected", "failed")
"""States of an exposure that are logged; the others are no news."""


def log_events(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Log those of the new `rows` of the table of events that people look for.

    Nothing is where nobody has said where the log goes: it would be printed among what a command
    says.
    """
    if not structlog.is_configured():
        return
    read = [
        {**row, "document": json.loads(row["document"])} for row in rows if row["kind"] in LOGGED
    ]
    chosen = [row for row in read if _is_told(row)]
    if not chosen:
        return
    steps = _names(connection, t.step, (row["step_id"] for row in chosen))
    exposures = _names(connection, t.subject, (row["subject_id"] for row in chosen))
    for row in chosen:
        said = {name: value for name, value in row["document"].items() if value not in (None, "")}
        if row["step_id"] in steps:
            said["step"] = steps[row["step_id"]]
        if row["subject_id"] in exposures:
            said["exposure"] = exposures[row["subject_id"]]
        # The level of a line of the log is another thing than that of an alert.
        severity = said.pop("level", None)
        more = {} if severity is None else {"severity": severity}
        level = "warning" if severity in _LOUD else LOGGED[row["kind"]]
        getattr(_log, level)(row["kind"], **said, **more)


def _is_told(row: Mapping[str, Any]) -> bool:
    return row["kind"] != "exposure.state" or row["document"]["state"] in _TOLD


def _names(connection: Connection, table: Table, numbers: Iterable[int | None]) -> dict[int, str]:
    wanted = {number for number in numbers if number is not None}
    if not wanted:
        return {}
    chosen = select(table.c.id, table.c.name).where(table.c.id.in_(wanted))
    return {row.id: row.name for row in connection.execute(chosen)}
