"""The migrations make the schema that the code works with, in one piece."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, event, insert, inspect, select, text

import old_session
import toys
from icestream.engine.requests.models import read_request
from icestream.model import ITEM_TYPES, Accepted, Rejected
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.events import TaskDone
from icestream.store.items import items_of
from icestream.store.lineage import lineages
from icestream.store.migrate import HEAD, NewerStore, upgrade
from icestream.store.open import NoStore, Store, _opened, open_store
from icestream.store.pointer import Pointer, read_pointer
from icestream.store.writing import Numbers, Writes
from toy_session import Session


def scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("icestream.store") / "migrations"))
    return config


def version_of(store: Store) -> str:
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()
    (version,) = rows
    return str(version[0])


def at(store: Store, revision: str) -> None:
    """Bring a store to the schema of an earlier version, or of a later one."""
    config = scripts()
    back = revision == "base" or (revision != "head" and version_of(store) > revision)
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if back else command.upgrade)(config, revision)


@pytest.mark.parametrize("migrated", [False, True])
def test_a_new_store_and_the_migrations_have_exactly_the_tables(
    store: Store, migrated: bool
) -> None:
    """Columns, their types, keys and indexes: as `icestream.store.tables` has them."""
    if migrated:
        at(store, "base")
        at(store, "head")
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), t.metadata) == []
    assert version_of(store) == HEAD


def test_the_head_is_the_newest_script() -> None:
    assert ScriptDirectory.from_config(scripts()).get_current_head() == HEAD


def test_opening_again_changes_nothing(tmp_path: Path, store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(t.sample).values(id=1, time=0.0, name="x", value=1.0))
    upgrade(store.engine)
    again = open_store(tmp_path / "session")
    with again.read() as connection:
        assert connection.execute(select(t.sample.c.id)).scalars().all() == [1]
    again.close()


def test_taking_everything_back_leaves_nothing(store: Store) -> None:
    at(store, "base")
    assert set(inspect(store.engine).get_table_names()) == {"alembic_version"}


def test_a_store_whose_making_is_interrupted_is_none_and_is_made_up_for(
    tmp_path: Path, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = t.metadata.create_all

    def interrupted(*arguments: Any) -> None:
        whole(*arguments)
        raise KeyboardInterrupt

    folder = tmp_path / "session"
    with monkeypatch.context() as patch:
        patch.setattr(t.metadata, "create_all", interrupted)
        with pytest.raises(KeyboardInterrupt):
            open_store(folder, url=url)
    with pytest.raises(NoStore):  # no reader takes it for a session
        open_store(folder, readonly=True)
    store = open_store(folder)
    assert version_of(store) == HEAD
    store.close()


# -- the store of schema 0002 ----------------------------------------------------------------------


def everything(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables by the names of their columns, whatever the schema.

    Nothing refers to a link by its number.
    """
    known = MetaData()
    with store.engine.connect() as connection:
        known.reflect(connection)
        found = {
            table.name: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in known.sorted_tables
        }
    for row in found.get("link", ()):
        del row["id"]
    return {
        name: sorted(rows, key=lambda row: repr(sorted(row.items())))
        for name, rows in found.items()
    }


def run(store: Store, *statements: str) -> None:
    with store.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture
def old(tmp_path: Path, url: str | None) -> Iterator[Store]:
    """The old store as it is, whatever its schema."""
    folder = tmp_path / "session"
    old_session.restore(folder, url)
    pointer = read_pointer(folder) or Pointer()
    with contextlib.closing(_opened(folder, pointer, readonly=False)) as store:
        yield store


def test_what_was_asked_of_an_old_session_keeps_its_answers(old: Store) -> None:
    upgrade(old.engine)
    asked = everything(old)["request"]
    assert sorted(one["verb"] for one in asked) == [
        "abort", "accept", "acknowledge", "adopt", "pause", "reject", "reject", "set",
    ]  # fmt: skip
    assert [one["state"] for one in asked].count("new") == 2
    for one in asked:
        read = read_request(one["document"], verb=one["verb"], who=one["who"])
        assert read.who == one["who"], one["token"]
    said = queries.events(old, kinds=["request.answered"])
    assert [one.document["verb"] for one in said] == [
        "adopt", "set", "accept", "reject", "acknowledge", "pause",
    ]  # fmt: skip


