from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from icestream.model import Alert, Ctf, Optics
from icestream.protocol import Sample, Window
from icestream.protocols.monitor_ctf import CtfLimits, MonitorCtf, find_jump, order_taken

OPTICS = Optics(pixel_size=1.0, voltage=300.0)


def ctfs(
    defoci: Sequence[float],
    astigmatism: float = 200.0,
    *,
    angle: float = 20.0,
    resolution: float = 4.0,
    seed: int = 1,
    first: int = 0,
) -> list[Ctf]:
    """Estimates with 20 Å of scatter in both defoci."""
    rng = np.random.default_rng(seed)
    return [
        Ctf(
            exposure=f"e{first + number:03d}",
            optics=OPTICS,
            defocus_u=defocus + astigmatism / 2 + rng.normal(0, 20),
            defocus_v=defocus - astigmatism / 2 + rng.normal(0, 20),
            angle=angle + rng.normal(0, 3),
            resolution=resolution,
        )
        for number, defocus in enumerate(defoci)
    ]


def alerts(items: Sequence[Ctf], limits: CtfLimits | None = None) -> dict[str, Alert]:
    found = MonitorCtf(limits).inspect(Window(tuple(items)))
    return {alert.key: alert for alert in found if isinstance(alert, Alert)}


USUAL = [9000.0, 13000.0, 17000.0, 21000.0] * 10


def test_nothing_to_say_of_a_good_session() -> None:
    assert alerts(ctfs(USUAL)) == {}


def test_an_empty_window() -> None:
    assert list(MonitorCtf().inspect(Window(()))) == []


def test_medians_are_recorded() -> None:
    found = list(MonitorCtf().inspect(Window(tuple(ctfs([10000.0] * 10)))))
    samples = {sample.name: sample for sample in found if isinstance(sample, Sample)}
    assert samples["ctf.defocus.median"].value == pytest.approx(10000, abs=30)
    assert samples["ctf.defocus.median"].unit == "Å"


@pytest.mark.parametrize(
    ("tail", "key", "words"),
    [
        (ctfs([50000.0] * 5, first=40), "ctf.defocus.high", "5.00 µm, above the limit of 4 µm"),
        (ctfs([1500.0] * 5, first=40), "ctf.defocus.low", "0.15 µm, below the limit of 0.3 µm"),
        (
            ctfs([12000.0] * 5, 1500.0, first=40),
            "ctf.astigmatism.high",
            "above the limit of 1000 Å",
        ),
        (
            ctfs([12000.0] * 5, resolution=12.0, first=40),
            "ctf.resolution.low",
            "end at 12.0 Å, worse than the limit of 8 Å",
        ),
    ],
)
def test_limits(tail: list[Ctf], key: str, words: str) -> None:
    found = alerts(ctfs(USUAL) + tail)
    assert words in found[key].message
    assert found[key].exposure in {ctf.exposure for ctf in tail}


def test_fewer_than_asked_for_are_no_alert() -> None:
    assert alerts(ctfs(USUAL) + ctfs([50000.0] * 4, first=40)) == {}
    assert "ctf.defocus.high" in alerts(ctfs([50000.0] * 4), CtfLimits(for_last=4))


def test_one_outlier_in_a_row_is_no_alert() -> None:
    tail = ctfs([50000.0] * 5, first=40)
    tail[2] = ctfs([15000.0], first=42)[0]
    assert "ctf.defocus.high" not in alerts(ctfs(USUAL) + tail)


def test_a_jump_of_astigmatism_names_the_exposure() -> None:
    """600 Å is below the limit, but it came at once."""
    found = alerts(ctfs(USUAL[:30]) + ctfs(USUAL[:8], 800.0, first=30))
    assert set(found) == {"ctf.astigmatism.jump"}
    alert = found["ctf.astigmatism.jump"]
    assert alert.exposure == "e030"
    assert "at e030" in alert.message
    assert "in the 30 micrographs before" in alert.message


def test_a_turn_of_astigmatism_is_a_jump_too() -> None:
    found = alerts(ctfs(USUAL[:30], 500.0) + ctfs(USUAL[:8], 500.0, angle=-70.0, first=30))
    assert found["ctf.astigmatism.jump"].exposure == "e030"


def test_turning_through_180_degrees_is_none() -> None:
    turned = ctfs(USUAL[:8], 500.0, angle=-90.0, first=30)
    assert alerts(ctfs(USUAL[:30], 500.0, angle=89.0) + turned) == {}


def test_a_cycle_of_defoci_that_ends_on_high_ones_is_no_jump() -> None:
    """Five of the last that happen to be high but for two, from a simulated session."""
    before = [18100, 17900, 17300, 14800, 7400, 11000, 20400, 14800, 11700, 21500, 18200, 18500]
    items = ctfs([*before, 7769, 18797, 15902, 15913, 22994, 23401, 12896, 16531, 23498.0])
    assert alerts(items) == {}


