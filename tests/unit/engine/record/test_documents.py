"""Documents of results: from memory where they were written just now."""

import json
from collections.abc import Callable

from icestream.engine.record.documents import Documents
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]


def test_documents_come_from_memory_or_from_the_store(desk: Desks) -> None:
    made = desk(("src", "toy.count", {}, {}))
    made.find(1, 2, 3)
    numbers = [row.id for row in made.rows(t.result)]
    documents = Documents(most=1)
    documents.remember(numbers[0], "forgotten")
    documents.remember(numbers[1], "remembered")
    with made.store.read() as connection:
        found = documents.get(connection, numbers)
    assert found[numbers[1]] == "remembered"
    assert [json.loads(found[n])["number"]["value"] for n in (numbers[0], numbers[2])] == [1, 3]
