"""Pictures from any file that holds one."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icestream.formats import FormatError, write_mrc, write_tiff
from icestream.report.views.grey import Look
from icestream.report.views.images import as_png, draw_picture, is_plain, open_large

NOISE = np.random.default_rng(1).normal(0, 1, (96, 128)).astype(np.float32)


def read(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_a_picture_stays_as_it_is_or_gets_smaller(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    colours = np.random.default_rng(2).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    path.write_bytes(as_png(colours))
    assert np.array_equal(np.asarray(read(draw_picture(path, 100, None))), colours)
    assert read(draw_picture(path, 30, None)).size == (30, 20)
    clear = tmp_path / "clear.png"
    Image.new("RGBA", (8, 8), (1, 2, 3, 0)).save(clear)
    assert read(draw_picture(clear, 100, None)).mode == "RGBA"


def test_images_of_the_microscope(tmp_path: Path) -> None:
    write_mrc(tmp_path / "a.mrc", NOISE, 1.5)
    write_tiff(tmp_path / "b.tif", NOISE)
    for name in ("a.mrc", "b.tif"):
        assert not is_plain(tmp_path / name)
        assert read(draw_picture(tmp_path / name, 64, None)).size == (64, 48)
    stack = np.stack([NOISE * 0, NOISE, NOISE * 0])
    write_mrc(tmp_path / "stack.mrcs", stack, 1.5)
    large = open_large(tmp_path / "stack.mrcs", 192.0)
    assert (large.shape, large.pixel_size) == ((96, 128), 1.5)
    assert np.array_equal(large.values, NOISE)
    deep = tmp_path / "deep.png"
    Image.fromarray((NOISE * 1000 + 9000).astype(np.uint16)).save(deep)
    assert np.ptp(np.asarray(read(draw_picture(deep, 200, None)))) > 200


def test_a_drawing_is_sent_as_it_is(tmp_path: Path) -> None:
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    (tmp_path / "a.svg").write_bytes(drawing)
    assert draw_picture(tmp_path / "a.svg", 64, None) == drawing
    (tmp_path / "b.svg").write_bytes(b"<html>")
    with pytest.raises(FormatError, match="no drawing"):
        draw_picture(tmp_path / "b.svg", 64, None)


@pytest.mark.parametrize("name", ["a.png", "a.mrc", "a.tif", "a.txt"])
def test_what_is_no_picture(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"words" * 500)
    with pytest.raises(FormatError):
        draw_picture(tmp_path / name, 64, None)
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError):
        draw_picture(tmp_path / name, 64, None)


def test_lowpass_needs_to_know_the_pixels(tmp_path: Path) -> None:
    write_mrc(tmp_path / "a.mrc", NOISE, 1.5)
    with pytest.raises(FormatError, match="known size"):
        draw_picture(tmp_path / "a.mrc", 64, Look(lowpass=20.0))
    draw_picture(tmp_path / "a.mrc", 64, Look(lowpass=20.0), 192.0)
