"""Pictures and details of a bounded number of exposures, and the class averages."""

import contextlib
import io
import json
import math
import os
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from icestream.formats.whole import UNFINISHED, written_whole
from icestream.processing.grey import stretch

__all__ = ["PictureFolder", "class_sprite", "shrink", "write_atomically", "write_script"]

_SIDE = 512
"""Longest side of a picture in the report, pixels."""
_TILE = 128


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
            for path in (self._script(order), *self._pictures(order).values()):
                path.unlink(missing_ok=True)

    def has(self, order: int, changed: float) -> bool:
        """Whether an earlier report left everything of this exposure, newer than `changed`."""
        picture = self._pictures(order)["picture"]
        try:
            fresh = order not in self.kept and self._script(order).stat().st_mtime > changed + 1.0
        except OSError:
            return False
        if fresh and picture.exists():
            self.kept.add(order)
            return True
        return False

    def sweep(self) -> None:
        """Remove what an earlier report left of exposures that are not kept, and half files."""
        for half in (*self.folder.glob(UNFINISHED), *self.folder.parent.glob(UNFINISHED)):
            with contextlib.suppress(OSError):
                if half.stat().st_mtime < time.time() - 60.0:
                    half.unlink()
        for path in self.folder.glob("[0-9]*"):
            if not self.keeps(int(re.match(r"[0-9]+", path.name).group()) - 1):  # type: ignore[union-attr]
                path.unlink(missing_ok=True)

    def put(self, order: int, found: Mapping[str, Path | None], details: dict[str, Any]) -> None:
        """Write the pictures, of which `found` has the sources, and the details of one exposure."""
        for name, path in self._pictures(order).items():
            made = shrink(found.get(name), path)
            details[name] = f"{self.folder.name}/{path.name}" if made else None
        write_script(self._script(order), "detail", details)
        if details["picture"]:
            self.kept.add(order)

    def _script(self, order: int) -> Path:
        return self.folder / f"{order + 1}.js"

    def _pictures(self, order: int) -> dict[str, Path]:
        """The thumbnail of a micrograph, its spectrum, and the tracks of its specimen."""
        stem = order + 1
        return {
            "picture": self.folder / f"{stem}.jpg",
            "spectrum": self.folder / f"{stem}-spectrum.jpg",
            "tracks": self.folder / f"{stem}-tracks.jpg",
        }


def shrink(source: Path | None, target: Path) -> bool:
    """Make a JPEG of at most 512 pixels from a picture; whether there is one now.

    A picture that is not there or cannot be read leaves none: the report goes on without it.
    """
    if source is None:
        return False
    with contextlib.suppress(OSError):
        changed = source.stat().st_mtime_ns
        if target.exists() and target.stat().st_mtime_ns == changed:
            return True
        with Image.open(source) as picture:
            small = picture.convert("RGB" if picture.mode in ("RGB", "RGBA", "P") else "L")
            small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
            buffer = io.BytesIO()
            small.save(buffer, "JPEG", quality=62)
        write_atomically(target, buffer.getvalue())
        os.utime(target, ns=(changed, changed))
        return True
    return target.exists()


def class_sprite(averages: NDArray[np.float32], chosen: Iterable[int]) -> tuple[bytes, int, int]:
    """One PNG with the chosen averages side by side; with its columns and rows.

    Each average is stretched from its 0.5th to its 99.5th percentile.
    """
    numbers = list(chosen)
    columns = max(1, math.ceil(math.sqrt(len(numbers))))
    rows = max(1, math.ceil(len(numbers) / columns))
    sheet = Image.new("L", (columns * _TILE, rows * _TILE))
    for place, number in enumerate(numbers):
        grey = stretch(np.asarray(averages[number], dtype=np.float32))
        tile = Image.fromarray(grey).resize((_TILE, _TILE), Image.Resampling.BICUBIC)
        sheet.paste(tile, ((place % columns) * _TILE, (place // columns) * _TILE))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue(), columns, rows
