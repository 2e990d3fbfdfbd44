"""Rows that are written once, whoever writes them and how often."""

import threading

from sqlalchemy import select

from icestream.facility.registry import tables as t
from icestream.facility.registry.open import FacilityRegistry
from icestream.facility.registry.rows import keep, number_of


def test_a_row_is_written_once_and_changed_then(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        keep(connection, t.team, {"name": "lab"}, {"title": "A", "address": "x"})
        keep(connection, t.team, {"name": "lab"}, {"title": "B", "address": "y"}, once=["address"])
        keep(connection, t.team, {"name": "lab"}, {})
        found = connection.execute(select(t.team.c.title, t.team.c.address)).all()
        assert number_of(connection, t.team, name="lab") is not None
        assert number_of(connection, t.team, name="other") is None
    assert [tuple(row) for row in found] == [("B", "x")]


def test_many_write_the_same_row_at_once(registry: FacilityRegistry) -> None:
    def write(number: int) -> None:
        for turn in range(10):
            with registry.write() as connection:
                keep(connection, t.person, {"name": f"p{turn}"}, {"title": str(number)})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with registry.read() as connection:
        assert len(connection.execute(select(t.person.c.id)).all()) == 10
