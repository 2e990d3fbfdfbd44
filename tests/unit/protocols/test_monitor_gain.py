"""What is said of the gain, and what is offered."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from icestream.model import Alert, Gain, Orientation, column
from icestream.protocol import Sample, Window
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.monitor_gain import GainLimits, MonitorGain

GOOD = Gain(
    iteration=1,
    movies=10,
    frames=400,
    shape=(1000, 1000),
    reference=Path("/data/gain.mrc"),
    verdict="right",
    orientation=Orientation(),
    certainty=80.0,
    scores=column([0.6, 0, 0, 0.01, 0.1, 0, 0, 0]),
    pattern=0.06,
    residual=0.004,
    residual_rows=0.0,
    residual_columns=0.001,
    residual_error=0.002,
    error=0.01,
    bad_pixels=5,
    defects=None,
    dose=column([0.92] * 10),
)
WRONG = replace(GOOD, verdict="wrong", orientation=Orientation(flip="up-down"), residual=0.08)
OUTDATED = replace(GOOD, residual=0.03, residual_columns=0.02)
WRITTEN = {"estimate": Path("/s/gain_0001.mrc"), "bad": Path("/s/gain_0001_bad.mrc")}


def alerts(*items: Gain, **limits: Any) -> dict[str, Alert]:
    found = MonitorGain(GainLimits(**limits)).inspect(Window(items))
    return {alert.key: alert for alert in found if isinstance(alert, Alert)}


def test_nothing_to_say_of_a_good_reference_or_of_nothing() -> None:
    assert alerts(GOOD) == {}
    assert list(MonitorGain().inspect(Window(()))) == []


def test_residual_and_dose_are_recorded() -> None:
    found = MonitorGain().inspect(Window((GOOD,)))
    samples = {one.name: one.value for one in found if isinstance(one, Sample)}
    assert samples == pytest.approx({"gain.residual": 0.004, "gain.dose": 0.92})


@pytest.mark.parametrize(
    ("orientation", "key"),
    [
        (Orientation(flip="up-down"), "gain.orientation.0.up-down.plain"),
        (Orientation(rotation=90, inverse=True), "gain.orientation.90.none.inverse"),
    ],
)
def test_a_wrong_reference_is_critical_and_the_right_way_is_offered(
    orientation: Orientation, key: str
) -> None:
    """The key holds the verdict, so that each is offered once."""
    (alert,) = alerts(replace(WRONG, orientation=orientation)).values()
    assert (alert.key, alert.level) == (key, "critical")
    assert "gain.mrc" in alert.message
    assert str(orientation) in alert.message
    assert alert.offer is not None
    assert alert.offer.step == "import"
    assert not alert.offer.automatic
    parameters = ImportParameters(**alert.offer.changes)
    assert parameters.gain_rotation == orientation.rotation
    assert parameters.gain_flip == orientation.flip
    assert parameters.gain_inverse == orientation.inverse


def test_it_can_be_mended_without_asking_in_a_step_of_another_name() -> None:
    (alert,) = alerts(WRONG, correct=True, step="movies").values()
    assert alert.offer is not None
    assert (alert.offer.automatic, alert.offer.step) == (True, "movies")


def test_only_the_newest_verdict_counts() -> None:
    assert alerts(WRONG, GOOD) == {}


def test_undecided_is_said_after_ten_movies_and_offers_nothing() -> None:
    undecided = replace(GOOD, verdict="undecided", certainty=1.2)
    (alert,) = alerts(undecided).values()
    assert alert.level == "notice"
    assert alert.offer is None
    assert alerts(replace(undecided, movies=9)) == {}


def test_an_outdated_reference_and_the_estimate_once_it_is_better() -> None:
    (alert,) = alerts(OUTDATED).values()
    assert (alert.key, alert.level, alert.offer) == ("gain.outdated", "warning", None)
    assert "columns 2.00 %" in alert.message
    (alert,) = alerts(replace(OUTDATED, **WRITTEN, error=0.028), OUTDATED).values()
    assert alert.offer is None
    (alert,) = alerts(replace(OUTDATED, **WRITTEN), OUTDATED).values()
    assert alert.offer is not None
    parameters = ImportParameters(**alert.offer.changes)
    assert parameters.gain == Path("/s/gain_0001.mrc")
    assert (parameters.gain_rotation, parameters.gain_flip) == (0, "none")
    assert not parameters.gain_inverse


def test_a_residual_that_may_be_noise_is_none() -> None:
    assert alerts(replace(OUTDATED, residual=0.017, residual_error=0.012)) == {}


def test_a_pattern_without_a_reference() -> None:
    missing = replace(GOOD, reference=None, verdict="none", residual=0.06, **WRITTEN)
    (alert,) = alerts(missing).values()
    assert (alert.key, alert.level) == ("gain.missing", "warning")
    assert alert.offer is not None
    assert alerts(replace(missing, residual=0.01)) == {}


def test_bad_pixels_and_their_map() -> None:
    many = replace(GOOD, bad_pixels=2000, **WRITTEN)
    (alert,) = alerts(many).values()
    assert (alert.key, alert.level) == ("gain.bad-pixels", "notice")
    assert alert.offer is not None
    assert ImportParameters(**alert.offer.changes).defects == Path("/s/gain_0001_bad.mrc")
    (alert,) = alerts(replace(many, defects=Path("/d.txt"))).values()
    assert alert.offer is None
    assert alerts(many, bad_max=0.01) == {}


@pytest.mark.parametrize(
    ("doses", "said"),
    [
        ([0.92] * 20, ""),
        ([0.92] * 10 + [0.55, 0.92, 0.55, 0.92, 0.92], ""),
        ([0.92] * 10 + [0.55] * 3, "55 % of the electrons that the metadata say"),
        ([1.4] * 6, "140 % of the electrons that the metadata say"),
        ([7.0] * 20, ""),
        ([7.0] * 20 + [4.0] * 5, "57 % of the electrons that the first movies had"),
        ([0.0] * 20, ""),
        ([0.5] * 4, ""),
    ],
)
def test_electrons_are_counted(doses: list[float], said: str) -> None:
    """Against the metadata by a counting camera, against the first movies by another."""
    found = alerts(replace(GOOD, dose=column(doses)))
    if not said:
        assert found == {}
        return
    assert found["gain.dose"].level == "warning"
    assert said in found["gain.dose"].message
