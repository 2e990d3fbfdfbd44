"""What is queued, what is sent when, what is dropped: by a clock that the tests set."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from icestream.channels.kinds import Channel, Channels
from icestream.engine.record.alerts import SESSION, Reporter
from icestream.engine.record.deliveries import (
    DAY,
    FAILED,
    Deliveries,
    Delivery,
    due_now,
    pause_after,
)
from icestream.model import Alert
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.mutes import MuteRecord
from icestream.store.writing import Writes
from toy_record import Desk

NOON = datetime(2026, 1, 10, 12, 0).timestamp()
NIGHT = datetime(2026, 1, 10, 23, 0).timestamp()
MORNING = datetime(2026, 1, 11, 7, 0).timestamp()


def channel(**more: Any) -> Any:
    given = more if "kind" in more else {"kind": "log", "path": "/none", **more}
    return TypeAdapter[Any](Channel).validate_python(given)


def waiting(due: float, level: str = "warning", **more: Any) -> Delivery:
    given = {"id": 1, "alert": 1, "key": "hot", "step": 3, "channel": "staff", "over": False}
    return Delivery(**{**given, "level": level, "due": due, **more})


# -- when ------------------------------------------------------------------------------------------


def test_pauses_grow_from_half_a_minute_to_an_hour() -> None:
    assert [pause_after(tries) for tries in (1, 2, 3, 4)] == [30, 60, 120, 240]
    assert pause_after(8) == pause_after(1000) == 3600


def test_what_is_due_takes_along_what_is_gathered_and_not_what_failed() -> None:
    due, fresh = waiting(NOON), waiting(NOON + 30, id=2)
    failed = waiting(NOON + 30, id=3, tries=1)
    assert due_now([fresh, failed], channel(), (), NOON) == []
    assert due_now([due, fresh, failed], channel(), (), NOON) == [due, fresh]
    assert due_now([due, fresh, failed], channel(), (), NOON + 30) == [due, fresh, failed]


def test_at_the_end_nothing_is_gathered() -> None:
    fresh, failed = waiting(NOON + 30), waiting(NOON + 30, tries=1)
    assert due_now([fresh, failed], channel(), (), NOON, last=True) == [fresh]
    assert due_now([failed], channel(), (), NOON, last=True) == []


def test_quiet_hours_keep_back_all_but_what_is_critical() -> None:
    warning, critical = waiting(NIGHT), waiting(NIGHT, "critical", id=2)
    quiet = channel(quiet="22:00-07:00")
    assert due_now([warning, critical], quiet, (), NIGHT) == [critical]
    assert due_now([warning, critical], quiet, (), MORNING - 1) == [critical]
    assert due_now([warning], quiet, (), MORNING) == [warning]
    assert due_now([warning], quiet, (), NIGHT, last=True) == []
    deaf = channel(quiet="22:00-07:00", critical_always=False)
    assert due_now([warning, critical], deaf, (), NIGHT) == []


def test_a_mute_keeps_back_its_kind_of_its_step_until_it_is_over() -> None:
    mine, other = waiting(NOON, "critical"), waiting(NOON, "critical", id=2, step=4)
    mute = MuteRecord(id=1, key="hot", step_id=3, until=NOON + 7200, who="ann", why="")
    assert due_now([mine, other], channel(), [mute], NOON) == [other]
    assert due_now([mine], channel(), [mute], NOON + 7200) == [mine]


# -- what ------------------------------------------------------------------------------------------


class Line:
    """A record whose alerts are to be sent, and what its table of deliveries has."""

    def __init__(self, desk: Desk, **channels: Any) -> None:
        self.desk = desk
        self.channels = Channels({name: channel(**how) for name, how in channels.items()})
        desk.record.alerts.deliveries = Deliveries(self.channels, desk.folder.name)

    @property
    def deliveries(self) -> Deliveries:
        return self.desk.record.alerts.deliveries

    @contextmanager
    def writes(self) -> Iterator[Writes]:
        with self.desk.record.transaction() as (_, made):
            yield made

    def raise_(self, key: str = "hot", level: Any = "warning", by: Reporter = SESSION) -> None:
        with self.writes() as writes:
            alert = Alert(key=key, level=level, message=f"{key} is {level}")
            self.desk.record.alerts.raise_(writes, by, alert)

    def clear(self, key: str = "hot") -> None:
        with self.writes() as writes:
            self.desk.record.alerts.clear(writes, SESSION, key)

    def send(self, numbers: Iterable[int] | None = None, error: str = "") -> None:
        chosen = list(self.deliveries.each) if numbers is None else list(numbers)
        with self.writes() as writes:
            if error:
                self.deliveries.failed(writes, chosen, error)
            else:
                self.deliveries.sent(writes, chosen, "250 OK")

    def restart(self) -> None:
        """Another coordinator takes the session over."""
        self.desk.record.alerts.deliveries = Deliveries(self.channels, self.desk.folder.name)
        self.desk.record.alerts.held.clear()
        with self.desk.store.read() as connection:
            self.desk.record.alerts.load(connection)

    def rows(self) -> list[tuple[str, str, bool]]:
        return [(row.channel, row.state, row.over) for row in self.desk.rows(t.delivery)]


@pytest.fixture
def line(desk: Callable[..., Desk]) -> Callable[..., Line]:
    return lambda **channels: Line(desk(("src", "toy.count", {}, {})), **channels)


def test_each_channel_gets_the_levels_and_sessions_that_it_wants(line: Callable[..., Line]) -> None:
    post = line(
        all={"levels": ["notice", "warning", "critical"]},
        worst={"levels": "critical"},
        elsewhere={"sessions": "krios*"},
    )
    post.raise_("ice", "notice")
    post.raise_("hot", "warning")
    assert post.rows() == [("all", "waiting", False)] * 2
    post.raise_("stopped", "critical")
    assert {name for name, *_ in post.rows()[2:]} == {"all", "worst"}


def test_nothing_is_sent_over_the_channel_that_it_is_about(line: Callable[..., Line]) -> None:
    post = line(staff={}, room={})
    post.raise_(f"{FAILED}staff")
    assert post.rows() == [("room", "waiting", False)]


def test_a_message_that_was_kept_up_is_sent_once(line: Callable[..., Line]) -> None:
    post = line(staff={})
    for _ in range(3):
        post.raise_()
    assert post.rows() == [("staff", "waiting", False)]


def test_what_is_over_before_it_was_sent_is_not_sent(line: Callable[..., Line]) -> None:
    post = line(staff={})
    post.raise_()
    post.clear()
    assert post.rows() == [("staff", "dropped", False)]
    assert post.deliveries.each == {}


def test_whoever_was_told_is_told_that_it_is_over(line: Callable[..., Line]) -> None:
    post = line(staff={}, terse={"over": False})
    post.raise_()
    post.send()
    post.clear()
    assert post.rows() == [
        ("staff", "sent", False), ("terse", "sent", False), ("staff", "waiting", True),
    ]  # fmt: skip
    post.send()
    assert post.rows()[-1] == ("staff", "sent", True)
    assert post.deliveries.each == {}
    sent = queries.events(post.desk.store, kinds=["alert.sent"])
    assert [(one.document["channel"], one.document["over"]) for one in sent] == [
        ("staff", False), ("terse", False), ("staff", True),
    ]  # fmt: skip


@pytest.mark.parametrize("error", ["", "connection refused"])
def test_what_is_over_while_it_is_sent(line: Callable[..., Line], error: str) -> None:
    post = line(staff={})
    post.raise_()
    (number,) = post.deliveries.each
    post.deliveries.under_way.add(number)
    post.clear()
    assert post.rows() == [("staff", "waiting", False)]
    post.deliveries.under_way.clear()
    post.send([number], error)
    assert post.rows() == (
        [("staff", "dropped", False)]
        if error
        else [("staff", "sent", False), ("staff", "waiting", True)]
    )


def test_what_becomes_worse_is_sent_to_whom_it_concerns_now(line: Callable[..., Line]) -> None:
    post = line(staff={}, worst={"levels": "critical"})
    post.raise_(level="warning")
    post.send()
    post.raise_(level="critical")
    assert post.rows()[1:] == [("staff", "waiting", False), ("worst", "waiting", False)]
    post.send()
    post.raise_(level="warning")  # better is no news
    assert len(post.rows()) == 3
    post.clear()
    assert post.rows()[3:] == [("staff", "waiting", True), ("worst", "waiting", True)]


def test_one_that_waits_and_becomes_critical_waits_less(line: Callable[..., Line]) -> None:
    post = line(staff={"gather": 60})
    post.raise_(level="warning")
    (one,) = post.deliveries.each.values()
    before = one.due
    post.raise_(level="critical")
    assert (one.level, len(post.rows())) == ("critical", 1)
    assert one.due < before - 30


def test_what_is_acknowledged_is_not_sent(line: Callable[..., Line]) -> None:
    post = line(staff={})
    post.raise_()
    with post.writes() as writes:
        post.deliveries.acknowledged(writes, 1, "ann")
    assert post.rows() == [("staff", "dropped", False)]
    assert post.desk.rows(t.delivery, "answer") == ["ann took care of it before it was sent"]
    with post.writes() as writes:
        post.desk.record.alerts.rearm(writes, [1])
    assert post.rows()[1:] == [("staff", "waiting", False)]


def test_rearming_sends_what_holds_again_at_once(line: Callable[..., Line]) -> None:
    post = line(staff={})
    post.raise_()
    post.send()
    for _ in range(2):  # asked twice, it is sent once
        with post.writes() as writes:
            post.desk.record.alerts.rearm(writes, [1, 99])
    assert post.rows() == [("staff", "sent", False), ("staff", "waiting", False)]
    (again,) = post.deliveries.waiting("staff")
    assert due_now([again], post.channels.each["staff"], (), again.due) == [again]
    post.send([again.id])
    post.clear()
    assert post.rows()[2:] == [("staff", "waiting", True)]  # one end for both


def test_failures_are_tried_again_for_a_day(line: Callable[..., Line]) -> None:
    post = line(staff={})
    post.raise_()
    (one,) = post.deliveries.each.values()
    for tries in (1, 2):
        post.send(error="connection refused")
        (row,) = post.desk.rows(t.delivery)
        assert (row.state, row.tries, row.answer) == ("waiting", tries, "connection refused")
        assert row.due - row.first >= pause_after(tries)
    assert one.first is not None
    one.first -= DAY + 1
    post.send(error="connection refused")
    assert post.rows() == [("staff", "given up", False)]
    (event,) = queries.events(post.desk.store, kinds=["alert.unsent"])
    assert event.document["reason"] == "connection refused"
    post.clear()
    assert len(post.rows()) == 1  # nobody was told that it had begun


def test_a_restart_goes_on_where_it_was(line: Callable[..., Line]) -> None:
    post = line(staff={}, room={})
    post.raise_("hot")
    post.raise_("sent")
    sent = [one.id for one in post.deliveries.each.values() if one.key == "sent"]
    post.send(sent)
    post.send([1], error="connection refused")
    before = dict(post.deliveries.each)
    post.restart()
    assert post.deliveries.each == before
    post.deliveries.try_now(NOON)
    assert post.deliveries.each[1].due == NOON  # it had failed
    assert post.deliveries.each[2].due > NOON
    post.clear("sent")
    assert post.rows().count(("staff", "waiting", True)) == 1


def test_what_was_under_way_when_it_was_killed_is_sent_again(line: Callable[..., Line]) -> None:
    post = line(staff={})
    post.raise_()
    post.deliveries.under_way.update(post.deliveries.each)
    post.clear()  # while it was being sent; then it is killed
    post.restart()
    (one,) = post.deliveries.waiting("staff")
    assert one.late
    post.send([one.id])
    assert post.rows() == [("staff", "sent", False), ("staff", "waiting", True)]


def test_secrets_are_not_in_the_store(line: Callable[..., Line]) -> None:
    post = line(room={"kind": "slack", "url": "https://hooks.example.org/t0psecret"})
    post.raise_()
    post.send(error="hooks.example.org: 500")
    assert b"t0psecret" not in (post.desk.folder / "icestream.db").read_bytes()
    wal = post.desk.folder / "icestream.db-wal"
    assert not wal.exists() or b"t0psecret" not in wal.read_bytes()
