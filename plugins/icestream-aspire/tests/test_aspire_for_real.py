"""ASPIRE itself is run: what it finds is where, and as, it is."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from five_blobs import BOX, PIXEL, density, particles, seen, turned
from scipy.ndimage import affine_transform, gaussian_filter, shift

from icestream.formats import read_mrc, read_stack, write_mrc
from icestream.formats.parquet import read_columns
from icestream.model import Classes, Micrograph, Optics, column
from icestream.processing.ctf.transfer import Defocus, ctf_2d
from icestream.processing.picking import match_peaks
from icestream.processing.volume.align import align, turn
from icestream.processing.volume.symmetry import point_group
from icestream.protocol import Batch, ItemFailed, Work, missing
from icestream_aspire.average_classes import AspireClassParameters, AverageClassesWithAspire
from icestream_aspire.estimate_ctf import AspireCtfParameters, EstimateCtfWithAspire
from icestream_aspire.gathered import flip_phases, read_images
from icestream_aspire.initial_volume import AspireVolumeParameters, InitialVolumeWithAspire
from icestream_aspire.pick_with_apple import AppleParameters, PickWithApple
from icestream_aspire.program import ASPIRE

Make = Callable[..., Work]


def micrograph(folder: Path, image: np.ndarray, pixel_size: float) -> Micrograph:
    path = write_mrc(folder / "a mic.mrc", image.astype(np.float32), pixel_size)
    optics = Optics(pixel_size=pixel_size, voltage=300.0)
    return Micrograph(exposure="a b", path=path, shape=image.shape, optics=optics)


def alike(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def test_it_picks_on_both_parts_of_a_long_micrograph(
    aspire: Path, work: Make, tmp_path: Path
) -> None:
    assert missing(PickWithApple()) == ()
    assert ASPIRE.version().startswith("0.14")
    random = np.random.default_rng(4)
    shape = (420, 660)
    x, y = (
        (places.ravel() + random.integers(-12, 12, places.size))
        for places in np.meshgrid(np.arange(45, 640, 82), np.arange(45, 400, 82))
    )
    kept = random.random(len(x)) < 0.75
    x, y = x[kept], y[kept]
    points = np.zeros(shape)
    points[y, x] = -1.0
    signal = gaussian_filter(points, 8.0)
    image = 20.0 + 1.3 * signal / signal.std() + random.normal(size=shape)
    item = micrograph(tmp_path, image, 4.0)
    wanted = AppleParameters(diameter=144.0, size=144.0, tau2=50.0)
    picks = PickWithApple(wanted).process(item, work=work())
    matches = match_peaks((picks.x, picks.y), (x, y), 18.0)
    found = len(matches.pairs)
    assert found > 0.6 * len(x) and found > 0.8 * len(picks)
    off = np.column_stack([picks.x, picks.y])[matches.pairs[:, 0]]
    off -= np.column_stack([x, y])[matches.pairs[:, 1]]
    assert np.abs(off.mean(axis=0)).max() < 4.0
    assert (np.asarray(picks.x)[matches.pairs[:, 0]] > 480).any()
    upside_down = match_peaks((picks.x, shape[0] - 1 - np.asarray(picks.y)), (x, y), 18.0)
    assert len(upside_down.pairs) < 0.7 * found


def test_defocus_and_angle_are_those_of_the_microscope(
    aspire: Path, work: Make, tmp_path: Path
) -> None:
    true = Defocus(u=16000.0, v=14000.0, angle=25.0)
    optics = Optics(pixel_size=2.0, voltage=300.0)
    shape = (512, 640)
    noise = np.random.default_rng(2).standard_normal(shape)
    blurred = np.fft.rfft2(noise) * ctf_2d(shape, true, optics, half=True)
    image = np.fft.irfft2(blurred, shape) + 0.3 * np.random.default_rng(3).standard_normal(shape)
    item = micrograph(tmp_path, image, 2.0)
    step = EstimateCtfWithAspire(AspireCtfParameters(box=192, resolution_max=6.0))
    made = step.process(item, work=work())
    assert abs(made.defocus - 15000) < 300
    assert 1000 < made.astigmatism < 3000
    assert abs((made.angle - 25 + 90) % 180 - 90) < 10
    assert made.doubt == "" and made.score > 0.6 and made.resolution < 6.5
    assert made.spectrum is not None and made.spectrum.is_file()
    assert not (Path.home() / "logs").exists()


def test_an_image_that_is_cut_off_is_told(aspire: Path, work: Make, tmp_path: Path) -> None:
    item = micrograph(tmp_path, np.random.default_rng(5).normal(size=(256, 256)), 2.0)
    item.path.write_bytes(item.path.read_bytes()[:5000])
    for step in (PickWithApple(), EstimateCtfWithAspire(AspireCtfParameters(box=128))):
        with pytest.raises(ItemFailed) as told:
            step.process(item, work=work(step.name))
        assert told.value.code == "micrograph-not-readable"


def test_averages_are_what_the_table_says(aspire: Path, work: Make, tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    # So few as there are at first make no average yet.
    views = [random.integers(0, 6, count) for count in (24, 156)]
    items = [
        particles(tmp_path, f"shot {n}", views[n], 15000.0 + 4000 * n, noise=0.5) for n in range(2)
    ]
    wanted = AspireClassParameters(
        classes=8, neighbours=15, box=BOX, shift=1, batch=100, components=120, features=60
    )
    step = AverageClassesWithAspire(wanted)
    first, second = work("1"), work("2")
    state = step.start(Batch((items[0],)), first)
    step.save(state, tmp_path / "state")
    state = step.load(tmp_path / "state")
    state = step.update(state, Batch((items[1],), final=True), second)
    made = step.snapshot(state, second)
    table = read_columns(made.assignments)
    assert made.particles == len(table["class"]) == int(np.sum(made.counts)) > 60
    assert made.iteration == 2 and len(made.counts) == 8 and not np.any(made.resolution)
    which = np.array([str(name) == "shot 1" for name in table["exposure"]]).astype(int)
    true = np.array([views[n][at] for n, at in zip(which, table["index"], strict=True)])
    np.testing.assert_allclose(table["x"], 14.0 * table["index"], rtol=1e-6)
    pure = [np.bincount(true[table["class"] == n]).max() for n in np.unique(table["class"])]
    assert sum(pure) > 0.75 * made.particles

    rows = state.particles.rows[state.rows]
    images = flip_phases(state.particles, rows, read_images(state.particles, rows, BOX, second))
    inside = np.hypot(*np.mgrid[-16:16, -16:16]) < 13
    averages = read_stack(made.averages)
    agreement = []
    for number in np.unique(table["class"]):
        here = np.flatnonzero(table["class"] == number)
        mine = np.mean([_laid(images[n], table, n) for n in here], axis=0)
        agreement.append(alike(mine[inside], averages[number - 1][inside]))
    assert np.mean(agreement) > 0.9
    assert made.sample is not None and made.sample_table is not None
    assert len(read_stack(made.sample)) == made.particles
    assert set(read_columns(made.sample_table)["defocus_u"]) == {15000.0, 19000.0}


def _laid(image: np.ndarray, table: dict[str, np.ndarray], row: int) -> np.ndarray:
    """A particle moved, reflected and turned onto its average, as the table says."""
    moved = shift(image, (table["shift_y"][row] / PIXEL, table["shift_x"][row] / PIXEL), order=1)
    if table["mirrored"][row]:
        moved = np.roll(moved[::-1], 1, axis=0)
    # The average, turned by the angle, lies as the particle: the particle is turned back.
    c, s = np.cos(np.radians(-table["angle"][row])), np.sin(np.radians(-table["angle"][row]))
    back = np.array([[c, -s], [s, c]])
    middle = np.full(2, BOX // 2)
    return affine_transform(moved, back, middle - back @ middle, order=1)


def test_the_map_is_that_of_the_averages(aspire: Path, work: Make, tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    rotations = [turned(random) for _ in range(24)]
    images = np.array([seen(rotation) for rotation in rotations])
    images += 0.1 * images.std() * random.normal(size=images.shape)
    classes = averages_of(tmp_path, images.astype(np.float32))
    step = InitialVolumeWithAspire(AspireVolumeParameters(box=BOX))
    here = work()
    made = step.snapshot(step.start(Batch((classes,), final=True), here), here)
    assert made.map is not None and made.mirrored is not None and made.picture is not None
    assert made.particles == 24 * 10 and made.symmetry == "C1" and made.fsc is None
    found = read_mrc(made.map).astype(np.float32)
    laid = align(density(), found, 7)
    ball = np.sqrt(sum(axis**2 for axis in np.mgrid[-16:16, -16:16, -16:16])) < 13
    assert alike(laid.volume[ball], density()[ball]) > 0.95
    assert np.abs(laid.shift).max() < 0.5

    # From where an average is seen, in the map as it was written.
    turns = np.load(here.folder / "rotations.npy").transpose(0, 2, 1).astype(np.float32)
    inside = np.hypot(*np.mgrid[-16:16, -16:16]) < 13
    again = [turn(found, view, 10).sum(axis=0) for view in turns[:4]]
    assert min(alike(a[inside], b[inside]) for a, b in zip(again, images, strict=False)) > 0.95
    assert made.directions is not None and made.efficiency > 0.3
    assert "its resolution is not known" in step.summarize([made])


def test_a_symmetry_lies_along_z(aspire: Path, work: Make, tmp_path: Path) -> None:
    random = np.random.default_rng(8)
    half = np.diag([-1.0, -1.0, 1.0])
    images = np.array(
        [seen(rotation) + seen(rotation @ half) for rotation in (turned(random) for _ in range(24))]
    )
    classes = averages_of(tmp_path, images.astype(np.float32))
    step = InitialVolumeWithAspire(AspireVolumeParameters(box=BOX, symmetry="c2"))
    here = work()
    made = step.snapshot(step.start(Batch((classes,), final=True), here), here)
    assert made.map is not None and made.symmetry == "C2"
    found = read_mrc(made.map).astype(np.float32)
    same, other = (turn(found, np.float32(g), 10) for g in point_group("C2"))
    assert alike(same, other) > 0.95
    true = density() + turn(density(), np.float32(half), 15)
    assert align(true, found, 7).correlation > 0.9


def averages_of(folder: Path, images: np.ndarray) -> Classes:
    """Classes with these averages, and 10 particles each."""
    zeros = column(np.zeros(len(images)))
    return Classes(
        averages=write_mrc(folder / "averages.mrcs", images, PIXEL),
        box=images.shape[-1],
        pixel_size=PIXEL,
        counts=column(np.full(len(images), 10)),
        resolution=zeros,
        score=zeros,
        assignments=folder / "none.parquet",
        particles=10 * len(images),
        iteration=1,
        diameter=130.0,
    )
