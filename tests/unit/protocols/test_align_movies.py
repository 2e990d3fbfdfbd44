import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from scipy.ndimage import affine_transform

from icestream.formats import (
    read_mrc,
    read_mrc_header,
    read_star,
    write_eer,
    write_mrc,
    write_tiff,
)
from icestream.model import Micrograph, Movie, Optics, column, from_document, to_document
from icestream.processing.fourier import fourier_crop
from icestream.processing.motion.magnification import Distortion
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.transfer import Aberrations
from icestream.protocol import ItemFailed, Work
from icestream.protocol.conformance import problems
from icestream.protocols.align_movies import AlignMovies
from icestream.protocols.align_parameters import AlignMoviesParameters
from icestream.protocols.estimate_ctf import EstimateCtf
from rings import ring_correlation

SIZE, FRAMES, PIXEL = 512, 12, 1.5


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A movie of strong contrast, its camera and its truth."""
    return simulate(tmp_path_factory.mktemp("movie"), SIZE, FRAMES)


def simulate(folder, size, count):
    rng = np.random.default_rng(11)
    camera = make_camera(rng, (size, size))
    optics = Optics(pixel_size=PIXEL, voltage=300.0)
    conditions = Conditions(
        optics=optics,
        aberrations=Aberrations(defocus_u=12000, defocus_v=11500),
        frames=count,
        dose_per_frame=2.0,
        particles=20,
        contrast=4.0,
    )
    truth, frames = simulate_movie(conditions, make_cage(), camera, rng)
    write_tiff(folder / "shot.tif", np.stack(list(frames)))
    write_mrc(folder / "gain.mrc", camera.gain)
    movie = Movie(
        exposure="shot",
        path=folder / "shot.tif",
        frames=count,
        shape=(size, size),
        optics=optics,
        dose_per_frame=2.0,
        gain=folder / "gain.mrc",
    )
    return movie, camera, truth


@pytest.fixture(scope="module")
def aligned(simulated, tmp_path_factory):
    return align(simulated[0], tmp_path_factory.mktemp("aligned"))


def align(movie, folder, cores=1, **parameters):
    work = Work(folder=folder, cores=cores, seed=1)
    return AlignMovies(AlignMoviesParameters(**parameters)).process(movie, work)


def rms(error):
    return float(np.sqrt(((error - error.mean(axis=0)) ** 2).mean()))


def field(shifts, local, places):
    """Shifts ``(frames, places, 2)`` in pixels by the model of RELION's STAR files."""
    y, x = places.T
    t = np.arange(len(shifts), dtype=float)
    terms = np.stack([np.ones_like(x), x, x * x, y, y * y, x * y])
    powers = np.stack([t, t**2, t**3])
    model = np.asarray(local, dtype=float).reshape(2, 6, 3)
    return shifts[:, None] + np.einsum("csa,af,sp->fpc", model, powers, terms)


def test_it_keeps_the_rules_of_protocols():
    assert problems(AlignMovies) == []


def test_the_true_motion_is_found(simulated, aligned):
    motion = aligned.motion
    truth = simulated[2].tracks
    assert motion.shifts.shape == (FRAMES, 2)
    assert rms(motion.shifts - truth.shifts) < 0.15
    y, x = np.array([(a, b) for a in (0.1, 0.5, 0.9) for b in (0.1, 0.5, 0.9)]).T
    wanted = truth.at(y, x, (1, 1)).transpose(0, 2, 1)
    found = field(motion.shifts, motion.local, np.stack([y, x], axis=1) - 0.5)
    assert rms(found - wanted) < 0.7 * rms(motion.shifts[:, None] - wanted)


