"""What is otherwise, what it costs and how a sample was chosen, in words."""

import pytest

from icestream.engine.graph.differences import Difference
from icestream.engine.graph.workflow import load_workflow
from icestream.engine.record.sampling import ChosenSample
from icestream.engine.record.turned import Medians, Turned
from icestream.protocol import Registry
from icestream.report.difference_words import (
    difference_lines,
    sample_words,
    selection_lines,
    shown_value,
    size_words,
)


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


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 MB"), (1500, "1.5 kB"), (2e6, "2.0 MB"), (3e9, "3.0 GB"), (4e12, "4.0 TB")],
)
def test_sizes(size: float, said: str) -> None:
    assert size_words(size) == said


def test_exposures_and_particles_gained_and_lost_are_said() -> None:
    turned = Turned(
        step="select", judged=20, accepted=15, gained=("a",),
        lost=tuple(f"e{n}" for n in range(12)),
        unknown=1, particles=900, particles_lost=720, particles_gained=60.0,
        medians=(Medians("ctf.defocus", 15000.0, None, 31234.0),),
    )  # fmt: skip
    first, gained, lost, particles, medians = selection_lines(turned)
    assert medians == "  median Defocus: kept 1.5 µm, lost 3.12 µm"
    assert first == (
        "select accepts 4 of 20 exposures, 15 before: 1 gained, 12 lost; 1 could not be judged"
    )
    assert gained == "  gained: a"
    assert lost.endswith("e8, e9 and 2 more")
    assert particles == "  of 900 particles 720 lost, about 60 gained"
    assert list(selection_lines(Turned(step="s", judged=0, accepted=0))) == []
    (taken,) = selection_lines(Turned(step="s", judged=20, accepted=5, unknown=15, drawn=True))
    assert taken == ("s takes 5 of 20 exposures, 5 before: 0 gained, 0 lost; 15 are not known yet")
