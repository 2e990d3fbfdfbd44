"""Rules are read strictly, and everything that is wrong with one is said with what may be meant."""

import numpy as np
import pytest

from icestream.model import Ctf, Micrograph, Picks, SelectedParticles
from icestream.protocols.rules import (
    Settled,
    broken,
    read_rule,
    read_settled,
    settle,
    unreported,
)
from toys import Number


@pytest.mark.parametrize(
    ("text", "written", "low", "high", "inside"),
    [
        ("motion.early < 20 Å", "motion.early < 20 Å", None, 20.0, True),
        ("motion.early≤20A", "motion.early <= 20 Å", None, 20.0, False),
        ("ctf.defocus  0.5 to 2.5 um", "ctf.defocus 0.5 to 2.5 µm", 0.5, 2.5, False),
        ("ctf.phase_shift 30 to 150 deg", "ctf.phase_shift 30 to 150°", 30.0, 150.0, False),
        ("picks.count of pick-log >= 50", "picks.count of pick-log >= 50", 50.0, None, False),
        ("picks.agreement > 40%", "picks.agreement > 40 %", 40.0, None, True),
        ("micrograph.score > .5", "micrograph.score > 0.5", 0.5, None, True),
        ("acme.sharpness > 3", "acme.sharpness > 3", 3.0, None, True),
        ("ctf.ice_ring > -1", "ctf.ice_ring > -1", -1.0, None, True),
    ],
)
def test_a_rule_is_read_and_written_again(
    text: str, written: str, low: float | None, high: float | None, inside: bool
) -> None:
    rule = read_rule(text)
    assert (rule.text, rule.low, rule.high, rule.inside) == (written, low, high, inside)
    assert read_rule(rule.text) == rule


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("motion.totl < 20 Å", "no quality 'motion.totl'; did you mean motion.total"),
        ("moton < 20 Å", "no quality 'moton'"),
        ("motin.total < 20 Å", "none of the qualities with a unit; did you mean motion.total"),
        ("acme.depth < 20 Å", "If a plugin measures it, write 20"),
        ("motion.total < 20", "20 has no unit; write 20 Å"),
        ("ctf.defocus < 25000 Å", "in µm, found Å; did you mean 2.5 µm (25000 Å)?"),
        ("motion.total < 20 px", "in Å, found px; write it in Å"),
        ("picks.count > 50 Å", "has no unit, found Å; write 50"),
        ("picks.agreement > 0.4", "0.4 has no unit; did you mean 40 %?"),
        ("picks.agreement > 140 %", "never above 100 %, found 140 %"),
        ("motion.total < -5 Å", "never below 0 Å, found -5 Å"),
        ("ctf.defocus 3 to 1 µm", "begins at 3 and ends at 1"),
        ("ctf.resolution best 120 %", "less than 100 %, found 120 %"),
        ("ctf.defocus best 90 %", "has no better side"),
        ("motion.total > median + 3 MAD", "did you mean > median - 3 MAD?"),
        ("motion.total < median + 0 MAD", "more than 0"),
        ("motion.total is small", "write it as 'motion.early < 20 Å'"),
        ("< 20 Å", "write it as"),
        ("", "write it as"),
    ],
)
def test_what_is_wrong_is_said_with_the_rule(text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_rule(text)
    assert str(caught.value).startswith(f"{text!r}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("rule", "value", "reason"),
    [
        ("motion.total < 20 Å", 20.0, "Total motion 20 Å is at the limit of 20 Å"),
        ("motion.total <= 20 Å", 20.0, ""),
        ("motion.total < 20 Å", 20.5, "Total motion 20.5 Å is above the limit of 20 Å"),
        ("ctf.defocus 1 to 2 µm", 9000.0, "Defocus 0.9 µm is below the limit of 1 µm"),
        ("ctf.defocus 1 to 2 µm", 20000.0, ""),
        ("ctf.resolution < 5 Å", float("nan"), "CTF fit resolution could not be measured, and "
         "the rule 'ctf.resolution < 5 Å' asks for it"),
    ],
)  # fmt: skip
def test_a_broken_rule_says_quality_value_and_limit(rule: str, value: float, reason: str) -> None:
    read = read_rule(rule)
    assert broken(read, {read.quality: value}, []) == reason


def test_a_relative_limit_asks_for_nothing_until_it_is_settled() -> None:
    rule = read_rule("motion.total < median + 3 MAD")
    assert broken(rule, {"motion.total": 1e6}, []) == ""
    settled = settle(rule, [9.0, 10.0, 11.0, 12.0, 13.0] * 24)
    assert settled == Settled(rule=rule.text, value=14.0, median=11.0, count=120)
    assert broken(rule.decided(settled), {"motion.total": 41.0}, []) == (
        "Total motion 41 Å is above the limit of 14 Å (median 11 + 3 MAD of 120 exposures)"
    )


def test_the_best_are_on_the_better_side_of_their_share() -> None:
    values = np.arange(1.0, 101.0)
    low, high = read_rule("ctf.resolution best 90 %"), read_rule("ctf.score best 90 %")
    for rule, kept in ((low, values[:90]), (high, values[10:])):
        whole = rule.decided(settle(rule, values.tolist()))
        passed = [one for one in values if not broken(whole, {rule.quality: one}, [])]
        assert passed == kept.tolist()


def test_one_bad_exposure_moves_no_relative_limit() -> None:
    rule, values = read_rule("motion.total < median + 3 MAD"), [9.0, 10.0, 11.0, 12.0, 13.0] * 6
    assert settle(rule, values).value == settle(rule, [*values[:-1], 1e6]).value


@pytest.mark.parametrize(
    "text",
    ["ctf.defocus > median - 2.5 MAD", "ctf.resolution best 90 %", "picks.agreement best 80 %"],
)
def test_a_settled_number_is_read_and_written_again(text: str) -> None:
    settled = settle(read_rule(text), [0.31, 0.42, 0.55] * 20)
    assert str(read_settled(str(settled))) == str(settled)


@pytest.mark.parametrize("text", ["motion.total < 5 Å", "motion.total < 5 Å = 4 Å (of 30)"])
def test_what_is_no_settled_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="motion.total < 5 Å"):
        read_settled(text)


def test_a_rule_on_what_is_not_linked_is_told() -> None:
    rules = [read_rule("picks.count > 5"), read_rule("acme.depth > 5")]
    both = [("align", Micrograph), ("ctf", Ctf)]
    first, second = unreported(rules, both)
    assert "nothing that is linked reports picks.count; link a step that makes Picks" in first
    assert "nothing that is linked reports acme.depth" in second
    assert list(unreported(rules[:1], [*both, ("pick", Picks)])) == []
    particles = read_rule("particles.count > 5")
    assert list(unreported([particles], [("choose", SelectedParticles)])) == []
    assert list(unreported(rules, [*both, ("mine", Number)])) == []  # it may report anything


def test_a_rule_on_a_step_that_is_not_linked_is_told() -> None:
    rule = read_rule("picks.count of log > 5")
    (no_step,) = unreported([rule], [("pick", Picks)])
    assert "no result of a step 'log' is linked" in no_step
    (no_picks,) = unreported([rule], [("log", Ctf), ("pick", Picks)])
    assert "'log' does not report picks.count" in no_picks
