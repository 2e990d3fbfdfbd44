from pathlib import Path

import mrcfile
import numpy as np
import pytest
from PIL import Image

from icestream.exports.sheet.pictures import write_classes, write_copy
from icestream.model import Classes, column


def classes(folder: Path, counts: list[int], selected: list[int] | None = None) -> Classes:
    stack = np.random.default_rng(1).normal(size=(len(counts), 16, 16)).astype(np.float32)
    with mrcfile.new(folder / "a.mrcs", overwrite=True) as file:
        file.set_data(stack)
    return Classes(
        averages=folder / "a.mrcs", box=16, pixel_size=4.0, counts=column(counts),
        resolution=column([10.0] * len(counts)), score=column([1.0] * len(counts)),
        assignments=folder / "a.parquet", particles=sum(counts), iteration=1,
        selected=None if selected is None else column(selected),
        numbers=column(np.arange(len(counts)) + 11),
    )  # fmt: skip


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def test_chosen_classes_come_first_then_the_largest(tmp_path: Path) -> None:
    tiles = list(write_classes(classes(tmp_path, [5, 0, 90, 40], [1, 1, 0, 1]), tmp_path))
    assert [(tile.number, tile.particles, tile.chosen) for tile in tiles] == [
        (14, 40, True),
        (11, 5, True),
        (13, 90, False),
    ]
    for tile in tiles:
        assert size(tmp_path / tile.file) == (16, 16)


def test_classes_that_nobody_judged_are_in_order_of_size(tmp_path: Path) -> None:
    tiles = list(write_classes(classes(tmp_path, [5, 90]), tmp_path))
    assert [(tile.number, tile.chosen) for tile in tiles] == [(12, None), (11, None)]


def test_not_more_than_fit_on_a_page(tmp_path: Path) -> None:
    assert len(list(write_classes(classes(tmp_path, [9] * 50), tmp_path))) == 32


def test_averages_that_are_gone_cost_only_themselves(tmp_path: Path) -> None:
    made = classes(tmp_path, [5, 90])
    made.averages.unlink()
    assert list(write_classes(made, tmp_path)) == []


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "I;16", "P"])
def test_pictures_of_all_kinds_are_copied(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (8, 6)).save(tmp_path / "p.png")
    assert write_copy(tmp_path / "p.png", tmp_path / "copy.png") == "copy.png"
    assert size(tmp_path / "copy.png") == (8, 6)


def test_a_picture_that_is_none_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "p.png").write_text("no picture")
    for source in (tmp_path / "p.png", tmp_path / "gone.png", None):
        assert write_copy(source, tmp_path / "copy.png") == ""
