"""Pictures and details of a bounded number of exposures, and the class averages.

What an item calls a picture is shown: what Pillow reads and what is in an MRC file becomes a small
JPEG, a drawing in SVG stays one.
"""

import contextlib
import io
import json
import math
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from icestream.formats.mrc import map_mrc
from icestream.model import Picture
from icestream.processing.fourier import bin_image
from icestream.processing.grey import draw_thumbnail, stretch
from icestream.whole import UNFINISHED, written_whole

__all__ = [
    "Found",
    "PictureFolder",
    "class_sprite",
    "show",
    "shrink",
    "write_atomically",
    "write_script",
]

_SIDE = 512
"""Longest side of a picture in the report, pixels."""
_TILE = 128
_MOST_DRAWING = 1_000_000
"""Bytes of a drawing in SVG that goes into the report."""
_MRC = (".mrc", ".mrcs", ".map")
_UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A picture that there is of an exposure."""

    step: str
    path: Path
    picture: Picture
    role: str = ""
    """What the page draws on it or beside it, when it is a ``micrograph`` or a ``spectrum``."""
    pixel_size: float = 0.0
    """Of a whole micrograph, Å: it is low-passed as the thumbnails of alignment are. 0: a
    picture already."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as unfinished:
        unfinished.write_bytes(content)


def write_script(path: Path, function: str, document: Any) -> None:
    """Write data as a script that calls ``icestream.<function>``; strict JSON inside."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # U+2028 and U+2029 end a line in older JavaScript; "<" keeps "</script" from meaning anything.
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("<", "\\u003c")
    write_atomically(path, f"icestream.{function}({text});\n".encode())


class PictureFolder:
    """Keeps the newest exposures, and thins the older ones out so that there is a limit.

    Parameters
    ----------
    folder
        Where the pictures lie.
    newest
        How many of the newest exposures keep theirs.
    older
        At most so many of the older ones do: every second, then every fourth ...
    """

    def __init__(self, folder: Path, *, newest: int = 120, older: int = 120) -> None:
        self.folder = folder
        self.kept: set[int] = set()
        self._newest = newest
        self._older = older
        self._total = 0
        self._stride = 2

    def keeps(self, order: int) -> bool:
        """Whether this exposure has pictures in the report at all."""
        return order >= self._total - self._newest or order % self._stride == 0

    def grow(self, total: int) -> None:
        """The session has `total` exposures now: remove what is no longer kept."""
        self._total = total
        while total - self._newest > self._older * self._stride:
            self._stride *= 2
        for order in [each for each in self.kept if not self.keeps(each)]:
            self.kept.discard(order)
            for path in (self._script(order), self._main(order), *self._others(order)):
                path.unlink(missing_ok=True)

    def has(self, order: int, changed: float) -> bool:
        """Whether an earlier report left everything of this exposure, newer than `changed`."""
        try:
            fresh = order not in self.kept and self._script(order).stat().st_mtime > changed + 1.0
        except OSError:
            return False
        if fresh and self._main(order).exists():
            self.kept.add(order)
            return True
        return False

    def forget(self) -> None:
        """Make everything anew: what is there was made for another version of the page."""
        for path in self.folder.glob("[0-9]*.js"):
            path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what an earlier report left of exposures that are not kept, and half files."""
        for half in (*self.folder.glob(UNFINISHED), *self.folder.parent.glob(UNFINISHED)):
            with contextlib.suppress(OSError):
                if half.stat().st_mtime < time.time() - 60.0:
                    half.unlink()
        for path in self.folder.glob("[0-9]*"):
            if not self.keeps(int(re.match(r"[0-9]+", path.name).group()) - 1):  # type: ignore[union-attr]
                path.unlink(missing_ok=True)

    def put(self, order: int, pictures: Sequence[Found], details: dict[str, Any]) -> None:
        """Write the pictures of one exposure, of which `found` has the sources, and its details."""
        main = self._main(order)
        left = set(self._others(order))
        shown: list[tuple[Path, Found]] = []
        for picture, name in zip(pictures, _names(pictures), strict=True):
            first = main not in {made for made, _ in shown} and not _is_drawing(picture.path)
            if first and shrink(picture.path, main, picture.pixel_size):
                shown.append((main, picture))
            elif made := show(picture.path, self.folder / f"{order + 1}-{name}"):
                shown.append((made, picture))
        for path in left - {made for made, _ in shown}:
            path.unlink(missing_ok=True)
        details["pictures"] = [self._entry(made, picture) for made, picture in shown]
        write_script(self._script(order), "detail", details)
        if shown:
            self.kept.add(order)
            if not main.exists():  # drawings alone: a list has an empty tile for them
                write_atomically(main, _jpeg(Image.new("L", (8, 8), 192)))

    def _entry(self, made: Path, picture: Found) -> dict[str, str]:
        return {
            "src": f"{self.folder.name}/{made.name}",
            "title": picture.picture.title,
            "alt": picture.picture.description or picture.picture.title,
            "role": picture.role,
        }

    def _script(self, order: int) -> Path:
        return self.folder / f"{order + 1}.js"

    def _main(self, order: int) -> Path:
        """The picture by which people know an exposure in a list."""
        return self.folder / f"{order + 1}.jpg"

    def _others(self, order: int) -> list[Path]:
        return sorted(self.folder.glob(f"{order + 1}-*"))


