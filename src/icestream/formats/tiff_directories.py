"""The directories of TIFF files, walked by hand: what tells a whole file from a growing one.

Every byte of a file is accounted for: by pixels, by a directory, or by a value that one points to.
Frames without a directory of their own are looked for where a file says that it has them: ImageJ
and tifffile write one directory for a whole stack, whose frames lie side by side.

Reading costs time and memory in proportion to the file, whatever is in it: what is there once is
read twice at most, and no two frames share their pixels.
"""

import json
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np

from icestream.formats.errors import FormatError
from icestream.formats.mrc import is_packed_size
from icestream.formats.within import inside

__all__ = ["COMPRESSION_TAG", "Chain", "Page", "read_pages", "walk_pages", "whole_pages"]

_COPY_AGAIN = "copy the file again, or wait until it is written"
EER_COMPRESSIONS = frozenset({65000, 65001, 65002})

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_KNOWN = frozenset({"u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"})
_UNSIGNED = {3: 2, 4: 4, 16: 8}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I"}
_CODES |= {16: "Q", 17: "q", 18: "Q"}

# Tags that are read; the names are those of the TIFF specification.
_WIDTH, _HEIGHT, _BITS, COMPRESSION_TAG, _DESCRIPTION = 256, 257, 258, 259, 270
_STRIPS, SAMPLES, ROWS, _COUNTS, _PLANAR, FILL_ORDER = 273, 277, 278, 279, 284, 266
_X_RESOLUTION, _RESOLUTION_UNIT, PREDICTOR, PHOTOMETRIC, DEPTH = 282, 296, 317, 262, 32997
_SUBFILE, BELOW = 254, 330
TILE_WIDTH, TILE_HEIGHT, TILES, _TILE_COUNTS, SAMPLE_FORMAT = 322, 323, 324, 325, 339
EER_METADATA, EER_SKIP_BITS, EER_X_BITS, EER_Y_BITS = 65001, 65007, 65008, 65009
_WANTED = frozenset(
    {_WIDTH, _HEIGHT, _BITS, COMPRESSION_TAG, _STRIPS, SAMPLES, ROWS, _COUNTS, _PLANAR}
    | {_X_RESOLUTION, _RESOLUTION_UNIT, PREDICTOR, _DESCRIPTION, SAMPLE_FORMAT, FILL_ORDER}
    | {TILE_WIDTH, TILE_HEIGHT, TILES, _TILE_COUNTS, PHOTOMETRIC, DEPTH, _SUBFILE, BELOW}
    | {EER_METADATA, EER_SKIP_BITS, EER_X_BITS, EER_Y_BITS}
)

_STORED_AS = (
    *(_BITS, COMPRESSION_TAG, SAMPLES, PREDICTOR, SAMPLE_FORMAT, FILL_ORDER),
    *(PHOTOMETRIC, DEPTH),
)

_MOST_PIXELS = 2**28
_NOT_WHOLE = frozenset({_DESCRIPTION, EER_METADATA, _X_RESOLUTION})
_LISTS = frozenset({_STRIPS, _COUNTS, TILES, _TILE_COUNTS})

_SPARE = 65536
"""Bytes beside the frames that a writer may leave unused, when a frame has more than twice that."""
_SPARE_OF_PAGE = 512
"""The same for each directory: an older one that was written anew, or what fills up a block."""
_MOST_SHRUNK = 1000
"""Times by which the pixels of a movie may be more than its bytes: noise does not shrink so."""
_SMALL = 2**26
"""Bytes of pixels that need no such look."""


class _Broken(Exception):
    """The chain of directories cannot be followed; caught in this module."""


