from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import load_workflow
from icestream.model import (
    MICROGRAPH_CLASSES,
    Accepted,
    Ctf,
    Micrograph,
    MicrographClass,
    MicrographQuality,
    Motion,
    Optics,
    Picks,
    Rejected,
    column,
)
from icestream.protocol import Limit, Registry, unset_parameters
from icestream.protocols.select_exposures import SelectExposures, SelectionLimits

OPTICS = Optics(pixel_size=1.0, voltage=300.0)
GOOD = Ctf(
    exposure="e",
    optics=OPTICS,
    defocus_u=15100.0,
    defocus_v=14900.0,
    angle=10.0,
    resolution=4.0,
    score=0.7,
    ice_ring=0.05,
)


def micrograph(step: float = 1.0) -> Micrograph:
    """Twenty steps of `step` Å."""
    shifts = np.stack([np.arange(21) * step, np.zeros(21)], axis=1)
    return Micrograph(
        exposure="e",
        path=Path("e.mrc"),
        shape=(10, 10),
        optics=OPTICS,
        motion=Motion(shifts=column(shifts), pixel_size=1.0),
        dose_per_frame=1.0,
    )


STILL = micrograph()


def reasons(verdict: Accepted | Rejected) -> tuple[str, ...]:
    assert isinstance(verdict, Rejected)
    return verdict.reasons


def test_a_good_exposure_passes() -> None:
    assert SelectExposures().judge(STILL, GOOD) == Accepted()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"defocus_u": 61000.0, "defocus_v": 60800.0},
            "Defocus 6.09 µm is above the limit of 5 µm",
        ),
        ({"defocus_u": 1100.0, "defocus_v": 900.0}, "Defocus 0.1 µm is below the limit of 0.2 µm"),
        ({"defocus_u": 16600.0}, "Astigmatism 1700 Å is above the limit of 1000 Å"),
        ({"resolution": 9.37}, "CTF fit resolution 9.37 Å is above the limit of 8 Å"),
        ({"ice_ring": 2.5}, "Ice ring 2.5 is above the limit of 1"),
        ({"resolution": float("nan")}, "CTF fit resolution could not be measured"),
    ],
)
def test_each_rule_names_value_unit_and_limit(change: dict[str, float], reason: str) -> None:
    assert reasons(SelectExposures().judge(STILL, replace(GOOD, **change))) == (reason,)


def test_every_rule_that_hit_is_named() -> None:
    bad = replace(GOOD, defocus_u=61000.0, defocus_v=59000.0, resolution=20.0, ice_ring=3.0)
    found = reasons(SelectExposures().judge(micrograph(10.0), bad))
    assert len(found) == 5
    assert found[0] == "Defocus 6 µm is above the limit of 5 µm"
    assert any("Total motion 200 Å" in reason for reason in found)


def test_motion_and_score() -> None:
    limits = SelectionLimits(early_motion_max=5.0, total_motion_max=None, score_min=0.8)
    found = reasons(SelectExposures(limits).judge(micrograph(3.0), GOOD))
    assert found[0] == "CTF fit score 0.7 is below the limit of 0.8"
    assert found[1].startswith("Early motion (first 4 e/Å²) 9 Å is above the limit of 5 Å")


def test_an_empty_limit_does_not_apply() -> None:
    everything = SelectionLimits(
        defocus_min=None,
        defocus_max=None,
        astigmatism_max=None,
        resolution_max=None,
        ice_ring_max=None,
        total_motion_max=None,
    )
    bad = replace(GOOD, defocus_u=90000.0, resolution=30.0, ice_ring=9.0)
    assert SelectExposures(everything).judge(micrograph(50.0), bad) == Accepted()


def test_motion_that_was_not_measured_is_not_judged() -> None:
    unknown = replace(STILL, motion=None)
    assert SelectExposures().judge(unknown, GOOD) == Accepted()


QUALITY = MicrographQuality(
    exposure="e",
    label="crystalline_ice",
    score=0.1,
    reason="the ice ring is 2 above its background",
    texture=3.0,
    patches=40.0,
    objects=0.0,
    skew=-0.5,
)


