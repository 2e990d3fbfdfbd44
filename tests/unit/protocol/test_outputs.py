"""What a program wrote is taken only when it is a whole image."""

from pathlib import Path

import numpy as np
import pytest

from icestream.formats import write_mrc
from icestream.protocol import BadOutput, read_output

IMAGE = np.arange(30, dtype=np.float32).reshape(5, 6)


def test_a_whole_image_is_read(tmp_path: Path) -> None:
    path = write_mrc(tmp_path / "a.mrc", IMAGE, 1.0)
    np.testing.assert_array_equal(read_output(path), IMAGE)
    np.testing.assert_array_equal(read_output(path, (5, 6)), IMAGE)


def test_a_missing_file_is_told_with_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "b.mrc").touch()
    with pytest.raises(BadOutput, match="a.mrc was not written; there is b.mrc") as told:
        read_output(tmp_path / "a.mrc")
    assert told.value.code == "no-output"


@pytest.mark.parametrize("kept", [0, 500, 1024, 1100])
def test_half_a_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = write_mrc(tmp_path / "a.mrc", IMAGE, 1.0)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(BadOutput) as told:
        read_output(path)
    assert told.value.code == "half-output"


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.where(IMAGE == 7, np.nan, IMAGE), "1 of 30 pixels of a.mrc are no numbers"),
        (np.full((5, 6), 2.0, np.float32), "every pixel of a.mrc is 2"),
        (IMAGE[:4], "one image of 5 x 6 pixels, and is 4 x 6"),
        (np.stack([IMAGE, IMAGE]), "one image of 5 x 6 pixels, and is 2 x 5 x 6"),
    ],
)
def test_garbage_is_refused(tmp_path: Path, image: np.ndarray, words: str) -> None:
    path = write_mrc(tmp_path / "a.mrc", image.astype(np.float32), 1.0)
    with pytest.raises(BadOutput, match=words) as told:
        read_output(path, (5, 6))
    assert told.value.code == "garbage-output"