@dataclass(frozen=True, slots=True)
class Page:
    """One directory of a TIFF file: an image, or one frame of a movie."""

    tags: Mapping[int, Any]
    order: str
    """Byte order, ``<`` or ``>``."""
    strips: tuple[tuple[int, int], ...]
    """Offset and bytes of each strip or tile."""

    @property
    def shape(self) -> tuple[int, int]:
        """(y, x) pixels."""
        width = int(self.tags.get(_WIDTH, 0))
        return int(self.tags.get(_HEIGHT, 0)), 2 * width if self.halved else width

    @property
    def compression(self) -> int:
        """TIFF's number of the compression."""
        return int(self.tags.get(COMPRESSION_TAG, 1))

    @property
    def is_eer(self) -> bool:
        """It holds events of electrons."""
        return self.compression in EER_COMPRESSIONS

    @property
    def is_reduced(self) -> bool:
        """It is a small picture of another page, and no frame."""
        return bool(int(self.tags.get(_SUBFILE, 0)) & 1)

    @property
    def bits(self) -> int:
        """Bits of a stored number."""
        return int(self.tags.get(_BITS, 1))

    @property
    def samples(self) -> int:
        """Numbers of a pixel: 3 for colours."""
        return int(self.tags.get(SAMPLES, 1))

    @property
    def halved(self) -> bool:
        """Bytes hold two pixels each, as SerialEM stores super-resolution, and IMOD knows."""
        if self.bits != 8 or self.samples != 1 or self.tags.get(SAMPLE_FORMAT, 1) != 1:
            return False
        size = int(self.tags.get(_WIDTH, 0)), int(self.tags.get(_HEIGHT, 0))
        return is_packed_size(*size) or "4 bits packed" in self.description

    @property
    def stored_as(self) -> tuple[Any, ...]:
        """What decides how its pixels are read, beside their number."""
        return tuple(self.tags.get(tag) for tag in _STORED_AS)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of the image when nothing is compressed."""
        return (int(self.tags.get(_WIDTH, 0)) * self.bits * self.samples + 7) // 8

    @property
    def end(self) -> int:
        """Position behind its last byte of pixels."""
        return max((offset + count for offset, count in self.strips), default=0)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a decoded pixel; void where it is none that we know."""
        kind = {1: "u", 2: "i", 3: "f"}.get(self.tags.get(SAMPLE_FORMAT, 1), "V")
        bits = 16 if 8 < self.bits < 16 and kind == "u" else max(self.bits, 8)
        name = f"{kind}{bits // 8}" if bits % 8 == 0 else ""
        return np.dtype(name if name in _KNOWN else "V1")

    @property
    def pixel_size(self) -> float | None:
        """Å, when the resolution is given per centimetre and is one of a microscope."""
        resolution = self.tags.get(_X_RESOLUTION, 0)
        known = isinstance(resolution, int | float) and resolution > 0
        if not known or int(self.tags.get(_RESOLUTION_UNIT, 2)) != 3:
            return None
        size = 1e8 / resolution
        return size if 0.05 < size < 100.0 else None

    @property
    def description(self) -> str:
        """Free text of the writer."""
        text = self.tags.get(_DESCRIPTION, b"")
        return text.decode("utf-8", "replace").rstrip("\0 ") if isinstance(text, bytes) else ""


@dataclass(frozen=True, slots=True)
class Chain:
    """The directories of a TIFF file, as far as they can be followed."""

    pages: tuple[Page, ...]
    size: int
    """Bytes of the file."""
    end: int = 0
    """Position behind the last byte that a page or a directory uses."""
    problem: str = ""
    """Why the file is not whole; empty when its structure is."""
    used: int = 0
    """Bytes that pages, directories and their values account for."""

    @property
    def frames(self) -> tuple[Page, ...]:
        """The frames of a movie, without small pictures of them.

        Of EER those of events, without the final image of the camera.
        """
        events = tuple(page for page in self.pages if page.is_eer)
        return events or tuple(page for page in self.pages if not page.is_reduced) or self.pages


