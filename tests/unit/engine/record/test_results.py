"""Results by their keys: those that exist, with one question to the store."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from icestream.engine.record.results import results_of
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})


def test_results_that_exist_are_found_by_their_keys_with_one_question(desk: Desks) -> None:
    made = desk(SRC)
    made.find(1, 2, 3)
    keys = {row.key: row.id for row in made.rows(t.result)}
    asked: list[str] = []

    def note(*said: Any) -> None:
        if said[2].startswith("SELECT"):
            asked.append(said[2])

    with made.store.read() as connection:
        event.listen(connection, "before_cursor_execute", note)
        wanted = dict(list(keys.items())[:2])
        assert results_of(connection, [*wanted, "no such key"]) == wanted
        assert len(asked) == 1
        assert results_of(connection, []) == {}
        assert len(asked) == 1
