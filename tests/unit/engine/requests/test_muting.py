"""What people say of alerts is kept with who, when and why; mutes end by themselves."""

import time
from collections.abc import Callable

import pytest

from icestream.engine.record.alerts import SESSION, Reporter
from icestream.engine.record.deliveries import Deliveries, due_now
from icestream.engine.requests.models import Acknowledge, InvalidRequest, Mute, Rearm
from icestream.engine.requests.muting import acknowledge, heed, mute, rearm
from icestream.model import Alert
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.records import AlertRecord
from post_target import channels
from toy_record import Desk, Step

STEPS: tuple[Step, ...] = (
    ("src", "toy.count", {}, {}),
    ("a", "toy.add", {"add": 1}, {"number": "src"}),
    ("b", "toy.add", {"add": 2}, {"number": "src"}),
)


@pytest.fixture
def made(desk: Callable[..., Desk]) -> Desk:
    """A session in which both steps and the session itself have raised an alert."""
    opened = desk(*STEPS)
    with opened.record.transaction() as (_, writes):
        for by in (SESSION, Reporter.of(opened.step("a")), Reporter.of(opened.step("b"))):
            alert = Alert(key="hot", level="warning", message="it is hot")
            opened.record.alerts.raise_(writes, by, alert)
    return opened


def alert_of(made: Desk, step: str) -> AlertRecord:
    (alert,) = [one for one in queries.alerts(made.store) if one.step == step]
    return alert


def test_an_alert_is_acknowledged_by_somebody_and_holds(made: Desk) -> None:
    assert alert_of(made, "a").acknowledged is None
    asked = Acknowledge(alert=alert_of(made, "a").id, who="ada", why="I look")
    assert acknowledge(made.record, asked) == "acknowledged"
    alert = alert_of(made, "a")
    assert alert.acknowledged is not None
    assert (alert.acknowledged_by, alert.acknowledged_why) == ("ada", "I look")
    assert alert_of(made, "b").acknowledged is None
    (event,) = queries.events(made.store, kinds=["alert.acknowledged"])
    assert event.document == {"alert": alert.id, "who": "ada", "why": "I look"}


def test_a_number_mutes_the_kind_of_its_step_alone(made: Desk) -> None:
    until = time.time() + 7200
    said = mute(made.record, Mute(alert=alert_of(made, "a").id, until=until, who="ada", why="ok"))
    assert said.startswith("hot of a is muted until 2")
    alert = alert_of(made, "a")
    assert (alert.muted, alert.muted_by, alert.muted_why) == (until, "ada", "ok")
    assert alert_of(made, "b").muted is None
    assert queries.events(made.store, kinds=["alert.muted"])[0].document["key"] == "hot"


def test_a_key_mutes_the_kind_wherever_it_comes_from(made: Desk) -> None:
    assert mute(made.record, Mute(key="hot", until=time.time() + 60)).startswith("hot is muted")
    assert None not in {one.muted for one in queries.alerts(made.store)}


def test_a_mute_is_over_by_itself(made: Desk) -> None:
    mute(made.record, Mute(key="hot", until=time.time() + 0.2))
    time.sleep(0.25)
    assert {one.muted for one in queries.alerts(made.store)} == {None}


def test_the_last_mute_holds(made: Desk) -> None:
    for seconds in (9000.0, 60.0):
        until = time.time() + seconds
        mute(made.record, Mute(key="hot", until=until))
    assert {one.muted for one in queries.alerts(made.store)} == {until}
    assert [row.ended is None for row in made.rows(t.mute)] == [False, True]


def test_rearming_takes_back_both(made: Desk) -> None:
    number = alert_of(made, "a").id
    acknowledge(made.record, Acknowledge(alert=number, who="ada"))
    acknowledge(made.record, Acknowledge(alert=alert_of(made, "b").id, who="ada"))
    mute(made.record, Mute(alert=number, until=time.time() + 60))
    assert rearm(made.record, Rearm(alert=number, who="bob")) == "hot of a is sent again"
    assert (alert_of(made, "a").muted, alert_of(made, "a").acknowledged) == (None, None)
    assert alert_of(made, "b").acknowledged is not None
    assert made.rows(t.mute)[0].ended_by == "bob"
    rearm(made.record, Rearm(key="hot"))
    assert {one.acknowledged for one in queries.alerts(made.store)} == {None}
    assert len(queries.events(made.store, kinds=["alert.rearmed"])) == 2


def test_what_is_not_there_is_refused(made: Desk) -> None:
    with pytest.raises(LookupError, match="no alert 99 in this session"):
        acknowledge(made.record, Acknowledge(alert=99))
    with pytest.raises(LookupError, match="no alert was called 'cold' in this session; there were"):
        rearm(made.record, Rearm(key="cold"))
    with pytest.raises(InvalidRequest, match="which is over"):
        mute(made.record, Mute(key="hot", until=time.time() - 1))
    assert made.rows(t.mute) == []


def test_each_request_is_carried_out(made: Desk) -> None:
    assert heed(made.record, Acknowledge(alert=1)) == "acknowledged"
    assert heed(made.record, Mute(key="hot", until=time.time() + 60)).startswith("hot is muted")
    assert heed(made.record, Rearm(key="hot")) == "hot is sent again"


def test_what_people_say_decides_what_is_sent(made: Desk) -> None:
    staff = channels(staff={"kind": "log", "path": "/none"})
    made.record.alerts.deliveries = Deliveries(staff, made.folder.name)

    def due() -> list[str]:
        found = made.record.alerts.deliveries
        waiting = found.waiting("staff")
        return [
            one.key for one in due_now(waiting, staff.each["staff"], found.mutes, time.time() + 1)
        ]

    with made.record.transaction() as (_, writes):
        alert = Alert(key="wet", level="warning", message="it is wet")
        made.record.alerts.raise_(writes, SESSION, alert)
    (number,) = [one.id for one in queries.alerts(made.store) if one.key == "wet"]
    assert due() == ["wet"]
    mute(made.record, Mute(key="wet", until=time.time() + 3600))
    assert due() == []
    rearm(made.record, Rearm(key="wet"))
    assert due() == ["wet"]
    acknowledge(made.record, Acknowledge(alert=number))
    assert due() == []
    rearm(made.record, Rearm(alert=number))
    assert due() == ["wet"]
    mute(made.record, Mute(alert=number, until=time.time() + 3600))
    with made.store.read() as connection:  # the next coordinator knows it, too
        made.record.alerts.deliveries.load(connection, time.time())
    assert due() == []
