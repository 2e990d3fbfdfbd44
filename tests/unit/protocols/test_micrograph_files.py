"""The sums of a movie are written, each that was made to its own file."""

from pathlib import Path

import numpy as np
import PIL.Image

from icestream.formats.mrc import read_mrc, read_mrc_header, read_stack
from icestream.processing.ctf.groups import PackedTiles
from icestream.processing.motion.warp import MovieSums
from icestream.protocols.micrograph_files import write_spectra, write_sums

IMAGES = np.random.default_rng(1).standard_normal((4, 96, 128)).astype(np.float32)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_sum_is_written_to_its_own_file(tmp_path: Path) -> None:
    plain, weighted, odd, even = IMAGES
    sums = MovieSums(plain, weighted, (odd, even))
    files = write_sums(tmp_path / "shot.1", sums, 1.5, 64)
    written = (
        (files.best, weighted),
        (files.unweighted, plain),
        (files.odd, odd),
        (files.even, even),
    )
    for path, image in written:
        assert path is not None
        assert np.array_equal(read_mrc(path), image)
        assert round(read_mrc_header(path).pixel_size, 3) == 1.5
    with PIL.Image.open(files.thumbnail) as picture:
        assert picture.size == (64, 48)
    assert names(tmp_path) == [
        "shot.1.jpg",
        "shot.1.mrc",
        "shot.1_even.mrc",
        "shot.1_noDW.mrc",
        "shot.1_odd.mrc",
    ]


def test_what_was_not_made_is_not_written(tmp_path: Path) -> None:
    files = write_sums(tmp_path / "shot", MovieSums(IMAGES[0], None), 1.5, 64)
    assert np.array_equal(read_mrc(files.best), IMAGES[0])
    assert files.unweighted is files.odd is files.even is None
    assert names(tmp_path) == ["shot.jpg", "shot.mrc"]


def test_spectra_are_written_as_they_are_packed(tmp_path: Path) -> None:
    tiles = PackedTiles(
        power=np.arange(-36, 36, dtype=np.int8).reshape(2, 6, 6),
        places=np.array([[-100.0, 50.0], [100.0, -50.0]]),
        side=300.0,
        taper=0.25,
    )
    spectra = write_spectra(tmp_path / "shot", tiles)
    assert spectra.path == tmp_path / "shot_spectra.mrcs"
    assert np.array_equal(read_stack(spectra.path), tiles.power)
    assert np.array_equal(spectra.places, tiles.places)
    assert (spectra.side, spectra.taper) == (300.0, 0.25)
