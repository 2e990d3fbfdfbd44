"""RELION's motion correction is run for real; MotionCor2 through it by a stand-in."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from icestream.formats import read_mrc, write_mrc, write_tiff
from icestream.model import Movie, Optics
from icestream.model.gain import Orientation
from icestream.protocol import BadOutput, ItemFailed, TryAgain, Work, missing
from icestream_relion.align_movies import AlignWithRelion
from icestream_relion.motion_parameters import RelionMotionParameters

SHAPE = (256, 384)
STEPS = np.array([[0, 0], [2, -1], [3, -2], [4, -4], [5, -5], [5, -6]])
"""(y, x) pixels by which the specimen has moved in each frame."""
MakeWork = Callable[..., Work]
Needs = Callable[..., None]


def make_movie(folder: Path, suffix: str, gain: bool = False) -> tuple[Movie, np.ndarray]:
    """A movie of moving specks, and its sum when nothing is aligned."""
    rng = np.random.default_rng(2)
    specks = np.zeros(SHAPE)
    specks[rng.integers(0, SHAPE[0], 900), rng.integers(0, SHAPE[1], 900)] = 1.0
    image = gaussian_filter(specks, 1.5, mode="wrap")
    rate = 4.0 + 8.0 * image / image.max()
    factors = rng.uniform(0.8, 1.25, SHAPE).astype(np.float32)
    frames = np.stack([rng.poisson(np.roll(rate, step, (0, 1))) for step in STEPS])
    path = folder / f"a movie{suffix}"
    counts = (frames / factors * 20 if gain else frames).round().astype(np.uint8)
    write_tiff(path, counts) if suffix == ".tif" else write_mrc(path, counts, 1.0)
    movie = Movie(
        exposure="a",
        path=path,
        frames=len(frames),
        shape=SHAPE,
        optics=Optics(pixel_size=1.0, voltage=300.0),
        dose_per_frame=1.0,
        gain=write_mrc(folder / "gain.mrc", factors) if gain else None,
    )
    return movie, rate * len(frames) * (20 if gain else 1)


@pytest.mark.parametrize("suffix", [".mrc", ".tif"])
@pytest.mark.parametrize("gain", [False, True])
def test_the_motion_is_found_and_the_sum_is_sharp(
    needs: Needs, work: MakeWork, tmp_path: Path, suffix: str, gain: bool
) -> None:
    needs("relion_run_motioncorr")
    movie, still = make_movie(tmp_path, suffix, gain)
    protocol = AlignWithRelion(RelionMotionParameters(patches=3))
    assert missing(protocol) == ()
    made = protocol.process(movie, work=work())
    assert made.path.name == "a.mrc" and made.shape == SHAPE
    assert made.unweighted is not None and made.unweighted.name == "a_noDW.mrc"
    assert made.motion is not None and made.motion.pixel_size == 1.0
    # What is added to the coordinates of a frame: the other way than the specimen has moved.
    np.testing.assert_allclose(made.motion.shifts, -STEPS, atol=0.5)  # of 6 small, noisy frames
    aligned = read_mrc(made.unweighted)[20:-20, 20:-20]
    assert np.corrcoef(aligned.ravel(), still[20:-20, 20:-20].ravel())[0, 1] > 0.6
    assert made.motion.local is not None and made.motion.local.shape == (2, 18)
    assert made.tracks is not None and made.tracks.is_file()
    kept = work().path("relion_run_motioncorr.command.log").read_text()
    assert "--use_own" in kept and "--preexposure 0" in kept


def test_the_gain_is_laid_as_it_is_everywhere(needs: Needs, work: MakeWork, tmp_path: Path) -> None:
    needs("relion_run_motioncorr")
    movie, _ = make_movie(tmp_path, ".tif", gain=True)
    assert movie.gain is not None
    factors, turn = read_mrc(movie.gain), Orientation(rotation=180, flip="up-down")
    turned = write_mrc(tmp_path / "turned.mrc", turn.turn(factors))
    sums = []
    for name, gain, orientation in (("as", movie.gain, None), ("turned", turned, turn)):
        laid = replace(movie, gain=gain)
        laid = laid if orientation is None else replace(laid, gain_orientation=orientation)
        made = AlignWithRelion(RelionMotionParameters(patches=1)).process(laid, work=work(name))
        sums.append(read_mrc(made.path))
    np.testing.assert_allclose(sums[0], sums[1], atol=1e-2)


def test_what_is_asked_is_done(needs: Needs, work: MakeWork, tmp_path: Path) -> None:
    needs("relion_run_motioncorr")
    movie, _ = make_movie(tmp_path, ".mrc")
    bad = np.zeros(SHAPE, np.int8)
    bad[3, 4] = 1
    defects = write_mrc(tmp_path / "defects.mrc", bad)
    asked = replace(movie, dose_per_frame=0.0, defects=defects)
    wanted = RelionMotionParameters(binning=2, first_frame=2, last_frame=5, patches=1)
    made = AlignWithRelion(wanted).process(asked, work=work())
    assert (made.shape, made.optics.pixel_size, made.binning) == ((128, 192), 2.0, 2.0)
    assert (made.unweighted, made.frames) == (None, 4)
    assert made.motion is not None and len(made.motion.shifts) == 4
    assert made.motion.first_frame == 2


def test_what_relion_cannot_do_is_told(work: MakeWork, tmp_path: Path) -> None:
    movie, _ = make_movie(tmp_path, ".mrc")
    with pytest.raises(ItemFailed, match=r"none of \.mrc, \.mrcs, \.tif, \.tiff, \.eer"):
        AlignWithRelion().command(replace(movie, path=Path("a.dm4")), work())
    through = AlignWithRelion(RelionMotionParameters(use_motioncor2=True))
    with pytest.raises(ItemFailed, match=r"a\.eer is none of"):
        through.command(replace(movie, path=Path("a.eer")), work())
    with pytest.raises(ItemFailed, match=r"frames 5 to 6 of .* in groups of 1"):
        AlignWithRelion(RelionMotionParameters(first_frame=5)).command(movie, work())
    with pytest.raises(ItemFailed, match=r"from 0\.5 to 2 e/Å², and RELION takes one"):
        AlignWithRelion().command(replace(movie, frame_doses=(0.5,) * 5 + (2.0,)), work())


def test_eer_is_grouped_as_the_movie_says(work: MakeWork, tmp_path: Path) -> None:
    movie, _ = make_movie(tmp_path, ".mrc")
    eer = replace(movie, path=Path("a.eer"), eer_grouping=32, eer_upsampling=2)
    said = " ".join(AlignWithRelion().command(eer, work()).argv)
    assert "--eer_grouping 32 --eer_upsampling 2" in said and "--bin_factor 2" in said


def test_a_gain_of_another_size_is_told(needs: Needs, work: MakeWork, tmp_path: Path) -> None:
    needs("relion_run_motioncorr")
    movie, _ = make_movie(tmp_path, ".mrc", gain=True)
    protocol = AlignWithRelion()
    prepare = protocol.prepare

    def smaller(work: Work, movie: Movie) -> None:
        prepare(work, movie)
        write_mrc(work.path("gain.mrc"), np.ones((64, 64), np.float32))

    protocol.prepare = smaller  # type: ignore[method-assign]
    with pytest.raises(ItemFailed) as told:
        protocol.process(movie, work=work())
    assert told.value.code == "sizes-differ"


@pytest.fixture
def motioncor2(install: Callable[..., Path]) -> Path:
    """A stand-in for RELION, and MotionCor2's own beside it."""
    relion = install("relion_run_motioncorr", "4.0.1")
    path = install("MotionCor2", "1.6.4")
    stand_in = Path(__file__).parents[2] / "icestream-motioncor" / "tests" / "stand_in.py"
    # RELION spells the voltage its own way, and gives one number where that stand-in wants two.
    path.write_text(
        "#!/bin/sh\nargs=\nfor word; do case $word in -Kv) word=-kV;; "
        '-PixSize) word="150 -PixSize";; '
        'esac; args="$args $word"; done\n'
        f'exec "{sys.executable}" "{stand_in}" MotionCor2 1.6.4 $args\n'
    )
    return relion