def test_what_is_written(simulated, aligned):
    movie = simulated[0]
    assert aligned.exposure == "shot"
    assert aligned.path.name == "shot.mrc"
    assert aligned.unweighted.name == "shot_noDW.mrc"
    for path in (aligned.path, aligned.unweighted):
        image = read_mrc(path)
        assert image.shape == aligned.shape == (SIZE, SIZE)
        assert image.dtype == np.float32
        # Electrons in the whole movie, on a pixel.
        assert image.mean() == pytest.approx(2.0 * FRAMES * PIXEL**2, rel=0.1)
        assert read_mrc_header(path).pixel_size == pytest.approx(PIXEL)
    assert aligned.movie == movie.path
    assert (aligned.dose_per_frame, aligned.frames, aligned.binning) == (2.0, FRAMES, 1.0)
    with PIL.Image.open(aligned.thumbnail) as picture:
        assert max(picture.size) == SIZE
        assert 20 < np.asarray(picture).std() < 90


def test_defects_are_replaced(simulated, aligned):
    camera = simulated[1]
    found = {tuple(place) for place in aligned.motion.hot_pixels.astype(int)}
    hot = {tuple(place) for place in camera.hot[:, :2].astype(int) if camera.gain[*place] > 0}
    assert hot <= found
    assert len(found - hot) <= 3
    image = read_mrc(aligned.unweighted)
    assert abs(image - np.median(image)).max() < 12 * image.std()


def test_the_item_survives_its_document(aligned):
    again = from_document(Micrograph, to_document(aligned))
    np.testing.assert_array_equal(again.motion.local, aligned.motion.local)
    assert again.qualities() == aligned.qualities()
    assert again.qualities()["motion.total"] > 4.0


def test_it_is_deterministic_whatever_the_threads(simulated, aligned, tmp_path):
    again = align(simulated[0], tmp_path, cores=2)
    np.testing.assert_array_equal(again.motion.shifts, aligned.motion.shifts)
    np.testing.assert_array_equal(read_mrc(again.path), read_mrc(aligned.path))


def test_some_frames_only_binned_and_not_weighted(simulated, aligned, tmp_path):
    movie = replace(simulated[0], gain=None)
    part = align(
        movie,
        tmp_path,
        first_frame=3,
        last_frame=10,
        binning=2.0,
        dose_weighting=False,
        local_motion=False,
        threads=2,
    )
    assert part.unweighted is None
    assert part.motion.local is None
    assert part.motion.first_frame == 3
    assert part.motion.shifts.shape == (8, 2)
    assert (part.frames, part.dose_per_frame, part.binning) == (8, 2.0, 2.0)
    assert part.optics.pixel_size == 3.0
    image = read_mrc(part.path)
    assert image.shape == part.shape == (256, 256)
    whole = fourier_crop(read_mrc(aligned.unweighted), (256, 256))
    assert ring_correlation(image, whole)[4:20].mean() > 0.7


def test_without_a_dose_nothing_is_weighted(simulated, tmp_path):
    micrograph = align(replace(simulated[0], dose_per_frame=0.0), tmp_path)
    assert micrograph.unweighted is None
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "shot.jpg",
        "shot.mrc",
        "shot_tracks.png",
    ]


def random_movie(folder, counts):
    write_mrc(folder / "counts.mrc", counts)
    return Movie(
        exposure="m",
        path=folder / "counts.mrc",
        frames=len(counts),
        shape=counts.shape[1:],
        optics=Optics(pixel_size=2.0, voltage=200.0),
        dose_per_frame=1.0,
    )


@pytest.mark.parametrize(
    ("kind", "sign"),
    [(np.int8, 1), (np.int16, 1), (np.int16, -1), (np.uint16, 100), (np.float32, 1)],
)
def test_counts_of_other_types(tmp_path, kind, sign):
    counts = np.random.default_rng(1).poisson(4, (4, 128, 128))
    micrograph = align(random_movie(tmp_path, (sign * counts).astype(kind)), tmp_path)
    assert read_mrc(micrograph.path).mean() == pytest.approx(sign * 16, rel=0.02)


