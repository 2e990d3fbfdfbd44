"""The order of exposures, what the metadata say of them, and what befalls them."""

from datetime import UTC, datetime
from itertools import islice

import numpy as np
import pytest

from icestream.simulator.faults import FAULTS
from icestream.simulator.plan import SessionPlan
from icestream.simulator.schedule import schedule

STARTED = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def _shots(**settings):
    return list(schedule(SessionPlan(**settings), STARTED))


def test_names_are_unique_and_times_follow_the_rate():
    shots = _shots(movies=40, rate=360.0)
    assert len({shot.exposure.name for shot in shots}) == 40
    assert [shot.due for shot in shots] == pytest.approx([10.0 * n for n in range(40)])
    assert (shots[3].exposure.acquired - STARTED).total_seconds() == 30.0


def test_it_goes_on_without_end_when_no_number_is_given():
    plan = SessionPlan(movies=0)
    assert len(list(islice(schedule(plan, STARTED), 250))) == 250


def test_holes_and_squares_are_visited_in_turn():
    shots = _shots(movies=24, holes_per_square=4, shots_per_hole=2)
    assert [shot.square for shot in shots] == [n // 8 for n in range(24)]
    assert [shot.hole for shot in shots] == [n // 2 for n in range(24)]
    assert len({shot.exposure.foil_hole for shot in shots}) == 12
    assert len({shot.exposure.stage for shot in shots}) == 3


def test_beam_shifts_repeat_in_nine_tight_clusters():
    shots = _shots(movies=90)
    shift = np.array([shot.exposure.beam_shift for shot in shots])
    rounded = {tuple(np.round(pair / 0.05).astype(int)) for pair in shift}
    assert len(rounded) == 9
    assert np.abs(shift - 0.05 * np.round(shift / 0.05)).max() < 0.003


def test_the_true_defocus_is_near_what_was_asked():
    shots = _shots(movies=100, defocus=(1.0, 2.0))
    true = np.array([shot.conditions.aberrations.defocus for shot in shots])
    asked = np.array([shot.exposure.nominal_defocus for shot in shots])
    assert set(np.round(asked)) <= {10000.0, 12500.0, 15000.0, 17500.0, 20000.0}
    assert 200.0 < (true - asked).std() < 1500.0
    for shot in shots:
        aberrations = shot.conditions.aberrations
        assert aberrations.defocus_u >= aberrations.defocus_v
        assert -90.0 <= aberrations.angle <= 90.0


def test_the_seed_makes_the_session():
    first, again, other = (_shots(movies=5, seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert first[0].conditions != other[0].conditions


@pytest.mark.parametrize("movies", [3, 30])
def test_every_fault_occurs_even_in_a_short_session(movies):
    shots = _shots(movies=movies, faults=frozenset(FAULTS), holes_per_square=1)
    seen = set().union(*(shot.faults for shot in shots))
    assert seen >= set(FAULTS) - {"duplicate"}


def test_without_faults_nothing_befalls():
    assert not any(shot.faults for shot in _shots(movies=50))


def test_faults_change_what_is_true_and_not_what_the_metadata_say():
    plain = _shots(movies=30)
    spoiled = _shots(movies=30, faults=frozenset({"drift", "dose", "astigmatism", "bad-squares"}))
    for before, after in zip(plain, spoiled, strict=True):
        assert before.exposure == after.exposure
        now = after.conditions
        assert (now.motion.drift > 0) == ("drift" in after.faults)
        assert now.dose_per_frame == pytest.approx(1.3 * (0.6 if after.number >= 22 else 1.0))
        jump = now.aberrations.defocus_u - now.aberrations.defocus_v > 1000
        assert jump == (after.number >= 18)
        assert (after.square % 3 == 1) == (now.thickness in (0.0, 1500.0))


def test_an_outage_delays_what_comes_after():
    shots = _shots(movies=10, rate=3600.0, faults=frozenset({"outage"}))
    gaps = np.diff([shot.due for shot in shots])
    assert gaps.max() == pytest.approx(9.0)
    assert np.sum(gaps > 1.5) == 1


def test_a_fault_befalls_the_exposures_that_it_names():
    words = {"motion@3-5", "truncated@2", "dimming@9-10", "focus@1-2", "blur@4", "thickening@6-9"}
    plain, shots = _shots(movies=10), _shots(movies=10, faults=frozenset(words))
    befell = [sorted(shot.faults) for shot in shots]
    assert befell == [
        ["focus"], ["focus", "truncated"], ["motion"], ["blur", "motion"], ["motion"],
        ["thickening"], ["thickening"], ["thickening"], ["dimming", "thickening"], ["dimming"],
    ]  # fmt: skip
    changes = [
        (
            after.conditions.aberrations.defocus_u - before.conditions.aberrations.defocus_u,
            after.conditions.aberrations.b_factor - before.conditions.aberrations.b_factor,
            after.conditions.thickness - before.conditions.thickness,
            after.conditions.motion.early[1] / before.conditions.motion.early[1],
            after.conditions.dose_per_frame / before.conditions.dose_per_frame,
        )
        for before, after in zip(plain, shots, strict=True)
    ]
    assert np.array(changes) == pytest.approx(
        np.array([
            [8000, 0, 0, 1, 1], [8000, 0, 0, 1, 1], [0, 0, 0, 2, 1], [0, 250, 0, 2, 1],
            [0, 0, 0, 2, 1], [0, 0, 150, 1, 1], [0, 0, 300, 1, 1], [0, 0, 450, 1, 1],
            [0, 0, 600, 1, 0.88], [0, 0, 0, 1, 0.88],
        ])
    )  # fmt: skip


def test_an_outage_may_be_of_any_length_and_come_again():
    shots = _shots(movies=12, rate=3600.0, faults=frozenset({"outage@3-5", "outage@9-9"}))
    gaps = np.diff([shot.due for shot in shots])
    assert np.flatnonzero(gaps > 1.5).tolist() == [1, 7]
    assert gaps[1] == pytest.approx(4.0)
    assert gaps[7] == pytest.approx(2.0)
