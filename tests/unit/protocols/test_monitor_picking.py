from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from icestream.formats.mrc import write_mrc
from icestream.model import Alert, Classes, column
from icestream.protocol import Sample, Window
from icestream.protocol.conformance import problems
from icestream.protocols.monitor_picking import MonitorPicking, PickingLessons
from icestream.protocols.pick_unattended import PickUnattendedParameters


def classes(tmp_path: Path, particles: int, score: tuple[float, ...] = (0.8, 0.7, 0.2)) -> Classes:
    """Two classes of a ball of 120 Å, and one of noise."""
    y, x = np.indices((64, 64)) - 32
    ball = np.sqrt(np.clip(1 - (y**2 + x**2) / 12.0**2, 0, None))
    inside = np.hypot(y, x) < 28
    noise = np.random.default_rng(1).standard_normal((64, 64))
    stack = np.stack([ball - 0.02, 0.8 * ball - 0.02, noise]) * inside
    write_mrc(tmp_path / "averages.mrcs", stack.astype(np.float32), 5.0)
    counts = np.array([0.5, 0.4, 0.1]) * particles
    return Classes(
        averages=tmp_path / "averages.mrcs",
        box=64,
        pixel_size=5.0,
        counts=column(counts),
        resolution=column([10.0, 12.0, 0.0]),
        score=column(score),
        assignments=tmp_path / "table.parquet",
        particles=particles,
        iteration=1,
    )


def alerts(found: Classes, **parameters: object) -> list[Alert]:
    monitor = MonitorPicking(PickingLessons(**parameters))  # type: ignore[arg-type]
    return [said for said in monitor.inspect(Window((found,))) if isinstance(said, Alert)]


def test_is_a_good_plugin() -> None:
    assert problems(MonitorPicking) == []
    assert list(MonitorPicking().inspect(Window(()))) == []


def test_waits_for_enough_particles(tmp_path: Path) -> None:
    assert alerts(classes(tmp_path, 499)) == []


def test_offers_the_diameter_and_the_good_classes(tmp_path: Path) -> None:
    (alert,) = alerts(classes(tmp_path, 500))
    assert alert.key == "picking.classes.first"
    assert alert.level == "notice"
    offer = alert.offer
    assert offer is not None
    assert offer.automatic
    assert offer.step == "pick"
    assert offer.changes["template_classes"] == [1, 2]
    assert offer.changes["measured_diameter"] == pytest.approx(120, rel=0.1)
    # The step that it is meant for takes it.
    taken = PickUnattendedParameters.model_validate(offer.changes)
    assert taken.templates == tmp_path / "averages.mrcs"


def test_the_selection_of_a_person_comes_first(tmp_path: Path) -> None:
    found = classes(tmp_path, 600)
    object.__setattr__(found, "selected", column([0, 1, 0]))
    (alert,) = alerts(found)
    assert alert.offer is not None
    assert alert.offer.changes["template_classes"] == [2]


def test_teaches_twice_and_the_same_when_both_are_due(tmp_path: Path) -> None:
    first, again = alerts(classes(tmp_path, 5000))
    assert (first.key, again.key) == ("picking.classes.first", "picking.classes.again")
    assert first.offer == again.offer
    assert len(alerts(classes(tmp_path, 5000), again=0)) == 1
    (only,) = alerts(classes(tmp_path, 500), automatic=False, step="look")
    assert only.offer is not None
    assert (only.offer.automatic, only.offer.step) == (False, "look")


def test_says_that_there_are_no_particles(tmp_path: Path) -> None:
    (alert,) = alerts(classes(tmp_path, 0))
    assert (alert.key, alert.level) == ("picking.none", "warning")
    assert "there are no particles in the micrographs so far" in alert.message


def test_says_when_the_classes_show_nothing(tmp_path: Path) -> None:
    found = classes(tmp_path, 800)
    object.__setattr__(found, "selected", column([0, 0, 1]))
    (alert,) = alerts(found)
    assert alert.key == "picking.unclear"
    assert alert.offer is None


def test_reports_the_diameter_as_a_sample(tmp_path: Path) -> None:
    said = list(MonitorPicking().inspect(Window((classes(tmp_path, 700),))))
    samples = [one for one in said if isinstance(one, Sample)]
    assert [sample.name for sample in samples] == ["picking.diameter", "picking.width"]
    assert [sample.value for sample in samples] == pytest.approx([120, 120], rel=0.1)


def rods(tmp_path: Path, length: float, mask: float) -> Classes:
    """Two classes of a rod, masked as classes are; Å."""
    y, x = (np.indices((64, 64)) - 32) * 6.0
    rod = 1.0 * ((np.abs(x) < length / 2) & (np.abs(y) < 30))
    rod = ndimage.gaussian_filter(rod, 1.0) * (np.hypot(y, x) < mask / 2)
    found = classes(tmp_path, 600, (0.8, 0.8, 0.1))
    noise = np.random.default_rng(1).standard_normal((64, 64))
    stack = np.stack([rod - 0.01, np.rot90(rod) - 0.01, noise])
    write_mrc(tmp_path / "averages.mrcs", stack.astype(np.float32), 6.0)
    return replace(found, pixel_size=6.0, diameter=mask)


def test_particles_that_go_on_beyond_what_is_shown_get_room_first(tmp_path: Path) -> None:
    (alert,) = alerts(rods(tmp_path, 336, 250.0))
    assert alert.key == "picking.room.400"
    assert "go on beyond the 250 Å" in alert.message
    assert alert.offer is not None
    assert alert.offer.changes == {"roomy": 400.0}
    assert PickUnattendedParameters.model_validate(alert.offer.changes).roomy == 400.0


def test_long_particles_are_said_to_be(tmp_path: Path) -> None:
    (alert,) = alerts(rods(tmp_path, 300, 400.0))
    assert alert.key == "picking.classes.first"
    assert "particles 3" in alert.message
    assert "Å long and " in alert.message
    assert alert.offer is not None
    assert alert.offer.changes["measured_diameter"] == pytest.approx(300, rel=0.1)


def test_who_said_a_diameter_gets_no_more_room(tmp_path: Path) -> None:
    (alert,) = alerts(rods(tmp_path, 336, 180.0))
    assert alert.key == "picking.classes.first"
