"""MRC images, stacks and volumes (MRC2014), with the extended headers FEI1 and FEI2.

Rows are kept in the order of the file: row 0 of an array is the first row stored. RELION reads
MRC in the same order, so a coordinate ``(x, y)`` means the same pixel in both.

Four bits a pixel are stored in two ways: as mode 101, whose ``nx`` counts pixels, and as IMOD and
SerialEM do it in mode 0 with a flag of IMOD's, whose ``nx`` counts bytes, half as many. Both have
the first of two pixels in the low half of a byte.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.formats.errors import FormatError, NotRead
from icestream.formats.fei import FeiMetadata, read_fei
from icestream.formats.kinds import refuse_other_kinds
from icestream.formats.mrc_tilts import TILT_RECORD, tilts_of_images
from icestream.formats.numbers import PIXEL_SIZE, PIXELS, Bounds, CheckedNumbers, demand
from icestream.formats.signedness import are_signed
from icestream.formats.within import inside
from icestream.whole import written_whole

__all__ = [
    "FeiMetadata",
    "MrcHeader",
    "map_mrc",
    "read_mrc",
    "read_mrc_header",
    "read_stack",
    "write_mrc",
]

HEADER_SIZE = 1024
_COPY_AGAIN = "copy the file again, or wait until it is written"
_FOREIGN = "give an MRC file (.mrc, .mrcs, .map)"
_IMOD_STAMP = 1146047817
_SIGNED, _FOUR_BITS = 1, 16
"""Bits of IMOD's flags: bytes are signed; bytes hold two pixels of four bits."""
_SUPER_RESOLUTION = ((7676, 7420), (7680, 7424), (11520, 8184))
"""Pixels of the cameras whose frames SerialEM stores so, before it set the flag."""
_ROWS = 16
"""Rows whose deviation is summed at once."""

_HEADER = np.dtype(
    [
        ("shape", "i4", 3),  # nx, ny, nz
        ("mode", "i4"),
        ("start", "i4", 3),
        ("sampling", "i4", 3),  # mx, my, mz
        ("cell", "f4", 3),  # Å
        ("angles", "f4", 3),
        ("axes", "i4", 3),  # mapc, mapr, maps
        ("statistics", "f4", 3),  # min, max, mean
        ("space_group", "i4"),
        ("extended", "i4"),  # bytes of the extended header
        ("extra1", "V8"),
        ("extended_type", "S4"),
        ("version", "i4"),
        ("extra2", "V16"),
        ("record", "i2", 2),  # of SERI: bytes of an image, and what is in them
        ("extra4", "V20"),
        ("imod_stamp", "i4"),
        ("imod_flags", "i4"),
        ("extra3", "V36"),
        ("origin", "f4", 3),
        ("map", "S4"),
        ("machine", "u1", 4),
        ("rms", "f4"),
        ("labels_used", "i4"),
        ("labels", "S80", 10),
    ]
)