@dataclass(slots=True)
class _Reader:
    """Reads numbers of a TIFF file, classic or big, of either byte order."""

    file: BinaryIO
    size: int
    order: str = "<"
    big: bool = False
    first: int = 0
    end: int = 0
    """Position behind the last byte that was read."""
    spent: int = 0
    """Bytes that were read."""
    values: dict[int, int] = field(default_factory=dict)
    """Bytes of values, by their places."""
    used: int = 0
    """Bytes of the directories."""

    def start(self) -> None:
        head = self.file.read(16)
        orders = {b"II": "<", b"MM": ">"}
        if head[:2] not in orders or len(head) < 8:
            raise _Broken(f"first bytes {head[:4]!r}")
        self.order = orders[head[:2]]
        version = struct.unpack(self.order + "H", head[2:4])[0]
        if version not in (42, 43):
            raise _Broken(f"TIFF version {version}")
        self.big = version == 43
        if self.big and len(head) < 16:
            raise _Broken(f"{len(head)} bytes")
        at = head[8:16] if self.big else head[4:8]
        self.first = struct.unpack(self.order + ("Q" if self.big else "I"), at)[0]
        self.used = 16 if self.big else 8

    def piece(self, offset: int, count: int) -> bytes:
        if offset + count > self.size:
            raise _Broken(f"a directory that reaches to byte {offset + count} of {self.size}")
        self.spent += count
        if self.spent > 2 * self.size + _SPARE:
            raise _Broken(f"directories that share what they point to: {self.spent} bytes")
        self.end = max(self.end, offset + count)
        return os.pread(self.file.fileno(), count, offset)

    def directory(self, offset: int) -> tuple[dict[int, Any], int]:
        """The tags at `offset`, and where the next directory is."""
        head, entry = (8, 20) if self.big else (2, 12)
        count = struct.unpack(self.order + ("Q" if self.big else "H"), self.piece(offset, head))[0]
        if not 0 < count < 4096:
            raise _Broken(f"a directory of {count} entries")
        link = 8 if self.big else 4
        raw = self.piece(offset + head, count * entry + link)
        self.used += head + len(raw)
        tags: dict[int, Any] = {}
        layout = self.order + ("HHQ8s" if self.big else "HHI4s")
        byte_order: Literal["little", "big"] = "little" if self.order == "<" else "big"
        for tag, kind, length, inline in struct.iter_unpack(layout, raw[:-link]):
            self._account(kind, length, inline)
            if tag not in _WANTED or kind not in _SIZES or length == 0:
                continue
            if length == 1 and kind in _UNSIGNED and _UNSIGNED[kind] <= link:
                tags[tag] = int.from_bytes(inline[: _UNSIGNED[kind]], byte_order)
            else:
                value = self._value(kind, length, inline)
                value = value if tag in _LISTS or not isinstance(value, tuple) else value[0]
                whole = value[0] if isinstance(value, tuple) else value
                if tag not in _NOT_WHOLE and not isinstance(whole, int):
                    raise _Broken(f"tag {tag} that is {type(whole).__name__}, not a whole number")
                tags[tag] = value
        following = struct.unpack(self.order + ("Q" if self.big else "I"), raw[-link:])[0]
        return tags, following

    def _account(self, kind: int, length: int, inline: bytes) -> None:
        """Note the bytes of a value that lies elsewhere, whether it is wanted or not."""
        size = _SIZES.get(kind, 0) * length
        if size > len(inline):
            offset = struct.unpack(self.order + ("Q" if self.big else "I"), inline)[0]
            inside = min(size, max(0, self.size - offset))
            self.values[offset] = max(self.values.get(offset, 0), inside)

    def _value(self, kind: int, length: int, inline: bytes) -> Any:
        size = _SIZES[kind] * length
        if size > self.size:
            raise _Broken(f"a tag of {size} bytes")
        if size > len(inline):
            offset = struct.unpack(self.order + ("Q" if self.big else "I"), inline)[0]
            inline = self.piece(offset, size)
        if kind in (2, 7):
            return inline[:size]
        if kind in (5, 10):
            above, below = struct.unpack_from(self.order + ("II" if kind == 5 else "ii"), inline)
            return above / below if below else 0.0
        values = struct.unpack_from(f"{self.order}{length}{_CODES[kind]}", inline)
        return values[0] if length == 1 else values


def walk_pages(path: Path | str, limit: int | None = None) -> Chain:
    """Follow the chain of directories without decoding anything.

    Parameters
    ----------
    limit
        Stop after so many pages; None follows the chain to its end.

    Returns
    -------
    Chain
        Its `problem` says where the chain breaks, or which strip lies beyond the end of the file;
        a file that is no TIFF has a problem and no pages.
    """
    path = Path(path)
    pages: list[Page] = []
    seen: set[int] = set()
    with inside(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        reader = _Reader(file, size)
        stored = 0
        try:
            reader.start()
            offset = reader.first
            if not offset:
                raise _Broken("no directory")
            while offset and (limit is None or len(pages) < limit):
                if offset in seen:
                    raise _Broken("directories that point at each other")
                seen.add(offset)
                tags, offset = reader.directory(offset)
                page = Page(tags, reader.order, _strips(tags))
                _check_page(page, size)
                pages.append(page)
                stored += sum(count for _, count in page.strips)
                if stored > size:
                    raise _Broken(f"pages that share pixels: {stored} bytes of them in {size}")
            if limit is None:
                pages = _frames_of_stack(pages, size)
        except (_Broken, struct.error, TypeError, ValueError, KeyError) as error:
            return Chain(tuple(pages), size, reader.end, f"page {len(pages) + 1}: {error}")
    end = max(reader.end, *(page.end for page in pages))
    used = reader.used + sum(reader.values.values()) + sum(_stored(page) for page in pages)
    return Chain(tuple(pages), size, end, used=used)


def _strips(tags: Mapping[int, Any]) -> tuple[tuple[int, int], ...]:
    offsets = _many(tags.get(_STRIPS, tags.get(TILES, ())))
    counts = _many(tags.get(_COUNTS, tags.get(_TILE_COUNTS, ())))
    if not offsets or len(offsets) != len(counts):
        raise _Broken(f"{len(offsets)} strips with {len(counts)} lengths")
    return tuple(zip(offsets, counts, strict=True))


def _check_page(page: Page, size: int) -> None:
    height, width = page.shape
    if min(height, width) < 1 or height * width > _MOST_PIXELS:
        raise _Broken(f"an image of {page.shape[0]} x {page.shape[1]} pixels")
    if min(int(page.tags.get(tag, 1)) for tag in (ROWS, TILE_WIDTH, TILE_HEIGHT)) < 1:
        raise _Broken("strips without rows")
    if TILES in page.tags and not {TILE_WIDTH, TILE_HEIGHT} <= page.tags.keys():
        raise _Broken("tiles without a size")
    if page.bits < 1 or page.samples < 1:
        raise _Broken(f"{page.samples} samples of {page.bits} bits")
    if min(min(strip) for strip in page.strips) < 0:
        raise _Broken("strips before the file")
    if page.end > size:
        raise _Broken(f"pixels that reach to byte {page.end} of {size}")
    if page.compression == 1 and TILES not in page.tags:
        stored = sum(count for _, count in page.strips)
        if stored < height * page.row_bytes:
            raise _Broken(f"strips of {stored} bytes for pixels of {height * page.row_bytes}")


def _stored(page: Page) -> int:
    """Bytes of the pixels of a page: of plain strips no more than they can fill."""
    stored = sum(count for _, count in page.strips)
    plain = page.compression == 1 and TILES not in page.tags
    return min(stored, page.shape[0] * page.row_bytes) if plain else stored


def _many(value: Any) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)


