"""TIFF movies and images: directories walked by hand, strips decoded where they belong.

The chain of directories is what tells a whole file from a growing one, so it is read here and
not hidden in a library; it also lets frames be decoded in several threads.

Rows
    TIFF stores the top row of a picture first, MRC the bottom row. RELION therefore turns a TIFF
    upside down when it reads one, and an MRC not. We do the same on reading and on writing, so
    that a micrograph, a gain reference and a coordinate mean the same to both programs.
"""

import os
import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import imagecodecs
import numba
import numpy as np
import tifffile
from numpy.typing import NDArray

from icestream.formats.errors import FormatError
from icestream.formats.lzw import SPARE, decode_lzw
from icestream.formats.whole import written_whole
from icestream.threads import in_threads

__all__ = ["Chain", "Page", "decode_page", "read_pages", "read_tiff", "walk_pages", "write_tiff"]

_COPY_AGAIN = "copy the file again, or wait until it is written"
EER_COMPRESSIONS = frozenset({65000, 65001, 65002})

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_KNOWN = frozenset({"u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"})
_UNSIGNED = {3: 2, 4: 4, 16: 8}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I"}
_CODES |= {16: "Q", 17: "q", 18: "Q"}

# Tags that are read; the names are those of the TIFF specification.
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _DESCRIPTION = 256, 257, 258, 259, 270
_STRIPS, _SAMPLES, _ROWS, _COUNTS, _PLANAR = 273, 277, 278, 279, 284
_X_RESOLUTION, _RESOLUTION_UNIT, _PREDICTOR = 282, 296, 317
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_COUNTS, _FORMAT = 322, 323, 324, 325, 339
EER_METADATA, EER_SKIP_BITS, EER_X_BITS, EER_Y_BITS = 65001, 65007, 65008, 65009
_WANTED = frozenset(
    {_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _STRIPS, _SAMPLES, _ROWS, _COUNTS, _PLANAR}
    | {_X_RESOLUTION, _RESOLUTION_UNIT, _PREDICTOR, _DESCRIPTION, _FORMAT}
    | {_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_COUNTS}
    | {EER_METADATA, EER_SKIP_BITS, EER_X_BITS, EER_Y_BITS}
)

_MOST_PIXELS = 2**28
_NOT_WHOLE = frozenset({_DESCRIPTION, EER_METADATA, _X_RESOLUTION})
_LISTS = frozenset({_STRIPS, _COUNTS, _TILES, _TILE_COUNTS})

_LZW = 5
_NATIVE = "<" if sys.byteorder == "little" else ">"
_DECODERS: dict[int, Callable[..., Any]] = {
    8: imagecodecs.zlib_decode,
    32946: imagecodecs.zlib_decode,
    32773: imagecodecs.packbits_decode,
    50000: imagecodecs.zstd_decode,
    34926: imagecodecs.zstd_decode,
}


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
        return int(self.tags.get(_HEIGHT, 0)), int(self.tags.get(_WIDTH, 0))

    @property
    def compression(self) -> int:
        """TIFF's number of the compression."""
        return int(self.tags.get(_COMPRESSION, 1))

    @property
    def bits(self) -> int:
        """Bits of a pixel."""
        return int(self.tags.get(_BITS, 1))

    @property
    def end(self) -> int:
        """Position behind its last byte of pixels."""
        return max((offset + count for offset, count in self.strips), default=0)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a decoded pixel; void where it is none that we know."""
        kind = {1: "u", 2: "i", 3: "f"}.get(self.tags.get(_FORMAT, 1), "V")
        name = f"{kind}{max(self.bits, 8) // 8}"
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

    def piece(self, offset: int, count: int) -> bytes:
        if offset + count > self.size:
            raise _Broken(f"a directory that reaches to byte {offset + count} of {self.size}")
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
        tags: dict[int, Any] = {}
        layout = self.order + ("HHQ8s" if self.big else "HHI4s")
        byte_order: Literal["little", "big"] = "little" if self.order == "<" else "big"
        for tag, kind, length, inline in struct.iter_unpack(layout, raw[:-link]):
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
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        reader = _Reader(file, size)
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
        except (_Broken, struct.error, TypeError, ValueError, KeyError) as error:
            return Chain(tuple(pages), size, reader.end, f"page {len(pages) + 1}: {error}")
    end = max(reader.end, *(page.end for page in pages))
    return Chain(tuple(pages), size, end)


def _strips(tags: Mapping[int, Any]) -> tuple[tuple[int, int], ...]:
    offsets = _many(tags.get(_STRIPS, tags.get(_TILES, ())))
    counts = _many(tags.get(_COUNTS, tags.get(_TILE_COUNTS, ())))
    if not offsets or len(offsets) != len(counts):
        raise _Broken(f"{len(offsets)} strips with {len(counts)} lengths")
    return tuple(zip(offsets, counts, strict=True))


def _check_page(page: Page, size: int) -> None:
    height, width = page.shape
    if min(height, width) < 1 or height * width > _MOST_PIXELS:
        raise _Broken(f"an image of {page.shape[0]} x {page.shape[1]} pixels")
    if min(int(page.tags.get(tag, 1)) for tag in (_ROWS, _TILE_WIDTH, _TILE_HEIGHT)) < 1:
        raise _Broken("strips without rows")
    if min(min(strip) for strip in page.strips) < 0:
        raise _Broken("strips before the file")
    if page.end > size:
        raise _Broken(f"pixels that reach to byte {page.end} of {size}")


def _many(value: Any) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)


def read_pages(path: Path | str) -> tuple[Page, ...]:
    """All pages of a whole TIFF file.

    Raises
    ------
    FormatError
        If the file is no TIFF, or the chain breaks, or a strip lies beyond the end.
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
    return chain.pages


