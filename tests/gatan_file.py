"""Files as Gatan's DigitalMicrograph writes them: a preview and one image."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = {"i2": 1, "f4": 2, "u1": 6, "i4": 7, "i1": 9, "u2": 10, "u4": 11, "f8": 12}
SIMPLE = {"i2": 2, "i4": 3, "u2": 4, "u4": 5, "f4": 6, "f8": 7, "u1": 10, "i1": 9}


def write_gatan(
    path: Path, image: NDArray[Any], *, version: int = 4, order: str = "<", preview: bool = True
) -> None:
    """Write `image` ``(y, x)`` or ``(n, y, x)``, its first row first."""
    Writer(version, order).write(path, image, preview)


class Writer:
    """Tags of one version and byte order."""

    def __init__(self, version: int, order: str) -> None:
        self.version = version
        self.order = order
        self.wide = version == 4

    def write(self, path: Path, image: NDArray[Any], preview: bool) -> None:
        pictures = [self.image(image)]
        if preview:
            colours = np.zeros((8, 8), "i4")
            pictures.insert(0, self.image(colours, kind=23))
        tags = [
            self.value("DataBar", struct.pack(self.order + "i", 5), [3]),
            self.value("Text", "gain".encode("utf-16-le"), [20, 4, 4]),
            self.value("Point", struct.pack(self.order + "fh", 1.5, 2), [15, 0, 2, 0, 6, 0, 2]),
            self.value("Points", bytes(3 * 8), [20, 15, 0, 2, 0, 6, 0, 6, 3]),
            self.group("ImageList", pictures),
        ]
        body = self.inside(tags)
        head = struct.pack(">i", self.version) + self.count(len(body))
        path.write_bytes(head + struct.pack(">i", self.order == "<") + body + bytes(8))

    def image(self, image: NDArray[Any], kind: int | None = None) -> bytes:
        code = image.dtype.newbyteorder("=").str[1:]
        stored = image.astype(image.dtype.newbyteorder(self.order)).tobytes()
        sides = [
            self.value("", struct.pack(self.order + "I", side), [5])
            for side in reversed(image.shape)
        ]
        number = struct.pack(self.order + "i", KINDS[code] if kind is None else kind)
        data = [
            self.value("Data", stored, [20, SIMPLE[code], image.size]),
            self.value("DataType", number, [3]),
            self.group("Dimensions", sides),
        ]
        return self.group("", [self.group("ImageData", data)])

    def group(self, name: str, tags: Sequence[bytes]) -> bytes:
        return self.tag(20, name, self.inside(tags))

    def value(self, name: str, raw: bytes, described: Sequence[int]) -> bytes:
        head = b"%%%%" + self.count(len(described)) + b"".join(map(self.count, described))
        return self.tag(21, name, head + raw)

    def inside(self, tags: Sequence[bytes]) -> bytes:
        return b"\x01\x00" + self.count(len(tags)) + b"".join(tags)

    def tag(self, kind: int, name: str, content: bytes) -> bytes:
        head = struct.pack(">BH", kind, len(name)) + name.encode("latin-1")
        return head + (self.count(len(content)) if self.wide else b"") + content

    def count(self, number: int) -> bytes:
        return number.to_bytes(8 if self.wide else 4, "big")
