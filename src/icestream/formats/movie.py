"""One entrance to movies, whatever file they are in.

The arrays have the rows in the order in which RELION reads the same file: MRC and EER as they are
stored, TIFF turned upside down (`icestream.formats.tiff`). A micrograph that is written as MRC
therefore lies as RELION's own micrograph of the same movie does, and so do coordinates in it.
"""

import os
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self

import numpy as np
from numpy.typing import NDArray

from icestream.formats.eer import EerCoding, eer_coding, eer_metadata, render_fraction
from icestream.formats.errors import FormatError, NotRead
from icestream.formats.gain import read_gain
from icestream.formats.kinds import is_tiff
from icestream.formats.mrc import (
    HEADER_SIZE,
    check_mrc_size,
    read_mrc_header,
    unpack_four_bits,
)
from icestream.formats.numbers import TIME, CheckedNumbers
from icestream.formats.tiff import check_pixels, decode_page, is_white_zero
from icestream.formats.tiff_directories import Chain, Page, walk_pages, whole_pages
from icestream.formats.within import inside
from icestream.model.gain import AS_IT_IS, Orientation
from icestream.threads import in_threads

__all__ = [
    "Container",
    "MovieFacts",
    "MovieFile",
    "holds_one_image",
    "movie_facts",
    "open_movie",
]

_TURN = re.compile(r"\br/f\s+([0-7])\b")

