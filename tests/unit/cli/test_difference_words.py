"""What a change costs, as a table."""

import pytest

from icestream.cli.difference_words import print_costs
from icestream.engine.record.revisions import Preview, PreviewStep
from icestream.report.difference_words import cost_lines


def test_costs_and_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    steps = (
        PreviewStep(name="a", tasks=4, kept=2, seconds=200.0, bytes=2e6, measured=9, each=50.0),
        PreviewStep(name="new", tasks=4, kept=0, seconds=0.0),
        PreviewStep(name="total", tasks=0, kept=0, seconds=0.0, measured=3, gathers=True, each=7.0),
        PreviewStep(name="watch", tasks=0, kept=0, seconds=0.0, watches=True),
    )
    preview = Preview(steps=steps, removed=("old",))
    print_costs(preview)
    heads, a, new, total, *lines = capsys.readouterr().out.splitlines()
    assert heads.startswith("step\ttasks")
    assert a == "a\t4\t2\t200\t2.0 MB"
    assert new == "new\t4\t0\tunknown\t"
    assert total == "total\tsome\t0\t7 each\t"
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