def test_a_defect_list_is_used(tmp_path):
    counts = np.random.default_rng(1).poisson(4, (4, 128, 128)).astype(np.uint16)
    counts[:, 60:66, 20:30] = 0
    movie = random_movie(tmp_path, counts)
    (tmp_path / "bad.txt").write_text("20 60 10 6\n")
    means = []
    for defects in (None, tmp_path / "bad.txt"):
        listed = replace(movie, defects=defects)
        image = read_mrc(align(listed, tmp_path, defect_threshold=1e5).unweighted)
        means.append(image[61:65, 22:28].mean())
    assert means[0] < 4
    assert means[1] == pytest.approx(16, rel=0.15)


def test_a_wrong_gain_is_told(simulated, tmp_path):
    rng = np.random.default_rng(1)
    wrong = np.where(rng.random((SIZE, SIZE)) < 0.1, 9.0, 1.0).astype(np.float32)
    write_mrc(tmp_path / "wrong.mrc", wrong)
    with pytest.raises(ItemFailed, match="gain reference and its orientation") as caught:
        align(replace(simulated[0], gain=tmp_path / "wrong.mrc"), tmp_path)
    assert caught.value.code == "too-many-defects"


def test_frames_that_do_not_exist(simulated, tmp_path):
    with pytest.raises(ItemFailed, match="has 12"):
        align(simulated[0], tmp_path, first_frame=20)


def test_summary_and_plots(aligned):
    protocol = AlignMovies()
    assert "2 movies aligned, median motion" in protocol.summarize([aligned, aligned])
    nothing = replace(aligned.motion, frame_agreement=column(np.zeros(12)))
    without = replace(aligned, motion=nothing)
    assert protocol.summarize([without]) == "no signal to align in 1 of 1 movies"
    assert protocol.summarize([aligned, without]).endswith("no signal to align in 1 of 2 movies")
    assert "motion.total" not in without.qualities()
    assert len(next(protocol.plot([aligned, without])).y) == 1
    assert list(protocol.plot([without])) == []
    assert [figure.kind for figure in protocol.plot([aligned])] == ["series", "histogram"]
    assert AlignMovies(AlignMoviesParameters(threads=3)).need().cores == 3


def test_relion_finds_the_same_numbers(simulated, aligned, tmp_path):
    """Signs, axes, order and units of shifts and of the local model."""
    program = "relion_run_motioncorr"
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed (Debian: relion)")
    movie = simulated[0]
    for path in (movie.path, movie.gain):
        shutil.copy(path, tmp_path)
    (tmp_path / "movies.star").write_text(
        "# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroupName #1\n_rlnOpticsGroup #2\n"
        "_rlnMicrographOriginalPixelSize #3\n_rlnVoltage #4\n_rlnSphericalAberration #5\n"
        f"_rlnAmplitudeContrast #6\ng1 1 {PIXEL} 300 2.7 0.1\n\n"
        "# version 30001\n\ndata_movies\n\nloop_\n_rlnMicrographMovieName #1\n_rlnOpticsGroup #2\n"
        "shot.tif 1\n\n"
    )
    options = "--use_own --j 1 --patch_x 3 --patch_y 3 --bfactor 150 --gainref gain.mrc"
    options += " --i movies.star --o out/ --dose_per_frame 2 --dose_weighting --skip_logfile"
    subprocess.run([program, *options.split()], cwd=tmp_path, check=True, capture_output=True)
    blocks = read_star(tmp_path / "out" / "shot.star")
    table = blocks["global_shift"].columns
    theirs = np.array([table["rlnMicrographShiftY"], table["rlnMicrographShiftX"]], float).T
    assert rms(theirs - aligned.motion.shifts) < 0.2
    terms = np.array(blocks["local_motion_model"].columns["rlnMotionModelCoeff"], float)
    places = np.array([(a, b) for a in (-0.3, 0, 0.3) for b in (-0.3, 0, 0.3)])
    theirs = field(theirs, np.stack([terms[18:], terms[:18]]), places)
    ours = field(aligned.motion.shifts, aligned.motion.local, places)
    local = ours - ours.mean(axis=1, keepdims=True)
    assert rms(theirs - ours) < 0.7 * rms(local)
    assert rms(theirs - ours + 2 * local) > 1.3 * rms(local)
    image = read_mrc(tmp_path / "out" / "shot.mrc")
    assert ring_correlation(image, read_mrc(aligned.path))[5:60].mean() > 0.9