def _frames_of_stack(pages: list[Page], size: int) -> list[Page]:
    """The pages, or the frames that the only one describes: they lie side by side behind it."""
    first = pages[0]
    count = _described(first)
    if count <= len(pages) or first.is_eer:
        return pages
    frame = first.shape[0] * first.row_bytes
    start, at = first.strips[0][0], first.strips[0][0]
    for offset, length in first.strips:
        if offset != at:
            break
        at += length
    else:
        if len(pages) == 1 and first.compression == 1 and TILES not in first.tags:
            if start + count * frame > size:
                reach = start + count * frame
                raise _Broken(f"{count} frames by its description, to byte {reach} of {size}")
            tags = {**first.tags, ROWS: first.shape[0]}
            return [
                replace(first, tags=tags, strips=((start + index * frame, frame),))
                for index in range(count)
            ]
    raise _Broken(f"{count} frames by its description, and directories for {len(pages)}")


def _described(page: Page) -> int:
    """Frames that the first directory says there are: in the words of ImageJ or tifffile."""
    text = page.description
    if text.startswith("ImageJ="):
        match = re.search(r"^images=(\d{1,9})[ \t\r]*$", text, re.MULTILINE)
        return int(match.group(1)) if match else 1
    if text.startswith("{") and '"shape"' in text:
        try:
            shape = json.loads(text)["shape"]
            return int(np.prod([int(n) for n in shape], dtype=object)) // (
                page.shape[0] * page.shape[1] * page.samples
            )
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            return 1
    return 1


def read_pages(path: Path | str) -> tuple[Page, ...]:
    """All pages of a whole TIFF file.

    Raises
    ------
    FormatError
        If the file is no TIFF, or the chain breaks, or a strip lies beyond the end, or there are
        bytes that no page accounts for.
    """
    return whole_pages(path, walk_pages(path))


def whole_pages(path: Path | str, chain: Chain) -> tuple[Page, ...]:
    """The pages of a chain that has no problem.

    Raises
    ------
    FormatError
        If it has one.
    """
    if chain.problem:
        foreign = not chain.pages and "first bytes" in chain.problem
        raise FormatError(
            path,
            expected="a TIFF file" if foreign else "a whole TIFF file",
            found=f"{chain.problem} (file of {chain.size} bytes)",
            advice="give a TIFF file" if foreign else _COPY_AGAIN,
        )
    _check_every_byte(path, chain)
    return chain.pages


def _check_every_byte(path: Path | str, chain: Chain) -> None:
    """Refuse bytes that nothing accounts for, and pixels that so few bytes cannot hold."""
    count = len(chain.pages)
    frame = sum(_stored(page) for page in chain.pages) // count
    unused = chain.size - chain.used
    if unused > min(_SPARE, frame // 2) + _SPARE_OF_PAGE * (count + 1):
        raise FormatError(
            path,
            expected=f"{chain.used} bytes, as frames (there are {count}) and directories say",
            found=f"{chain.size} bytes, of which {unused} belong to no frame",
            advice="wait until it is written, or save it with one directory for each frame",
        )
    pixels = sum(page.shape[0] * page.row_bytes for page in chain.pages)
    if pixels > _MOST_SHRUNK * chain.size + _SMALL:
        raise FormatError(
            path,
            expected=f"more than {pixels // _MOST_SHRUNK} bytes for {count} frames of counts",
            found=f"{chain.size} bytes",
            advice="give a movie that holds electrons",
        )
