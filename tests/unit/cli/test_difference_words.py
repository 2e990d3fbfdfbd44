"""What a change costs, as a table, and when it would be done."""

import time
from pathlib import Path

import pytest

from icestream.cli.difference_words import print_costs
from icestream.engine.record.revisions import Preview, PreviewStep
from icestream.model.awaited import Awaited
from icestream.model.forecast import Forecast
from icestream.report.difference_words import cost_lines
from toy_record import desks

NOW = time.mktime((2026, 3, 14, 1, 0, 0, 0, 0, -1))
IDLE = Forecast(outlook="up to date")
STEP = PreviewStep(name="ctf", tasks=8, kept=0, seconds=16000.0, measured=9, each=2000.0)


def until(hour: float) -> Forecast:
    return Forecast(outlook="catching up", until=NOW + hour * 3600.0)


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (
            {"then": until(2.0)},
            [
                "33 min on the 8 cores that the session has now; no work waits before it",
                "with it caught up at about 03:00",
            ],
        ),
        (
            {"before": 4800.0, "now": until(1.0), "then": until(2.0)},
            [
                "33 min on the 8 cores that the session has now; 10 min of work wait before it",
                "with it caught up at about 03:00; without it caught up at about 02:00",
            ],
        ),
        (
            {"runs": False, "then": until(2.0)},
            ["33 min on 8 cores, as it had last, once it is run again; no work waits before it"],
        ),
        (
            {"then": Forecast(outlook="halted")},
            [
                "33 min on the 8 cores that the session has now; no work waits before it",
                "with it nothing is processed now",
            ],
        ),
        (
            {"cores": None, "alone": None},
            ["not known: when it would be done, since no process has run the session so far"],
        ),
        ({"seconds": 0.0}, []),
    ],
)
def test_how_long_it_waits_and_takes(given: dict[str, object], lines: list[str]) -> None:
    values = {
        "seconds": 16000.0, "before": 0.0, "cores": 8.0, "alone": 2000.0, "now": IDLE, "then": IDLE,
    }  # fmt: skip
    wait = Awaited(**{**values, **given})  # type: ignore[arg-type]
    cost, *said = cost_lines(Preview(steps=(STEP,)), wait, NOW)
    assert "; about 4.4 core hours, by what" in cost
    assert said == lines


def test_costs_and_what_is_not_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = (
        PreviewStep(name="a", tasks=4, kept=2, seconds=200.0, bytes=2e6, measured=9, each=50.0),
        PreviewStep(name="new", tasks=4, kept=0, seconds=0.0),
        PreviewStep(name="total", tasks=0, kept=0, seconds=0.0, measured=3, gathers=True, each=7.0),
        PreviewStep(name="watch", tasks=0, kept=0, seconds=0.0, watches=True),
    )
    preview = Preview(steps=steps, removed=("old",))
    for desk in desks(tmp_path):
        print_costs(desk(("src", "toy.count", {}, {})).store, preview)
    heads, a, new, total, *lines = capsys.readouterr().out.splitlines()
    assert heads.startswith("step\ttasks")
    assert a == "a\t4\t2\t200\t2.0 MB"
    assert new == "new\t4\t0\tunknown\t"
    assert total == "total\tsome\t0\t7 each\t"
    assert lines.pop(1).startswith("not known: when it would be done")
    assert lines == list(cost_lines(preview)) == [
        "8 tasks of 3 steps, at most 4 exposures in one; about 3 min of one core, 2.0 MB on disk, "
        "by what the steps took in this session so far",
        "not in it: total, which take many exposures at once",
        "not known: how long new will take, not having run here yet",
        "taken out: old; what was made there stays",
    ]  # fmt: skip
    assert list(cost_lines(Preview(steps=()))) == ["nothing has to be run"]


def test_no_time_is_told_where_none_is_known() -> None:
    preview = Preview(steps=(PreviewStep(name="ctf", tasks=8, kept=0, seconds=0.0),))
    assert list(cost_lines(preview)) == [
        "8 tasks of 1 step, at most 8 exposures in one",
        "not known: how long ctf will take, not having run here yet",
    ]
