"""Making a session at home in another folder than the one it was made in.

A session names what it made relative to its own folder; movies, references and templates by their
whole paths. These are rewritten in the store of a restored session, which nobody has begun to run.
Keys of results stay: what was made is not made again. So that steps with a path among their
parameters stay the steps that they were, their fingerprints are made anew.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from icestream.engine.graph.plan import PlannedStep, bind, fingerprint_of
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.engine.record.workflows import workflow_of
from icestream.model import BranchId
from icestream.protocol.registry import Registry
from icestream.store import sqlite as sqlite_stores
from icestream.store import tables as t
from icestream.store.open import FILE, open_store
from icestream.store.reading import uri

__all__ = ["Moved", "relocate"]

_COLUMNS = (
    ("result", ("document", "checkpoint", "pictures")),
    ("revision", ("parameters", "changed", "cursor", "said_by", "within")),
    ("exposure", ("details", "reasons")),
    ("task", ("inputs", "details")),
    ("branch", ("sample",)),
    ("figure", ("document",)),
)
"""Columns of JSON in which paths may be. What happened in the past (events, requests) happened
where it did."""

Moved = Sequence[tuple[Path, Path]]
"""Folders, each before and after."""


def relocate(folder: Path, moved: Moved) -> int:
    """Rewrite paths in the store of a session that nobody runs; how many values were changed.

    Parameters
    ----------
    folder
        The session's, as it is now.
    moved
        Folders that are elsewhere now; of two that are in each other the inner one counts.
    """
    moved = [(old, new) for old, new in moved if old != new]
    if not moved:
        return 0
    # It is opened for writing once, so that it has the schema of this version.
    store = open_store(folder)
    try:
        with store.read() as reading:
            numbers = reading.execute(select(t.branch.c.id)).scalars()
            workflows = [workflow_of(reading, BranchId(number)) for number in list(numbers)]
    finally:
        store.close()
    prints = [_fingerprints(workflow, moved) for workflow in workflows]
    connection = sqlite3.connect(uri(folder / FILE, "?mode=rw"), uri=True, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        changed = _rewrite(connection, moved) + _let_read(connection, moved)
        for old, new in {pair for pairs in prints for pair in pairs if pair[0] != pair[1]}:
            connection.execute(
                "UPDATE revision SET fingerprint = ? WHERE fingerprint = ?", [new, old]
            )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    sqlite_stores.sync_folder(folder)
    return changed


def _rewrite(connection: sqlite3.Connection, moved: Moved) -> int:
    # Longest first, through a mark that no text has, so that nothing is moved twice.
    ordered = sorted(moved, key=lambda pair: len(str(pair[0])), reverse=True)
    changed = 0
    for table, columns in _COLUMNS:
        there = {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')}
        for column in there.intersection(columns):
            for number, (old, _) in enumerate(ordered):
                for end in ('"', "/"):
                    before, mark = f"{_json(old)}{end}", f'"\x01{number}{end}'
                    changed += _replace(connection, (table, column), before, mark)
            for number, (_, new) in enumerate(ordered):
                for end in ('"', "/"):
                    mark, after = f'"\x01{number}{end}', f"{_json(new)}{end}"
                    _replace(connection, (table, column), mark, after)
    return changed


def _let_read(connection: sqlite3.Connection, moved: Moved) -> int:
    """Let steps that may read some folders alone read those where what they might read is now."""
    changed = 0
    asked = "SELECT id, within FROM revision WHERE within IS NOT NULL"
    for number, text in connection.execute(asked).fetchall():
        within = [Path(one) for one in json.loads(text)]
        more = [
            new
            for old, new in moved
            if any(old.is_relative_to(one) for one in within)
            and not any(new.is_relative_to(one) for one in within)
        ]
        if more:
            told = json.dumps([str(one) for one in (*within, *more)])
            connection.execute("UPDATE revision SET within = ? WHERE id = ?", [told, number])
            changed += 1
    return changed


def _replace(
    connection: sqlite3.Connection, where: tuple[str, str], before: str, after: str
) -> int:
    table, column = where
    cursor = connection.execute(
        f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?)'  # noqa: S608 - named above
        f' WHERE instr("{column}", ?)',
        [before, after, before],
    )
    return cursor.rowcount


def _json(path: Path) -> str:
    """The beginning of a path as it stands in JSON."""
    return json.dumps(str(path))[:-1]


def _fingerprints(workflow: Workflow, moved: Moved) -> list[tuple[str, str]]:
    """Of each step of a workflow, its fingerprint with paths as they were, and as they are."""
    try:
        before = _prints(workflow)
        after = _prints(_with_paths(workflow, moved))
    except InvalidWorkflow:
        return []  # it cannot go on here either, and says why
    return [(before[name], after[name]) for name in before]


def _prints(workflow: Workflow) -> dict[str, str]:
    made: dict[str, str] = {}
    bound: dict[str, PlannedStep] = bind(workflow, Registry())
    for name, step in bound.items():
        made[name] = fingerprint_of(step, made)
    return made


def _with_paths(workflow: Workflow, moved: Moved) -> Workflow:
    steps = []
    for step in workflow.steps:
        given = {name: _moved(value, moved) for name, value in step.parameters.items()}
        steps.append(replace(step, parameters=given))
    return replace(workflow, steps=tuple(steps))


def _moved(value: object, moved: Moved) -> object:
    if isinstance(value, list | tuple):
        return type(value)(_moved(each, moved) for each in value)
    if isinstance(value, dict):
        return {name: _moved(each, moved) for name, each in value.items()}
    if not isinstance(value, str | Path):
        return value
    text = str(value)
    for old, new in sorted(moved, key=lambda pair: len(str(pair[0])), reverse=True):
        if text == str(old) or text.startswith(f"{old}/"):
            return type(value)(f"{new}{text[len(str(old)) :]}")
    return value