def test_it_writes_spectra_for_the_ctf(aligned, tmp_path):
    """They lie beside the micrograph, and give its CTF; without a dose or on request, none."""
    movie, *_ = simulate(tmp_path, 800, 6)
    found = align(movie, tmp_path)
    spectra = found.spectra
    assert spectra.path.parent == found.path.parent
    assert spectra.path.stat().st_size < found.path.stat().st_size
    ctf = EstimateCtf().process(found, Work(folder=tmp_path))
    assert ctf.defocus == pytest.approx(11750, abs=100)
    assert from_document(Micrograph, to_document(found)).spectra.side == spectra.side
    spectra.path.unlink()
    for other in (
        align(replace(movie, dose_per_frame=0.0), tmp_path),
        align(movie, tmp_path, spectra=False),
    ):
        assert other.spectra is None
        assert not list(tmp_path.glob("*_spectra*"))
    assert aligned.spectra is None, "a small field shows more in the sum of all frames"


def test_odd_and_even_frames(simulated, aligned, tmp_path):
    found = align(simulated[0], tmp_path, halves=True)
    odd, even = read_mrc(found.odd), read_mrc(found.even)
    np.testing.assert_allclose(odd + even, read_mrc(aligned.unweighted), atol=0.02)
    assert 0.1 < found.half_correlation < 1
    assert found.qualities()["sum.correlation"] == found.half_correlation
    assert aligned.odd is aligned.even is aligned.half_correlation is None


@pytest.mark.parametrize(("local", "least"), [(False, 0.999), (True, 0.99)])
def test_the_exact_sum_is_nearly_the_quick_one(simulated, tmp_path, local, least):
    """The local motion of this small field bends it more than a large one ever is."""
    window = np.hanning(SIZE - 96).astype(np.float32)
    sums = []
    for exact in (False, True):
        found = align(simulated[0], tmp_path, exact=exact, local_motion=local)
        sums.append([read_mrc(path)[48:-48, 48:-48] for path in (found.path, found.unweighted)])
    for one, two in zip(*sums, strict=True):
        mask = window[:, None] * window
        agreement = ring_correlation((one - one.mean()) * mask, (two - two.mean()) * mask)
        assert agreement[2 : round(0.7 * len(one) / 2)].min() > least


def test_a_distortion_is_undone(simulated, tmp_path):
    """A stretched movie gives the micrograph of the movie that was not stretched."""
    rng = np.random.default_rng(6)
    scene = fourier_crop(rng.normal(0, 1, (32, 32)).astype(np.float32), (256, 256))
    scene = 40 + 8 * scene / scene.std()
    stretch = Distortion(angle=25.0, major=1.03, minor=0.985)
    place = np.linalg.inv(stretch.matrix)
    bent = affine_transform(
        scene, place, offset=np.array([128, 128]) - place @ [128, 128], order=5, mode="mirror"
    )
    movies = []
    for name, image in (("straight", scene), ("bent", bent)):
        (tmp_path / name).mkdir()
        stack = np.repeat(image[None].astype(np.float32), 3, axis=0)
        movies.append(random_movie(tmp_path / name, stack))
    options = {"distortion_angle": 25.0, "distortion_major": 1.03, "distortion_minor": 0.985}
    wanted, found = (
        read_mrc(align(movie, movie.path.parent, dose_weighting=False, **more).path)
        for movie, more in zip(movies, ({}, options), strict=True)
    )
    inside = (slice(16, -16),) * 2
    np.testing.assert_allclose(found[inside], wanted[inside], atol=0.5)
    assert np.abs(3 * bent - wanted)[inside].max() > 20


