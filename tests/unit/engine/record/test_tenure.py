"""A coordinator's tenure: it ends where another's begins, or where the session is gone."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from icestream.engine.machine.home import NotHere
from icestream.engine.record.tenure import TakenOver, Tenure
from icestream.store import tables as t
from toy_record import Desk

SRC = ("src", "toy.count", {}, {})


@pytest.fixture
def made(desk: Callable[..., Desk]) -> Desk:
    return desk(SRC)


def test_a_tenure_holds_until_another_epoch_begins(made: Desk) -> None:
    tenure = made.record.tenure
    with made.store.write() as connection:
        tenure.fence(connection)
        connection.execute(update(t.session).values(epoch=7, holder="12@scope"))
    with (
        pytest.raises(TakenOver, match=r"by another coordinator \(12@scope, epoch 7\)"),
        made.store.write() as connection,
    ):
        tenure.fence(connection)
    with pytest.raises(TakenOver, match="of epoch 1, has written nothing since"):
        tenure.explain()


def test_what_is_lost_is_told_until_it_is_back(made: Desk) -> None:
    tenure = Tenure(made.store)
    assert tenure.lost() is None
    tenure.check_home()
    away = made.folder.with_name("away")
    made.folder.rename(away)
    assert str(made.folder) in str(tenure.lost())
    with pytest.raises(NotHere):
        tenure.check_home()
    away.rename(made.folder)
    assert tenure.lost() is None
