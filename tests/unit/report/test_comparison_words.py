"""What a comparison says in sentences: no more than its numbers carry."""

from collections.abc import Sequence
from typing import Any

from icestream.report.comparison import BranchComparison, ComparedStep, Sides
from icestream.report.comparison_words import amount, change_words, is_same, sided, verdict
from icestream.report.paired import Pair, Paired, paired


def quality(name: str, *values: tuple[float, float]) -> Paired:
    return paired(name, [Pair(f"e{index}", *value) for index, value in enumerate(values)])


def compared(*qualities: Paired, **more: Any) -> BranchComparison:
    given: dict[str, Any] = {
        "name": "ctf",
        "of_batches": False,
        "old_revision": 1,
        "new_revision": 2,
        "both": 6,
        "only_old": 0,
        "only_new": 0,
        "identical": False,
        "fails": Sides(),
        "fail_both": 0,
        "selects": Sides(),
        "particles": None,
        "seconds": None,
        "qualities": qualities,
        "newest": {},
    }
    return BranchComparison(
        old="main", new="fine", sample=None, steps=(ComparedStep(**{**given, **more}),)
    )


CLEAR: Sequence[tuple[float, float]] = [(4, 3.5), (5, 4.4), (6, 5.5), (4, 3.4), (5, 4.5), (6, 5.4)]
NOISE: Sequence[tuple[float, float]] = [(4, 4.5), (5, 4.5), (6, 6.1), (4, 3.9), (5, 5.2), (6, 5.7)]


def test_what_is_clear_is_claimed_with_its_direction() -> None:
    (said,) = verdict(compared(quality("ctf.resolution", *CLEAR)))
    assert said == (
        "CTF fit resolution (ctf) is better in fine, by 0.55 ± 0.022 Å on average of 6 exposures."
    )
    worse = [(new, old) for old, new in CLEAR]
    assert "is worse in fine" in verdict(compared(quality("ctf.resolution", *worse)))[0]
    assert "is lower in fine" in verdict(compared(quality("toy.value", *CLEAR)))[0]


def test_what_may_be_chance_is_not_claimed() -> None:
    assert verdict(compared(quality("ctf.resolution", *NOISE))) == (
        "No quality differs by more than chance.",
    )


def test_too_few_to_tell_is_said() -> None:
    (said,) = verdict(compared(quality("ctf.resolution", *CLEAR[:4])))
    assert said == "Fewer than 5 exposures are too few to tell"


def test_exposures_and_particles_are_facts() -> None:
    said = verdict(
        compared(fails=Sides(("a", "b"), ("c",)), selects=Sides((), ("d",)), particles=(1000, 1250))
    )
    assert said == (
        "At ctf 2 that failed are processed, and 1 is lost.",
        "At ctf 0 more are let through, and 1 held back.",
        "At ctf there are 1,250 particles instead of 1,000.",
    )


def test_nothing_yet() -> None:
    assert verdict(compared()) == ("There is nothing to compare yet.",)


def test_results_that_are_the_same_ones_are_told_from_none() -> None:
    (said,) = verdict(compared(identical=True))
    assert said == "Nothing differs: the results are the same on all 6 exposures that both have."
    (said,) = verdict(compared(identical=True, both=1))
    assert said == "Nothing differs: the results are the same on the one exposure that both have."


def test_numbers_have_units_and_errors() -> None:
    found = quality("ctf.defocus", (10000, 12000), (10000, 12500), (10000, 12500))
    assert change_words(found) == "+0.233 ± 0.017 µm"
    assert amount("ctf.defocus", 15000.0, 120.0) == "1.5 ± 0.012 µm"
    assert amount("ctf.defocus", None) == ""
    same = quality("toy.value", (1, 1), (2, 2))
    assert (change_words(same), sided(same)) == ("the same", ("", ""))
    assert sided(quality("ctf.score", (1, 2), (2, 1))) == ("1 better", "1 worse")
    assert sided(quality("toy.value", (1, 2), (2, 3))) == ("2 higher", "0 lower")


def test_a_step_at_which_nothing_differs() -> None:
    assert is_same(compared(quality("toy.value", (1, 1))).steps[0])
    assert not is_same(compared(quality("toy.value", (1, 2))).steps[0])
    assert not is_same(compared(selects=Sides(("a",))).steps[0])
    assert not is_same(compared(old_revision=None).steps[0])