def test_upsampled_and_super_resolution_movies_are_binned(tmp_path):
    rng = np.random.default_rng(2)
    electrons = [rng.integers(0, 4 * 128, (3000, 2)) for _ in range(6)]
    write_eer(tmp_path / "a.eer", electrons, (128, 128))
    movie = Movie(
        exposure="a",
        path=tmp_path / "a.eer",
        frames=3,
        shape=(256, 256),
        optics=Optics(pixel_size=0.5, voltage=300.0),
        dose_per_frame=1.0,
        eer_grouping=2,
        eer_upsampling=2,
    )
    usual = align(movie, tmp_path)
    assert (usual.shape, usual.binning, usual.optics.pixel_size) == ((128, 128), 2.0, 1.0)
    fine = align(movie, tmp_path, binning=1.0)
    assert (fine.shape, fine.optics.pixel_size) == ((256, 256), 0.5)
    fine_sum = read_mrc(fine.unweighted)
    np.testing.assert_allclose(read_mrc(usual.unweighted).mean(), fine_sum.mean(), rtol=1e-3)
    # A second electron in a pixel of a camera frame is lost.
    seen = 6 * 128**2 * (1 - np.exp(-3000 / 128**2))
    assert fine_sum.sum() == pytest.approx(seen, rel=0.02)


def test_another_defect_map_is_used_too(tmp_path):
    counts = np.random.default_rng(1).poisson(4, (4, 128, 128)).astype(np.uint16)
    counts[:, 60:66, 20:30] = 0
    movie = random_movie(tmp_path, counts)
    (tmp_path / "bad.txt").write_text("20 60 10 6\n")
    found = align(movie, tmp_path, defect_threshold=1e5, defects=tmp_path / "bad.txt")
    assert read_mrc(found.unweighted)[61:65, 22:28].mean() == pytest.approx(16, rel=0.15)


def test_the_picture_of_the_tracks(aligned):
    with PIL.Image.open(aligned.tracks) as picture:
        assert picture.mode == "RGB"
        assert max(picture.size) < 500


def test_first_frames_can_be_left_out_of_the_sums(simulated, aligned, tmp_path):
    """They are aligned all the same, and the dose that they brought counts."""
    late = align(simulated[0], tmp_path, unsummed=4)
    assert (late.frames, late.motion.first_frame) == (FRAMES - 4, 5)
    np.testing.assert_allclose(
        late.motion.shifts, aligned.motion.shifts[4:] - aligned.motion.shifts[4], atol=1e-4
    )
    mean = read_mrc(aligned.unweighted).mean()
    assert read_mrc(late.unweighted).mean() == pytest.approx(mean * 8 / 12, rel=0.01)
    places = np.array([(a, b) for a in (-0.4, 0, 0.3) for b in (-0.2, 0.4)])
    whole = field(aligned.motion.shifts, aligned.motion.local, places)[4:]
    rest = field(late.motion.shifts, late.motion.local, places) - whole
    np.testing.assert_allclose(rest, np.broadcast_to(rest[:1], rest.shape), atol=1e-3)
    with pytest.raises(ItemFailed, match="lower unsummed"):
        align(simulated[0], tmp_path, unsummed=12)


def test_frames_that_moved_far_are_left_out(simulated, aligned, tmp_path):
    steps = np.hypot(*np.diff(aligned.motion.shifts, axis=0).T) * PIXEL
    found = align(simulated[0], tmp_path, early_motion=float(np.sort(steps)[-2]))
    assert 1 <= found.motion.first_frame - 1 <= FRAMES // 2
    assert found.frames == FRAMES - found.motion.first_frame + 1
    calm = align(simulated[0], tmp_path, early_motion=50.0)
    assert calm.motion.first_frame == 1


def test_warming_up_aligns_without_a_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    AlignMovies.warm()
    assert list(tmp_path.iterdir()) == []
