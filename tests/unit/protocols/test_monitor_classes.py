"""The monitor of the 2D classes: what it warns of, and what it draws."""

from icestream.model import Alert
from icestream.protocol import Figure, Window
from icestream.protocol.conformance import problems
from icestream.protocols.monitor_classes import MonitorClasses

from .test_class_updates import session, update


def test_is_a_good_plugin() -> None:
    assert problems(MonitorClasses) == []


def test_it_warns_of_what_became_worse_and_draws_what_it_follows() -> None:
    said = list(MonitorClasses().inspect(Window(tuple(session([12.0] * 6 + [15.6] * 3)))))
    (alert,) = [one for one in said if isinstance(one, Alert)]
    assert alert.key == "classes.worse"
    drawn = {one.title: one.y for one in said if isinstance(one, Figure)}
    assert len(drawn) == 3
    assert [round(value, 1) for value in drawn["Resolution of the good classes"]] == (
        [12.0] * 6 + [15.6] * 3
    )


def test_it_says_nothing_of_one_update_and_begins_anew_with_the_classes() -> None:
    assert list(MonitorClasses().inspect(Window())) == []
    assert list(MonitorClasses().inspect(Window((update(1),)))) == []
    anew = (*(update(number, 12.0) for number in range(1, 7)), update(1, 18.0), update(2, 18.0))
    said = list(MonitorClasses().inspect(Window(anew)))
    assert not any(isinstance(one, Alert) for one in said)
    assert {len(one.y) for one in said if isinstance(one, Figure)} == {2}
