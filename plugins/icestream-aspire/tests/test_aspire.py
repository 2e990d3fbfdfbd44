"""What ASPIRE is told, what is believed of what it leaves, and how its failures are named."""

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from five_blobs import BOX, OPTICS, PIXEL, particles
from pydantic import ValidationError

from icestream.formats import read_stack, write_mrc
from icestream.formats.parquet import read_columns
from icestream.model import Classes, Micrograph, Optics, column
from icestream.processing.ctf.spectrum import power_spectrum
from icestream.processing.ctf.transfer import Defocus, ctf_2d
from icestream.protocol import BadOutput, Batch, ItemFailed, TryAgain, Work, missing
from icestream.protocol.conformance import problems
from icestream_aspire.average_classes import AspireClassParameters, AverageClassesWithAspire
from icestream_aspire.estimate_ctf import (
    AspireCtfParameters,
    EstimateCtfWithAspire,
    read_defocus,
)
from icestream_aspire.gathered import GatheredParticles, add_particles, flip_phases, read_images
from icestream_aspire.initial_volume import AspireVolumeParameters, InitialVolumeWithAspire
from icestream_aspire.members import assign, read_neighbours
from icestream_aspire.pick_with_apple import AppleParameters, PickWithApple, read_places
from icestream_aspire.program import read_array
from icestream_aspire.rings import followed
from icestream_aspire.squares import automatic_downscale, squares_of, write_squares

SOURCE = Path(__file__).parents[1] / "src" / "icestream_aspire"
ALL: tuple[type[Any], ...] = (
    AverageClassesWithAspire,
    EstimateCtfWithAspire,
    InitialVolumeWithAspire,
    PickWithApple,
)
HEADER = "data_root\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n"
Make = Callable[..., Work]
Play = Callable[..., Path]


@pytest.fixture
def item(tmp_path: Path) -> Micrograph:
    image = np.random.default_rng(1).normal(0, 1, (300, 420)).astype(np.float32)
    path = write_mrc(tmp_path / "a mic.mrc", image, 2.0)
    optics = Optics(pixel_size=2.0, voltage=200.0, spherical_aberration=1.4)
    return Micrograph(exposure="a b", path=path, shape=(300, 420), optics=optics)


@pytest.mark.parametrize("kind", ALL)
def test_they_keep_the_rules(kind: type[Any]) -> None:
    assert problems(kind) == []


def test_aspire_is_never_imported_and_of_icestream_only_what_a_plugin_may() -> None:
    allowed = {"units", "model", "formats", "processing", "protocol"}
    for path in SOURCE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                layers = name.split(".")
                assert layers[0] != "aspire", (path.name, name)
                assert layers[0] != "icestream" or layers[1] in allowed, (path.name, name)
                # Its Python has no icestream.
                assert path.name != "launcher.py" or not layers[0].startswith("icestream")


