import numpy as np

from balls import BOX, DIAMETER, Array, Balls
from icestream.processing.volume.fsc import fourier_shell_correlation
from icestream.processing.volume.maximization import Frame
from icestream.processing.volume.refine import PoseSearch, Refinement, observe, shifts_around
from icestream.processing.volume.slices import cube_of, volume_of
from icestream.processing.volume.symmetry import point_group

RINGS = 9
SEARCH = PoseSearch(spacing=10.0, shifts=shifts_around(1.0, 1.0))


def begun(volume: Array, noise: Array) -> Refinement:
    return Refinement(
        frame=Frame(24, BOX, 0.55 * DIAMETER * 24 / BOX),
        group=point_group("D2"),
        random=np.random.default_rng(1),
        volumes=(volume, volume),
        rings=6,
        noise=noise.copy(),
    )


def test_observations_are_masked_and_halved(dihedral: Balls, views: Array) -> None:
    rng = np.random.default_rng(2)
    images = rng.standard_normal((41, BOX, BOX)).astype(np.float32)
    seen = observe(images, np.ones((41, RINGS), np.float32), DIAMETER)
    assert len(seen) == 41
    assert seen.rings == RINGS
    assert sorted(np.bincount(seen.halves)) == [20, 21]
    # White noise inside the mask has so much power on every ring.
    assert np.allclose(seen.power, seen.independence, rtol=0.15)
    part = seen.part(np.array([3, 5]))
    assert np.array_equal(part.spectra, seen.spectra[[3, 5]])
    assert np.array_equal(part.power, seen.power)
    coarse = seen.limited(3)
    assert coarse.rings == 3
    assert np.array_equal(coarse.spectra, seen.spectra[:, :3])
    assert np.array_equal(coarse.power, seen.power[:3])
    assert (coarse.box, len(coarse)) == (seen.box, len(seen))


def test_a_blurred_map_becomes_sharp(dihedral: Balls, views: Array) -> None:
    images = dihedral.images(views, np.zeros((len(views), 2)))
    noise = np.random.default_rng(3).standard_normal(images.shape).astype(np.float32)
    images = images / images.std() + noise
    seen = observe(images, np.ones((len(images), RINGS), np.float32), DIAMETER)
    truth = dihedral.volume()
    frame = begun(truth, seen.power).frame
    blurred = _blurred(truth, frame.box, 4)
    refinement = begun(blurred * np.float32(1.0 / images.std()), seen.power)
    every = np.arange(len(images))
    first = refinement.look(seen, every, SEARCH).mean()
    refinement.update()
    refinement.rings = RINGS
    refinement.sums.fade(0.0)
    second = refinement.look(seen, every, SEARCH).mean()
    refinement.frame = refinement.frame.resized(BOX)
    made = refinement.update().volume
    assert second > first
    assert fourier_shell_correlation(made, truth)[1:8].min() > 0.8
    assert np.allclose(np.linalg.norm(seen.views, axis=1), 1.0, atol=1e-4)


def test_halves_go_on_with_their_own_maps(dihedral: Balls, views: Array) -> None:
    images = dihedral.images(views[:80], np.zeros((80, 2)))
    seen = observe(images, np.ones((80, RINGS), np.float32), DIAMETER)
    refinement = begun(_blurred(dihedral.volume(), 24, 5), seen.power)
    refinement.look(seen, np.arange(80), SEARCH)
    refinement.update(apart=True)
    assert refinement.latest is not None
    assert refinement.volumes == refinement.latest.halves
    other = begun(_blurred(dihedral.volume(), 24, 5), seen.power)
    only = np.flatnonzero(seen.halves == 1)
    other.volumes = (np.zeros_like(other.volumes[0]), other.volumes[1])
    other.look(seen, only, SEARCH)
    assert not other.sums.numerator[0].any()
    assert other.sums.numerator[1].any()


def test_judging_changes_nothing(dihedral: Balls, views: Array) -> None:
    seen = observe(
        dihedral.images(views[:70], np.zeros((70, 2))), np.ones((70, RINGS), np.float32), DIAMETER
    )
    refinement = begun(_blurred(dihedral.volume(), 24, 6), seen.power)
    centers = seen.centers.copy()
    told = refinement.likelihoods(seen, SEARCH)
    assert told.shape == (70,)
    assert np.array_equal(centers, seen.centers)
    assert not refinement.sums.denominator.any()


def _blurred(volume: Array, box: int, rings: int) -> Array:
    return volume_of(cube_of(volume, rings, BOX), box, BOX)