def test_a_jump_of_defocus() -> None:
    found = alerts(ctfs([12000.0] * 20) + ctfs([20000.0] * 6, first=20))
    assert found["ctf.defocus.jump"].exposure == "e020"
    assert "from a median of 1.20 µm" in found["ctf.defocus.jump"].message


def test_a_jump_becomes_the_new_normal() -> None:
    assert "ctf.defocus.jump" in alerts(ctfs([12000.0] * 10) + ctfs([20000.0] * 30, first=10))
    assert alerts(ctfs([12000.0] * 5) + ctfs([20000.0] * 45, first=5)) == {}


def test_the_order_of_the_results_does_not_matter() -> None:
    """The newest first, as by default, or in any other order."""
    items = ctfs(USUAL[:30]) + ctfs(USUAL[:8], 800.0, first=30)
    shuffled = [items[place] for place in np.random.default_rng(3).permutation(len(items))]
    expected = alerts(items)
    assert set(expected) == {"ctf.astigmatism.jump"}
    assert alerts(items[::-1]) == expected
    assert alerts(shuffled) == expected


@pytest.mark.parametrize(
    "names",
    [
        ["FoilHole_9_Data_2_1_20261122_140127", "FoilHole_8_Data_3_5_20261122_140133"],
        ["2026-11-22_14.01.27_z_00001", "2026-11-22_14.01.28_a_00002"],
        ["grid_2", "grid_9", "grid_10"],
        ["grid", "grid_1", "grid_a", "other", "20261122_140127"],
        ["FoilHole_20260101_000000_Data_1_20261122_140127", "FoilHole_1_Data_20261122_140128"],
    ],
)
def test_the_order_in_which_exposures_were_taken(names: list[str]) -> None:
    turned = list(reversed(names))
    assert sorted(turned, key=order_taken) == names


def test_most_of_the_last_are_bad() -> None:
    """Every second is, and two more: no five in a row, and no jump."""
    items = ctfs([12000.0] * 40)
    for place in (*range(20, 40, 2), 21, 27):
        items[place] = ctfs([12000.0], 1500.0 + 99 * place, resolution=20.0, first=place)[0]
    found = alerts(items)
    assert set(found) == {"ctf.bad"}
    assert "12 of the last 20 micrographs" in found["ctf.bad"].message
    assert "resolution of 12, astigmatism of 12" in found["ctf.bad"].message
    assert found["ctf.bad"].exposure == "e038"
    assert alerts(items, CtfLimits(bad_share=0.6)) == {}


def test_micrographs_without_rings_are_no_jump() -> None:
    lost = ctfs([35000.0] * 8, 3000.0, resolution=30.0, first=30)
    assert "ctf.defocus.jump" not in alerts(ctfs(USUAL[:30]) + lost)


def test_jumps_can_be_left_to_the_monitor_of_changes() -> None:
    jumped = ctfs([10000.0] * 15 + [20000.0] * 6)
    for jumps in (True, False):
        found = MonitorCtf(CtfLimits(jumps=jumps)).inspect(Window(tuple(jumped)))
        keys = [one.key for one in found if isinstance(one, Alert)]
        assert ("ctf.defocus.jump" in keys) == jumps


def test_noise_alone_rarely_jumps() -> None:
    rng = np.random.default_rng(4)
    found = [find_jump(rng.normal(0, 100, (50, 2)), 50.0, 5) for _ in range(300)]
    assert sum(jump is not None for jump in found) < 15
    few = [find_jump(rng.normal(0, 100, (14, 2)), 50.0, 5) for _ in range(300)]
    assert sum(jump is not None for jump in few) < 30


def test_the_place_of_a_jump() -> None:
    values = np.random.default_rng(5).normal(0, 10, (40, 1))
    values[29:] += 100.0
    jump = find_jump(values, 50.0, 5)
    assert jump is not None
    assert jump.place == 29
    assert jump.size == pytest.approx(100.0, abs=15)


def test_too_short_a_series_has_no_jump() -> None:
    assert find_jump(np.array([[0.0]] * 5 + [[100.0]] * 6), 50.0, 5) is None


def test_coarse_pixels_are_not_asked_for_what_they_cannot_hold() -> None:
    """Pixels of 4.5 Å hold nothing beyond 9 Å, which a perfect fit reaches."""
    optics = replace(OPTICS, pixel_size=4.5)
    items = [replace(ctf, optics=optics) for ctf in ctfs(USUAL, resolution=9.2)]
    assert alerts(items) == {}
    poor = [replace(ctf, resolution=20.0) for ctf in items]
    assert "limit of 13.5 Å" in alerts(poor)["ctf.resolution.low"].message


def test_its_limits_are_those_beyond_which_it_warns() -> None:
    monitor = MonitorCtf(CtfLimits(resolution_max=6.0, defocus_max=3.0))
    limits = {limit.quality: limit for limit in monitor.limits(1.0)}
    assert (limits["ctf.defocus"].low, limits["ctf.defocus"].high) == (0.3, 3.0)
    assert limits["ctf.astigmatism"].high == 1000.0
    assert limits["ctf.resolution"].high == 6.0
    assert monitor.limits(4.0)[-1].high == 12.0, "three pixels"
