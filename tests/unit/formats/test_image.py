"""Images and pictures."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from icestream.formats.errors import FormatError
from icestream.formats.image import read_image, write_picture
from icestream.formats.mrc import write_mrc
from icestream.formats.tiff import write_tiff


@pytest.mark.parametrize("kind", ["i2", "u2", "f4", "f2"])
def test_images_become_float32(tmp_path: Path, kind: str) -> None:
    image = np.arange(12).reshape(3, 4).astype(kind)
    write_mrc(tmp_path / "a.mrc", image)
    found = read_image(tmp_path / "a.mrc")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, image)
    if kind != "f2":
        write_tiff(tmp_path / "a.tif", image)
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), image)


def test_pictures_are_written_and_read(tmp_path: Path) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(8, 32)
    assert write_picture(tmp_path / "a.png", grey) == tmp_path / "a.png"
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), grey)
    write_picture(tmp_path / "a.jpg", np.repeat(grey[..., None], 3, axis=2))
    assert np.abs(read_image(tmp_path / "a.jpg") - grey).max() < 12
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "a.png"]
    with pytest.raises(TypeError, match="uint8"):
        write_picture(tmp_path / "a.png", grey.astype(np.float32))


def test_a_picture_of_sixteen_bits(shared_data: Path) -> None:
    folder = shared_data / "micrographs" / "apoferritin_empiar10146"
    image = read_image(folder / "May08_03.13.02.average.png")
    assert set(image.shape) == {1240, 1200}
    assert image.max() > 255


def test_a_cut_picture_is_named(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", np.zeros((40, 40), np.uint8))
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:40])
    with pytest.raises(FormatError, match="copy the file again"):
        read_image(tmp_path / "a.png")


def test_a_picture_that_would_fill_the_memory(tmp_path: Path) -> None:
    """A PNG of two hundred bytes that says it is 60000 x 60000."""
    path = tmp_path / "a.png"
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + head
    raw = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    path.write_bytes(raw + struct.pack(">I", zlib.crc32(chunk)) + bytes(150))
    with pytest.raises(FormatError, match="PNG or JPEG"):
        read_image(path)