def test_a_class_that_is_refused_is_the_reason() -> None:
    crystals = SelectExposures(SelectionLimits(refuse=("crystalline_ice",)))
    assert reasons(crystals.judge(STILL, GOOD, QUALITY)) == (
        "It looks like crystalline ice: the ice ring is 2 above its background",
    )
    decent = replace(QUALITY, label="decent", score=0.6)
    assert SelectExposures().judge(STILL, GOOD, decent) == Accepted()
    strict = SelectExposures(SelectionLimits(refuse=("decent",), quality_min=0.75))
    assert reasons(strict.judge(STILL, GOOD, decent)) == (
        "Quality score 0.6 is below the limit of 0.75",
        "It looks like decent: the ice ring is 2 above its background",
    )


@pytest.mark.parametrize("label", MICROGRAPH_CLASSES)
def test_only_what_is_empty_is_refused_by_its_class(label: MicrographClass) -> None:
    verdict = SelectExposures().judge(STILL, GOOD, replace(QUALITY, label=label))
    assert isinstance(verdict, Rejected) == (label == "empty_no_ice")


def test_a_class_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="in class nice; known: great, decent"):
        SelectionLimits(refuse=("nice",))


@pytest.mark.parametrize(
    ("pixel_size", "resolution", "passes"),
    [
        (1.0, 7.9, True),
        (1.0, 8.1, False),
        (3.5, 10.0, True),  # Nyquist is at 7.0
        (4.5, 9.1, True),  # what a perfect fit reaches: Nyquist is at 9.0
        (4.5, 14.0, False),
    ],
)
def test_the_limit_of_the_resolution_is_one_that_the_pixels_can_reach(
    pixel_size: float, resolution: float, passes: bool
) -> None:
    optics = replace(OPTICS, pixel_size=pixel_size)
    ctf = replace(GOOD, optics=optics, resolution=resolution)
    verdict = SelectExposures().judge(replace(STILL, optics=optics), ctf)
    assert isinstance(verdict, Accepted) == passes


def test_a_raised_limit_says_so() -> None:
    optics = replace(OPTICS, pixel_size=4.5)
    ctf = replace(GOOD, optics=optics, resolution=30.0)
    (reason,) = reasons(SelectExposures().judge(replace(STILL, optics=optics), ctf))
    assert "above the limit of 13.5 Å (raised from 8 Å: pixels of 4.5 Å are coarse)" in reason


def test_its_limits_are_those_that_are_set() -> None:
    wanted = SelectionLimits(resolution_max=5.0, ice_ring_max=None, quality_min=0.3)
    limits = {limit.quality: limit for limit in SelectExposures(wanted).limits(1.0)}
    assert (limits["ctf.defocus"].low, limits["ctf.defocus"].high) == (0.2, 5.0)
    assert limits["ctf.resolution"].high == 5.0
    assert limits["micrograph.score"].low == 0.3
    assert "ctf.ice_ring" not in limits
    raised = {limit.quality: limit for limit in SelectExposures(wanted).limits(4.0)}
    assert raised["ctf.resolution"].high == 12.0


PICKS = Picks(
    exposure="e", pixel_size=1.0, x=column([1.0]), y=column([2.0]),
    score=column([0.5]), diameter=100.0,
)  # fmt: skip


def judged(*rules: str, **evidence: object) -> tuple[str, ...]:
    linked = {f"{name}.port": item for name, item in evidence.items()}
    verdict = SelectExposures(SelectionLimits(rules=rules)).judge(STILL, GOOD, None, linked)
    return () if isinstance(verdict, Accepted) else verdict.reasons


def test_rules_limit_any_quality_of_what_is_linked() -> None:
    assert judged("picks.count >= 1", pick=PICKS) == ()
    assert judged("picks.count > 1", "ctf.score < 0.5", pick=PICKS) == (
        "Particles picked 1 is at the limit of 1",
        "CTF fit score 0.7 is above the limit of 0.5",
    )


