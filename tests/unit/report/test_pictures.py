"""Pictures: how many are kept, and what becomes of a bad one."""

import json
import os
import warnings
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from PIL import Image

from icestream.model import Picture
from icestream.processing.grey import draw_thumbnail
from icestream.report.pictures import (
    Found,
    PictureFolder,
    class_sprite,
    show,
    shrink,
    write_atomically,
    write_script,
)


@pytest.fixture
def thumbnail(tmp_path: Path) -> Path:
    grey = np.random.default_rng(0).integers(0, 255, (240, 320), dtype=np.uint8)
    path = tmp_path / "thumbnail.png"
    Image.fromarray(grey).save(path)
    return path


def found(path: Path, title: str = "Micrograph") -> Found:
    return Found(step="align", path=path, picture=Picture(title))


def put(folder: Path, *pictures: Found) -> list[dict[str, str]]:
    """Write the pictures of the first exposure; what the page is told of them."""
    made = PictureFolder(folder)
    made.grow(1)
    details: dict[str, Any] = {"order": 0}
    made.put(0, pictures, details)
    assert made.kept == ({0} if details["pictures"] else set())
    return list(details["pictures"])


def test_a_long_session_keeps_the_newest_and_some_of_the_older(
    tmp_path: Path, thumbnail: Path
) -> None:
    pictures = PictureFolder(tmp_path / "pictures", newest=10, older=16)
    for total in range(1, 201):
        pictures.grow(total)
        pictures.put(total - 1, [found(thumbnail)], {"order": total - 1})
        assert len(pictures.kept) <= 10 + 16 + 1
    assert set(range(190, 200)) <= pictures.kept
    older = sorted(order for order in pictures.kept if order < 190)
    assert len(older) >= 8
    assert len(set(np.diff(older))) == 1
    names = {path.stem for path in (tmp_path / "pictures").glob("*.jpg")}
    assert names == {str(order + 1) for order in pictures.kept}
    assert len(list((tmp_path / "pictures").glob("*.js"))) == len(pictures.kept)


def test_what_an_earlier_report_left_is_taken_over_or_removed(
    tmp_path: Path, thumbnail: Path
) -> None:
    folder = tmp_path / "pictures"
    before = PictureFolder(folder, newest=50, older=2)
    before.grow(20)
    for order in range(20):
        both = [found(thumbnail), found(thumbnail, "Power spectrum")]
        before.put(order, both, {"order": order})
    after = PictureFolder(folder, newest=3, older=2)
    after.grow(20)
    after.sweep()
    left = {int(path.stem.split("-")[0]) - 1 for path in folder.iterdir()}
    assert {17, 18, 19} <= left
    assert len(left) <= 6
    assert after.has(19, changed=0.0)
    assert 19 in after.kept
    assert not after.has(18, changed=4e9), "news after the picture was made"
    assert not after.has(1, changed=0.0)


def test_a_picture_is_made_small_and_not_made_twice(tmp_path: Path) -> None:
    thumbnail = tmp_path / "large.png"
    Image.new("L", (1200, 900)).save(thumbnail)
    target = tmp_path / "small.jpg"
    assert shrink(thumbnail, target)
    with Image.open(target) as small:
        assert small.size == (512, 384)
    made = target.stat().st_ino
    assert shrink(thumbnail, target)
    assert target.stat().st_ino == made


def test_a_bad_or_missing_picture_leaves_none(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n but no more")
    target = tmp_path / "small.jpg"
    assert not shrink(broken, target)
    assert not shrink(tmp_path / "nowhere.png", target)
    assert not shrink(None, target)
    assert not target.exists()
    pictures = PictureFolder(tmp_path / "pictures")
    pictures.grow(1)
    pictures.put(0, [found(broken)], {"order": 0})
    assert pictures.kept == set()


def test_every_picture_has_a_file_that_keeps_its_name(tmp_path: Path, thumbnail: Path) -> None:
    wanted = [
        found(thumbnail),
        found(thumbnail, "Ice, as seen"),
        found(thumbnail, "Ice: as seen!"),
        replace(found(thumbnail, "Ring"), picture=Picture("Ring", "A ring of ice")),
    ]
    folder = tmp_path / "pictures"
    told = put(folder, *wanted)
    assert [each["src"] for each in told] == [
        "pictures/1.jpg",
        "pictures/1-align-ice-as-seen.jpg",
        "pictures/1-align-ice-as-seen-2.jpg",
        "pictures/1-align-ring.jpg",
    ]
    assert all((tmp_path / each["src"]).is_file() for each in told)
    assert [(each["title"], each["alt"]) for each in told[2:]] == [
        ("Ice: as seen!", "Ice: as seen!"),
        ("Ring", "A ring of ice"),
    ]
    (again,) = put(folder, wanted[3])  # what is gone leaves no file
    assert again["src"] == "pictures/1.jpg"
    assert sorted(path.name for path in folder.iterdir()) == ["1.jpg", "1.js"]


def test_a_picture_that_is_broken_leaves_the_others(tmp_path: Path, thumbnail: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    told = put(tmp_path / "pictures", found(broken), found(thumbnail, "Ring"))
    assert [(each["title"], each["src"]) for each in told] == [("Ring", "pictures/1.jpg")]


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("png", mode) for mode in ("L", "RGB", "RGBA", "LA", "P", "I;16")),
        *(("webp", mode) for mode in ("RGB", "RGBA")),
        *(("jpg", mode) for mode in ("L", "RGB", "CMYK")),
    ],
)
def test_pictures_of_any_kind_are_shown_on_white(tmp_path: Path, kind: str, mode: str) -> None:
    source, target = tmp_path / f"source.{kind}", tmp_path / "target.jpg"
    Image.new(mode, (40, 30), "black" if mode == "CMYK" else 0).save(source)
    assert shrink(source, target)
    with Image.open(target) as small:
        grey = float(np.asarray(small.convert("L")).mean())
    assert (grey > 250) == (mode in ("RGBA", "LA"))  # transparent all over


