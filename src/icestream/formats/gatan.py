"""Images in the files of Gatan's DigitalMicrograph: DM3 and DM4.

A file is a tree of tags, big-endian, whose values are in the byte order that the header gives. The
images are below ``ImageList``; the first is usually a small coloured preview. Only what is needed
to find an image is read: long arrays are stepped over.

Rows
    DM stores the top row first, as TIFF does, and the rows are turned as those of a TIFF are
    (`icestream.formats.tiff`): so a reference lies as the MRC does that IMOD's ``dm2mrc`` makes.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from icestream.formats.errors import FormatError
from icestream.formats.within import inside

__all__ = ["read_gatan"]

_GROUP, _VALUE = 20, 21
_STRUCT, _STRING, _ARRAY = 15, 18, 20
_SIZES = {2: 2, 3: 4, 4: 2, 5: 4, 6: 4, 7: 8, 8: 1, 9: 1, 10: 1, 11: 8, 12: 8}
"""Bytes of the simple types of a tag."""
_CODES = {2: "h", 3: "i", 4: "H", 5: "I", 6: "f", 7: "d", 8: "B", 9: "b", 10: "b", 11: "q", 12: "Q"}
_PIXELS = {1: "i2", 2: "f4", 6: "u1", 7: "i4", 9: "i1", 10: "u2", 11: "u4", 12: "f8"}
"""Types of pixels by ``DataType``; complex and coloured images are not read."""
_DEEPEST = 64


@dataclass(slots=True)
class _Image:
    kind: int = 0
    dimensions: list[int] = field(default_factory=list)
    place: int = 0
    """Of the data in the file."""
    size: int = 0

    @property
    def readable(self) -> bool:
        """Whether it has pixels of a type that is read, all of them in the file."""
        if self.kind not in _PIXELS or len(self.dimensions) < 2 or min(self.dimensions) < 1:
            return False
        pixels = int(np.prod(self.dimensions, dtype=object))
        return self.size >= pixels * np.dtype(_PIXELS[self.kind]).itemsize


def read_gatan(path: Path | str) -> NDArray[Any]:
    """The largest image ``(y, x)`` of a DM3 or DM4 file; of a stack the first.

    Raises
    ------
    FormatError
        If the file is cut off, no DM file, or holds no image of plain numbers.
    """
    path = Path(path)
    with inside(path).open("rb") as file:
        tags = _Tags(path, file)
        images: dict[str, _Image] = {}
        for name, value in tags.walk():
            parts = name.split("/")
            if len(parts) < 4 or parts[0] != "ImageList" or parts[2] != "ImageData":
                continue
            image = images.setdefault(parts[1], _Image())
            if parts[3] == "DataType" and isinstance(value, int):
                image.kind = value
            elif parts[3] == "Dimensions" and isinstance(value, int):
                image.dimensions.append(value)
            elif parts[3] == "Data" and isinstance(value, tuple):
                image.place, image.size = value
        readable = [image for image in images.values() if image.readable]
        if not readable:
            raise _wrong(path, "an image of plain numbers", f"{len(images)} images of other kinds")
        image = max(readable, key=lambda candidate: candidate.size)
        width, height = image.dimensions[:2]
        dtype = np.dtype(tags.order + _PIXELS[image.kind])
        file.seek(image.place)
        raw = file.read(width * height * dtype.itemsize)
    pixels = np.frombuffer(raw, dtype=dtype).reshape(height, width)
    return np.ascontiguousarray(pixels[::-1], dtype=dtype.newbyteorder("="))


class _Tags:
    """The tree of tags of an open file."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._length = path.stat().st_size
        version = self._number(4)
        if version not in (3, 4):
            raise _wrong(path, "a DM3 or DM4 file", f"version {version} in its first bytes")
        self._wide = version == 4
        self._count()  # the length of the file, which not every program writes truly
        self.order = "<" if self._number(4) else ">"

    def walk(self) -> Iterator[tuple[str, Any]]:
        """Names, with slashes, and values; of an array its place and size in the file."""
        yield from self._group("", 0)

    def _group(self, above: str, depth: int) -> Iterator[tuple[str, Any]]:
        if depth > _DEEPEST:
            raise _wrong(self._path, "groups of tags within groups", f"more than {_DEEPEST} deep")
        self._read(2)  # whether it is sorted, and open
        for index in range(self._count()):
            kind, length = struct.unpack(">BH", self._read(3))
            label = self._read(length).decode("latin-1") or str(index)
            if self._wide:
                self._count()  # bytes of the tag
            name = f"{above}/{label}" if above else label
            if kind == _GROUP:
                yield from self._group(name, depth + 1)
            elif kind == _VALUE:
                yield name, self._value(name)
            else:
                raise _wrong(self._path, f"a tag at {name}", f"the code {kind}")

    def _value(self, name: str) -> Any:
        if self._read(4) != b"%%%%":
            raise _wrong(self._path, f"%%%% before the value of {name}", "something else")
        described = [self._count() for _ in range(self._count())]
        kind = described[0] if described else 0
        if kind in _CODES and len(described) == 1:
            return struct.unpack(self.order + _CODES[kind], self._read(_SIZES[kind]))[0]
        size = self._size(name, described)
        offset = self._file.tell()
        if offset + size > self._length:
            raise _wrong(
                self._path,
                f"{size} bytes of {name} from byte {offset} on",
                f"a file of {self._length} bytes",
            )
        self._file.seek(size, 1)
        return offset, size

    def _size(self, name: str, described: list[int]) -> int:
        """Bytes of a structure, string or array."""
        kind = described[0] if described else 0
        if kind in _SIZES:
            return _SIZES[kind]
        if kind == _STRING and len(described) == 2:
            return 2 * described[1]
        if kind == _STRUCT and len(described) >= 3:
            fields = described[4 : 3 + 2 * described[2] : 2]
            return sum(self._size(name, [field]) for field in fields)
        if kind == _ARRAY and len(described) >= 3 and described[1] != _ARRAY:
            return described[-1] * self._size(name, described[1:-1])
        raise _wrong(self._path, f"a known type at {name}", f"{described[:8]}")

    def _count(self) -> int:
        return self._number(8 if self._wide else 4)

    def _number(self, size: int) -> int:
        return int.from_bytes(self._read(size), "big")

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise _wrong(
                self._path, "a whole DM file", f"{self._length} bytes, which end too early"
            )
        return data


def _wrong(path: Path, expected: str, found: str) -> FormatError:
    return FormatError(
        path,
        expected=expected,
        found=found,
        advice="copy the file again, or convert the reference to MRC with IMOD's dm2mrc",
    )