_HEADERS = {"<": _HEADER.newbyteorder("<"), ">": _HEADER.newbyteorder(">")}
_TYPES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2", 101: "u1"}
_NOT_READ = {3: "complex 16-bit integers", 4: "complex numbers", 16: "colours (RGB)"}
_MODES = 1000
"""Numbers below it may be those of a mode."""
_GATAN = (b"\0\0\0\3", b"\0\0\0\4")
"""First bytes of DM3 and DM4, of which gain references are read, but no movies."""
_RECORDS = 2**22
"""Bytes of the extended header that are looked at."""
_SECTIONS = Bounds(1, 2**31, "sections")
_EXTENDED = Bounds(0, 2**30, "bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class MrcHeader:
    """What the header of an MRC file says."""

    shape: tuple[int, int, int]
    """(z, y, x)."""
    mode: int
    """0 int8, 1 int16, 2 float32, 6 uint16, 12 float16, 101 four bits."""
    dtype: np.dtype[Any]
    """Of the stored numbers, byte order included; four bits are unpacked into uint8."""
    voxel_size: tuple[float, float, float]
    """(z, y, x), Å; 0 where the file does not say."""
    space_group: int
    """0 image or stack of images, 1 volume, 401 stack of volumes."""
    axes: tuple[int, int, int]
    """Axes of columns, rows and sections: (1, 2, 3) is x, y, z."""
    extended: int
    """Bytes between the header and the first image."""
    extended_type: str
    statistics: tuple[float, float, float, float]
    """Minimum, maximum, mean, standard deviation, as stored."""
    labels: tuple[str, ...]
    size: int
    """Bytes that a whole file with this header has."""
    packed: bool = False
    """Two pixels in a byte: mode 101, or IMOD's way in mode 0."""
    fei: FeiMetadata | None = None
    """Of the first image."""
    tilts: tuple[float, float] | None = None
    """The lowest and the highest of its images, degrees; None where they are not said of each."""
    odd: tuple[str, ...] = ()
    """Why values of the header are not used, in words."""

    @property
    def pixel_size(self) -> float | None:
        """Å along x; None when the file does not say, or says exactly 1 as many do by default."""
        size = self.voxel_size[2]
        if self.fei and self.fei.pixel_size:
            return self.fei.pixel_size
        return size if size > 0 and size != 1.0 else None

    @property
    def row_bytes(self) -> int:
        """Bytes of one stored row."""
        width = self.shape[2]
        return (width + 1) // 2 if self.packed else width * self.dtype.itemsize


def read_mrc_header(path: Path | str) -> MrcHeader:
    """Read the header and, of the extended header, the first record.

    Little and big endian files are recognised by the machine stamp and checked by the mode.

    Raises
    ------
    FormatError
        If the file is too short or is no MRC file. The length of the data is not checked here.
    """
    path = Path(path)
    refuse_other_kinds(path, "an MRC file")
    with inside(path).open("rb") as file:
        raw = file.read(HEADER_SIZE)
        if len(raw) < HEADER_SIZE:
            raise FormatError(
                path,
                expected=f"an MRC header of {HEADER_SIZE} bytes",
                found=f"{len(raw)} bytes",
                advice=_COPY_AGAIN,
            )
        header, order = _decode_header(path, raw)
        # A record for each image, where there are such; a movie of many frames has a few MB.
        records = min(max(2, int(header["shape"][2])) * TILT_RECORD, _RECORDS)
        extended = file.read(min(int(header["extended"]), records))
    return _describe(path, header, order, extended)


def _decode_header(path: Path, raw: bytes) -> tuple[np.void, str]:
    orders = [">", "<"] if raw[212:213] == b"\x11" else ["<", ">"]
    headers = [np.frombuffer(raw, dtype=_HEADERS[order])[0] for order in orders]
    for header, order in zip(headers, orders, strict=True):
        if int(header["mode"]) in _TYPES and _plausible(header):
            return header, order
    for header in headers:
        _refuse_mode(path, header)
        if int(header["mode"]) in _TYPES:
            _refuse_geometry(path, header)
    _refuse_unknown_mode(path, headers)
    mode = int.from_bytes(raw[12:16], "little", signed=True)
    if raw[:4] in _GATAN:
        raise NotRead(
            path,
            expected="an MRC file",
            found=f"a file of Gatan's DigitalMicrograph (DM{raw[3]})",
            advice="convert it to MRC with IMOD's dm2mrc",
        )
    raise FormatError(
        path,
        expected="an MRC header with positive size and mode 0, 1, 2, 6, 12 or 101",
        found=f"mode {mode} and first bytes {raw[:4]!r}",
        advice=_FOREIGN,
    )


def _plausible(header: np.void) -> bool:
    nx, ny, nz = (int(n) for n in header["shape"])
    return bool(
        PIXELS.holds(nx)
        and PIXELS.holds(ny)
        and _SECTIONS.holds(nz)
        and _EXTENDED.holds(int(header["extended"]))
        and (header["map"] in (b"MAP ", b"MAP") or np.all(np.abs(header["axes"]) <= 3))
    )


def _refuse_mode(path: Path, header: np.void) -> None:
    """Say what a mode is that the standard knows and that holds no plain pixels."""
    mode = int(header["mode"])
    if mode in _NOT_READ and header["map"] in (b"MAP ", b"MAP") and np.all(header["shape"] > 0):
        raise NotRead(
            path,
            expected="an image of mode 0, 1, 2, 6, 12 or 101",
            found=f"mode {mode}, {_NOT_READ[mode]}",
            advice="give the image itself, as whole or real numbers",
        )


def _refuse_unknown_mode(path: Path, headers: list[np.void]) -> None:
    """Name a mode that the standard does not know, in a header that makes sense otherwise."""
    known = [h for h in headers if _plausible(h) and h["map"] in (b"MAP ", b"MAP")]
    modes = [int(header["mode"]) for header in known]
    if any(0 <= mode < _MODES for mode in modes):
        raise NotRead(
            path,
            expected="an image of mode 0, 1, 2, 6, 12 or 101",
            found=f"mode {min(mode for mode in modes if mode >= 0)}, which is not in the standard",
            advice="save it as one of these with the program that wrote it",
        )


def _refuse_geometry(path: Path, header: np.void) -> None:
    """Say which number of a header cannot be, when it calls itself MRC."""
    if header["map"] not in (b"MAP ", b"MAP"):
        return
    for name, found, limits in zip(
        ("nx", "ny", "nz"), header["shape"], (PIXELS, PIXELS, _SECTIONS), strict=True
    ):
        advice = "wait until the file is written, or have its header mended"
        demand(path, f"{name} in the header", int(found), limits, advice)
    demand(path, "an extended header", int(header["extended"]), _EXTENDED, _COPY_AGAIN)


def _describe(path: Path, header: np.void, order: str, extended: bytes) -> MrcHeader:
    mode = int(header["mode"])
    nx, ny, nz = (int(n) for n in header["shape"])
    kind, unsure = _TYPES[mode], ""
    stamped = header["imod_stamp"] == _IMOD_STAMP
    labels = _labels(header)
    halved = mode == 0 and _is_halved(header, stamped=stamped, labels=labels)
    if halved:
        kind, nx = "u1", 2 * nx
    elif mode == 0:
        kind, unsure = _kind_of_bytes(path, header, stamped=stamped)
    row = (nx + 1) // 2 if halved or mode == 101 else nx * np.dtype(kind).itemsize
    numbers = CheckedNumbers(f"the header of {path.name}")
    kind_of_extended = header["extended_type"].decode("ascii", "replace").strip("\0 ")
    fei = read_fei(kind_of_extended, order, extended, numbers)
    record = (int(header["record"][0]), int(header["record"][1]))
    axes = tuple(int(axis) for axis in header["axes"])
    return MrcHeader(
        shape=(nz, ny, nx),
        mode=mode,
        dtype=np.dtype(order + kind),
        voxel_size=_voxel_size(header, numbers),
        space_group=int(header["space_group"]),
        axes=axes,  # type: ignore[arg-type]
        extended=int(header["extended"]),
        extended_type=kind_of_extended,
        statistics=(*(float(s) for s in header["statistics"]), float(header["rms"])),  # type: ignore[arg-type]
        labels=labels,
        size=HEADER_SIZE + int(header["extended"]) + row * ny * nz,
        packed=halved or mode == 101,
        fei=fei,
        tilts=tilts_of_images(kind_of_extended, order, extended, nz, record),
        odd=(*numbers.odd, *filter(None, [unsure, _other_axes(path, axes)])),
    )


def _other_axes(path: Path, axes: tuple[int, ...]) -> str:
    """That columns are said not to be x; empty where nothing is said of it, or the usual."""
    if axes == (1, 2, 3) or not any(axes):
        return ""
    return (
        f"the header of {path.name} calls columns, rows and sections the axes "
        f"{', '.join(map(str, axes))}: pixels are taken as they are stored, columns as x and rows "
        "as y"
    )


def _kind_of_bytes(path: Path, header: np.void, *, stamped: bool) -> tuple[str, str]:
    """The type of bytes, and in words why that is not sure."""
    if stamped:
        # IMOD and SerialEM before the standard said that bytes are signed
        return "i1" if header["imod_flags"] & _SIGNED else "u1", ""
    low, high, mean = (float(one) for one in header["statistics"])
    start = HEADER_SIZE + int(header["extended"])
    signed, unsure = are_signed(path, (low, high, mean), int(header["version"]), start)
    return "i1" if signed else "u1", unsure


def _labels(header: np.void) -> tuple[str, ...]:
    used = max(0, min(int(header["labels_used"]), 10))
    return tuple(
        label.decode("ascii", "replace").rstrip("\0 ") for label in header["labels"][:used]
    )


def _is_halved(header: np.void, *, stamped: bool, labels: tuple[str, ...]) -> bool:
    """Whether bytes hold two pixels each, by IMOD's flag or, of old SerialEM, by label and size."""
    if stamped and header["imod_flags"] & _FOUR_BITS:
        return True
    nx, ny = int(header["shape"][0]), int(header["shape"][1])
    return any("4 bits packed" in label for label in labels) and is_packed_size(nx, ny)


def is_packed_size(nx: int, ny: int) -> bool:
    """Whether bytes of this number can be four-bit frames of a camera in super-resolution."""
    return any(
        abs(2 * nx - one) <= 4 and abs(ny - other) <= 2
        for size in _SUPER_RESOLUTION
        for one, other in (size, size[::-1])
    )


def _voxel_size(header: np.void, numbers: CheckedNumbers) -> tuple[float, float, float]:
    """(z, y, x) in Å, 0 where the header does not say.

    Where two pixels are in a byte, IMOD halves ``mx`` and the cell together: their ratio is that
    of a pixel all the same.
    """
    sampling = [int(n) or int(m) for n, m in zip(header["sampling"], header["shape"], strict=True)]
    sizes = [
        float(cell) / samples if samples > 0 else 0.0
        for cell, samples in zip(header["cell"], sampling, strict=True)
    ]
    if sizes[0]:
        numbers.real("the pixel size", sizes[0], PIXEL_SIZE)
    sizes = [size if PIXEL_SIZE.holds(size) else 0.0 for size in sizes]
    return sizes[2], sizes[1], sizes[0]


def map_mrc(path: Path | str) -> NDArray[Any]:
    """Map an MRC file as ``(z, y, x)`` without reading it; four-bit files are read and unpacked.

    Raises
    ------
    FormatError
        If the file is not MRC, or has another length than its header says.
    """
    path = Path(path)
    header = read_mrc_header(path)
    check_mrc_size(path, header)
    offset = HEADER_SIZE + header.extended
    z, y, x = header.shape
    if not header.packed:
        return np.memmap(inside(path), dtype=header.dtype, mode="r", offset=offset, shape=(z, y, x))
    packed = np.memmap(
        inside(path), dtype=np.uint8, mode="r", offset=offset, shape=(z, y, header.row_bytes)
    )
    return unpack_four_bits(packed, x)


def check_mrc_size(path: Path, header: MrcHeader) -> None:
    """Refuse a file that is shorter or longer than its header says."""
    size = path.stat().st_size
    if size == header.size:
        return
    z, y, x = header.shape
    pixels = f"{z} x {y} x {x} pixels of mode {header.mode}"
    if size < header.size:
        raise FormatError(
            path,
            expected=f"{header.size} bytes for {pixels}",
            found=f"{size} bytes",
            advice=_COPY_AGAIN,
        )
    sections, rest = divmod(size - HEADER_SIZE - header.extended, y * header.row_bytes)
    room = "" if rest else f"there is room for exactly {sections} sections: "
    raise FormatError(
        path,
        expected=f"{header.size} bytes by its header",
        found=f"{size} bytes, {size - header.size} more than {pixels} take",
        advice=f"{room}wait until it is written, or have the size in its header mended",
    )


def unpack_four_bits(packed: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Unpack two pixels of a byte, the first in the low half; rows start on a byte."""
    pixels = np.empty((*packed.shape[:-1], packed.shape[-1] * 2), dtype=np.uint8)
    pixels[..., 0::2] = packed & 15
    pixels[..., 1::2] = packed >> 4
    return pixels[..., :width]


def read_mrc(path: Path | str) -> NDArray[Any]:
    """Read an MRC file whole: ``(y, x)`` for a single section, else ``(z, y, x)``.

    Numbers keep their type, in the byte order of the machine. Use `read_stack` where a stack
    of one image must stay a stack.
    """
    mapped = map_mrc(path)
    data = np.array(mapped, dtype=mapped.dtype.newbyteorder("="))
    return data[0] if len(data) == 1 else data


def read_stack(
    path: Path | str, indices: Sequence[int] | NDArray[np.integer[Any]] | slice | None = None
) -> NDArray[Any]:
    """Read the images of a stack as ``(n, y, x)``, all or those with the `indices` (from 0)."""
    mapped = map_mrc(path)
    try:
        chosen = mapped if indices is None else mapped[indices]
    except IndexError:
        raise FormatError(
            path,
            expected=f"an image with index {np.max(np.asarray(indices))} (from 0)",
            found=f"{len(mapped)} images",
            advice="ask for images that are in the stack",
        ) from None
    return np.array(chosen, dtype=mapped.dtype.newbyteorder("="))


def write_mrc(
    path: Path | str,
    array: NDArray[Any],
    pixel_size: float = 0.0,
    *,
    volume: bool = False,
    labels: Sequence[str] = (),
) -> Path:
    """Write an image, a stack or a volume; the file gets its name when it is whole.

    Parameters
    ----------
    path
        Written under a temporary name beside it and then renamed.
    array
        ``(y, x)`` or ``(z, y, x)``. float32 and float64 are written as mode 2, float16 as 12,
        int8 and bool as 0, int16 as 1, uint16 as 6, uint8 as 0 when no value exceeds 127,
        else as 6.
    pixel_size
        Å.
    volume
        The three-dimensional array is a volume (space group 1), not a stack of images.
    labels
        Up to ten lines of text.

    Returns
    -------
    `path`.

    Raises
    ------
    TypeError, ValueError
        If the array has a type or number of dimensions that MRC cannot hold.
    """
    path = Path(path)
    if array.ndim not in (2, 3) or array.size == 0:
        raise ValueError(f"{path}: an array (y, x) or (z, y, x) can be written, not {array.shape}")
    stored, mode = _storable(array)
    if stored.ndim == 2:
        stored = stored[None]
    header = _make_header(stored, mode, pixel_size, volume=volume)
    header["labels_used"] = min(len(labels), 10)
    for index, label in enumerate(labels[:10]):
        header["labels"][0, index] = label.encode("ascii", "replace")[:80]
    with written_whole(path) as unfinished, unfinished.open("wb") as file:
        file.write(header.tobytes())
        stored.tofile(file)
    return path


def _storable(array: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """The array as little-endian numbers of an MRC mode, and the mode."""
    kind = array.dtype.newbyteorder("=").str[1:]
    if kind == "u1":
        kind, mode = ("i1", 0) if int(array.max()) <= 127 else ("u2", 6)
    else:
        modes = {"f4": 2, "f8": 2, "f2": 12, "i1": 0, "b1": 0, "i2": 1, "u2": 6}
        if kind not in modes:
            raise TypeError(
                f"MRC cannot hold {array.dtype}; convert to float32, float16, int16 or uint16"
            )
        mode = modes[kind]
        kind = {"f8": "f4", "b1": "i1"}.get(kind, kind)
    return np.ascontiguousarray(array, dtype="<" + kind), mode


def _deviation(stored: NDArray[Any], mean: float) -> float:
    """Standard deviation, row by row of a section: that needs no copy of a whole image."""
    total = 0.0
    for section in stored:
        for first in range(0, len(section), _ROWS):
            apart = section[first : first + _ROWS].ravel() - np.float32(mean)
            total += float(np.dot(apart, apart))
    return math.sqrt(total / stored.size)


def _make_header(
    stored: NDArray[Any], mode: int, pixel_size: float, *, volume: bool
) -> NDArray[Any]:
    nz, ny, nx = stored.shape
    header = np.zeros(1, dtype=_HEADER.newbyteorder("<"))
    sampling = (nx, ny, nz if volume else 1)
    header["shape"] = (nx, ny, nz)
    header["mode"] = mode
    header["sampling"] = sampling
    header["cell"] = tuple(n * pixel_size for n in sampling)
    header["angles"] = 90.0
    header["axes"] = (1, 2, 3)
    header["space_group"] = int(volume)
    header["version"] = 20140
    header["map"] = b"MAP "
    header["machine"] = (0x44, 0x44, 0, 0)
    if mode in (2, 12) or nz == 1:
        mean = float(stored.mean(dtype=np.float64))
        header["statistics"] = (stored.min(), stored.max(), mean)
        header["rms"] = _deviation(stored, mean)
    else:  # a movie: the standard's way to say that they were not computed
        header["statistics"] = (0.0, -1.0, -2.0)
        header["rms"] = -1.0
    return header
