"""TIFF movies and images: strips decoded where they belong.

Frames can be decoded in several threads. What the directories say is in
`icestream.formats.tiff_directories`.

Rows
    TIFF stores the top row of a picture first, MRC the bottom row. RELION therefore turns a TIFF
    upside down when it reads one, and an MRC not. We do the same on reading and on writing, so
    that a micrograph, a gain reference and a coordinate mean the same to both programs.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from icestream.formats.errors import FormatError, NotRead
from icestream.formats.kinds import refuse_other_kinds
from icestream.formats.lzw import SPARE, decode_lzw
from icestream.formats.mrc import unpack_four_bits
from icestream.formats.tiff_directories import (
    BELOW,
    DEPTH,
    FILL_ORDER,
    PHOTOMETRIC,
    PREDICTOR,
    ROWS,
    SAMPLE_FORMAT,
    TILE_HEIGHT,
    TILE_WIDTH,
    TILES,
    Page,
    walk_pages,
    whole_pages,
)
from icestream.formats.within import inside
from icestream.threads import in_threads
from icestream.whole import written_whole

__all__ = ["check_pixels", "decode_page", "is_white_zero", "read_tiff", "write_tiff"]

_COPY_AGAIN = "copy the file again, or wait until it is written"
_LZW = 5
_NATIVE = "<" if sys.byteorder == "little" else ">"
_DECODERS: dict[int, Callable[..., Any]] = {
    8: imagecodecs.zlib_decode,
    32946: imagecodecs.zlib_decode,
    32773: imagecodecs.packbits_decode,
    34925: imagecodecs.lzma_decode,
    50000: imagecodecs.zstd_decode,
    34926: imagecodecs.zstd_decode,
}
_ENCODERS: dict[str, Callable[..., Any]] = {
    "lzw": imagecodecs.lzw_encode,
    "deflate": imagecodecs.zlib_encode,
    "zstd": imagecodecs.zstd_encode,
}
_NOT_COUNTS = {
    2: "colours (RGB)",
    3: "numbers of a palette of colours",
    4: "a mask",
    5: "colours (CMYK)",
    6: "colours (YCbCr)",
    8: "colours (CIELab)",
    32803: "the colours of a camera for photographs (CFA)",
}
"""What the values of pixels mean that are no counts, by TIFF's PhotometricInterpretation."""
_PACKED_BITS = range(2, 16)
"""Bits of pixels that do not fill bytes, beside 8."""


def check_pixels(path: Path | str, page: Page) -> None:
    """Refuse pixels of a kind that is not read, from what the directory says about them.

    Raises
    ------
    NotRead
        With the name of the compression, or what else it is.
    """
    _check_meaning(path, page)
    if page.samples != 1 or page.bits not in (*_PACKED_BITS, 16, 32, 64):
        raise NotRead(
            path,
            expected="grey images of 2 to 16, 32 or 64 bits",
            found=f"{page.samples} samples of {page.bits} bits",
            advice="save the movie as a grey TIFF",
        )
    if page.dtype.kind == "V":
        raise NotRead(
            path,
            expected="integer or real pixels",
            found=f"sample format {page.tags.get(SAMPLE_FORMAT, 1)} of {page.bits} bits",
            advice="save the image as unsigned integers or float32",
        )
    if page.compression not in (1, _LZW, *_DECODERS):
        raise NotRead(
            path,
            expected="pixels as they are, or compressed by LZW, deflate, zstd, LZMA or packbits",
            found=f"TIFF compression {page.compression}{_compression_name(page.compression)}",
            advice="save the movie with LZW, which loses nothing",
        )
    predictor = int(page.tags.get(PREDICTOR, 1))
    whole = page.bits in (8, 16, 32, 64) and not page.halved
    if (
        predictor not in (1, 2, 3)
        or (predictor != 1 and not whole)
        or (predictor == 3 and page.dtype.kind != "f")
    ):
        raise NotRead(
            path,
            expected="a predictor of 1, 2 or, of real numbers, 3",
            found=f"predictor {predictor} of {page.dtype} in {page.bits} bits",
            advice="save the movie without a predictor",
        )


def _check_meaning(path: Path | str, page: Page) -> None:
    """Refuse values that are not counts of one layer, whatever their bits."""
    meaning = _NOT_COUNTS.get(int(page.tags.get(PHOTOMETRIC, 1)))
    if meaning is not None:
        raise NotRead(
            path,
            expected="grey images",
            found=f"{meaning}, {page.samples} of {page.bits} bits a pixel",
            advice="save the movie as a grey TIFF",
        )
    if BELOW in page.tags:
        raise NotRead(
            path,
            expected="an image in each directory",
            found="a pyramid: images of other sizes below a directory (SubIFDs)",
            advice="save the movie without a pyramid, with one directory for each frame",
        )
    depth = int(page.tags.get(DEPTH, 1))
    if depth != 1:
        raise NotRead(
            path,
            expected="an image in each directory",
            found=f"a volume of {depth} layers in one (ImageDepth)",
            advice="save the movie with one directory for each frame",
        )