def test_the_arguments_are_the_programs_own(item: Micrograph, work: Make, play: Play) -> None:
    python, launcher = str(play("exit 0")), str(SOURCE / "launcher.py")
    wanted = AppleParameters(diameter=150.0, diameter_max=120.0, model="gaussian_mixture")
    said = PickWithApple(wanted).command(item, work(cores=3))
    assert said.argv[:2] == (python, launcher)
    # 45 pixels become 36; of 240 pixels 1 is cut off at each side, windows of 24 step by 12.
    assert " ".join(said.argv[2:]) == (
        "apple --mrc_path squares --output_dir found --particle_size 36 --tau1 11 --tau2 118 "
        "--container_size 180 --model gaussian_mixture --conv_map_nthreads 3 --mrc_margin_left 1 "
        "--mrc_margin_right 1 --mrc_margin_top 1 --mrc_margin_bottom 1 --max_particle_size 48"
    )
    assert said.environment["CUDA_VISIBLE_DEVICES"] == "" and said.environment["ASPIREDIR"] == "."
    said = EstimateCtfWithAspire(AspireCtfParameters(box=128)).command(item, work())
    assert " ".join(said.argv[2:]) == (
        "estimate-ctf --data_folder images --output_dir results --pixel_size 2 --voltage 200 "
        "--cs 1.4 --amplitude_contrast 0.1 --psd_size 128 --num_tapers 2 --g_min 30 --g_max 5"
    )
    words = AverageClassesWithAspire(AspireClassParameters(whiten=False)).words(2.5)
    assert " ".join(words) == (
        "class-averages --images images.npy --pixel_size 2.5 --n_classes 50 --n_nbor 50 "
        "--fspca_components 400 --bispectrum_components 300 --sample_n 50000 --radius 2 "
        "--selector variance --seed 1"
    )
    words = InitialVolumeWithAspire(AspireVolumeParameters(symmetry="c4")).words(2.5)
    assert " ".join(words) == (
        "volume --images images.npy --pixel_size 2.5 --symmetry C4 --estimator sync3n "
        "--n_theta 72 --max_shift 0.1 --shift_step 1 --tol 0.01 --seed 1"
    )


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        (AppleParameters, {"tau1": 30, "tau2": 20}, "must be below tau2"),
        (AspireCtfParameters, {"resolution_max": 12, "resolution_min": 10}, "must be finer"),
        (AspireVolumeParameters, {"symmetry": "D2"}, "none of C1, C2, C3, C4"),
    ],
)
def test_what_makes_no_sense_is_refused(kind: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        kind(**given)


@pytest.mark.parametrize("shape", [(300, 420), (500, 200), (256, 256), (64, 1000)])
def test_squares_cover_all_and_each_place_counts_once(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    assert automatic_downscale(180.0, 2.5) == 2.0 and automatic_downscale(30.0, 4.0) == 1.0
    y, x = (axis.astype(np.float32) for axis in np.mgrid[: shape[0], : shape[1]])
    squares = write_squares(tmp_path, 1000 * y + x, 1.0, 24)
    assert squares == squares_of(shape, 24)
    counted = np.zeros(shape, int)
    for number, square in enumerate(squares, start=1):
        cut = read_stack(tmp_path / f"{number}.mrc")[0]
        assert cut.shape == (min(shape), min(shape))
        places = np.argwhere(np.ones(cut.shape))[:, ::-1].astype(float)
        kept = square.place(places)
        np.add.at(counted, (kept[:, 1].astype(int), kept[:, 0].astype(int)), 1)
        one = square.place(np.array([[5.0, 7.0]]))
        if len(one):
            assert 1000 * one[0, 1] + one[0, 0] == pytest.approx(cut[7, 5])
    assert (counted == 1).all()


def test_picks_are_read_as_they_lie_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "1_applepick.star"
    path.write_text(f"{HEADER}40 10\n0 199\n")
    np.testing.assert_array_equal(read_places(path, 200), [[40, 10], [0, 199]])
    path.write_text(HEADER)
    assert read_places(path, 200).shape == (0, 2)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "half-output"),
        ("Traceback\n", "garbage-output"),
        (f"{HEADER}40 10\n7", "half-output"),
        (f"{HEADER}40 200\n", "garbage-output"),
        (f"{HEADER}40 ten\n", "garbage-output"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "1_applepick.star"
    path.write_text(text)
    with pytest.raises(BadOutput) as told:
        read_places(path, 200)
    assert told.value.code == code


FOUND = f"printf '{HEADER}100 5\\n'".replace("\n", "\\n")


@pytest.mark.parametrize(
    ("script", "kind", "code"),
    [
        ("echo 'numpy MemoryError: Unable to allocate 9 GiB'; exit 1", TryAgain, "no-memory"),
        ("echo \"ModuleNotFoundError: No module named 'aspire'\"; exit 1", ItemFailed, "no-aspire"),
        ("echo 'IndexError: index 40 is out of bounds'; exit 1", ItemFailed, "nothing-stands-out"),
        (
            "echo 'AssertionError: Container size must be within range [36, 1900]!'; exit 1",
            ItemFailed,
            "wrong-size",
        ),
        ("echo 'OSError: No space left on device'; exit 1", ItemFailed, "no-place"),
        ("exit 0", BadOutput, "no-output"),
        (f"{FOUND} > found/1_applepick.star", BadOutput, "no-output"),
        (f"{FOUND} > found/1_applepick.star; printf 'x 1' > found/2_applepick.star", BadOutput, ""),
        ("sleep 60", ItemFailed, "program-late"),
    ],
)
def test_failures_are_named(
    item: Micrograph, work: Make, play: Play, script: str, kind: type[Any], code: str
) -> None:
    play(script)
    wanted = AppleParameters(timeout=1.0 if "sleep" in script else 60.0)
    with pytest.raises(kind) as told:
        PickWithApple(wanted).process(item, work=work())
    assert told.value.code == (code or "half-output")


def test_no_picks_are_no_failure(item: Micrograph, work: Make, play: Play) -> None:
    play(f"echo 'WARNING Picker did not find any centers.'; {FOUND} > found/2_applepick.star")
    picks = PickWithApple().process(item, work=work())
    assert len(picks) == 1 and picks.x[0] > 100  # of the second square alone
    play("for n in 1 2; do echo 'Picker did not find any centers.'; done")
    assert len(PickWithApple().process(item, work=work("b"))) == 0


@pytest.mark.parametrize(
    ("version", "words"),
    [("0.12.2", "not known here"), ("", "does not say which version"), ("0.14.3", "")],
)
def test_the_version_decides(play: Play, version: str, words: str) -> None:
    play("exit 0", version=version)
    told = " ".join(missing(AverageClassesWithAspire()))
    assert words in told and bool(told) == bool(words)


def test_the_angle_is_counted_from_x(tmp_path: Path) -> None:
    path = tmp_path / "m.star"
    path.write_text(star(15000, 14000, 58.4))
    found = read_defocus(path)
    assert (found.u, found.v, found.angle) == (15000, 14000, pytest.approx(31.6))
    path.write_text(star(14000, 15000, 58.4))
    found = read_defocus(path)
    assert (found.u, found.v, found.angle) == (15000, 14000, pytest.approx(-58.4))


def star(u: float, v: float, angle: float | str) -> str:
    return f"data_root\n\n_rlnDefocusU {u}\n_rlnDefocusV {v}\n_rlnDefocusAngle {angle}\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "no-output"),
        ("", "half-output"),
        (star(15000, 14000, "")[:-20], "half-output"),
        (star(15000, 14000, "angle"), "half-output"),
        (star(float("nan"), 14000, 0), "garbage-output"),
        (star(-15000, 14000, 0), "garbage-output"),
    ],
)
def test_what_is_no_defocus_is_refused(tmp_path: Path, text: str | None, code: str) -> None:
    path = tmp_path / "m.star"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadOutput) as told:
        read_defocus(path)
    assert told.value.code == code