def test_what_was_not_measured_keeps_no_rule() -> None:
    (reason,) = judged("picks.count >= 1")
    assert (
        reason == "Particles picked was not measured, and the rule 'picks.count >= 1' asks for it"
    )


def test_a_rule_may_name_the_step() -> None:
    rule = "ctf.score of second > 0.8"
    assert judged(rule, second=replace(GOOD, score=0.9), third=replace(GOOD, score=0.1)) == ()
    assert judged(rule, second=replace(GOOD, score=0.1)) == (
        "CTF fit score 0.1 is below the limit of 0.8",
    )
    assert judged("ctf.score > 0.6", second=replace(GOOD, score=0.1)) == ()  # its own input first


def test_rules_are_limits_and_methods_like_the_named_ones() -> None:
    made = SelectExposures(SelectionLimits(rules=("motion.early<20 A", "motion.early < 20 Å")))
    assert made.parameters.rules == ("motion.early < 20 Å",)
    assert made.limits(1.0)[-1] == Limit(quality="motion.early", high=20.0)
    assert made.methods().endswith("; motion.early < 20 Å.")


def test_a_rule_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="'motion.total < 20': 20 has no unit; write 20 Å"):
        SelectionLimits(rules=("motion.total < 20",))


RELATIVE = "motion.total < median + 3 MAD"
SPREAD = {("motion.total", ""): [9.0, 10.0, 11.0, 12.0, 13.0] * 6}


def test_relative_limits_follow_from_what_was_measured() -> None:
    made = SelectExposures(SelectionLimits(rules=(RELATIVE, "motion.early < 99 Å")))
    assert made.distributions() == [("motion.total", "")]
    assert made.judge(micrograph(2.0), GOOD) == Accepted()  # nobody knows what is usual yet
    changes = made.settle(SPREAD)
    assert changes == {"settled": [f"{RELATIVE} = 14 Å (median 11 of 30)"]}
    known = SelectExposures(SelectionLimits(rules=(RELATIVE,), **changes))
    assert reasons(known.judge(micrograph(2.0), GOOD)) == (
        "Total motion 40 Å is above the limit of 14 Å (median 11 + 3 MAD of 30 exposures)",
    )
    assert known.limits(1.0)[-1] == Limit(quality="motion.total", high=14.0)
    assert f"{RELATIVE} (median 11 + 3 MAD of 30 exposures)" in known.methods()


def test_a_limit_is_settled_anew_only_where_an_exposure_changes_side() -> None:
    settled = (f"{RELATIVE} = 14 Å (median 11 of 30)",)
    made = SelectExposures(SelectionLimits(rules=(RELATIVE,), settled=settled))
    more = {("motion.total", ""): [9.0, 10.0, 11.0, 12.0, 13.5] * 12}
    assert made.settle(SPREAD) == made.settle(more) == {}
    wider = {("motion.total", ""): [5.0, 10.0, 11.0, 13.0, 14.5] * 12}
    assert made.settle(wider) == {"settled": [f"{RELATIVE} = 17 Å (median 11 of 60)"]}


def test_a_limit_that_was_settled_is_kept_for_when_its_rule_returns() -> None:
    settled = (f"{RELATIVE} = 14 Å (median 11 of 30)",)
    other = SelectionLimits(rules=("motion.total < median + 2 MAD",), settled=settled)
    assert len(SelectExposures(other).settle(SPREAD)["settled"]) == 2


def test_rules_of_before_they_were_there_change_no_key() -> None:
    assert unset_parameters(SelectionLimits()) == {"rules", "settled"}


def test_a_rule_on_what_is_not_linked_is_refused_with_the_workflow() -> None:
    shipped = load_workflow("default").changed("select", {"rules": ["picks.count >= 50"]})
    (problem,) = validate(shipped, Registry())
    assert problem == (
        "step 'select': rule 'picks.count >= 50': nothing that is linked reports picks.count; "
        "link a step that makes Picks to the input 'evidence'"
    )
    assert validate(shipped.changed("select", {"rules": ["motion.late < 5 Å"]}), Registry()) == []
