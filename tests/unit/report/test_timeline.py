"""Alerts, changes and rates in time."""

from typing import Any

from icestream.report.timeline import LANES, Tempo, alert_bars, change_marks
from icestream.store.records import AlertRecord, HistoryRecord


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
    bars = alert_bars(alerts, {}, 5000.0)
    assert len(bars) == 30
    for one in bars:
        for two in bars:
            if one is not two and one["lane"] == two["lane"]:
                assert one["cleared"] < two["since"] or two["cleared"] < one["since"]
    assert max(bar["lane"] for bar in bars) <= 5


def test_what_finds_no_room_is_drawn_all_the_same() -> None:
    bars = alert_bars([alert(n, float(n), None) for n in range(3 * LANES)], {}, 100.0)
    assert len(bars) == 3 * LANES
    assert max(bar["lane"] for bar in bars) == LANES - 1


def test_what_people_did_about_an_alert_is_there() -> None:
    said = alert(7, 10.0, None, exposure="e3", acknowledged=20.0, acknowledged_by="bob",
                 muted=90.0, muted_by="ann")  # fmt: skip
    (bar,) = alert_bars([said], {"e3": 2}, 50.0)
    assert (bar["number"], bar["order"], bar["cleared"]) == (7, 2, None)
    assert (bar["acknowledged_by"], bar["muted_by"]) == ("bob", "ann")


def test_the_same_many_times_is_one_mark() -> None:
    history = [decision(1000.0 + n) for n in range(40)] + [
        decision(1050.0, "pause", document={"step": "ctf"}),
        decision(9000.0),
        decision(9001.0, state="refused"),
        decision(9002.0, who="bob"),
    ]
    marks = change_marks(history, 20_000.0)
    assert [(mark["time"], mark["count"], mark["who"]) for mark in marks] == [
        (1000.0, 40, "ann"), (1050.0, 1, "ann"), (9000.0, 1, "ann"), (9002.0, 1, "bob"),
    ]  # fmt: skip
    assert marks[0]["until"] == 1039.0
    assert marks[1]["what"] == "pause ctf"
    assert change_marks([], 5.0) == []


def test_counts_stay_right_while_their_spans_grow() -> None:
    tempo = Tempo()
    assert tempo.document() is None
    for number in range(20_000):
        tempo.add("found", 1.7e9 + 30.0 * number)
        tempo.add("settled", 1.7e9 + 30.0 * number + 45.0)
    shown = tempo.document()
    assert shown is not None
    assert len(shown["found"]) == len(shown["settled"]) <= 240
    assert sum(shown["found"]) == sum(shown["settled"]) == 20_000
    assert shown["start"] <= 1.7e9 < shown["start"] + shown["width"]
    middle = shown["found"][1:-1]
    assert max(middle) - min(middle) <= 1


def test_what_came_out_of_order_is_counted() -> None:
    tempo = Tempo()
    for time in (1e9, 1e9 - 86400.0, 1e9 + 86400.0):
        tempo.add("found", time)
    shown = tempo.document()
    assert shown is not None
    assert sum(shown["found"]) == 3