def test_going_back_to_the_old_schema_loses_nothing(old: Store) -> None:
    before = everything(old)
    upgrade(old.engine)
    config = scripts()
    with old.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, old_session.SCHEMA)
    assert everything(old) == before


def about(store: Store, table: str, where: str) -> set[tuple[str, str, int]]:
    """Kind, family and number of the subjects of some rows."""
    chosen = (
        f"SELECT subject.kind, subject.family, subject.number FROM {table}"
        f" LEFT JOIN subject ON subject.id = {table}.subject_id WHERE {where}"
    )
    with store.read() as connection:
        return {tuple(row) for row in connection.execute(text(chosen))}


BATCHES = [("batch", "total", 1), ("batch", "total", 2), ("batch", "total", 3)]


def test_old_batches_and_what_was_made_of_them_are_of_the_same_subjects(old: Store) -> None:
    upgrade(old.engine)
    for table in ("task", "result", "event"):
        for step in (9, 10):  # total and twice
            found = about(old, table, f"{table}.step_id = {step} AND subject_id IS NOT NULL")
            assert found == set(BATCHES), (table, step)
    with old.read() as connection:
        chosen = select(t.subject).where(t.subject.c.kind == "exposure").order_by(t.subject.c.id)
        exposures = connection.execute(chosen).all()
        names = {row.name for row in connection.execute(select(t.subject)) if row.kind == "batch"}
    assert [row.name for row in exposures] == ["e1", "e2", "e3", "e4", "e5", "e8"]
    assert [row.id for row in exposures] == [row.number for row in exposures]
    assert names == {"batch_00001", "batch_00002", "batch_00003"}
    found = queries.results(old, "twice")
    assert [(one.subject, one.batch) for one in found] == [
        ("batch_00001", 1), ("batch_00002", 2), ("batch_00003", 3),
    ]  # fmt: skip


REVISED = (
    # `sel` was changed, and what depends on it with it; the first batch was the same as before.
    """INSERT INTO revision (id, step_id, number, parameters, changed, version, fingerprint,
       created, who) VALUES (20, 9, 2, '{}', '{}', 1, 'f20', 1.0, ''),
       (21, 10, 2, '{}', '{}', 1, 'f21', 1.0, '')""",
    "INSERT INTO counter SELECT 20, 0, 0, 0, 1, 0, 0, 0, 1, 0.0",
    "INSERT INTO counter SELECT 21, 0, 0, 0, 0, 1, 0, 0, 0, 0.0",
    """INSERT INTO event (seq, time, kind, step_id, exposure_id, document) VALUES
       (130, 1.0, 'step.revised', 9, NULL, '{"revision": 2, "who": "ada"}'),
       (131, 1.0, 'step.revised', 10, NULL, '{"revision": 2, "who": "ada"}'),
       (132, 2.0, 'task.done', 9, -1, '{"result": 25}'),
       (133, 3.0, 'task.failed', 10, -1, '{"reason": "the first time"}'),
       (134, 4.0, 'task.failed', 10, -1, '{"reason": "for good"}'),
       (135, 5.0, 'task.done', 9, -4, '{"result": 50}')""",
    """INSERT INTO result (id, key, step_id, revision_id, exposure_id, document, checkpoint, epoch,
       attempt, started, seconds, host)
       VALUES (50, 'late', 9, 11, -4, '{}', '', 1, 1, 0, 0, '')""",
    """INSERT INTO task (id, step_id, revision_id, exposure_id, key, inputs, state, passed, rank,
       attempt, epoch, due, result_id, serial, ended, reason, details) VALUES
       (70, 9, 20, -1, 'k', '{"items": [], "previous": null, "final": false}', 'done', true, 0, 1,
        1, 0, 25, 132, 2.0, '', ''),
       (71, 10, 21, -1, 'k', '[["total", "total", 25, "total"]]', 'failed', false, 0, 2, 1, 0, NULL,
        134, 4.0, 'for good', ''),
       (72, 9, 11, -4, 'k', '{"items": [], "previous": 48, "final": true}', 'done', true, 0, 1, 1,
        0, 50, 135, 5.0, '', '')""",
    "UPDATE step SET revision_id = 20 WHERE id = 9",
    "UPDATE step SET revision_id = 21 WHERE id = 10",
)
"""What else an old store may hold of the batch step `total` (9) and of `twice` (10)."""


