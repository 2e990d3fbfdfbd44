"""EER movies of Falcon cameras: events of electrons, rendered into dose fractions.

A camera frame is a stream of bits, least significant first. Each element skips a number of
pixels that saw nothing and then gives the place of an electron inside its pixel, in quarters of
a pixel; the largest skip has no electron. TIFF compression 65000 has 8 bits of skip, 65001 has 7,
both with 2 + 2 bits of place; 65002 says its bits in the tags 65007-65009.

Fractions are added up straight from the streams; no image is made of a single camera frame.
"""

import os
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from icestream.formats.errors import FormatError
from icestream.formats.tiff_directories import (
    EER_COMPRESSIONS,
    EER_METADATA,
    EER_SKIP_BITS,
    EER_X_BITS,
    EER_Y_BITS,
    Page,
)
from icestream.whole import written_whole

__all__ = ["EerCoding", "eer_coding", "eer_metadata", "render_fraction", "write_eer"]


@dataclass(frozen=True, slots=True)
class EerCoding:
    """How many bits each part of an event has."""

    skip_bits: int
    x_bits: int
    y_bits: int


def eer_coding(path: Path | str, page: Page) -> EerCoding:
    """The coding of a page.

    Raises
    ------
    FormatError
        If the page is not EER, or its bits make no sense.
    """
    fixed = {65000: (8, 2, 2), 65001: (7, 2, 2)}
    if page.compression in fixed:
        return EerCoding(*fixed[page.compression])
    bits = tuple(int(page.tags.get(tag, 0)) for tag in (EER_SKIP_BITS, EER_X_BITS, EER_Y_BITS))
    if page.compression in EER_COMPRESSIONS and 1 <= bits[0] <= 16 and max(bits[1:]) <= 8:
        return EerCoding(*bits)
    raise FormatError(
        path,
        expected="an EER movie (TIFF compression 65000, 65001 or 65002 with its bits)",
        found=f"compression {page.compression} with bits {bits}",
        advice="give a file of a Falcon camera in EER format",
    )


def eer_metadata(page: Page) -> dict[str, str]:
    """What the camera wrote about the movie: ``numberOfFrames``, ``exposureTime``, ..."""
    raw = page.tags.get(EER_METADATA, b"")
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    # No part may run over the beginning of another tag: else time grows with the square.
    return dict(re.findall(r'<item name="([^"<>]+)"[^<>]*>([^<]*)</item>', text))


def render_fraction(
    path: Path | str,
    file: BinaryIO | int,
    pages: tuple[Page, ...],
    coding: EerCoding,
    fraction: NDArray[np.unsignedinteger[Any]],
) -> None:
    """Add up the camera frames `pages` into one `fraction` ``(y, x)``, rows as in the file.

    The size of `fraction` is the camera's, or twice that a side: then the place of an electron
    within its pixel is used. What was in it is lost.

    Raises
    ------
    FormatError
        If a frame has less than half of its stream.
    """
    from icestream.formats.eer_kernels import add_events  # numba is large

    height, width = pages[0].shape
    upsampling = fraction.shape[0] // height
    fraction[:] = 0
    descriptor = file if isinstance(file, int) else file.fileno()
    for page in pages:
        raw = b"".join(os.pread(descriptor, count, offset) for offset, count in page.strips)
        stream = np.frombuffer(raw, dtype=np.uint8)
        _, reached = add_events(
            stream, coding.skip_bits, coding.x_bits, coding.y_bits, upsampling, fraction
        )
        # A stream may end a little before the last pixel, when nothing was seen there.
        if reached < height * width // 2:
            raise FormatError(
                path,
                expected=f"a stream for {height * width} pixels",
                found=f"one that ends at pixel {reached}",
                advice="copy the file again, or wait until it is written",
            )


def write_eer(
    path: Path | str,
    frames: Iterable[NDArray[np.integer[Any]]],
    shape: tuple[int, int] = (4096, 4096),
    *,
    skip_bits: int = 7,
    metadata: dict[str, str] | None = None,
) -> int:
    """Write an EER movie, one camera frame after the other.

    Parameters
    ----------
    frames
        For each camera frame the electrons ``(n, 2)`` as (y, x) in quarters of a pixel, in the
        order of rows of the file. A second electron in the same pixel of one frame is lost, as in
        the camera.
    shape
        (y, x) pixels of the camera.
    skip_bits
        7 (compression 65001) or 8 (65000).
    metadata
        Items such as ``exposureTime``; ``numberOfFrames`` is not added by itself.

    Returns
    -------
    int
        Number of frames written. The file gets its name when it is whole.
    """
    from icestream.formats.eer_kernels import encode_events  # numba is large

    height, width = shape
    notes = _metadata_text(metadata or {})
    with written_whole(path) as unfinished, unfinished.open("wb") as file:
        file.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0))
        link, count = 8, 0
        for electrons in frames:
            pixel = np.asarray(electrons, dtype=np.int64)
            position = (pixel[:, 0] >> 2) * width + (pixel[:, 1] >> 2)
            place = ((pixel[:, 0] & 3) << 2 | (pixel[:, 1] & 3)) ^ 0b1010
            position, first = np.unique(position, return_index=True)
            stream = encode_events(position, place[first], height * width, skip_bits).tobytes()
            link = _write_page(file, link, stream, shape, skip_bits, notes if not count else b"")
            count += 1
    return count


def _metadata_text(items: dict[str, str]) -> bytes:
    if not items:
        return b""
    lines = "".join(f'<item name="{name}">{value}</item>' for name, value in items.items())
    return f"<metadata>{lines}</metadata>".encode()


def _write_page(
    file: BinaryIO, link: int, stream: bytes, shape: tuple[int, int], skip_bits: int, notes: bytes
) -> int:
    """Append one page and return the position of its link to the next one."""
    at = file.tell()
    file.write(stream)
    notes_at = file.tell()
    file.write(notes)
    file.write(b"\0" * (-file.tell() % 8))
    directory = file.tell()
    compression = 65001 if skip_bits == 7 else 65000
    entries = [
        (256, 4, 1, shape[1]),
        (257, 4, 1, shape[0]),
        (258, 3, 1, 1),
        (259, 3, 1, compression),
        (262, 3, 1, 1),
        (273, 16, 1, at),
        (277, 3, 1, 1),
        (278, 4, 1, shape[0]),
        (279, 16, 1, len(stream)),
    ]
    if notes:
        entries.append((EER_METADATA, 7, len(notes), notes_at))
    file.write(struct.pack("<Q", len(entries)))
    for entry in entries:
        file.write(struct.pack("<HHQQ", *entry))
    following = file.tell()
    file.write(struct.pack("<Q", 0))
    file.seek(link)
    file.write(struct.pack("<Q", directory))
    file.seek(0, os.SEEK_END)
    return following