def test_motioncor2_is_run_through_relion(work: MakeWork, tmp_path: Path, motioncor2: Path) -> None:
    movie, _ = make_movie(tmp_path, ".mrc", gain=True)
    protocol = AlignWithRelion(RelionMotionParameters(use_motioncor2=True))
    assert protocol.need().gpus == 1 and missing(protocol) == ()
    assert protocol.software()["MotionCor2"] == "1.6.4"
    made = protocol.process(movie, work=work(gpus=(2,)))
    assert made.motion is not None
    np.testing.assert_allclose(made.motion.shifts[:, 1], 0.5 * np.arange(6), atol=1e-3)
    assert made.unweighted is not None
    assert "Full-frame alignment shift" in work().path("MotionCor2.out.log").read_text()


def test_what_motioncor2_fails_by_is_told(work: MakeWork, tmp_path: Path, motioncor2: Path) -> None:
    movie, _ = make_movie(tmp_path, ".mrc")
    protocol = AlignWithRelion(RelionMotionParameters(use_motioncor2=True))
    with pytest.raises(BadOutput, match=r"MotionCor2 wrote no sum; .*[\s\S]*skip device 0"):
        protocol.process(movie, work=work(gpus=()))


def test_a_relion_without_cuda_does_not_run_motioncor2(
    needs: Needs, work: MakeWork, tmp_path: Path, install: Callable[..., Path]
) -> None:
    """Debian's divides by the number of GPUs that it did not count."""
    needs("relion_run_motioncorr")
    install("MotionCor2", "1.6.4")
    movie, _ = make_movie(tmp_path, ".mrc")
    protocol = AlignWithRelion(RelionMotionParameters(use_motioncor2=True))
    with pytest.raises(ItemFailed) as told:
        protocol.process(movie, work=work(gpus=(0,)))
    assert told.value.code == "no-cuda"


@pytest.mark.parametrize(
    ("played", "kind", "code"),
    [("memory", TryAgain, "no-memory"), ("crash", ItemFailed, "too-few"), ("", BadOutput, "")],
)
def test_failures_are_named(
    work: MakeWork,
    tmp_path: Path,
    install: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    played: str,
    kind: type[Exception],
    code: str,
) -> None:
    install("relion_run_motioncorr", "5.0.1")
    monkeypatch.setenv("STAND_IN", played)
    movie, _ = make_movie(tmp_path, ".mrc")
    with pytest.raises(kind) as told:
        AlignWithRelion().process(movie, work=work())
    assert getattr(told.value, "code", None) == (code or "no-output")