def _names(pictures: Sequence[Found]) -> Iterator[str]:
    """A name for the file of each picture: of its step and title, so that it stays the same."""
    taken: dict[str, int] = {}
    for picture in pictures:
        name = re.sub(r"[^a-z0-9]+", "-", f"{picture.step} {picture.picture.title}".lower()).strip(
            "-"
        )
        taken[name] = taken.get(name, 0) + 1
        yield name if taken[name] == 1 else f"{name}-{taken[name]}"


def show(source: Path, target: Path) -> Path | None:
    """Bring a picture to `target`, under the suffix that suits it; None when it cannot be shown."""
    if not _is_drawing(source):
        small = target.with_name(f"{target.name}.jpg")
        return small if shrink(source, small) else None
    drawing = target.with_name(f"{target.name}.svg")
    with contextlib.suppress(OSError):
        if source.stat().st_size > _MOST_DRAWING:
            return None
        write_atomically(drawing, source.read_bytes())
    return drawing if drawing.exists() else None


def shrink(source: Path | None, target: Path, pixel_size: float = 0.0) -> bool:
    """Make a JPEG of at most 512 pixels from a picture; whether there is one now.

    With a `pixel_size` in Å, it is an image of the microscope, and low-passed.

    A picture that is not there or cannot be read leaves none: the report goes on without it.
    """
    if source is None:
        return False
    with contextlib.suppress(*_UNREADABLE):
        changed = source.stat().st_mtime_ns
        if target.exists() and target.stat().st_mtime_ns == changed:
            return True
        small = _opened(source, pixel_size)
        small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
        write_atomically(target, _jpeg(small))
        os.utime(target, ns=(changed, changed))
        return True
    return target.exists()


def _is_drawing(source: Path) -> bool:
    return source.suffix.lower() == ".svg"


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=62)
    return buffer.getvalue()


def _opened(source: Path, pixel_size: float = 0.0) -> Image.Image:
    """A picture in grey or in colour; what is transparent is white."""
    if source.suffix.lower() in _MRC:
        return _drawn(map_mrc(source), pixel_size)
    with Image.open(source) as picture:
        if pixel_size > 0 or picture.mode == "F":
            return _drawn(np.asarray(picture)[None], pixel_size)
        if picture.has_transparency_data:
            clear = picture.convert("RGBA")
            paper = Image.new("RGBA", clear.size, "white")
            return Image.alpha_composite(paper, clear).convert("RGB")
        return picture.convert("RGB" if picture.mode in ("RGB", "P", "CMYK") else "L")


def _drawn(images: NDArray[Any], pixel_size: float = 0.0) -> Image.Image:
    """An image, or the middle one of several ``(z, y, x)``, in grey as class averages are."""
    middle = np.nan_to_num(np.asarray(images[len(images) // 2], dtype=np.float32))
    if pixel_size > 0:
        return Image.fromarray(draw_thumbnail(middle, pixel_size, _SIDE))
    factor = -(-max(middle.shape) // _SIDE)
    return Image.fromarray(stretch(bin_image(middle, factor) if factor > 1 else middle))


def class_sprite(averages: NDArray[np.float32], chosen: Iterable[int]) -> tuple[bytes, int, int]:
    """One PNG with the chosen averages side by side; with its columns and rows.

    Each average is stretched from its 0.5th to its 99.5th percentile.
    """
    numbers = list(chosen)
    columns = max(1, math.ceil(math.sqrt(len(numbers))))
    rows = max(1, math.ceil(len(numbers) / columns))
    sheet = Image.new("L", (columns * _TILE, rows * _TILE))
    for index, number in enumerate(numbers):
        grey = stretch(np.asarray(averages[number], dtype=np.float32))
        tile = Image.fromarray(grey).resize((_TILE, _TILE), Image.Resampling.BICUBIC)
        sheet.paste(tile, ((index % columns) * _TILE, (index // columns) * _TILE))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue(), columns, rows
