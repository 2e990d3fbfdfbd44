"""All that is left of a session, read without icestream: what the checker looks at."""

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nemesis.history import Line

__all__ = ["Found", "Key", "Made", "Row", "current_tasks", "gathered", "made_by_tasks", "rows_of"]

Row = Mapping[str, Any]
Key = tuple[str, str, str]
"""Exposure, step, parameters of the step."""
Made = tuple[tuple[tuple[str, str], ...], str]
"""What a task made: (file, hash) of each, without what its name says of the exposure; and its
document, without names of files and the number of the group, which say what came before."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A session as it is left, and what is known of how it came to that."""

    tables: Mapping[str, Sequence[Row]]
    files: Mapping[str, tuple[int, str]]
    """Size and hash of each, by its path in the session's folder."""
    history: Sequence[Line]
    processes: Sequence[str] = ()
    """Those of the run that are left."""
    said: str = ""
    """What the session's process printed, all in all."""
    integrity: Sequence[str] = ("ok",)
    """What SQLite says of the store."""
    before: Mapping[int, int] = field(default_factory=dict)
    """Results that were there before the last, quiet run: their epochs."""
    reference: Mapping[Key, Made] = field(default_factory=dict)
    """What tasks made in a session that nothing befell."""


def gathered(
    session: Path,
    history: Sequence[Line],
    *,
    reference: Mapping[Key, Made],
    said: str = "",
    processes: Sequence[str] = (),
    before: Mapping[int, int] | None = None,
) -> Found:
    """Read everything."""
    with closing(sqlite3.connect(session / "icestream.db")) as store:
        integrity = [row[0] for row in store.execute("PRAGMA integrity_check")]
        broken = store.execute("PRAGMA foreign_key_check").fetchall()
        integrity += [f"a row of {row[0]} leads to no {row[2]}" for row in broken]
    return Found(
        tables=rows_of(session),
        files=dict(_files(session)),
        history=history,
        processes=processes,
        said=said,
        integrity=integrity,
        before=before or {},
        reference=reference,
    )


def rows_of(session: Path) -> dict[str, list[Row]]:
    """All tables of a session's store."""
    with closing(sqlite3.connect(session / "icestream.db")) as store:
        store.row_factory = sqlite3.Row
        named = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        chosen = {row[0]: f'SELECT * FROM "{row[0]}"' for row in named}
        return {name: [dict(row) for row in store.execute(sql)] for name, sql in chosen.items()}


def _files(session: Path) -> Iterator[tuple[str, tuple[int, str]]]:
    for path in sorted(session.rglob("*")):
        if path.is_file() or path.is_symlink():
            with path.open("rb") as file:
                said = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
            yield str(path.relative_to(session)), (path.stat().st_size, said.hexdigest())


def current_tasks(tables: Mapping[str, Sequence[Row]]) -> Iterator[tuple[Row, Row, str, str]]:
    """Tasks of the adopted branch about exposures: (task, revision, step, exposure)."""
    branch = tables["session"][0]["branch_id"]
    members = {row["revision_id"] for row in tables["member"] if row["branch_id"] == branch}
    revisions = {row["id"]: row for row in tables["revision"]}
    steps = {row["id"]: row["name"] for row in tables["step"]}
    names = {row["id"]: row["name"] for row in tables["subject"] if row["kind"] == "exposure"}
    for task in tables["task"]:
        if task["revision_id"] in members and task["subject_id"] in names:
            revision = revisions[task["revision_id"]]
            yield task, revision, steps[revision["step_id"]], names[task["subject_id"]]


def made_by_tasks(tables: Mapping[str, Sequence[Row]], *, every: bool = False) -> dict[Key, Made]:
    """What results of exposures are, by what they are of; of `every` branch, or the adopted one."""
    revisions = {row["id"]: row for row in tables["revision"]}
    steps = {row["id"]: row["name"] for row in tables["step"]}
    names = {row["id"]: row["name"] for row in tables["subject"] if row["kind"] == "exposure"}
    wanted = {task["result_id"] for task, *_ in current_tasks(tables)}
    files: dict[int, list[tuple[str, str]]] = {}
    for row in tables["file"]:
        files.setdefault(row["result_id"], []).append((row["path"], row["hash"]))
    made: dict[Key, Made] = {}
    for row in tables["result"]:
        if row["subject_id"] not in names or not (every or row["id"] in wanted):
            continue
        name, step = names[row["subject_id"]], steps[row["step_id"]]
        parameters = revisions[row["revision_id"]]["parameters"]
        held = sorted((_plain(path, name), said) for path, said in files.get(row["id"], ()))
        made[name, step, parameters] = (tuple(held), _document(row["document"]))
    return made


def _plain(path: str, exposure: str) -> str:
    """What a file is, without its exposure's name and the key that makes it another's."""
    return re.sub(r"^\.[0-9a-f]{8}", "", Path(path).name.removeprefix(exposure))


def _document(document: str) -> str:
    def without(value: Any) -> Any:
        if isinstance(value, dict):
            kept = ((name, inner) for name, inner in value.items() if name != "group")
            return {name: without(inner) for name, inner in kept}  # groups count as they come
        if isinstance(value, list):
            return [without(inner) for inner in value]
        return "" if isinstance(value, str) and "/" in value else value

    return json.dumps(without(json.loads(document)), sort_keys=True)