def is_white_zero(page: Page) -> bool:
    """Whether the directory says that 0 is white, which makes no sense of counts."""
    return int(page.tags.get(PHOTOMETRIC, 1)) == 0


def _compression_name(number: int) -> str:
    """What others call a compression, in brackets; empty when nobody knows it."""
    from tifffile import COMPRESSION  # slow to load

    try:
        return f" ({COMPRESSION(number).name})"
    except ValueError:
        return ""


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
        One of `icestream.formats.tiff_directories.read_pages`.
    out
        Contiguous array of the page's shape and type that is filled and returned; None makes one.
    """
    check_pixels(path, page)
    image: NDArray[Any] = np.empty(page.shape, dtype=page.dtype) if out is None else out
    descriptor = file if isinstance(file, int) else file.fileno()
    try:
        _assemble(descriptor, page, image)
    except FormatError:
        raise
    except imagecodecs.DelayedImportError as error:
        raise NotRead(
            path,
            expected="a compression that this installation can decode",
            found=f"TIFF compression {page.compression}{_compression_name(page.compression)}, for "
            f"which imagecodecs was built without a decoder ({error})",
            advice="install imagecodecs from its wheel (pip install --force-reinstall "
            "imagecodecs), or save the movie with LZW",
        ) from error
    except (RuntimeError, ValueError, OSError) as error:
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
    tiled = TILES in page.tags
    rows = int(page.tags[TILE_HEIGHT] if tiled else page.tags.get(ROWS, height))
    columns = int(page.tags[TILE_WIDTH]) if tiled else width
    rows = rows if tiled else min(rows, height)
    across = -(-width // columns)
    wanted = across * -(-height // rows)
    if len(page.strips) != wanted:
        raise ValueError(f"{len(page.strips)} strips where the image has {wanted}")
    from icestream.formats.row_kernels import turn_over  # numba is large

    for index, strip in enumerate(page.strips):
        top, left = index // across * rows, index % across * columns
        bottom = min(top + rows, height)
        target = image[height - bottom : height - top, left : left + columns]
        if tiled:
            part = np.empty((rows, columns), dtype=page.dtype)
            _decode_strip(descriptor, page, strip, part, rows)
            target[:] = part[bottom - top - 1 :: -1, : target.shape[1]]
        else:
            _decode_strip(descriptor, page, strip, target, rows)
            turn_over(target.view(np.uint8))


def _decode_strip(
    descriptor: int, page: Page, strip: tuple[int, int], out: NDArray[Any], rows: int
) -> None:
    """Decode one strip or tile into `out` ``(rows, columns)``, contiguous, first row first.

    The last strip of an image may be stored with all the `rows` of the others.
    """
    bits = 4 if page.halved else page.bits
    if bits % 8 == 0:
        _decode_bytes(descriptor, page, strip, out.reshape(-1).view(np.uint8), rows)
    else:
        packed = np.empty((len(out), (out.shape[1] * bits + 7) // 8), np.uint8)
        _decode_bytes(descriptor, page, strip, packed.reshape(-1), rows)
        out[:] = _unpacked(page, packed, bits, out.shape[1])
        return
    predictor = int(page.tags.get(PREDICTOR, 1))
    if predictor == 3:
        kind = np.dtype(page.order + out.dtype.str[1:])
        out[:] = imagecodecs.floatpred_decode(out.view(kind), axis=-1)
        return
    if page.order != _NATIVE and out.itemsize > 1:
        out.byteswap(inplace=True)
    if predictor == 2:
        whole = out.view(f"u{out.itemsize}")  # the bits of real numbers are added, too
        np.cumsum(whole, axis=1, dtype=whole.dtype, out=whole)


def _decode_bytes(
    descriptor: int, page: Page, strip: tuple[int, int], flat: NDArray[np.uint8], rows: int
) -> None:
    """Fill `flat` with the bytes of a strip, as they were before they were compressed."""
    offset, count = strip
    if page.compression == 1 and page.tags.get(FILL_ORDER, 1) == 1:
        if count < flat.size:
            raise ValueError(f"a strip of {count} bytes for {flat.size} of pixels")
        _fill(descriptor, offset, flat)
        return
    stored = np.empty(count + SPARE, dtype=np.uint8)
    _fill(descriptor, offset, stored[:count])
    if page.tags.get(FILL_ORDER, 1) == 2:
        stored[:count] = imagecodecs.bitorder_decode(stored[:count])
    if page.compression == _LZW:
        decode_lzw(stored, flat)
        return
    room = np.empty(max(flat.size, rows * page.row_bytes), np.uint8)
    decoded = stored[:count]
    if page.compression != 1:
        # The decoders stop where the room ends, whatever a stream would grow to.
        decoded = _DECODERS[page.compression](stored[:count], out=room)
    if len(decoded) < flat.size:
        raise ValueError(f"{len(decoded)} bytes of {flat.size}")
    flat[:] = decoded[: flat.size]


def _unpacked(page: Page, packed: NDArray[np.uint8], bits: int, width: int) -> NDArray[Any]:
    """Pixels ``(rows, width)`` that do not fill bytes; each row begins with a byte of its own."""
    if page.halved:
        return unpack_four_bits(packed, width)
    if bits == 4:
        pixels = np.stack([packed >> 4, packed & 15], axis=-1).reshape(len(packed), -1)
        return pixels[:, :width]
    flat = imagecodecs.packints_decode(packed.tobytes(), page.dtype, bits, runlen=width)
    unpacked: NDArray[Any] = flat.reshape(len(packed), width)
    return unpacked


def _fill(descriptor: int, offset: int, buffer: NDArray[np.uint8]) -> None:
    """Read bytes of the file from `offset` on."""
    filled = 0
    while filled < buffer.size:
        read = os.preadv(descriptor, [buffer[filled:].data], offset + filled)
        if not read:
            raise ValueError(f"{filled} bytes of {buffer.size} in the file")
        filled += read


def read_tiff(path: Path | str, threads: int = 1) -> NDArray[Any]:
    """Read a TIFF file whole: ``(y, x)`` for one page, else ``(n, y, x)``.

    Rows are turned as RELION does it; see the module's note.

    Raises
    ------
    FormatError
        If the file is not whole, foreign, or its pages differ in size.
    """
    refuse_other_kinds(path, "a TIFF file")
    chain = walk_pages(path)
    for page in chain.pages[:1]:
        check_pixels(path, page)  # what is not read stays so, whole or not
    whole_pages(path, chain)
    pages = chain.frames
    _same_size(path, pages)
    out = np.empty((len(pages), *pages[0].shape), dtype=pages[0].dtype)
    with inside(path).open("rb") as file:

        def fill(index: int) -> None:
            decode_page(path, file, pages[index], out[index])

        in_threads(fill, range(len(pages)), threads)
    return out[0] if len(pages) == 1 else out


def _same_size(path: Path | str, pages: tuple[Page, ...]) -> None:
    for index, page in enumerate(pages, start=1):
        if page.shape != pages[0].shape or page.dtype != pages[0].dtype:
            raise FormatError(
                path,
                expected=f"every page {pages[0].shape} {pages[0].dtype}, as the first",
                found=f"page {index} {page.shape} {page.dtype}",
                advice="give a movie whose frames have one size",
            )


def write_tiff(
    path: Path | str,
    array: NDArray[Any],
    *,
    compression: str | None = "lzw",
    pixel_size: float | None = None,
    description: str = "",
    threads: int = 1,
) -> None:
    """Write an image ``(y, x)`` or a movie ``(n, y, x)``, one page and one strip a frame.

    `read_tiff` gives the same array back. The file gets its name when it is whole.

    Parameters
    ----------
    compression
        ``"lzw"``, ``"deflate"``, ``"zstd"`` or None.
    pixel_size
        Å, written as the resolution per centimetre.
    threads
        That compress; with more than one, all compressed frames are in memory at once.
    """
    frames = array[None] if array.ndim == 2 else array
    resolution = {"resolution": (1e8 / pixel_size,) * 2, "resolutionunit": 3} if pixel_size else {}
    from tifffile import TiffWriter  # slow to load

    pages: Iterable[NDArray[Any] | Iterator[bytes]] = map(_upright, frames)
    if threads > 1 and compression is not None:
        pages = (
            iter([strip]) for strip in in_threads(partial(_strip, compression), frames, threads)
        )
    with (
        written_whole(path) as unfinished,
        TiffWriter(unfinished, bigtiff=frames.nbytes > 2**31) as writer,
    ):
        for page in pages:
            writer.write(
                page,
                shape=frames.shape[1:],
                dtype=frames.dtype,
                compression=compression,
                photometric="minisblack",
                rowsperstrip=frames.shape[1],
                description=description or None,
                contiguous=False,
                metadata=None,
                **resolution,  # type: ignore[arg-type]
            )


def _upright(frame: NDArray[Any]) -> NDArray[Any]:
    """A frame as a page has it, its first row at the top."""
    return np.ascontiguousarray(frame[::-1])


def _strip(compression: str, frame: NDArray[Any]) -> bytes:
    encoded: bytes = _ENCODERS[compression](_upright(frame))
    return encoded