def test_a_fit_that_the_rings_do_not_follow_is_doubted(
    item: Micrograph, work: Make, play: Play
) -> None:
    optics = Optics(pixel_size=2.0, voltage=300.0)
    shape = (512, 512)
    noise = np.fft.rfft2(np.random.default_rng(2).standard_normal(shape))
    rings = noise * ctf_2d(shape, Defocus(u=16000, v=15500, angle=20), optics, half=True)
    image = np.fft.irfft2(rings, shape).astype(np.float32)
    spectrum = power_spectrum(image, 2.0, tile_size=256)
    right = followed(spectrum, optics, Defocus(u=16000, v=15500, angle=20), (30.0, 5.0))
    wrong = followed(spectrum, optics, Defocus(u=33000, v=32900, angle=20), (30.0, 5.0))
    assert right.doubt == "" and right.score > 0.7 and right.resolution < 5.5
    assert "no Thon rings" in wrong.doubt and wrong.score < 0.4 and wrong.resolution > 20

    play(f"mkdir results; printf '{star(33000, 32900, 70)}' > results/micrograph.star")
    path = write_mrc(item.path.with_name("b.mrc"), image, 2.0)
    seen = replace(item, path=path, shape=shape, optics=optics)
    step = EstimateCtfWithAspire(AspireCtfParameters(box=256))
    made = step.process(seen, work=work())
    assert made.doubt and "1 fits are not to be believed" in step.summarize([made])
    assert made.angle == pytest.approx(20)


def test_a_phase_plate_and_a_small_micrograph_are_refused(
    item: Micrograph, work: Make, play: Play
) -> None:
    play("exit 0")
    for given, code in (
        (replace(item, phase_plate=True), "phase-plate"),
        (item, "micrograph-too-small"),
    ):
        with pytest.raises(ItemFailed) as told:
            EstimateCtfWithAspire().process(given, work=work())
        assert told.value.code == code


def test_phases_are_those_of_bright_protein(work: Make, tmp_path: Path) -> None:
    views = np.zeros(4, int)
    blurred = particles(tmp_path, "a", views, 18000.0, noise=0.0)
    clean = particles(tmp_path, "b", views, 18000.0, noise=0.0)
    state, here = GatheredParticles(), work()
    add_particles(state, blurred, here)
    images = read_images(state, state.rows, BOX, here)
    flipped = np.fft.rfft2(flip_phases(state, state.rows, images))
    transfer = ctf_2d((BOX, BOX), Defocus(u=18000.0, v=18000.0), OPTICS, half=True)
    told = np.abs(transfer) > 0.05
    before = np.fft.rfft2(images) / -transfer
    # What the CTF had turned round has the sign that it was made with.
    same = np.real(flipped * before.conj())[:, told]
    assert (same >= -1e-6 * same.max()).all()
    state.flipped = [True]
    np.testing.assert_array_equal(flip_phases(state, state.rows, images), images)
    wide = replace(clean, optics=Optics(pixel_size=PIXEL * 1.5, voltage=300.0))
    with pytest.raises(ItemFailed, match="288 Å wide, those before them 192 Å"):
        add_particles(state, wide, here)
    blurred.stack.unlink()
    with pytest.raises(ItemFailed, match="cannot be read"):
        read_images(state, state.rows, BOX, here)


