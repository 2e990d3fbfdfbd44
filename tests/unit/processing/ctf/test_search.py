import numpy as np
import pytest

from icestream.model import Optics
from icestream.processing.ctf import Defocus, PowerSpectrum, SearchRange, ctf_2d
from icestream.processing.ctf.rings import Rings, Score, make_rings
from icestream.processing.ctf.search import refine, search


def rings_of(defocus: Defocus, optics: Optics) -> Rings:
    """Rings under Gamma noise of ten tiles."""
    size = 256
    power = 1.0 + ctf_2d((size, size), defocus, optics) ** 2
    power *= np.random.default_rng(1).gamma(10.0, 0.1, power.shape)
    spectrum = PowerSpectrum(
        power=power.astype(np.float32), step=1 / (size * optics.pixel_size), tiles=10
    )
    return make_rings(spectrum, optics, 30.0)


@pytest.mark.parametrize(
    "true",
    [
        Defocus(u=6500, v=6400, angle=10.0),
        Defocus(u=14000, v=11000, angle=-80.0),
        Defocus(u=31000, v=30500, angle=60.0),
    ],
)
def test_the_search_comes_near_and_refining_arrives(true: Defocus, optics: Optics) -> None:
    rings = rings_of(true, optics)
    envelope = np.ones(len(rings.counts))
    near = search(rings, envelope, SearchRange())[0]
    assert near.mean == pytest.approx(true.mean, abs=150)
    assert np.hypot(*np.subtract(near.vector, true.vector)) < 350
    found = refine(Score(rings, envelope), near, SearchRange())
    assert found.mean == pytest.approx(true.mean, abs=10)
    assert np.hypot(*np.subtract(found.vector, true.vector)) < 15


def test_the_phase_shift_is_found_when_it_is_asked_for(optics: Optics) -> None:
    true = Defocus(u=9000, v=8800, angle=0.0, phase_shift=70.0)
    rings = rings_of(true, optics)
    envelope = np.ones(len(rings.counts))
    wanted = SearchRange(phase_shift=(0.0, 180.0))
    score = Score(rings, envelope)
    found = max((refine(score, s, wanted) for s in search(rings, envelope, wanted)), key=score)
    assert found.phase_shift == pytest.approx(70.0, abs=4.0)
    assert found.mean == pytest.approx(8900, abs=40)


def test_a_fixed_phase_shift_is_kept(optics: Optics) -> None:
    rings = rings_of(Defocus(u=9000, v=9000, phase_shift=90.0), optics)
    envelope = np.ones(len(rings.counts))
    wanted = SearchRange(phase_shift=(90.0, 90.0))
    found = refine(Score(rings, envelope), search(rings, envelope, wanted)[0], wanted)
    assert found.phase_shift == 90.0
    assert found.mean == pytest.approx(9000, abs=20)


def test_the_range_is_kept(optics: Optics) -> None:
    """The truth lies outside: what is found is at the border, not beyond."""
    rings = rings_of(Defocus(u=20000, v=19000), optics)
    wanted = SearchRange(defocus=(5000.0, 15000.0), astigmatism=300.0)
    envelope = np.ones(len(rings.counts))
    score = Score(rings, envelope)
    for start in search(rings, envelope, wanted):
        found = refine(score, start, wanted)
        assert 4990 <= found.mean <= 15010
        assert found.u - found.v <= 310


def test_a_background_that_differs_with_direction_is_no_ring() -> None:
    """Low defocus at coarse pixels: of a model that is nearly a background hardly anything is left,
    and what a sector's own background has in common with it is not to be divided by that."""
    optics = Optics(pixel_size=4.3, voltage=300.0)
    true, size = Defocus(u=18200, v=17800, angle=20.0), 256
    axis = np.fft.fftshift(np.fft.fftfreq(size, optics.pixel_size))
    cosine = (axis[None, :] ** 2 - axis[:, None] ** 2) / np.maximum(
        axis[None, :] ** 2 + axis[:, None] ** 2, 1e-12
    )
    radius = np.hypot(axis[:, None], axis[None, :])
    power = 1.0 + 0.3 * ctf_2d((size, size), true, optics) ** 2
    power *= 1.0 + 0.3 * cosine * (radius / axis[-1]) ** 2
    power *= np.random.default_rng(1).gamma(10.0, 0.1, power.shape)
    spectrum = PowerSpectrum(
        power=power.astype(np.float32), step=1 / (size * optics.pixel_size), tiles=10
    )
    rings = make_rings(spectrum, optics, 30.0)
    found = search(rings, np.ones(len(rings.counts)), SearchRange(defocus=(2000.0, 60000.0)))
    assert found[0].mean == pytest.approx(true.mean, abs=400)


def test_a_range_narrower_than_a_step_is_searched_all_the_same(optics: Optics) -> None:
    rings = rings_of(Defocus(u=10020, v=10020), optics)
    wanted = SearchRange(defocus=(10015.0, 10025.0))
    assert len(search(rings, np.ones(len(rings.counts)), wanted)) == 1


def test_the_penalty_grows_outside_only() -> None:
    wanted = SearchRange(defocus=(5000.0, 20000.0), phase_shift=(0.0, 90.0), astigmatism=1000.0)
    assert wanted.penalty(12000.0, 300.0, 400.0, 45.0) == 0.0
    assert wanted.penalty(4900.0, 0.0, 0.0, 0.0) == pytest.approx(1.0)
    assert wanted.penalty(5000.0, 600.0, 0.0, 0.0) == pytest.approx(2.0)
    assert wanted.penalty(5000.0, 0.0, 0.0, 100.0) == pytest.approx(1.0)


@pytest.mark.parametrize("shift", [10.0, 70.0, 165.0])
def test_the_best_phase_shift_follows_from_two_sums(shift: float, optics: Optics) -> None:
    """No phase is tried: the one of the first start is right to a few degrees all the same."""
    rings = rings_of(Defocus(u=12050, v=12050, phase_shift=shift), optics)
    wanted = SearchRange(phase_shift=(0.0, 180.0))
    near = search(rings, np.ones(len(rings.counts)), wanted)[0]
    # Half a step of the defocus that is tried is some 20 degrees at the middle of the rings.
    turn = (near.phase_shift - shift + 90.0) % 180.0 - 90.0
    assert abs(turn) < 25.0
    assert near.mean == pytest.approx(12050, abs=60)


def test_a_phase_shift_outside_the_range_is_brought_to_its_nearer_end(optics: Optics) -> None:
    rings = rings_of(Defocus(u=12050, v=12050, phase_shift=70.0), optics)
    wanted = SearchRange(defocus=(12000.0, 12100.0), phase_shift=(100.0, 170.0))
    assert search(rings, np.ones(len(rings.counts)), wanted)[0].phase_shift == 100.0
