"""What one transaction writes: numbered beforehand, in one piece, or not at all."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import IntegrityError

from icestream.store import queries
from icestream.store import tables as t
from icestream.store.events import ExposureFound, GateMoved, StepAdded
from icestream.store.open import Store
from icestream.store.writing import Numbers, Writes


def begin(connection: Connection, now: float = 100.0) -> Writes:
    return Writes(Numbers(connection), now)


def add_step(writes: Writes, name: str) -> int:
    return writes.insert(t.step, name=name)


def add_revision(writes: Writes, step: int, number: int = 1) -> int:
    return writes.insert(
        t.revision, step_id=step, number=number, protocol="toy.add", kind="item", version=1,
        depth=0, parameters="{}", changed="{}", fingerprint=f"f{number}", created=0.0,
    )  # fmt: skip


def add_exposure(writes: Writes, number: int, name: str) -> None:
    writes.insert(t.exposure, id=number, state="going", found=0.0)
    writes.insert(t.subject, id=number, kind="exposure", family="", number=number, name=name)


def names(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(t.step.c.name).order_by(t.step.c.id)).scalars())


@pytest.fixture
def statements(store: Store) -> Iterator[list[str]]:
    """The first words of all statements that are executed."""
    said: list[str] = []

    def note(*arguments: object) -> None:
        said.append(" ".join(str(arguments[2]).split()[:3]))

    event.listen(store.engine, "before_cursor_execute", note)
    yield said
    event.remove(store.engine, "before_cursor_execute", note)


# -- numbers ---------------------------------------------------------------------------------------


def test_numbers_go_on_from_what_the_store_has(store: Store) -> None:
    with store.write() as connection:
        numbers = Numbers(connection)
        assert [numbers.next("step"), numbers.next("step"), numbers.next("task")] == [1, 2, 1]
        assert numbers.last("step") == 2
        writes = Writes(numbers, 0.0)
        assert add_step(writes, "a") == 3
        assert writes.event(StepAdded()) == 1
        writes.flush(connection)
    with store.read() as connection:
        again = Numbers(connection)
    assert (again.next("step"), again.next("event"), again.next("task")) == (4, 2, 1)


def test_a_number_is_never_given_twice_even_when_a_transaction_fails(store: Store) -> None:
    """Somebody may have seen the number of a row that was never written."""
    with store.read() as connection:
        numbers = Numbers(connection)
    with pytest.raises(RuntimeError), store.write() as connection:
        writes = Writes(numbers, 0.0)
        assert add_step(writes, "a") == 1
        writes.flush(connection)
        raise RuntimeError
    assert add_step(Writes(numbers, 0.0), "a") == 2


# -- rows ------------------------------------------------------------------------------------------


def test_rows_refer_to_each_other_before_any_is_written(store: Store) -> None:
    """In whatever order they were thought of: PostgreSQL holds the references to be true."""
    with store.write() as connection:
        writes = begin(connection)
        writes.insert(t.member, branch_id=1, step_id=2, revision_id=1)
        writes.insert(t.link, revision_id=1, port="number", source_id=1, source_port="number")
        assert add_revision(writes, 2) == 1
        assert [add_step(writes, "a"), add_step(writes, "b")] == [1, 2]
        writes.insert(t.branch, id=1, name="main", workflow="w", state="active", created=0.0)
        add_exposure(writes, 1, "e1")
        writes.flush(connection)
    with store.read() as connection:
        link = connection.execute(select(t.link)).one()
        member = connection.execute(select(t.member)).one()
    assert (link.id, link.source_id, link.revision_id) == (1, 1, 1)
    assert tuple(member) == (1, 2, 1)
    assert queries.exposure(store, "e1").number == 1


def test_a_table_is_written_with_one_statement_however_many_rows_it_gets(
    store: Store, statements: list[str]
) -> None:
    with store.write() as connection:
        writes = begin(connection)
        for number in range(200):
            writes.insert(t.sample, time=float(number), name="x", value=1.0)
            writes.update(t.task, number, state="done")
        del statements[:]
        writes.flush(connection)
    assert sorted(statements) == ["INSERT INTO sample", "UPDATE task SET"]
    assert len(queries.samples(store)) == 200


def test_rows_that_give_different_columns_keep_their_defaults(store: Store) -> None:
    with store.write() as connection:
        writes = begin(connection)
        writes.insert(t.sample, time=1.0, name="a", value=1.0)
        writes.insert(t.sample, time=2.0, name="b", value=2.0, unit="Å")
        writes.insert(t.sample, time=3.0, name="c", value=3.0)
        writes.flush(connection)
    found = queries.samples(store)
    assert [(one.name, one.unit) for one in found] == [("a", ""), ("b", "Å"), ("c", "")]


def test_a_row_is_changed_where_it_is_said_and_nowhere_else(store: Store) -> None:
    with store.write() as connection:
        writes = begin(connection)
        a, b, c = (add_revision(writes, add_step(writes, name)) for name in "abc")
        writes.update(t.revision, b, state="paused", reason="by ada")
        writes.update(t.revision, c, state="done")
        writes.update(t.revision, c, state="running")  # the last word holds
        writes.flush(connection)
    with store.read() as connection:
        rows = {row.id: row for row in connection.execute(select(t.revision))}
    assert [(rows[n].state, rows[n].reason) for n in (a, b, c)] == [
        ("waiting", ""),
        ("paused", "by ada"),
        ("running", ""),
    ]


def test_counters_are_added_to_and_never_set(store: Store) -> None:
    """Changes add up within a transaction, and over transactions."""
    with store.write() as connection:
        writes = begin(connection)
        for revision in (1, 2):
            writes.insert(t.counter, revision_id=revision)
        writes.flush(connection)
        writes.count(1, ready=5)
        writes.count(1, ready=-1, running=1)
        assert dict(writes.counts()[1]) == {"ready": 4, "running": 1}
        writes.flush(connection)
    with store.write() as connection:
        writes = begin(connection)
        writes.count(1, running=-1, done=1, seconds=2.5)
        writes.flush(connection)
    with store.read() as connection:
        one, other = connection.execute(select(t.counter).order_by(t.counter.c.revision_id)).all()
    assert (one.ready, one.running, one.done, one.seconds) == (4, 0, 1, 2.5)
    assert (other.ready, other.done, other.seconds) == (0, 0, 0.0)


def test_what_adds_up_to_nothing_writes_nothing(store: Store, statements: list[str]) -> None:
    with store.write() as connection:
        writes = begin(connection)
        writes.count(1, ready=1)
        writes.count(1, ready=-1)
        del statements[:]
        writes.flush(connection)
    assert statements == []


def test_more_can_be_written_in_the_same_transaction_and_nothing_twice(store: Store) -> None:
    with store.write() as connection:
        writes = begin(connection)
        writes.insert(t.counter, revision_id=1)
        writes.count(1, done=1)
        add_step(writes, "a")
        writes.event(ExposureFound())
        writes.flush(connection)
        writes.flush(connection)
        add_step(writes, "b")
        writes.event(StepAdded())
        writes.flush(connection)
    assert names(store) == ["a", "b"]
    assert [one.kind for one in queries.events(store)] == ["exposure.found", "step.added"]
    with store.read() as connection:
        assert connection.execute(select(t.counter.c.done)).scalar() == 1


# -- events ----------------------------------------------------------------------------------------


def test_events_are_numbered_in_order_and_say_when(store: Store) -> None:
    for now in (100.0, 200.0):
        with store.write() as connection:
            writes = begin(connection, now)
            writes.event(GateMoved(gate="open"), step_id=7)
            writes.event(ExposureFound(), subject_id=9)
            writes.flush(connection)
    found = queries.events(store)
    assert [(one.seq, one.time, one.kind) for one in found] == [
        (1, 100.0, "step.gate"),
        (2, 100.0, "exposure.found"),
        (3, 200.0, "step.gate"),
        (4, 200.0, "exposure.found"),
    ]
    assert (found[0].document, found[1].document) == (
        {"gate": "open", "lot": "", "reason": "", "branch": ""},
        {},
    )


def test_events_are_appended_and_never_overwritten(store: Store) -> None:
    """A second writer that thinks it is the first fails instead of changing what happened."""
    with store.read() as connection:
        stale = Numbers(connection)
    with store.write() as connection:
        writes = begin(connection)
        writes.event(StepAdded())
        writes.flush(connection)
    with pytest.raises(IntegrityError), store.write() as connection:
        writes = Writes(stale, 0.0)
        writes.event(ExposureFound())
        writes.flush(connection)
    assert [one.kind for one in queries.events(store)] == ["step.added"]


# -- all or nothing --------------------------------------------------------------------------------


def test_a_torn_transaction_leaves_nothing(store: Store) -> None:
    """The last of its rows cannot be written: then none of them was."""
    with store.write() as connection:
        writes = begin(connection)
        add_exposure(writes, 1, "e1")
        writes.insert(t.counter, revision_id=1)
        writes.flush(connection)
    with pytest.raises(IntegrityError), store.write() as connection:
        writes = begin(connection)
        add_step(writes, "a")
        writes.event(ExposureFound())
        writes.update(t.exposure, 1, state="done")
        writes.count(1, done=1)
        writes.flush(connection)
        add_exposure(writes, 2, "e1")  # it is there already
        writes.flush(connection)
    assert names(store) == []
    assert queries.events(store) == ()
    assert queries.exposure(store, "e1").state == "going"
    with store.read() as connection:
        assert connection.execute(select(t.counter.c.done)).scalar() == 0


def test_nothing_is_written_before_it_is_flushed(store: Store) -> None:
    with store.write() as connection:
        add_step(begin(connection), "a")
    assert names(store) == []


def test_text_that_is_none_is_written_out(store: Store) -> None:
    """Messages name files, whose names may be any bytes."""
    with store.write() as connection:
        writes = begin(connection)
        number = add_step(writes, "caf\udce9 µ")
        other = add_step(writes, "b")
        writes.update(t.step, other, name="b\udce9")
        writes.flush(connection)
    assert number < other
    assert names(store) == [r"caf\xe9 µ", r"b\xe9"]
