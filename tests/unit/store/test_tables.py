"""What the tables themselves see to, whoever writes them: on SQLite and PostgreSQL alike."""

from typing import Any

import pytest
from sqlalchemy import Table, insert, select
from sqlalchemy.exc import IntegrityError

from icestream.store import tables as t
from icestream.store.open import Store

LARGE = 5_000_000_000
"""More than 32 bits hold: bytes of a file, say."""

TASK = {"step_id": 1, "revision_id": 1, "exposure_id": 1, "key": "k", "inputs": "[]", "rank": 0}
RESULT = {
    "step_id": 1, "revision_id": 1, "exposure_id": 1, "document": "{}", "epoch": 1, "attempt": 1,
    "started": 0.0, "seconds": 1.0, "host": "scope",
}  # fmt: skip
STEP = {
    "protocol": "toy.add", "kind": "item", "depth": 0, "state": "waiting", "revision_id": 1,
}  # fmt: skip
REVISION = {"parameters": "{}", "changed": "{}", "version": 1, "created": 0.0}


def add(store: Store, table: Table, *rows: dict[str, Any]) -> None:
    for row in rows:
        with store.write() as connection:
            connection.execute(insert(table).values(**row))


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        (t.exposure, [{"name": "e1", "state": "going", "found": 0.0}]),
        (t.step, [{"name": "a", **STEP}]),
        (t.task, [{"state": "ready", **TASK}]),
        (t.result, [{"key": "k", **RESULT}]),
    ],
    ids=["exposure", "step", "task", "result"],
)
def test_what_there_is_only_one_of_cannot_be_written_twice(
    store: Store, table: Table, rows: list[dict[str, Any]]
) -> None:
    """An exposure and a step by name, a task by revision and exposure, a result by its key.

    An attempt that was thought lost and comes late cannot commit a second result.
    """
    add(store, table, {"id": 1, **rows[0]})
    with pytest.raises(IntegrityError):
        add(store, table, {"id": 2, **rows[0]})


def test_a_task_may_be_done_again_by_another_revision(store: Store) -> None:
    add(
        store,
        t.task,
        {"id": 1, "state": "done", **TASK},
        {"id": 2, "state": "ready", **TASK, "revision_id": 2},
    )
    with store.read() as connection:
        assert connection.execute(select(t.task.c.id)).scalars().all() == [1, 2]


def test_revisions_of_a_step_differ_in_number_and_in_what_they_make(store: Store) -> None:
    add(store, t.step, {"id": 1, "name": "a", **STEP}, {"id": 2, "name": "b", **STEP})
    add(store, t.revision, {"id": 1, "step_id": 1, "number": 1, "fingerprint": "f", **REVISION})
    for same in ({"number": 1, "fingerprint": "g"}, {"number": 2, "fingerprint": "f"}):
        with pytest.raises(IntegrityError):
            add(store, t.revision, {"id": 2, "step_id": 1, **same, **REVISION})
    add(store, t.revision, {"id": 3, "step_id": 2, "number": 1, "fingerprint": "f", **REVISION})


def test_a_request_is_asked_for_once_by_its_token(store: Store) -> None:
    asked = {"token": "t", "time": 0.0, "verb": "pause", "document": "{}", "who": "ada"}
    add(store, t.request, {"state": "new", **asked})
    with pytest.raises(IntegrityError):
        add(store, t.request, {"state": "new", **asked})


def test_events_and_samples_keep_numbers_that_32_bits_do_not_hold(store: Store) -> None:
    add(store, t.event, {"seq": LARGE, "time": 1.8e9 + 1e-6, "kind": "late"})
    add(store, t.file, {"result_id": 1, "path": "movie.tiff", "size": LARGE})
    add(store, t.task, {"id": LARGE, "state": "ready", **TASK, "rank": -LARGE})
    with store.read() as connection:
        event = connection.execute(select(t.event)).one()
        assert (event.seq, event.time) == (LARGE, 1.8e9 + 1e-6)  # a microsecond in 2027
        assert connection.execute(select(t.file.c.size)).scalar() == LARGE
        assert connection.execute(select(t.task.c.rank)).scalar() == -LARGE


def test_values_come_back_as_they_were(store: Store) -> None:
    """Text in any script, truth values as such, nothing as nothing."""
    add(store, t.exposure, {"id": 1, "name": "Gitter 7 – Å µ 格", "state": "going", "found": 0.1})
    add(store, t.task, {"id": 1, "state": "done", **TASK, "passed": True})
    add(store, t.alert, {
        "id": 1, "key": "k", "level": "notice", "message": "", "raised": 0.0, "seen": 0.0,
    })  # fmt: skip
    with store.read() as connection:
        exposure = connection.execute(select(t.exposure)).one()
        assert (exposure.name, exposure.found) == ("Gitter 7 – Å µ 格", 0.1)
        assert connection.execute(select(t.task.c.passed)).scalar() is True
        alert = connection.execute(select(t.alert)).one()
        assert (alert.step_id, alert.cleared, alert.acknowledged_by) == (None, None, "")


@pytest.mark.parametrize(
    ("table", "left_out"),
    [(t.task, "state"), (t.result, "document"), (t.event, "kind"), (t.decision, "who")],
    ids=lambda what: what.name if isinstance(what, Table) else what,
)
def test_what_must_be_known_cannot_be_left_out(store: Store, table: Table, left_out: str) -> None:
    whole = {
        "task": {"id": 1, "state": "ready", **TASK},
        "result": {"id": 1, "key": "k", **RESULT},
        "event": {"seq": 1, "time": 0.0, "kind": "x"},
        "decision": {
            "id": 1, "step_id": 1, "exposure_id": 1, "accepted": True, "who": "ada",
            "why": "", "time": 0.0,
        },
    }[table.name]  # fmt: skip
    with pytest.raises(IntegrityError):
        add(store, table, {name: value for name, value in whole.items() if name != left_out})
    add(store, table, whole)


def test_particles_are_never_rows() -> None:
    """A part has the number of its particles; a session of millions stays small."""
    assert {column.name for column in t.part.columns} == {
        "result_id", "step_id", "revision_id", "exposure_id", "rows", "segment_id", "port",
    }  # fmt: skip


def test_every_list_that_grows_is_looked_up_by_an_index() -> None:
    """What is asked of a task, a quality, a file ... does not read the whole table."""
    looked_up = {
        "task": {"exposure_id", "revision_id"},
        "quality": {"exposure_id", "result_id"},
        "input": {"result_id", "source_id"},
        "file": {"result_id"},
        "decision": {"exposure_id"},
        "alert": {"cleared"},
        "request": {"state"},
        "arrival": {"revision_id"},
        "part": {"revision_id"},
    }
    for name, columns in looked_up.items():
        table = t.metadata.tables[name]
        first = {next(iter(index.columns)).name for index in table.indexes}
        assert columns <= first, name
