from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.formats import read_image, read_mrc, write_mrc
from icestream.model import (
    Ctf,
    Micrograph,
    Optics,
    PartialSpectra,
    column,
    from_document,
    to_document,
)
from icestream.processing.ctf import Defocus, ctf_2d, partial, rings, tilt
from icestream.processing.ctf.groups import group_tiles
from icestream.processing.motion.spectra import Frames
from icestream.protocol import ItemFailed, Work
from icestream.protocols.estimate_ctf import CtfParameters, EstimateCtf

OPTICS = Optics(pixel_size=1.5, voltage=300.0)
TRUE = Defocus(u=11800, v=11200, angle=40.0)


def write_micrograph(folder: Path, defocus: Defocus, name: str = "m.mrc") -> Path:
    """Ice seen through a CTF, 512 x 512."""
    rng = np.random.default_rng(3)
    response = ctf_2d((512, 512), defocus, OPTICS, half=True)
    ice = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((512, 512))) * response)
    image = rng.poisson(np.clip(50.0 * (1.0 + 0.15 * ice), 1.0, None))
    write_mrc(folder / name, image.astype(np.float32), OPTICS.pixel_size)
    return folder / name


def micrograph(path: Path, unweighted: Path | None = None) -> Micrograph:
    return Micrograph(
        exposure="m", path=path, shape=(512, 512), optics=OPTICS, unweighted=unweighted
    )


def test_it_fits_the_unweighted_sum(tmp_path: Path) -> None:
    weighted = write_micrograph(tmp_path, Defocus(u=20000, v=20000), "weighted.mrc")
    unweighted = write_micrograph(tmp_path, TRUE, "unweighted.mrc")
    ctf = EstimateCtf().process(micrograph(weighted, unweighted), Work(folder=tmp_path))
    assert ctf.exposure == "m"
    assert ctf.optics == OPTICS
    assert ctf.defocus == pytest.approx(TRUE.mean, abs=100)
    assert ctf.defocus_error is not None
    assert ctf.astigmatism_error is not None
    assert ctf.angle_error is not None
    assert ctf.phase_shift_error is None
    assert (ctf.gradient, ctf.thickness) == (None, None)
    assert ctf.shape == (512, 512)
    assert ctf.resolution < 8.0


def test_it_fits_the_spectra_that_alignment_wrote(tmp_path: Path) -> None:
    """The sum says another defocus; it is asked where spectra of another size are wanted."""
    path = write_micrograph(tmp_path, Defocus(u=20000, v=20000))
    other = read_mrc(write_micrograph(tmp_path, TRUE, "other.mrc"))
    frames = Frames(other[None], np.ones_like(other), OPTICS.pixel_size)
    tiles = group_tiles(frames, np.zeros((1, 2)), 4.0)
    assert tiles is not None
    write_mrc(tmp_path / "spectra.mrcs", tiles.power)
    spectra = PartialSpectra(
        path=tmp_path / "spectra.mrcs",
        places=column(tiles.places),
        side=tiles.side,
        taper=tiles.taper,
    )
    item = replace(micrograph(path), spectra=spectra)
    ctf = EstimateCtf().process(item, Work(folder=tmp_path))
    assert ctf.defocus == pytest.approx(TRUE.mean, abs=100)
    ctf = EstimateCtf(CtfParameters(tile_size=256)).process(item, Work(folder=tmp_path))
    assert ctf.defocus == pytest.approx(20000, abs=200)


def test_the_pictures_and_the_curve(tmp_path: Path) -> None:
    ctf = EstimateCtf().process(micrograph(write_micrograph(tmp_path, TRUE)), Work(folder=tmp_path))
    assert ctf.spectrum == tmp_path / "m_ctf.png"
    assert read_image(ctf.spectrum).shape == (320, 320)
    assert ctf.spectrum_image == tmp_path / "m_ctf.mrc"
    assert read_mrc(ctf.spectrum_image).shape == (512, 512)
    assert ctf.curve is not None
    assert ctf.curve.shape[0] == 3
    again = from_document(Ctf, to_document(ctf))
    assert again.defocus_u == ctf.defocus_u


def test_the_parameters_bound_the_search(tmp_path: Path) -> None:
    item = micrograph(write_micrograph(tmp_path, TRUE))
    wanted = CtfParameters(defocus_min=1.5, defocus_max=3.0, astigmatism_max=100.0)
    ctf = EstimateCtf(wanted).process(item, Work(folder=tmp_path))
    assert 14900 <= ctf.defocus <= 30100
    assert ctf.astigmatism <= 110.0


