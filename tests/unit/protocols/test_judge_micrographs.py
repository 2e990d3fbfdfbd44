"""From files to a verdict."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from icestream.formats import write_mrc
from icestream.model import Ctf, Micrograph, Motion, Optics, column
from icestream.protocol import ItemFailed, Work
from icestream.protocols.judge_micrographs import JudgeMicrographs

OPTICS = Optics(pixel_size=7.5, voltage=300.0)
CTF = Ctf(
    exposure="e", optics=OPTICS, defocus_u=15000.0, defocus_v=15000.0, angle=0.0, resolution=4.0
)


def micrograph(folder: Path, image: np.ndarray, drift: float = 0.0) -> Micrograph:
    path = folder / "e.mrc"
    write_mrc(path, image.astype(np.float32), 7.5)
    shifts = np.stack([np.arange(20) * drift, np.zeros(20)], axis=1)
    return Micrograph(
        exposure="e",
        path=path,
        shape=image.shape,
        optics=OPTICS,
        motion=Motion(shifts=column(shifts), pixel_size=0.5),
    )


@pytest.fixture
def particles() -> np.ndarray:
    rng = np.random.default_rng(1)
    points = np.zeros((256, 256))
    np.add.at(points, tuple(rng.integers(0, 256, (2, 300))), 1.0)
    narrow, wide = (ndimage.gaussian_filter(points, size, mode="wrap") for size in (2.25, 3.6))
    noise: np.ndarray = rng.standard_normal((256, 256))
    return noise - 2 * np.pi * 2.25**2 * 3.5 * (narrow - wide)


def test_a_micrograph_with_particles(tmp_path: Path, particles: np.ndarray) -> None:
    found = JudgeMicrographs().process(micrograph(tmp_path, particles), CTF, Work(folder=tmp_path))
    assert (found.exposure, found.label) == ("e", "great")
    assert found.score > 0.7


def test_drift_is_taken_from_the_track_in_angstrom(tmp_path: Path, particles: np.ndarray) -> None:
    item = micrograph(tmp_path, particles, drift=5.0)
    found = JudgeMicrographs().process(item, CTF, Work(folder=tmp_path))
    assert found.label == "contamination_or_drift"
    assert "2.5 Å" in found.reason


def test_without_ctf_and_motion_the_look_decides(tmp_path: Path, particles: np.ndarray) -> None:
    item = replace(micrograph(tmp_path, particles, drift=5.0), motion=None)
    assert JudgeMicrographs().process(item, None, Work(folder=tmp_path)).label == "decent"


def test_motion_that_is_not_known_is_no_drift(tmp_path: Path, particles: np.ndarray) -> None:
    item = micrograph(tmp_path, particles, drift=5.0)
    assert item.motion is not None
    lost = replace(item.motion, frame_agreement=column(np.zeros(20)))
    found = JudgeMicrographs().process(replace(item, motion=lost), CTF, Work(folder=tmp_path))
    assert found.label == "great"


def test_without_a_gain_reference_nothing_is_called_bad_by_its_look(
    tmp_path: Path, particles: np.ndarray
) -> None:
    mottle = ndimage.gaussian_filter(np.random.default_rng(2).standard_normal((256, 256)), 6.0)
    item = micrograph(tmp_path, particles + 4.0 * mottle / mottle.std())
    work = Work(folder=tmp_path)
    lost = replace(CTF, resolution=60.0)
    assert JudgeMicrographs().process(item, lost, work).label == "crystalline_ice"
    aligned = replace(item, movie=tmp_path / "e.tiff")
    found = JudgeMicrographs().process(aligned, lost, work)
    assert found.label == "unclear"
    assert "gain reference" in found.reason
    known = replace(aligned, gain=tmp_path / "gain.mrc")
    assert JudgeMicrographs().process(known, lost, work).label == "crystalline_ice"


def test_an_image_that_cannot_be_judged_fails_alone(tmp_path: Path) -> None:
    item = micrograph(tmp_path, np.zeros((256, 256)))
    with pytest.raises(ItemFailed, match=r"e\.mrc: .* no noise"):
        JudgeMicrographs().process(item, CTF, Work(folder=tmp_path))


def test_the_summary_counts_the_classes(tmp_path: Path, particles: np.ndarray) -> None:
    protocol = JudgeMicrographs()
    one = protocol.process(micrograph(tmp_path, particles), CTF, Work(folder=tmp_path))
    two = replace(one, label="crystalline_ice", score=0.1)
    assert protocol.summarize([one, one, two]) == "Of 3 micrographs 2 great, 1 crystalline ice"
    assert protocol.summarize([]) == ""
    assert list(next(protocol.plot([one, two])).y) == [one.score, 0.1]
