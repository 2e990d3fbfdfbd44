from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.formats.mrc import read_mrc, read_mrc_header, read_stack, write_mrc
from icestream.model import Ctf, Micrograph, Optics, Picks, column
from icestream.protocol import ItemFailed, Work
from icestream.protocol.conformance import problems
from icestream.protocols.extract_particles import ExtractParticles, ExtractParticlesParameters

OPTICS = Optics(pixel_size=2.0, voltage=200.0)
CTF = Ctf(
    exposure="e1",
    optics=OPTICS,
    defocus_u=12000.0,
    defocus_v=11000.0,
    angle=30.0,
    phase_shift=5.0,
    score=0.2,
    resolution=4.5,
)


def micrograph(tmp_path: Path) -> Micrograph:
    image = np.random.default_rng(0).standard_normal((200, 240)).astype(np.float32)
    image[80:121, 100:141] -= 2.0
    write_mrc(tmp_path / "m.mrc", image, 2.0)
    return Micrograph(
        exposure="e1", path=tmp_path / "m.mrc", shape=(200, 240), optics=OPTICS, group=3
    )


def picks(*points: tuple[float, float], pixel_size: float = 2.0) -> Picks:
    x, y = np.array(points, dtype=np.float32).reshape(-1, 2).T
    score = column(np.arange(len(x)))
    return Picks(
        exposure="e1", x=column(x), y=column(y), score=score, diameter=80.0, pixel_size=pixel_size
    )


@pytest.fixture
def work(tmp_path: Path) -> Work:
    folder = tmp_path / "work"
    folder.mkdir()
    return Work(folder=folder)


def test_is_a_good_plugin() -> None:
    assert problems(ExtractParticles) == []


def test_writes_a_stack_and_a_row_for_each(tmp_path: Path, work: Work) -> None:
    found = ExtractParticles().process(
        micrograph(tmp_path), CTF, picks((5, 5), (120, 100), (60, 60)), work
    )
    assert found.stack == work.folder / "e1.mrcs"
    assert len(found) == 2
    assert found.box == 60
    images = read_stack(found.stack)
    assert images.shape == (2, 60, 60)
    assert images[0, 20:41, 20:41].mean() > 1.0
    assert found.x.tolist() == [120.0, 60.0]
    assert found.score.tolist() == [1.0, 2.0]
    assert found.defocus_u.tolist() == [12000.0] * 2
    assert found.defocus_v.tolist() == [11000.0] * 2
    assert found.defocus_angle.tolist() == [30.0] * 2
    assert (found.phase_shift, found.ctf_resolution, found.ctf_score) == (5.0, 4.5, 0.2)
    assert (found.group, found.diameter, found.diameter_known) == (3, 80.0, True)
    assert read_mrc_header(found.stack).pixel_size == pytest.approx(2.0)


def test_a_smaller_size_makes_larger_pixels(tmp_path: Path, work: Work) -> None:
    wanted = ExtractParticlesParameters(box=160, size=31)
    found = ExtractParticles(wanted).process(micrograph(tmp_path), CTF, picks((120, 100)), work)
    assert found.box == 32
    assert found.optics.pixel_size == pytest.approx(2.0 * 80 / 32)
    assert found.micrograph_pixel_size == 2.0
    assert found.x.tolist() == [120.0]


def test_picks_of_a_binned_micrograph_are_scaled(tmp_path: Path, work: Work) -> None:
    found = ExtractParticles().process(
        micrograph(tmp_path), CTF, picks((60, 50), pixel_size=4.0), work
    )
    assert found.x.tolist() == [120.0]
    assert found.y.tolist() == [100.0]


def test_no_particle_gives_a_blank_image_and_no_row(tmp_path: Path, work: Work) -> None:
    found = ExtractParticles().process(micrograph(tmp_path), CTF, picks(), work)
    assert len(found) == 0
    assert found.qualities() == {"particles.count": 0.0}
    images = read_stack(found.stack)
    assert images.shape == (1, 60, 60)
    assert not images.any()


def test_a_box_larger_than_the_micrograph_is_refused(tmp_path: Path, work: Work) -> None:
    wanted = ExtractParticlesParameters(box=500)
    with pytest.raises(ItemFailed, match="does not fit"):
        ExtractParticles(wanted).process(micrograph(tmp_path), CTF, picks((100, 100)), work)


def test_summary_and_plot(tmp_path: Path, work: Work) -> None:
    found = ExtractParticles().process(micrograph(tmp_path), CTF, picks((120, 100)), work)
    text = ExtractParticles().summarize([found])
    assert "1 particles were extracted in boxes of 60 pixels of 2 Å" in text
    assert [list(figure.y) for figure in ExtractParticles().plot([found])] == [[1.0]]


def test_each_particle_has_the_defocus_of_its_place(tmp_path: Path, work: Work) -> None:
    # Fitted to an image of half the micrograph's pixel size.
    tilted = replace(
        CTF, optics=Optics(pixel_size=1.0, voltage=200.0), gradient=(0.0, 0.5), shape=(400, 480)
    )
    found = ExtractParticles().process(
        micrograph(tmp_path), tilted, picks((60, 100), (180, 100)), work
    )
    slope = np.diff(found.defocus_u) / np.diff(found.x)
    assert slope == pytest.approx([0.5 * 2.0], rel=1e-3)
    assert found.defocus_u - found.defocus_v == pytest.approx([1000.0] * 2, abs=0.01)


@pytest.mark.parametrize("flip", [False, True])
def test_a_speck_of_dust_beside_a_particle_leaves_no_trace(
    tmp_path: Path, work: Work, flip: bool
) -> None:
    """Turned phases would spread it over rings, so it goes before them."""
    item, at = micrograph(tmp_path), picks((120, 100))
    wanted = ExtractParticlesParameters(flip_phases=flip)
    clean = read_stack(ExtractParticles(wanted).process(item, CTF, at, work).stack).copy()
    image = read_mrc(item.path).copy()
    image[124:127, 95:98] += 60.0
    write_mrc(item.path, image, 2.0)
    dusty = read_stack(ExtractParticles(wanted).process(item, CTF, at, work).stack)
    assert np.corrcoef(clean.ravel(), dusty.ravel())[0, 1] > 0.98
    assert dusty.std() == pytest.approx(clean.std(), rel=0.02)


def test_flipped_phases_are_said_and_undo_the_sign(tmp_path: Path, work: Work) -> None:
    item, at = micrograph(tmp_path), picks((120, 100))
    plain = read_stack(ExtractParticles().process(item, CTF, at, work).stack)
    wanted = ExtractParticlesParameters(flip_phases=True)
    found = ExtractParticles(wanted).process(item, CTF, at, work)
    assert found.phases_flipped
    assert not np.allclose(read_stack(found.stack), plain, atol=0.1)


def test_a_diameter_that_is_not_known_stays_so_unless_it_is_given(
    tmp_path: Path, work: Work
) -> None:
    roomy = replace(picks((120, 100)), diameter_known=False)
    found = ExtractParticles().process(micrograph(tmp_path), CTF, roomy, work)
    assert not found.diameter_known
    assert "not known yet" in ExtractParticles().summarize([found])
    given = ExtractParticles(ExtractParticlesParameters(diameter=80.0))
    found = given.process(micrograph(tmp_path), CTF, roomy, work)
    assert found.diameter_known
    assert "not known" not in given.summarize([found])