def test_an_image_in_mrc_is_drawn_in_grey(tmp_path: Path) -> None:
    images = np.zeros((3, 600, 800), np.float32)
    images[1, :, 400:] = 1.0
    images[1, 0, 0] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # mrcfile's, of what is not a number
        mrcfile.write(tmp_path / "ice.mrc", images)
    made = show(tmp_path / "ice.mrc", tmp_path / "shown")
    assert made == tmp_path / "shown.jpg"
    with Image.open(made) as small:
        assert small.size == (400, 300)
        grey = np.asarray(small).astype(float)
    assert grey[:, :190].mean() < 5
    assert grey[:, 210:].mean() > 250


def test_a_drawing_stays_one_and_has_a_limit(tmp_path: Path) -> None:
    drawing = tmp_path / "drawing.svg"
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (told,) = put(tmp_path / "pictures", found(drawing))
    assert told["src"] == "pictures/1-align-micrograph.svg"
    assert (tmp_path / told["src"]).read_bytes() == drawing.read_bytes()
    assert (tmp_path / "pictures" / "1.jpg").is_file(), "for the list"
    drawing.write_bytes(b" " * 2_000_000)
    assert show(drawing, tmp_path / "large") is None


def test_half_files_of_a_dead_writer_are_swept(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    old, new = folder / ".1.jpg.77.tmp", tmp_path / ".live.js.78.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    PictureFolder(folder).sweep()
    assert not old.exists()
    assert new.exists(), "it may be written at this moment"


def test_scripts_hold_strict_json_that_cannot_end_the_script(tmp_path: Path) -> None:
    document = {"name": "</script><b>\u2028", "values": [1.5, None]}
    write_script(tmp_path / "x.js", "live", document)
    text = (tmp_path / "x.js").read_text(encoding="utf-8")
    assert text.startswith("icestream.live(")
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text[len("icestream.live(") : -3]) == document
    with pytest.raises(ValueError, match="JSON"):
        write_script(tmp_path / "x.js", "live", {"value": float("nan")})


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "live.js"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert [each.name for each in path.parent.iterdir()] == ["live.js"]


def test_the_sprite_shows_the_chosen_averages_in_order() -> None:
    averages = np.zeros((7, 16, 16), np.float32)
    for number in range(7):
        averages[number, :, : 2 * number + 1] = 1.0
    png, columns, rows = class_sprite(averages, [6, 0, 3, 2, 1])
    assert (columns, rows) == (3, 2)
    with Image.open(BytesIO(png)) as sheet:
        tiles = np.asarray(sheet).reshape(2, 128, 3, 128).swapaxes(1, 2).reshape(6, 128, 128)
    bright = (tiles > 127).mean(axis=(1, 2))
    np.testing.assert_allclose(bright[:5], (2 * np.array([6, 0, 3, 2, 1]) + 1) / 16, atol=0.05)
    assert bright[5] == 0.0


@pytest.mark.parametrize("suffix", ["mrc", "tif"])
def test_a_whole_micrograph_is_drawn_as_the_thumbnails_of_alignment_are(
    tmp_path: Path, suffix: str
) -> None:
    image = np.random.default_rng(2).normal(8.0, 3.0, (1100, 1024)).astype(np.float32)
    path = tmp_path / f"e.{suffix}"
    if suffix == "mrc":
        mrcfile.write(path, image)
    else:
        Image.fromarray(image).save(path)
    assert shrink(path, tmp_path / "small.jpg", 1.5)
    with Image.open(tmp_path / "small.jpg") as picture:
        grey = np.asarray(picture, dtype=float)
    expected = draw_thumbnail(image, 1.5, 512)
    assert grey.shape == expected.shape
    assert np.corrcoef(grey.ravel(), expected.ravel())[0, 1] > 0.95