def decode_page(
    path: Path | str, file: BinaryIO | int, page: Page, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Decode one page into ``(y, x)``, its last stored row first (see the module's note on rows).

    Parameters
    ----------
    path
        For messages.
    file
        Open file, or its descriptor; read by position, so threads may share it.
    page
        One of `read_pages`.
    out
        Contiguous array of the page's shape and type that is filled and returned; None makes one.
    """
    if int(page.tags.get(_SAMPLES, 1)) != 1 or page.bits not in (4, 8, 16, 32, 64):
        raise FormatError(
            path,
            expected="grey images of 4, 8, 16 or 32 bits",
            found=f"{page.tags.get(_SAMPLES, 1)} samples of {page.bits} bits",
            advice="save the movie as a grey TIFF",
        )
    if page.dtype.kind == "V":
        raise FormatError(
            path,
            expected="integer or real pixels",
            found=f"sample format {page.tags.get(_FORMAT)}",
            advice="save the image as integers or float32",
        )
    image: NDArray[Any] = np.empty(page.shape, dtype=page.dtype) if out is None else out
    descriptor = file if isinstance(file, int) else file.fileno()
    try:
        _assemble(descriptor, page, image)
    except FormatError:
        raise
    except (imagecodecs.DelayedImportError, RuntimeError, ValueError, OSError) as error:
        raise FormatError(
            path,
            expected=f"pixels compressed with TIFF compression {page.compression}",
            found=f"what cannot be decoded ({error})",
            advice=_COPY_AGAIN,
        ) from error
    return image


def _assemble(descriptor: int, page: Page, image: NDArray[Any]) -> None:
    """Decode all strips or tiles, and turn the image upside down."""
    height, width = page.shape
    tiled = _TILES in page.tags
    rows = int(page.tags[_TILE_HEIGHT] if tiled else page.tags.get(_ROWS, height))
    columns = int(page.tags[_TILE_WIDTH]) if tiled else width
    rows = rows if tiled else min(rows, height)
    across = -(-width // columns)
    strips = page.strips[: across * -(-height // rows)]
    if len(strips) < across * -(-height // rows):
        raise ValueError(f"{len(strips)} strips for {height} rows of {rows} a strip")
    for place, strip in enumerate(strips):
        top, left = place // across * rows, place % across * columns
        bottom = min(top + rows, height)
        target = image[height - bottom : height - top, left : left + columns]
        if tiled:
            part = np.empty((rows, columns), dtype=page.dtype)
            _decode_strip(descriptor, page, strip, part)
            target[:] = part[bottom - top - 1 :: -1, : target.shape[1]]
        else:
            _decode_strip(descriptor, page, strip, target)
            _turn_over(target.view(np.uint8))


@numba.njit(cache=True, nogil=True)
def _turn_over(rows: NDArray[np.uint8]) -> None:  # pragma: no cover - compiled
    """Turn an image upside down where it is."""
    high, wide = rows.shape
    for y in range(high // 2):
        upper, lower = rows[y], rows[high - 1 - y]
        for x in range(wide):
            upper[x], lower[x] = lower[x], upper[x]


def _decode_strip(descriptor: int, page: Page, strip: tuple[int, int], out: NDArray[Any]) -> None:
    """Decode one strip or tile into `out` ``(rows, columns)``, contiguous, first row first."""
    offset, count = strip
    if page.compression == 1 and page.bits > 4:
        _fill(descriptor, offset, out.reshape(-1).view(np.uint8))
    else:
        stored = np.empty(count + SPARE, dtype=np.uint8)
        _fill(descriptor, offset, stored[:count])
        row_bytes = (out.shape[1] * page.bits + 7) // 8
        packed = np.empty((len(out), row_bytes), np.uint8) if page.bits == 4 else out
        flat = packed.reshape(-1).view(np.uint8)
        if page.compression == _LZW:
            decode_lzw(stored, flat)
        else:
            raw = stored[:count].tobytes()
            if page.compression in _DECODERS:
                raw = _DECODERS[page.compression](raw)
            elif page.compression != 1:
                raise ValueError(f"compression {page.compression} is not known")
            if len(raw) < flat.size:
                raise ValueError(f"{len(raw)} bytes of {flat.size}")
            flat[:] = np.frombuffer(raw, np.uint8, flat.size)
        if page.bits == 4:
            pixels = np.stack([packed >> 4, packed & 15], axis=-1).reshape(len(out), -1)
            out[:] = pixels[:, : out.shape[1]]
    if page.order != _NATIVE and out.itemsize > 1:
        out.byteswap(inplace=True)
    predictor = int(page.tags.get(_PREDICTOR, 1))
    if predictor == 2:
        np.cumsum(out, axis=1, dtype=out.dtype, out=out)
    elif predictor != 1:
        raise ValueError(f"predictor {predictor} is not known")


def _fill(descriptor: int, offset: int, buffer: NDArray[np.uint8]) -> None:
    """Read bytes of the file from `offset` on."""
    place = 0
    while place < buffer.size:
        read = os.preadv(descriptor, [buffer[place:].data], offset + place)
        if not read:
            raise ValueError(f"{place} bytes of {buffer.size} in the file")
        place += read


def read_tiff(path: Path | str, threads: int = 1) -> NDArray[Any]:
    """Read a TIFF file whole: ``(y, x)`` for one page, else ``(n, y, x)``.

    Rows are turned as RELION does it; see the module's note.

    Raises
    ------
    FormatError
        If the file is not whole, foreign, or its pages differ in size.
    """
    pages = read_pages(path)
    _same_size(path, pages)
    out = np.empty((len(pages), *pages[0].shape), dtype=pages[0].dtype)
    with Path(path).open("rb") as file:

        def fill(index: int) -> None:
            decode_page(path, file, pages[index], out[index])

        in_threads(fill, range(len(pages)), threads)
    return out[0] if len(pages) == 1 else out


def _same_size(path: Path | str, pages: tuple[Page, ...]) -> None:
    for number, page in enumerate(pages, start=1):
        if page.shape != pages[0].shape or page.dtype != pages[0].dtype:
            raise FormatError(
                path,
                expected=f"every page {pages[0].shape} {pages[0].dtype}, as the first",
                found=f"page {number} {page.shape} {page.dtype}",
                advice="give a movie whose frames have one size",
            )


def write_tiff(
    path: Path | str,
    array: NDArray[Any],
    *,
    compression: str | None = "lzw",
    pixel_size: float | None = None,
    description: str = "",
) -> None:
    """Write an image ``(y, x)`` or a movie ``(n, y, x)``, one page and one strip a frame.

    `read_tiff` gives the same array back. The file gets its name when it is whole.

    Parameters
    ----------
    compression
        ``"lzw"``, ``"deflate"``, ``"zstd"`` or None.
    pixel_size
        Å, written as the resolution per centimetre.
    """
    frames = array[None] if array.ndim == 2 else array
    resolution = {"resolution": (1e8 / pixel_size,) * 2, "resolutionunit": 3} if pixel_size else {}
    with (
        written_whole(path) as unfinished,
        tifffile.TiffWriter(unfinished, bigtiff=frames.nbytes > 2**31) as writer,
    ):
        for frame in frames:
            writer.write(
                np.ascontiguousarray(frame[::-1]),
                compression=compression,
                photometric="minisblack",
                rowsperstrip=frame.shape[0],
                description=description or None,
                contiguous=False,
                metadata=None,
                **resolution,  # type: ignore[arg-type]
            )