def test_an_image_is_in_the_class_that_it_is_nearest_to(tmp_path: Path) -> None:
    arrays: dict[str, np.ndarray] = {
        "averages": np.ones((2, 8, 8)),
        "members": np.array([[4, 1, 2], [3, 2, 4]]),
        "distances": np.array([[0, 0.5, 0.9], [0, 0.3, 0.7]]),
        "reflections": np.array([[False, True, False], [False, False, True]]),
        "rotations": np.zeros((2, 3)),
        "shifts": np.zeros((2, 3, 2)),
    }
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    image, group, place = assign(read_neighbours(tmp_path, 5, 8))
    np.testing.assert_array_equal(image, [1, 2, 3, 4])
    np.testing.assert_array_equal(group, [0, 1, 1, 0])
    np.testing.assert_array_equal(place, [1, 1, 0, 0])
    with pytest.raises(
        BadOutput, match="names images from 1 to 4, counted from 0, and there are 4"
    ):
        read_neighbours(tmp_path, 4, 8)
    with pytest.raises(BadOutput, match="should be any x 10 x 10, and is 2 x 8 x 8"):
        read_neighbours(tmp_path, 5, 10)
    np.save(tmp_path / "rotations.npy", np.full((2, 3), np.nan))
    with pytest.raises(BadOutput, match="no numbers"):
        read_neighbours(tmp_path, 5, 8)
    whole = (tmp_path / "shifts.npy").read_bytes()
    for left, code in ((whole[:140], "half-output"), (b"", "half-output"), (None, "no-output")):
        (tmp_path / "shifts.npy").unlink()
        if left is not None:
            (tmp_path / "shifts.npy").write_bytes(left)
        with pytest.raises(BadOutput) as told:
            read_array(tmp_path / "shifts.npy", (2, 3, 2))
        assert told.value.code == code
        (tmp_path / "shifts.npy").touch()


def test_too_few_particles_make_no_classes(work: Make, play: Play, tmp_path: Path) -> None:
    play("exit 3")
    step = AverageClassesWithAspire(AspireClassParameters(neighbours=20))
    first = Batch((particles(tmp_path, "a", np.zeros(30, int), 15000.0, 1.0),))
    here = work()
    made = step.snapshot(step.start(first, here), here)
    assert made.particles == 0 and len(made.counts) == 1 and made.sample is None
    assert len(read_columns(made.assignments)["class"]) == 0
    assert "40 particles are needed" in step.summarize([made])
    last = work("last")
    made = step.snapshot(
        step.update(step.start(Batch(()), last), Batch((), final=True), last), last
    )
    assert made.particles == 0 and made.iteration == 2
    play("echo 'RuntimeError: failed to return valid feature vector'; exit 1")
    more = Batch((particles(tmp_path, "b", np.zeros(50, int), 15000.0, 1.0),))
    with pytest.raises(ItemFailed) as told:
        step.start(more, work("more"))
    assert told.value.code == "no-features"


def test_too_few_averages_make_no_map(work: Make, play: Play, tmp_path: Path) -> None:
    play("python3 -c \"raise SystemExit('LinAlgError: no eigenvalues')\"")
    images = np.random.default_rng(3).normal(size=(12, 16, 16)).astype(np.float32)
    zeros = column(np.zeros(12))
    classes = Classes(
        averages=write_mrc(tmp_path / "c.mrcs", images, PIXEL),
        box=16,
        pixel_size=PIXEL,
        counts=column(np.arange(12)),
        resolution=zeros,
        score=zeros,
        assignments=tmp_path / "c.parquet",
        particles=66,
        iteration=1,
        selected=column(np.arange(12) > 3),
    )
    step, here = InitialVolumeWithAspire(), work()
    made = step.snapshot(step.start(Batch((classes,)), here), here)
    assert made.map is None and made.note == "8 good classes, 10 are needed"
    assert made.note in step.summarize([made])
    with pytest.raises(ItemFailed) as told:
        step.start(Batch((replace(classes, selected=None),)), work("more"))
    assert told.value.code == "no-orientations"
