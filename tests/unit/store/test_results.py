"""A result by its number, and what went into a batch."""

from pathlib import Path

import pytest

from icestream.store import queries
from icestream.store import tables as t
from icestream.store.results import result, taken_in
from report_session import SampleSession


def test_as_queries_tell_it_and_still_after_a_change(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(2)
    (known,) = queries.results(session.store, "ctf", limit=1)
    assert result(session.store, known.id) == known
    session.change("ctf")
    assert queries.results(session.store, "ctf") == ()
    assert result(session.store, known.id) == known
    with pytest.raises(LookupError, match="no result 9999 in"):
        result(session.store, 9999)


def test_through_all_batches_before(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(6)
    session.classify()
    session.classify()
    first, second = (one.id for one in queries.results(session.store, "classify"))
    stacks = queries.results(session.store, "extract")
    with session.store.write() as connection:
        rows = [
            {"result_id": first, "port": "particles", "source_id": stacks[0].id},
            {"result_id": second, "port": "particles", "source_id": stacks[1].id},
            {"result_id": second, "port": "previous", "source_id": first},
        ]
        connection.execute(t.input_.insert(), rows)
    names = [stack.exposure for stack in stacks]
    assert taken_in(session.store, second, names) == {
        names[0]: [stacks[0].id],
        names[1]: [stacks[1].id],
    }
    assert taken_in(session.store, first, names[:2]) == {names[0]: [stacks[0].id]}
    assert taken_in(session.store, second, []) == {}
    session.add_choice([True] * 24)  # it knows exposures through the classes that it was given
    (kept,) = queries.results(session.store, "keep")
    with session.store.write() as connection:
        row = {"result_id": kept.id, "port": "classes", "source_id": second}
        connection.execute(t.input_.insert(), [row])
    assert taken_in(session.store, kept.id, names) == taken_in(session.store, second, names)
