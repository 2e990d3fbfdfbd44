import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from icestream.formats.mrc import read_stack, write_mrc
from icestream.model import Ctf, Optics
from icestream.processing.ctf.transfer import Defocus, ctf_2d
from icestream.processing.particles import (
    Box,
    cut_particles,
    extract_particles,
    flip_phases,
    normalize_particles,
    whole_boxes,
)


def noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def test_the_coordinate_becomes_the_middle_pixel() -> None:
    image = np.zeros((60, 80), np.float32)
    image[25, 41] = 7.0
    cut = cut_particles(image, np.array([41.9]), np.array([25.4]), 16)
    assert cut.images[0, 8, 8] == 7.0


def test_boxes_over_the_edge_are_left_out() -> None:
    x = np.array([7.9, 8.0, 72.0, 72.9, 73.0])
    y = np.array([30.0, 30.0, 30.0, 52.0, 30.0])
    assert whole_boxes((60, 80), x, y, 16).tolist() == [1, 2, 3]
    assert cut_particles(noise((60, 80)), x, y, 16).kept.tolist() == [1, 2, 3]


def test_odd_boxes_are_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        cut_particles(noise((60, 60)), np.array([30.0]), np.array([30.0]), 15)
    with pytest.raises(ValueError, match="resampled"):
        Box(cut=32, size=33, radius=10)


def test_background_gets_mean_zero_and_deviation_one_without_plane() -> None:
    y, x = np.mgrid[:48, :48]
    images = 3.0 * noise((5, 48, 48)) + 100.0 + 0.5 * x - 0.25 * y
    normal = normalize_particles(images.astype(np.float32), 16.0)
    outside = np.hypot(y - 24, x - 24) > 16
    assert np.allclose(normal[:, outside].mean(axis=1), 0.0, atol=1e-4)
    assert np.allclose(normal[:, outside].std(axis=1), 1.0, atol=1e-4)
    for image in normal:
        assert abs(np.corrcoef(image[outside], x[outside])[0, 1]) < 1e-3
    kept = normalize_particles(images.astype(np.float32), 16.0, plane=False)
    assert np.corrcoef(kept[0][outside], x[outside])[0, 1] > 0.5


def test_a_circle_without_background_is_refused() -> None:
    with pytest.raises(ValueError, match="background"):
        normalize_particles(noise((1, 32, 32)), 40.0)


def test_flat_images_stay_finite() -> None:
    assert np.isfinite(normalize_particles(np.ones((2, 32, 32), np.float32), 10.0)).all()


def test_dark_particles_become_bright_and_dust_becomes_noise() -> None:
    image = noise((64, 64))
    image[28:36, 28:36] -= 3.0
    image[20, 20] = 500.0
    box = Box(cut=48, size=48, radius=16)
    cut = extract_particles(image, np.array([32.0]), np.array([32.0]), box, seed=1)
    assert cut.images[0, 20:28, 20:28].mean() > 1.5
    assert np.abs(cut.images).max() < 8.0
    again = extract_particles(image, np.array([32.0]), np.array([32.0]), box, seed=1)
    assert np.array_equal(cut.images, again.images)
    raw = Box(cut=48, size=48, radius=16, dust=0, invert=False)
    kept = extract_particles(image, np.array([32.0]), np.array([32.0]), raw)
    assert kept.images[0, 12, 12] > 15.0


def test_resampling_keeps_the_center() -> None:
    y, x = np.mgrid[:200, :200]
    image = -np.exp(-((y - 100) ** 2 + (x - 100) ** 2) / (2 * 8.0**2)).astype(np.float32)
    image += 0.001 * noise(image.shape)
    box = Box(cut=120, size=40, radius=40, dust=0)
    small = extract_particles(image, np.array([100.0]), np.array([100.0]), box).images[0]
    assert small.shape == (40, 40)
    assert np.allclose(ndimage.center_of_mass(np.clip(small, 0, None) ** 2), (20, 20), atol=0.05)


def test_no_coordinates_give_no_images() -> None:
    box = Box(cut=32, size=16, radius=8)
    nothing = extract_particles(noise((64, 64)), np.zeros(0), np.zeros(0), box)
    assert nothing.images.shape == (0, 16, 16)


@pytest.mark.skipif(shutil.which("relion_preprocess") is None, reason="relion is not installed")
@pytest.mark.parametrize(("size", "least"), [(64, 0.99999), (32, 0.98)])
def test_agrees_with_relion(tmp_path: Path, size: int, least: float) -> None:
    image = ndimage.gaussian_filter(noise((300, 260), 4), 1.0) + 0.01 * np.arange(260)
    rng = np.random.default_rng(5)
    x, y = rng.uniform(40, 220, 6), rng.uniform(40, 260, 6)
    write_mrc(tmp_path / "m.mrc", image.astype(np.float32), 1.5)
    table = "data_\n\nloop_\n_rlnMicrographName #1\n_rlnVoltage #2\n_rlnSphericalAberration #3\n"
    table += "_rlnAmplitudeContrast #4\n_rlnMagnification #5\n_rlnDetectorPixelSize #6\n"
    (tmp_path / "mics.star").write_text(table + "m.mrc 300 2.7 0.1 10000 1.5\n")
    rows = "".join(f"{a:.6f} {b:.6f}\n" for a, b in zip(x, y, strict=True))
    loop = "data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n"
    (tmp_path / "m_pick.star").write_text(loop + rows)
    command = (
        "relion_preprocess --i mics.star --coord_dir ./ --coord_suffix _pick.star --part_star "
        f"out.star --part_dir P/ --extract --extract_size 64 --scale {size} --norm --bg_radius "
        f"{0.375 * size:g} --white_dust -1 --black_dust -1 --invert_contrast"
    )
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True, timeout=60)
    theirs = read_stack(next((tmp_path / "P").rglob("*.mrcs")))
    ours = extract_particles(image.astype(np.float32), x, y, Box(cut=64, size=size, radius=24))
    assert len(ours.images) == len(theirs) == 6
    for mine, other in zip(ours.images, theirs, strict=True):
        assert np.corrcoef(mine.ravel(), other.ravel())[0, 1] > least


def test_flipped_phases_have_one_sign_and_flip_back() -> None:
    optics = Optics(pixel_size=2.0, voltage=300.0)
    ctf = Ctf(exposure="a", optics=optics, defocus_u=15000.0, defocus_v=14000.0, angle=20.0)
    specimen = noise((129, 161), 3)
    transfer = ctf_2d(specimen.shape, Defocus.of(ctf), optics, half=True)
    spectrum = np.fft.rfft2(specimen)
    seen = np.fft.irfft2(spectrum * transfer, specimen.shape).astype(np.float32)
    flipped = flip_phases(seen, optics, ctf)
    # Protein is dark where the microscope gives the most contrast, and now everywhere.
    ideal = np.fft.irfft2(-spectrum * np.abs(transfer), specimen.shape)
    assert np.allclose(flipped, ideal, atol=1e-4)
    assert np.allclose(flip_phases(flipped, optics, ctf), seen, atol=1e-4)