Container = Literal["mrc", "tiff", "eer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieFacts:
    """What the headers of a movie say, without decoding a frame."""

    frames: int
    """Frames in the file; for EER camera frames, before grouping."""
    shape: tuple[int, int]
    """(y, x) pixels of a frame."""
    dtype: np.dtype[Any]
    container: Container
    size: int
    """Bytes of the file."""
    pixel_size: float | None = None
    """Å; None when the file does not say."""
    voltage: float | None = None
    """kV."""
    dose: float | None = None
    """e/Å² of the whole movie."""
    nominal_defocus: float | None = None
    """Å, underfocus positive."""
    expected_frames: int | None = None
    """Frames that the camera meant to write."""
    exposure_time: float | None = None
    """s."""
    magnification: float | None = None
    stage: tuple[float, float, float] | None = None
    """(x, y, z), µm."""
    tilt: float | None = None
    """Degrees."""
    camera: str = ""
    phase_plate: bool | None = None
    tilts: tuple[float, float] | None = None
    """The lowest and the highest of its images, degrees, where the header gives one of each."""
    turned: int = 0
    """Quarter turns of the frames against the camera, as SerialEM says them (``r/f 3``); from 4 on
    flipped, too."""
    odd: tuple[str, ...] = ()
    """Why values that the file gives are not used, in words."""


class MovieFile(ABC):
    """An open movie; use it in a ``with`` statement.

    Attributes
    ----------
    path, container, frames, shape, dtype
        `frames` and `shape` are those that `read` gives: for EER after grouping and upsampling.
    """

    container: Container

    def __init__(self, path: Path, frames: int, shape: tuple[int, int], dtype: Any) -> None:
        self.path = path
        self.frames = frames
        self.shape = shape
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    def read(self, index: int, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Raw counts ``(y, x)`` of frame `index` (from 0). Threads may call it together.

        `out` is a contiguous array of the movie's shape and type that is filled and returned.
        """
        if not 0 <= index < self.frames:
            raise IndexError(f"{self.path}: frame {index} of {self.frames}")
        frame: NDArray[Any] = np.empty(self.shape, dtype=self.dtype) if out is None else out
        if frame.shape != self.shape or frame.dtype != self.dtype or not frame.flags.c_contiguous:
            raise ValueError(f"{self.path}: out must be a contiguous {self.dtype} {self.shape}")
        try:
            self._read_into(index, frame)
        except FormatError as error:
            raise error.at(f"frame {index + 1} of {self.frames}") from error
        return frame

    @abstractmethod
    def _read_into(self, index: int, frame: NDArray[Any]) -> None:
        """Fill `frame` with the raw counts of a frame that is in the movie."""

    def close(self) -> None:
        """Let go of the file."""
        return

    def read_all(self, threads: int = 1) -> NDArray[Any]:
        """All frames ``(frames, y, x)`` as raw counts, decoded by `threads` threads."""
        stack = np.empty((self.frames, *self.shape), dtype=self.dtype)

        in_threads(lambda index: self.read(index, stack[index]), range(self.frames), threads)
        return stack

    def read_gain(
        self, path: Path | str, orientation: Orientation = AS_IT_IS
    ) -> NDArray[np.float32]:
        """The gain reference at `path`, to be multiplied with what `read` gives."""
        eer = self.container == "eer"
        return read_gain(path, self.shape, eer=eer, orientation=orientation)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _MrcMovie(MovieFile):
    container = "mrc"

    def __init__(self, path: Path) -> None:
        self._header = read_mrc_header(path)
        check_mrc_size(path, self._header)
        frames, height, width = self._header.shape
        super().__init__(path, frames, (height, width), self._header.dtype.newbyteorder("="))
        self._file: BinaryIO = inside(path).open("rb", buffering=0)

    def _read_into(self, index: int, frame: NDArray[Any]) -> None:
        header = self._header
        size = self.shape[0] * header.row_bytes
        start = HEADER_SIZE + header.extended + index * size
        packed = np.empty(size, np.uint8) if header.packed else frame.reshape(-1)
        view = packed.view(np.uint8)
        filled = 0
        while filled < size:
            read = os.preadv(self._file.fileno(), [view[filled:].data], start + filled)
            if not read:
                raise FormatError(
                    self.path,
                    expected=f"{header.size} bytes, as when it was opened",
                    found=f"an end at byte {start + filled}",
                    advice="copy the file again, or wait until it is written",
                )
            filled += read
        if header.packed:
            frame[:] = unpack_four_bits(packed.reshape(-1, header.row_bytes), self.shape[1])
        elif not header.dtype.isnative:
            frame.byteswap(inplace=True)

    def close(self) -> None:
        self._file.close()


class _PagedMovie(MovieFile):
    """What TIFF and EER share: an open file and its pages."""

    def __init__(
        self, path: Path, pages: tuple[Page, ...], frames: int, shape: tuple[int, int], dtype: Any
    ) -> None:
        super().__init__(path, frames, shape, dtype)
        self._pages = pages
        self._file: BinaryIO = inside(path).open("rb")

    def close(self) -> None:
        self._file.close()


class _TiffMovie(_PagedMovie):
    container = "tiff"

    def __init__(self, path: Path, pages: tuple[Page, ...]) -> None:
        super().__init__(path, pages, len(pages), pages[0].shape, pages[0].dtype)

    def _read_into(self, index: int, frame: NDArray[Any]) -> None:
        decode_page(self.path, self._file, self._pages[index], frame)


class _EerMovie(_PagedMovie):
    container = "eer"

    def __init__(self, path: Path, pages: tuple[Page, ...], grouping: int, upsampling: int) -> None:
        fractions = len(pages) // grouping
        if not fractions:
            raise FormatError(
                path,
                expected=f"at least {grouping} camera frames, to be grouped into one fraction",
                found=f"{len(pages)}",
                advice="group fewer camera frames",
            )
        height, width = pages[0].shape
        shape = (height * upsampling, width * upsampling)
        deepest = np.uint8 if grouping <= 255 else np.uint16
        super().__init__(path, pages, fractions, shape, deepest)
        self._grouping = grouping
        self._upsampling = upsampling
        self._coding: EerCoding = eer_coding(path, pages[0])

    def _read_into(self, index: int, frame: NDArray[Any]) -> None:
        first = index * self._grouping
        pages = self._pages[first : first + self._grouping]
        render_fraction(self.path, self._file, pages, self._coding, frame)


def open_movie(path: Path | str, eer_grouping: int = 1, *, eer_upsampling: int = 1) -> MovieFile:
    """Open a movie in MRC, TIFF or EER, told apart by its first bytes and not by its name.

    Parameters
    ----------
    path
        The file.
    eer_grouping
        Camera frames that are added up into one fraction; a rest at the end is left out. Other
        formats ignore it.
    eer_upsampling
        1 gives the camera's pixels, 2 uses the place of each electron within its pixel.

    Returns
    -------
    MovieFile
        Its counts are raw: no gain is applied.

    Raises
    ------
    FormatError
        If the file is cut off, foreign, or its frames differ in size; the message says what was
        expected, what was found and what to do.
    """
    path = Path(path)
    if eer_grouping < 1 or eer_upsampling not in (1, 2):
        raise ValueError("eer_grouping must be at least 1 and eer_upsampling 1 or 2")
    if not is_tiff(path):
        return _MrcMovie(path)
    frames = _frames(path, walk_pages(path))
    if frames[0].is_eer:
        return _EerMovie(path, frames, eer_grouping, eer_upsampling)
    return _TiffMovie(path, frames)


def _frames(path: Path, chain: Chain) -> tuple[Page, ...]:
    """The frames of a whole TIFF or EER movie, all of one size and of a kind that is read."""
    for page in chain.frames[:1]:
        if not page.is_eer:
            check_pixels(path, page)  # what is not read stays so, whole or not
    whole_pages(path, chain)
    frames = chain.frames
    first = frames[0]
    for index, page in enumerate(frames, start=1):
        if page.shape != first.shape or page.compression != first.compression:
            raise NotRead(
                path,
                expected=f"every frame {first.shape} (y, x) in compression {first.compression}",
                found=f"frame {index} of {page.shape} in compression {page.compression}",
                advice="give a movie whose frames have one size and compression",
            )
        if page.dtype != first.dtype:
            raise NotRead(
                path,
                expected=f"every frame of {first.dtype}, as the first",
                found=f"frame {index} of {page.dtype}",
                advice="give a movie whose frames have one type",
            )
        if not first.is_eer and page.stored_as != first.stored_as:
            check_pixels(path, page)
    return frames


def holds_one_image(path: Path | str) -> bool:
    """Whether a file is one image by its headers; not a movie, nor what cannot be read."""
    path = Path(path)
    try:
        return path.suffix.lower() in (".dm3", ".dm4") or movie_facts(path).frames == 1
    except (FormatError, OSError):
        return False


def movie_facts(path: Path | str) -> MovieFacts:
    """Read the headers only; costs milliseconds, also for an EER file of a thousand pages.

    Raises
    ------
    FormatError
        As `open_movie`: the headers and the length of the file must agree.
    """
    path = Path(path)
    if not is_tiff(path):
        return _mrc_facts(path)
    return tiff_facts(path, walk_pages(path))


def tiff_facts(path: Path, chain: Chain) -> MovieFacts:
    """The facts of a TIFF or EER movie whose directories were walked."""
    frames = _frames(path, chain)
    first = frames[0]
    if not first.is_eer:
        inverted = (
            f"{path.name} says that 0 is white (PhotometricInterpretation 0): its numbers are "
            "taken as counts all the same, none is inverted"
        )
        return MovieFacts(
            frames=len(frames),
            shape=first.shape,
            dtype=first.dtype,
            container="tiff",
            size=chain.size,
            pixel_size=first.pixel_size,
            turned=_said_turn(first.description),
            odd=(inverted,) if is_white_zero(first) else (),
        )
    eer_coding(path, first)
    # The camera's words are in the first directory, which may be that of its final image.
    said = next((notes for page in chain.pages if (notes := eer_metadata(page))), {})
    numbers = CheckedNumbers(f"the metadata of {path.name}")
    return MovieFacts(
        frames=len(frames),
        shape=first.shape,
        dtype=np.dtype(np.uint8),
        container="eer",
        size=chain.size,
        expected_frames=numbers.whole("numberOfFrames", said.get("numberOfFrames")) or None,
        exposure_time=numbers.real("exposureTime", said.get("exposureTime"), TIME) or None,
        odd=numbers.odd,
    )


def _said_turn(words: str) -> int:
    """The turn in SerialEM's words about its frames; 0 when there is none."""
    match = _TURN.search(words)
    return int(match.group(1)) if match else 0


def _mrc_facts(path: Path) -> MovieFacts:
    header = read_mrc_header(path)
    check_mrc_size(path, header)
    fei = header.fei
    return MovieFacts(
        frames=header.shape[0],
        shape=header.shape[1:],
        dtype=header.dtype.newbyteorder("="),
        container="mrc",
        size=path.stat().st_size,
        pixel_size=header.pixel_size,
        voltage=fei.voltage if fei else None,
        dose=fei.dose if fei else None,
        nominal_defocus=fei.defocus if fei else None,
        exposure_time=fei.exposure_time if fei else None,
        magnification=fei.magnification if fei else None,
        stage=fei.stage if fei else None,
        tilt=fei.tilt if fei else None,
        camera=fei.camera if fei else "",
        phase_plate=fei.phase_plate if fei else None,
        tilts=header.tilts,
        turned=_said_turn("\n".join(header.labels)),
        odd=header.odd,
    )
