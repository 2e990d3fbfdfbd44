"""Alerts, changes and rates in time."""

from typing import Any

from icestream.report.clock import AcquisitionClock
from icestream.report.timeline import LANES, Tempo, alert_bars, change_marks
from icestream.store.records import AlertRecord, HistoryRecord

WALL = AcquisitionClock([], [], {})


def alert(number: int, raised: float, cleared: float | None, **more: Any) -> AlertRecord:
    said: dict[str, Any] = {
        "step": "ctf_monitor", "branch": "main", "key": "k", "level": "warning", "message": "m",
        "exposure": "", "acknowledged": None, "acknowledged_by": "",
    }  # fmt: skip
    return AlertRecord(id=number, raised=raised, cleared=cleared, **(said | more))


def decision(time: float, verb: str = "reject", who: str = "ann", **more: Any) -> HistoryRecord:
    said: dict[str, Any] = {
        "by_session": False, "document": {"exposures": ["e1"]}, "why": "", "state": "done",
        "answer": "",
    }  # fmt: skip
    return HistoryRecord(time=time, who=who, verb=verb, **(said | more))


def test_alerts_in_one_row_do_not_cover_each_other() -> None:
    alerts = [alert(n, 100.0 * n, 100.0 * n + 450.0) for n in range(30)]
    bars = alert_bars(alerts, {}.get, 5000.0, WALL)
    assert len(bars) == 30
    for one in bars:
        for two in bars:
            if one is not two and one["lane"] == two["lane"]:
                assert one["cleared"] < two["since"] or two["cleared"] < one["since"]
    assert max(bar["lane"] for bar in bars) <= 5


def test_what_finds_no_room_is_drawn_all_the_same() -> None:
    bars = alert_bars([alert(n, float(n), None) for n in range(3 * LANES)], {}.get, 100.0, WALL)
    assert len(bars) == 3 * LANES
    assert max(bar["lane"] for bar in bars) == LANES - 1


def test_what_people_did_about_an_alert_is_there() -> None:
    said = alert(7, 10.0, None, exposure="e3", acknowledged=20.0, acknowledged_by="bob",
                 muted=90.0, muted_by="ann")  # fmt: skip
    (bar,) = alert_bars(
        [said], {"e3": 2}.get, 50.0, AcquisitionClock([5.0] * 3, [5.0] * 3, {"e3": 2})
    )
    assert (bar["number"], bar["order"], bar["cleared"]) == (7, 2, None)
    assert (bar["acknowledged_by"], bar["muted_by"]) == ("bob", "ann")


def test_the_same_many_times_is_one_mark() -> None:
    history = [decision(1000.0 + n) for n in range(40)] + [
        decision(1050.0, "pause", document={"step": "ctf"}),
        decision(9000.0),
        decision(9001.0, state="refused"),
        decision(9002.0, who="bob"),
    ]
    marks = change_marks(history, 20_000.0, WALL)
    assert [(mark["time"], mark["count"], mark["who"]) for mark in marks] == [
        (1000.0, 40, "ann"), (1050.0, 1, "ann"), (9000.0, 1, "ann"), (9002.0, 1, "bob"),
    ]  # fmt: skip
    assert marks[0]["until"] == 1039.0
    assert marks[1]["what"] == "pause ctf"
    assert change_marks([], 5.0, WALL) == []


def test_counts_are_right_however_long_it_takes() -> None:
    tempo = Tempo()
    assert tempo.document([], WALL) is None
    taken = [1.7e9 + 30.0 * number for number in range(20_000)]
    for time in taken:
        tempo.settled(time + 45.0)
    shown = tempo.document(taken, WALL)
    assert shown is not None
    assert len(shown["taken"]) == len(shown["settled"]) <= 240
    assert sum(shown["taken"]) == sum(shown["settled"]) == 20_000
    assert shown["start"] <= 1.7e9 < shown["start"] + shown["width"]
    middle = shown["taken"][1:-1]
    assert max(middle) - min(middle) <= 20_000 * shown["width"] / 6e5 / 100


def test_what_came_out_of_order_is_counted() -> None:
    shown = Tempo().document([1e9, 1e9 - 86400.0, 1e9 + 86400.0], WALL)
    assert shown is not None
    assert sum(shown["taken"]) == 3


def test_what_is_processed_later_stands_where_it_was_taken() -> None:
    taken = [1000.0 * number for number in range(10)]
    found = [1e6 + 50.0 * number for number in range(10)]
    clock = AcquisitionClock(found, taken, {})
    tempo = Tempo()
    for time in found:
        tempo.settled(time + 50.0)
    shown = tempo.document(taken, clock)
    assert shown is not None
    assert shown["start"] == 0.0
    assert shown["known"]
    assert shown["width"] * len(shown["taken"]) < 9200.0
    (bar,) = alert_bars([alert(1, 1e6 + 100.0, 1e6 + 150.0)], {}.get, 9000.0, clock)
    assert (bar["since"], bar["cleared"], bar["told"]) == (2000.0, 3000.0, 1e6 + 100.0)
    (mark,) = change_marks([decision(1e6 + 75.0)], 1e6 + 500.0, clock)
    assert (mark["time"], mark["at"]) == (1e6 + 75.0, 1500.0)
