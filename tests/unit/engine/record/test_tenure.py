"""A coordinator's tenure: it ends where another's begins, or where the session is gone."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import update

from icestream.engine.machine.home import NotHere
from icestream.engine.record import tenure as module
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
        tenure.explain(OSError(28, "full"))


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


def test_a_file_that_is_gone_may_have_been_swept_by_one_that_says_so_in_a_moment(
    made: Desk,
) -> None:
    def say_so() -> None:
        with made.store.write() as connection:
            connection.execute(update(t.session).values(epoch=7, holder="12@scope"))

    later = threading.Timer(0.3, say_so)
    later.start()
    with pytest.raises(TakenOver):
        made.record.tenure.explain(FileNotFoundError("scratch"))
    later.join()


def test_another_error_waits_for_nobody(made: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SAYS_SO", 1e6)
    made.record.tenure.explain(OSError(28, "No space left on device"))


def test_what_is_gone_with_the_folder_waits_for_nobody(
    made: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SAYS_SO", 1e6)
    away = made.folder.with_name("away")
    made.folder.rename(away)
    made.record.tenure.explain(FileNotFoundError("scratch"))
    away.rename(made.folder)
