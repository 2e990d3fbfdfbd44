"""What is otherwise, what it costs and how a sample was chosen, in words."""

import pytest

from icestream.cli.difference_words import (
    cost_lines,
    difference_lines,
    print_costs,
    sample_words,
    shown_value,
    size_words,
)
from icestream.engine.graph.differences import Difference
from icestream.engine.graph.workflow import load_workflow
from icestream.engine.record.revisions import Preview, PreviewStep
from icestream.engine.record.sampling import ChosenSample
from icestream.protocol import Registry


def test_each_difference_in_a_line() -> None:
    found = [
        Difference(step="ctf", what="parameter", name="defocus_max", old=5.0, new=3.0),
        Difference(step="a", what="added", new="ctf.estimate"),
        Difference(step="b", what="removed", old="ctf.estimate"),
        Difference(step="pick", what="protocol", old="picks.auto", new="picks.log"),
        Difference(step="pick", what="input", name="ctf", old=["ctf"], new=[]),
    ]
    assert list(difference_lines(found, load_workflow("default"), Registry())) == [
        "ctf.defocus_max: 5 µm -> 3 µm",
        "a: added (ctf.estimate)",
        "b: taken out (ctf.estimate)",
        "pick: picks.auto -> picks.log",
        "pick, ctf from ctf -> nothing",
    ]


def test_how_a_sample_was_chosen() -> None:
    assert sample_words(None) == "for all exposures"
    sample = ChosenSample(
        exposures=("e1", "e2"), of=9, step="ctf", quality="ctf.resolution", worst=8.727, best=3.0,
        failed=1,
    )  # fmt: skip
    assert sample_words(sample) == (
        "on 2 of 9 exposures, evenly over the ranks of CTF fit resolution (ctf), "
        "from 8.727 Å to 3 Å; 1 of them failed before"
    )
    plain = ChosenSample(exposures=("e1",), of=9)
    assert "evenly in order of arrival: nothing was measured" in sample_words(plain)
    assert shown_value("ctf.defocus", 15000.0) == "1.5 µm"


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


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 MB"), (1500, "1.5 kB"), (2e6, "2.0 MB"), (3e9, "3.0 GB"), (4e12, "4.0 TB")],
)
def test_sizes(size: float, said: str) -> None:
    assert size_words(size) == said