def test_a_phase_plate_is_fitted_when_it_is_said(tmp_path: Path) -> None:
    plate = Defocus(u=9000, v=9000, phase_shift=80.0)
    item = micrograph(write_micrograph(tmp_path, plate))
    ctf = EstimateCtf(CtfParameters(phase_plate=True)).process(item, Work(folder=tmp_path))
    assert ctf.phase_shift == pytest.approx(80.0, abs=15.0)
    assert ctf.phase_shift_error is not None


def test_an_unusable_image_fails_with_its_reason(tmp_path: Path) -> None:
    write_mrc(tmp_path / "flat.mrc", np.full((512, 512), 3.0, np.float32), 1.5)
    with pytest.raises(ItemFailed, match=r"flat.mrc: all .* tiles .* constant"):
        EstimateCtf().process(micrograph(tmp_path / "flat.mrc"), Work(folder=tmp_path))


def test_a_damaged_file_fails_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "cut.mrc").write_bytes(b"\0" * 300)
    with pytest.raises(ItemFailed, match="cut.mrc"):
        EstimateCtf().process(micrograph(tmp_path / "cut.mrc"), Work(folder=tmp_path))


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"defocus_min \(3 µm\) must be below defocus_max \(2 µm\)"
    ):
        CtfParameters(defocus_min=3.0, defocus_max=2.0)


def test_summary_and_plots() -> None:
    ctfs = [
        Ctf(
            exposure=f"e{n}",
            optics=OPTICS,
            defocus_u=1e4 * n,
            defocus_v=1e4 * n,
            angle=0.0,
            resolution=3.0 + n,
            curve=column(np.zeros((3, 4))),
        )
        for n in (1, 2, 3)
    ]
    protocol = EstimateCtf()
    assert protocol.summarize([]) == ""
    assert protocol.summarize(ctfs) == (
        "The CTF of 3 micrographs was fitted to a median of 5.0 Å; defocus 1.00 to 3.00 µm"
    )
    doubtful = [*ctfs, replace(ctfs[0], doubt="only 0.8 Thon rings")]
    assert "1 are doubtful: of the last, only 0.8 Thon rings" in protocol.summarize(doubtful)
    figures = {figure.title: figure for figure in protocol.plot(ctfs)}
    assert list(figures["Defocus"].y) == pytest.approx([1.0, 2.0, 3.0])


def test_a_tilted_specimen_gives_the_defocus_at_each_place(tmp_path: Path) -> None:
    """Ice whose defocus grows by 0.4 Å per Å along x."""
    rng = np.random.default_rng(5)
    white = np.fft.rfft2(rng.standard_normal((1024, 1024)))
    height = 0.4 * 1.5 * (np.arange(1024) - 511.5)
    image = np.zeros((1024, 1024))
    for level in np.arange(-360.0, 361.0, 60.0):
        weight = np.clip(1.0 - np.abs(height - level) / 60.0, 0.0, 1.0)
        at = Defocus(u=TRUE.u + level, v=TRUE.v + level, angle=TRUE.angle)
        image += weight * np.fft.irfft2(white * ctf_2d((1024, 1024), at, OPTICS, half=True))
    counts = rng.poisson(np.clip(50.0 * (1.0 + 0.1 * image), 1.0, None)).astype(np.float32)
    write_mrc(tmp_path / "t.mrc", counts, 1.5)
    item = Micrograph(exposure="t", path=tmp_path / "t.mrc", shape=(1024, 1024), optics=OPTICS)
    ctf = EstimateCtf().process(item, Work(folder=tmp_path))
    assert ctf.gradient_error is not None
    assert ctf.gradient == pytest.approx((0.0, 0.4), abs=4.0 * ctf.gradient_error)
    assert ctf.gradient_error < 0.05
    assert ctf.defocus == pytest.approx(TRUE.mean, abs=100)
    ends = ctf.defocus_at(np.array([0.0, 1023.0]), np.array([511.0, 511.0]))
    assert float(ends[1] - ends[0]) == pytest.approx(0.4 * 1023 * 1.5, rel=0.2)
    assert "1 are tilted, by a median of 2" in EstimateCtf().summarize([ctf])
    titles = {figure.title for figure in EstimateCtf().plot([ctf])}
    assert {"Tilt of the specimen", "Error of the defocus"} <= titles


def test_warming_up_compiles_every_kernel() -> None:
    EstimateCtf.warm()
    for kernel in (rings.ring_sums, rings._overlap, partial._ring_moments, tilt._moved):
        assert kernel.signatures, kernel.py_func.__name__
