"""When the disk will be full, as the samples of a monitor tell it."""

from collections.abc import Callable

from icestream.model.filling import FILLS, FREE, FULL_IN, LATEST, SOONEST, Filling
from icestream.store import tables as t
from icestream.store.filling import filling
from icestream.store.writing import Numbers, Writes
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})


def sampled(made: Desk, time: float, **values: float) -> None:
    names = {"free": FREE, "fills": FILLS, "full": FULL_IN, "soonest": SOONEST, "latest": LATEST}
    with made.store.write() as connection:
        writes = Writes(Numbers(connection), time)
        for name, value in values.items():
            writes.insert(t.sample, time=time, name=names[name], value=value, unit="")
        writes.flush(connection)


def test_what_was_foreseen_last_is_told(desk: Desks) -> None:
    made = desk(SRC)
    assert filling(made.store, 1000.0) is None
    sampled(made, 1000.0, free=5e11)
    assert filling(made.store, 1001.0) == Filling(free=5e11)
    sampled(made, 1010.0, free=4e11, fills=100.0, full=2.0, soonest=1.5)
    assert filling(made.store, 1011.0) == Filling(
        state="in sight", free=4e11, rate=1e8, until=8210.0, soonest=6410.0
    )
    assert filling(made.store, 2000.0) is None  # nobody looks any more


def test_what_is_not_told_again_is_not_in_sight(desk: Desks) -> None:
    made = desk(SRC)
    sampled(made, 1000.0, free=4e11, fills=100.0, full=2.0, soonest=1.5, latest=3.0)
    sampled(made, 1010.0, free=4e11, fills=0.0)
    assert filling(made.store, 1011.0) == Filling(state="not in sight", free=4e11, rate=0.0)
