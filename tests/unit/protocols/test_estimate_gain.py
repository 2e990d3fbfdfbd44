"""The gain of a simulated camera, through files, batches and snapshots."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from camera import sensitivity
from icestream.formats import read_defects, read_gain, write_eer, write_mrc, write_tiff
from icestream.model import Gain, Movie, Optics, Orientation, to_document
from icestream.processing.simulate.camera import Camera, make_camera
from icestream.protocol import Batch, ItemFailed, Work
from icestream.protocols.estimate_gain import EstimateGain, EstimateGainParameters

SHAPE = (96, 128)
CAMERA = make_camera(np.random.default_rng(51), SHAPE)


def movies(
    folder: Path, number: int, *, camera: Camera = CAMERA, first: int = 0, dose: float = 4.0
) -> list[Movie]:
    """Movies of 10 frames; the metadata say 4 electrons in a pixel of each."""
    rng = np.random.default_rng(52 + first)
    made = []
    for name in range(first, first + number):
        path = folder / f"m{name:03d}.tif"
        frames = rng.poisson(dose * sensitivity(camera), (10, *SHAPE))
        write_tiff(path, frames.astype(np.uint8))
        made.append(
            Movie(
                exposure=path.stem,
                path=path,
                frames=10,
                shape=SHAPE,
                optics=Optics(pixel_size=2.0, voltage=300.0),
                dose_per_frame=1.0,
                gain=folder / "g.mrc",
            )
        )
    return made


def reference(folder: Path, gain: NDArray[np.float32]) -> None:
    write_mrc(folder / "g.mrc", np.ascontiguousarray(gain))


def run(
    folder: Path,
    batches: Sequence[Sequence[Movie]],
    parameters: EstimateGainParameters | None = None,
) -> list[Gain]:
    """A snapshot after each batch; the state is loaded as it was saved before the one before."""
    protocol = EstimateGain(parameters)
    state, found = None, []
    for number, items in enumerate(batches):
        work = Work(folder=folder / f"work{number}")
        work.folder.mkdir()
        batch = Batch(tuple(items), final=number == len(batches) - 1)
        if number == 0:
            state = protocol.start(batch, work)
        else:
            state = protocol.update(protocol.load(folder / "state"), batch, work)
        protocol.save(state, folder / "state")
        found.append(protocol.snapshot(state, work))
    return found


def test_a_right_reference_is_right_and_leaves_nothing(tmp_path: Path) -> None:
    reference(tmp_path, CAMERA.gain)
    (found,) = run(tmp_path, [movies(tmp_path, 5)])
    assert found.verdict == "right"
    assert found.orientation == Orientation()
    assert (found.movies, found.frames, found.shape) == (5, 50, SHAPE)
    assert found.pattern > 0.02
    assert found.residual < 1.8 * found.residual_error < 0.02  # 3 standard errors of its square
    np.testing.assert_allclose(found.dose, 1.0, atol=0.02)


@pytest.mark.parametrize(
    "wanted", [Orientation(flip="up-down"), Orientation(rotation=180, inverse=True)], ids=str
)
def test_a_wrong_reference_is_wrong_until_it_is_laid_as_found(
    tmp_path: Path, wanted: Orientation
) -> None:
    """What is found is to be given for the file, not for how it lies now."""
    good = CAMERA.gain > 0
    stored = np.divide(1, CAMERA.gain, out=np.zeros(SHAPE, np.float32), where=good)
    stored = stored if wanted.inverse else CAMERA.gain
    reference(tmp_path, wanted.turn(stored))  # these turns are their own inverses
    taken = movies(tmp_path, 4)
    (tmp_path / "a").mkdir()
    (before,) = run(tmp_path / "a", [taken])
    assert before.verdict == "wrong"
    assert before.orientation.is_same_as(wanted)
    assert before.residual > before.pattern
    mended = [replace(movie, gain_orientation=before.orientation) for movie in taken]
    (tmp_path / "b").mkdir()
    (after,) = run(tmp_path / "b", [mended])
    assert after.verdict == "right"
    assert after.orientation.is_same_as(wanted)
    assert after.residual < 1.8 * after.residual_error


def test_the_estimate_is_a_reference_of_these_movies(tmp_path: Path) -> None:
    reference(tmp_path, CAMERA.gain)
    (found,) = run(tmp_path, [movies(tmp_path, 12)])
    assert found.estimate is not None
    assert found.bad is not None
    assert found.picture is not None
    assert found.picture.stat().st_size > 500
    gain = read_gain(found.estimate, SHAPE)
    good = (gain > 0) & (CAMERA.gain > 0)
    assert np.corrcoef(gain[good], CAMERA.gain[good])[0, 1] > 0.8
    ratio = gain[good] / CAMERA.gain[good]
    assert found.error == pytest.approx(ratio.std(), rel=0.3)
    bad = read_defects(found.bad, SHAPE)
    assert bad[CAMERA.gain == 0].all()
    np.testing.assert_array_equal(gain == 0, bad)


def test_of_later_movies_some_frames_are_read_and_each_dose_is_known(tmp_path: Path) -> None:
    reference(tmp_path, CAMERA.gain)
    taken = movies(tmp_path, 4) + movies(tmp_path, 4, first=4, dose=2.0)
    parameters = EstimateGainParameters(whole_movies=2, every=5)
    *_, found = run(tmp_path, [taken[:4], taken[4:]], parameters)
    assert (found.movies, found.frames) == (8, 2 * 10 + 6 * 2)
    np.testing.assert_allclose(found.dose, [1] * 4 + [0.5] * 4, atol=0.03)


def test_a_look_is_taken_now_and_then_and_the_estimate_written_when_it_is_better(
    tmp_path: Path,
) -> None:
    reference(tmp_path, CAMERA.gain)
    taken = movies(tmp_path, 18)
    parameters = EstimateGainParameters(look=4)
    batches = [taken[:5], taken[5:7], taken[7:11], taken[11:12], taken[12:]]
    found = run(tmp_path, batches, parameters)
    assert [one.iteration for one in found] == [1, 2, 3, 4, 5]
    assert [one.movies for one in found] == [5, 7, 11, 12, 18]
    assert [one.estimate is not None for one in found] == [True, False, True, False, True]
    assert found[1].error == found[0].error > found[2].error
    assert len(found[1].dose) == 7


def test_a_state_that_was_reloaded_goes_on_with_the_numbers_of_one_that_was_not(
    tmp_path: Path,
) -> None:
    """And a snapshot changes nothing: the engine keeps the state before it."""
    reference(tmp_path, CAMERA.gain)
    taken = movies(tmp_path, 12)
    batches = [taken[:5], taken[5:7], taken[7:9], taken[9:]]
    (tmp_path / "reloaded").mkdir()
    reloaded = run(tmp_path / "reloaded", batches)
    protocol, state, found = EstimateGain(), None, []
    for number, items in enumerate(batches):
        work = Work(folder=tmp_path / f"work{number}")
        work.folder.mkdir()
        state = protocol.update(state, Batch(tuple(items), final=items is batches[-1]), work)
        protocol.save(state, tmp_path / "before")
        found.append(protocol.snapshot(state, work))
        protocol.save(state, tmp_path / "after")
        assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()
    assert [one.iteration for one in reloaded] == [1, 2, 3, 4]
    for one, other in zip(reloaded, found, strict=True):
        assert _numbers(one) == _numbers(other)
    assert [one.estimate is not None for one in reloaded] == [True, False, False, True]
    for one, other in zip(reloaded, found, strict=True):
        if one.estimate is not None and other.estimate is not None:
            assert one.estimate.read_bytes() == other.estimate.read_bytes()


def _numbers(gain: Gain) -> Any:
    """All that was found, but for the places of files."""
    document = to_document(gain)
    return {k: v for k, v in document.items() if k not in ("estimate", "bad", "picture")}


def test_a_camera_that_changes_is_noticed_and_estimated_anew(tmp_path: Path) -> None:
    """Pixels change by 5 %: the residual of the newest movies tells, and the old are forgotten."""
    rng = np.random.default_rng(53)
    changed = replace(
        CAMERA, gain=(CAMERA.gain * (1 + 0.05 * rng.normal(size=SHAPE))).astype(np.float32)
    )
    reference(tmp_path, CAMERA.gain)
    before = movies(tmp_path, 10)
    after = movies(tmp_path, 20, first=10, camera=changed)
    parameters = EstimateGainParameters(look=5, every=1)
    batches = [before[:5], before[5:], after[:5], after[5:10], after[10:]]
    found = run(tmp_path, batches, parameters)
    assert found[1].residual < 0.015
    assert found[2].verdict == "right"
    assert found[2].residual == pytest.approx(0.05, rel=0.2)
    assert [one.movies for one in found] == [5, 10, 5, 10, 20]
    assert found[-1].estimate is not None
    gain = read_gain(found[-1].estimate, SHAPE)
    good = (gain > 0) & (changed.gain > 0)
    true = [np.corrcoef(gain[good], one.gain[good])[0, 1] for one in (changed, CAMERA)]
    assert true[0] > 0.9
    assert true[0] > true[1] + 0.05


def test_movies_without_a_reference_show_their_pattern(tmp_path: Path) -> None:
    taken = [replace(movie, gain=None) for movie in movies(tmp_path, 4)]
    (found,) = run(tmp_path, [taken])
    assert found.verdict == "none"
    assert found.residual == found.pattern > 0.02
    assert found.reference is None


def test_known_defects_are_not_counted_again(tmp_path: Path) -> None:
    reference(tmp_path, np.where(CAMERA.gain > 0, CAMERA.gain, 1))
    taken = movies(tmp_path, 4)
    (tmp_path / "a").mkdir()
    (found,) = run(tmp_path / "a", [taken])
    assert found.bad_pixels >= SHAPE[0]
    write_mrc(tmp_path / "d.mrc", (CAMERA.gain == 0).astype(np.int8))
    (tmp_path / "b").mkdir()
    known = [replace(movie, defects=tmp_path / "d.mrc") for movie in taken]
    (found,) = run(tmp_path / "b", [known])
    assert found.bad_pixels == 0
    assert found.defects == tmp_path / "d.mrc"


def test_what_cannot_be_read_or_is_of_another_size_is_left_out(tmp_path: Path) -> None:
    reference(tmp_path, CAMERA.gain)
    good = movies(tmp_path, 3)
    (tmp_path / "x.tif").write_bytes(b"II*\0 nothing")
    bad = replace(good[0], exposure="x", path=tmp_path / "x.tif")
    other = replace(good[0], exposure="y", shape=(7, 7))
    (found,) = run(tmp_path, [[bad, *good, other]])
    assert found.movies == 3
    (tmp_path / "n").mkdir()
    with pytest.raises(ItemFailed, match="no movie could be read"):
        run(tmp_path / "n", [[bad]])


def test_one_movie_is_enough_to_check_a_reference(tmp_path: Path) -> None:
    reference(tmp_path, CAMERA.gain[::-1])
    (found,) = run(tmp_path, [movies(tmp_path, 1)])
    assert found.verdict == "wrong"
    assert found.orientation == Orientation(flip="up-down")
    assert found.residual == 0.0


def test_the_estimate_for_eer_movies_divides_as_their_references_do(tmp_path: Path) -> None:
    rng = np.random.default_rng(54)
    gain = (1 + 0.2 * (np.arange(64) % 2)[None, :] * np.ones((64, 1))).astype(np.float32)
    good = []
    for name in range(4):
        lit = rng.random((40, 64, 64)) < 0.5 / gain
        electrons = [4 * np.argwhere(frame) + 1 for frame in lit]
        write_eer(tmp_path / f"{name}.eer", electrons, (64, 64))
        good.append(
            Movie(
                exposure=str(name),
                path=tmp_path / f"{name}.eer",
                frames=10,
                shape=(64, 64),
                optics=Optics(pixel_size=1.0, voltage=300.0),
                dose_per_frame=2.0,
                eer_grouping=4,
                gain=tmp_path / "g.mrc",
            )
        )
    write_mrc(tmp_path / "g.mrc", 1 / gain)  # of an EER movie an MRC divides
    (found,) = run(tmp_path, [good])
    assert found.residual < 0.02
    assert found.estimate is not None
    read = read_gain(found.estimate, (64, 64), eer=True)
    assert read[:, 1::2].mean() / read[:, ::2].mean() == pytest.approx(1.2, rel=0.01)


def test_the_summary_says_what_is_to_be_done(tmp_path: Path) -> None:
    reference(tmp_path, CAMERA.gain[:, ::-1])
    protocol = EstimateGain()
    assert protocol.summarize([]) == ""
    assert "fits only when flipped left-right" in protocol.summarize(
        run(tmp_path, [movies(tmp_path, 3)])
    )