def test_batches_of_several_revisions_are_told_apart(old: Store) -> None:
    """Even where they share a result, and where one of an earlier revision ended late."""
    run(old, *REVISED)
    upgrade(old.engine)
    now = {("batch", "total@2", 1)}
    assert about(old, "task", "revision_id IN (20, 21)") == now
    assert about(old, "event", "seq BETWEEN 132 AND 134") == now
    late = ("batch", "total", 4)
    assert about(old, "event", "seq = 135") == {late}
    assert about(old, "task", "revision_id = 11") == {*BATCHES, late}
    assert about(old, "result", "step_id IN (9, 10)") == {*BATCHES, late}
    assert [one.subject for one in queries.results(old, "total")] == ["batch_00001"]
    (failed,) = queries.failures(old, step="twice")
    assert (failed.exposure, failed.subject) == ("", "batch_00001")


def test_going_back_loses_nothing_of_several_revisions(old: Store) -> None:
    run(old, *REVISED)
    before = everything(old)
    upgrade(old.engine)
    at(old, old_session.SCHEMA)
    assert everything(old) == before


def test_a_session_goes_on_from_the_schema_before_with_all_that_it_had(
    tmp_path: Path, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Snapshots, what selections made of them, and revisions that are not current.

    What tasks took of the machine was not kept then.
    """
    monkeypatch.setattr(toys, "KINDS", (*toys.KINDS, old_session.Few))
    with contextlib.closing(Session(tmp_path / "session", url)) as session:
        # What is below 6 or 9 has the same first batch: the second time it is taken again.
        for below in (6, 9):
            steps = (
                ("src", "toy.count", {"count": 12}, {}),
                ("a", "toy.add", {}, {"number": "src"}),
                ("sel", "toy.select", {"below": below}, {"number": "a"}),
                ("total", "toy.total", {"full": 3}, {"number": "sel.number"}),
                ("few", "toy.few", {"full": 7}, {"total": "total"}),
                ("twice", "toy.double", {}, {"total": "few.total"}),
            )
            assert session.run(*steps).state == "done"
        before = told(session.store())
        assert before["counts"]["total"].reused == 1
        with contextlib.closing(open_store(session.folder)) as store:
            rows = everything(store)
            at(store, "0004")
            upgrade(store.engine)
            after = everything(store)
        for table in ("task", "result", "event", "quality", "arrival"):
            assert by_subjects(rows, table) == by_subjects(after, table), table
        assert told(session.store()) == before
        assert session.run(*steps).state == "done"
        assert told(session.store()) == before


def told(store: Store) -> dict[str, Any]:
    names = ("total", "few", "twice")
    return {
        "results": {
            name: [(one.subject, one.outputs, one.passed) for one in queries.results(store, name)]
            for name in names
        },
        "failures": [(one.step, one.subject, one.reason) for one in queries.failures(store)],
        "counts": {
            one.name: replace(one.counts, cpu=0.0, metered=0, memory=0.0)
            for one in queries.steps(store)
        },
        "made": len(lineages(store)),
        "exposures": [(one.name, one.number, one.state) for one in queries.exposures(store)],
    }


def by_subjects(rows: dict[str, list[dict[str, Any]]], table: str) -> list[str]:
    """The rows of a table with the family, number and name of their subjects."""
    known = {row["id"]: row for row in rows["subject"]}
    found = []
    for row in rows[table]:
        kept = {name: value for name, value in row.items() if name not in ("cpu", "memory")}
        about = known.get(row["subject_id"], {})
        named = {name: about.get(name) for name in ("kind", "family", "number", "name")}
        found.append(repr(sorted((kept | {"subject_id": named}).items())))
    return sorted(found)


def test_what_a_step_was_is_what_its_revisions_are(old: Store) -> None:
    before = everything(old)
    upgrade(old.engine)
    after = everything(old)
    steps = {row["id"]: row for row in before["step"]}
    current = {row["revision_id"] for row in before["step"]}
    for row in after["revision"]:
        step = steps[row["step_id"]]
        same = ["protocol", "kind", "depth"]
        if row["id"] in current:
            same += ["state", "reason", "cursor", "gate", "backfill"]
        assert {name: row[name] for name in same} == {name: step[name] for name in same}
    (branch,) = queries.branches(old)
    assert (branch.name, branch.state, branch.adopted) == ("main", "active", True)
    assert {row["revision_id"] for row in after["member"]} == current
    assert len(after["link"]) == len(before["link"]) + 2  # `share` has three revisions
    links = queries.workflow(old).links
    names = {row["id"]: row["name"] for row in before["step"]}
    assert sorted((one.step, one.port, one.source, one.source_port) for one in links) == sorted(
        (names[row["step_id"]], row["port"], names[row["source_id"]], row["source_port"])
        for row in before["link"]
    )


def test_going_back_leaves_out_what_there_was_not(store: Store) -> None:
    """Groups, other branches and steps that only those have."""
    with store.write() as connection:
        writes = Writes(Numbers(connection), 1.0)
        writes.insert(
            t.session, id=1, name="s", workflow="w", order="newest", state="done", branch_id=2,
            epoch=1, created=0.0, changed=0.0,
        )  # fmt: skip
        for number, name in ((1, "main"), (2, "trial")):
            writes.insert(t.branch, id=number, name=name, workflow="w", state="active", created=0.0)
        for number, name in ((1, "src"), (2, "gone")):
            writes.insert(t.step, id=number, name=name)
        for number, step, state in ((1, 1, "paused"), (2, 1, "done"), (3, 2, "done")):
            writes.insert(
                t.revision, id=number, step_id=step, number=number, protocol="toy.add",
                kind="item", version=1, depth=0, parameters="{}", changed="{}", created=0.0,
                fingerprint=f"f{number}", state=state,
            )  # fmt: skip
        writes.insert(t.link, revision_id=3, port="number", source_id=1, source_port="number")
        for branch, step, revision in ((1, 1, 1), (1, 2, 3), (2, 1, 2)):
            writes.insert(t.member, branch_id=branch, step_id=step, revision_id=revision)
        for number, kind, name in ((1, "exposure", "e1"), (2, "group", "g1")):
            writes.insert(t.subject, id=number, kind=kind, number=1, name=name)
            writes.insert(
                t.task, id=number, step_id=1, revision_id=2, subject_id=number, key="k",
                inputs="[]", state="done", rank=0,
            )  # fmt: skip
            writes.event(TaskDone(result=None), subject_id=number)
        writes.insert(t.exposure, id=1, state="done", found=0.0)
        writes.flush(connection)
    at(store, "0004")
    found = everything(store)
    (step,) = found["step"]
    assert (step["name"], step["revision_id"], step["state"]) == ("src", 2, "done")
    assert [row["exposure_id"] for row in found["task"]] == [1]
    assert [row["exposure_id"] for row in found["event"]] == [1, None]
    assert (found["link"], [row["id"] for row in found["revision"]]) == ([], [1, 2])
    assert [row["name"] for row in found["exposure"]] == ["e1"]


@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_migration_that_is_interrupted_anywhere_leaves_the_old_store(
    old: Store, part: float
) -> None:
    """At a statement that is that far along."""
    said = 0
    last = len(_statements_of_upgrade(old)) * part

    def interrupt(*_: object) -> None:
        nonlocal said
        said += 1
        if said > last:
            raise OSError("the disk is full")

    before = everything(old)
    event.listen(old.engine, "before_cursor_execute", interrupt)
    with pytest.raises(OSError, match="the disk is full"):
        upgrade(old.engine)
    event.remove(old.engine, "before_cursor_execute", interrupt)
    assert everything(old) == before
    upgrade(old.engine)
    assert version_of(old) == HEAD


def _statements_of_upgrade(store: Store) -> list[str]:
    """What an upgrade says to the database; it is taken back."""
    said: list[str] = []

    def note(*arguments: Any) -> None:
        said.append(arguments[2])

    config = scripts()
    event.listen(store.engine, "before_cursor_execute", note)
    with store.engine.connect() as connection, connection.begin() as transaction:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        transaction.rollback()
    event.remove(store.engine, "before_cursor_execute", note)
    return said


def test_an_old_store_whose_migration_is_interrupted_is_as_it_was(
    old: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = command.upgrade

    def interrupted(*arguments: Any) -> None:
        whole(*arguments)
        raise KeyboardInterrupt

    before = everything(old)
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", interrupted)
        with pytest.raises(KeyboardInterrupt):
            upgrade(old.engine)
    assert everything(old) == before
    upgrade(old.engine)
    assert version_of(old) == HEAD


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path, store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerStore, match=f"has schema 9999, this icestream knows up to {HEAD}"):
        open_store(tmp_path / "session")
    assert version_of(store) == "9999"


def test_making_and_opening_a_store_do_not_load_alembic(tmp_path: Path) -> None:
    """It takes longer to load than all the rest of opening a session."""
    script = (
        "import sys; from icestream.store.open import open_store;"
        "[open_store(sys.argv[1]).close() for _ in 'ab']; print('alembic' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert said.stdout == "False\n"


# -- stores of earlier versions --------------------------------------------------------------------


OLD = [
    # (protocol, kind, document, what it is known to be)
    ("movies.import", "source", {"movie": {"path": "x"}}, {"movie": "icestream.model:Movie"}),
    ("ctf.estimate", "item", {"ctf": {}}, {"ctf": "icestream.model:Ctf"}),
    ("particles.extract", "item", {"particles": {}}, {"particles": "icestream.model:Particles"}),
    ("plugin.extract", "item", {"all": {}, "best": {"stack": "s", "box": 8}}, {}),
    ("plugin.other", "item", {"verdict": {"accepted": False, "reasons": []}}, {}),
    (
        "plugin.judge",
        "selection",
        {"verdict": {"accepted": False, "reasons": ["ice"]}},
        {"verdict": "icestream.model:Rejected"},
    ),
    (
        "exposures.select",
        "selection",
        {"verdict": {"accepted": True, "reasons": []}},
        {"verdict": "icestream.model:Accepted"},
    ),
]


def test_results_that_are_older_than_types_say_what_we_made_and_nothing_else(store: Store) -> None:
    at(store, "0002")
    with store.engine.begin() as connection:
        for number, (protocol, kind, document, _) in enumerate(OLD, start=1):
            connection.exec_driver_sql(
                f"""INSERT INTO step (id, name, protocol, kind, depth, state, reason, revision_id,
                    cursor, gate) VALUES ({number}, '{protocol}', '{protocol}', '{kind}', 0, 'done',
                    '', {number}, 'null', 'held')"""
            )
            connection.execute(
                text(
                    """INSERT INTO result (id, key, step_id, revision_id, exposure_id, document,
                    checkpoint, epoch, attempt, started, seconds, host)
                    VALUES (:id, :key, :id, :id, 1, :document, '', 1, 1, 0, 0, '')"""
                ),
                {"id": number, "key": f"k{number}", "document": json.dumps(document)},
            )
            if "extract" in protocol:
                connection.exec_driver_sql(
                    "INSERT INTO part (result_id, step_id, revision_id, exposure_id, rows) "
                    f"VALUES ({number}, {number}, {number}, 1, 7)"
                )
    upgrade(store.engine)
    result, part = t.result.c, t.part.c
    with store.read() as connection:
        found = connection.execute(select(result.types, result.pictures).order_by(result.id)).all()
        ports = connection.execute(select(part.port).order_by(part.result_id)).scalars().all()
    assert [json.loads(types) for types, _ in found] == [known for *_, known in OLD]
    assert {pictures for _, pictures in found} == {"[]"}
    assert ports == ["particles", "best"]


def test_an_old_sessions_verdicts_are_known_and_its_plugins_items_are_not(old: Store) -> None:
    upgrade(old.engine)
    for name, passed in (("e5", True), ("e8", False)):
        found = queries.results_of(old, name)
        made = {step: next(iter(items_of(old, one).values())) for step, one in found.items()}
        assert isinstance(made.pop("sel"), Accepted if passed else Rejected)
        assert {one.why for one in made.values()} == {"its type was not recorded"}


def test_old_results_are_of_types_that_are_still_known() -> None:
    """Whoever renames an item type leaves its old name in `ITEM_TYPES`."""
    script = ScriptDirectory.from_config(scripts()).get_revision("0004")
    assert script is not None
    known = {
        f"icestream.model:{name}" for made in script.module._MADE.values() for name in made.values()
    }
    assert known <= set(ITEM_TYPES)
