"""Which mute covers an alert, and for how long."""

import pytest
from sqlalchemy import insert

from icestream.store import tables as t
from icestream.store.mutes import MuteRecord, alert_row, check_key, mute_of, mutes
from icestream.store.open import Store


def mute(number: int, key: str, step: int | None, until: float) -> MuteRecord:
    return MuteRecord(id=number, key=key, step_id=step, until=until, who="ann", why="")


def test_a_mute_covers_its_key_of_its_step_or_of_all() -> None:
    assert mute(1, "hot", 3, 9.0).covers("hot", 3)
    assert not mute(1, "hot", 3, 9.0).covers("hot", 4)
    assert not mute(1, "hot", 3, 9.0).covers("hot", None)
    assert mute(1, "hot", None, 9.0).covers("hot", 4)
    assert not mute(1, "hot", None, 9.0).covers("hotter", 4)


def test_of_several_the_longest_counts() -> None:
    held = [mute(1, "hot", 3, 9.0), mute(2, "hot", None, 99.0), mute(3, "cold", None, 999.0)]
    assert mute_of(held, "hot", 3) == held[1]
    assert mute_of(held, "wet", 3) is None


def test_those_that_are_over_or_were_taken_back_are_none(store: Store) -> None:
    row = {"key": "hot", "step_id": None, "since": 0.0, "who": "ann", "why": "", "ended_by": ""}
    with store.write() as connection:
        for number, until, ended in ((1, 50.0, None), (2, 200.0, 60.0), (3, 200.0, None)):
            connection.execute(insert(t.mute).values(id=number, until=until, ended=ended, **row))
    with store.read() as connection:
        assert [one.id for one in mutes(connection, 100.0)] == [3]
        assert [one.id for one in mutes(connection, 49.0)] == [1, 3]
        assert mutes(connection, 200.0) == ()


def test_an_alert_that_there_never_was_is_said(store: Store) -> None:
    said = {"level": "warning", "message": "m", "raised": 1.0, "seen": 1.0, "branch_id": 1}
    with store.write() as connection:
        with pytest.raises(LookupError, match="'hot' in this session; there was none"):
            check_key(connection, "hot")
        connection.execute(insert(t.alert).values(id=7, key="ctf.defocus.high", **said))
        check_key(connection, "ctf.defocus.high")
        assert alert_row(connection, 7).key == "ctf.defocus.high"
        with pytest.raises(LookupError, match="no alert 8 in this session; .* --all lists"):
            alert_row(connection, 8)
        with pytest.raises(LookupError, match=r"high; did you mean ctf\.defocus\.high\?"):
            check_key(connection, "ctf.defocus.hihg")
