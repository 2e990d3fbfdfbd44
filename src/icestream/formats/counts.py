"""The counts of a movie, in as few bits as they need, and what is known of its camera."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.formats.defects import read_defects
from icestream.formats.movie import MovieFile, open_movie
from icestream.formats.renamed import present_path
from icestream.model import Image, Movie
from icestream.threads import in_threads

__all__ = [
    "FrameSum",
    "RawMovie",
    "narrow_counts",
    "read_counts",
    "read_frame_sum",
    "read_raw_movie",
]


@dataclass(frozen=True, slots=True, eq=False)
class RawMovie:
    """What the files of a movie say, before anything is corrected."""

    counts: NDArray[Any]
    """``(n, y, x)``, see `read_counts`."""
    gain: Image | None
    """``(y, x)`` reference as `read_gain` gives it; None: the counts are corrected already."""
    defects: NDArray[np.bool_]
    """``(y, x)``, true where a list or a map says that a pixel is bad."""

    @property
    def shape(self) -> tuple[int, int]:
        """(y, x) pixels of a frame."""
        return self.counts.shape[1], self.counts.shape[2]


def read_raw_movie(
    movie: Movie, frames: range, *, defects: Path | None = None, threads: int = 1
) -> RawMovie:
    """Read frames of a movie with the gain reference and the defects that belong to it.

    Parameters
    ----------
    movie
        Says where they are, and how EER frames are grouped and the reference is laid.
    frames
        Numbers of the frames, from 0.
    defects
        A list or map of defects beside that of the movie.
    threads
        To read frames with.

    Raises
    ------
    FormatError
        If one of the files is not whole, or does not fit the frames.
    """
    grouping, upsampling = movie.eer_grouping, movie.eer_upsampling
    with open_movie(present_path(movie), grouping, eer_upsampling=upsampling) as file:
        counts = read_counts(file, frames, threads=threads)
        gain = None
        if movie.gain is not None:
            gain = file.read_gain(movie.gain, movie.gain_orientation)
        bad = np.zeros(file.shape, dtype=np.bool_)
        for listed in (movie.defects, defects):
            if listed is not None:
                bad |= read_defects(listed, file.shape)
    return RawMovie(counts, gain, bad)


def read_counts(file: MovieFile, frames: range, *, threads: int = 1) -> NDArray[Any]:
    """Frames of a movie ``(n, y, x)`` as uint8, uint16 or float32: what kernels are compiled for.

    Whole counts that are written in 16 bits and fit in 8 are read into 8.
    """
    shape = (len(frames), *file.shape)
    if file.dtype.kind in "iu" and file.dtype.itemsize == 2:
        small = np.empty(shape, dtype=np.uint8)

        def narrow(index: int) -> bool:
            return narrow_counts(file.read(frames[index]), small[index])

        # The first alone, so that a movie of high counts is not read twice.
        if narrow(0) and all(in_threads(narrow, range(1, len(frames)), threads)):
            return small
    counts = np.empty(shape, dtype=file.dtype)
    in_threads(lambda place: file.read(frames[place], counts[place]), range(len(frames)), threads)
    return _in_kernel_type(counts)


@dataclass(frozen=True, slots=True, eq=False)
class FrameSum:
    """The sum of some of the frames of a movie."""

    total: NDArray[Any]
    """``(y, x)`` raw counts: uint32, or float64 where they are real numbers."""
    frames: int
    """How many are in it."""
    eer: bool
    """Whether the movie is EER, of which other references divide."""

    @property
    def is_real(self) -> bool:
        """The counts are real numbers."""
        return bool(self.total.dtype.kind == "f")


def read_frame_sum(movie: Movie, first: int, step: int) -> FrameSum:
    """Sum every `step`-th frame of a movie from `first` on, and the last one at least."""
    grouping, upsampling = movie.eer_grouping, movie.eer_upsampling
    with open_movie(present_path(movie), grouping, eer_upsampling=upsampling) as file:
        total = np.zeros(file.shape, dtype=np.float64 if file.dtype.kind == "f" else np.uint32)
        chosen = range(min(first, file.frames - 1), file.frames, step)
        for index in chosen:
            np.add(total, file.read(index), out=total, casting="unsafe")
        return FrameSum(total, len(chosen), eer=file.container == "eer")


def narrow_counts(counts: NDArray[Any], out: NDArray[np.uint8]) -> bool:
    """Copy counts of 16 bits into 8, where all of them fit.

    Electron counts of a frame are small, but many programs write them in 16 bits, which take twice
    the memory and the way to it.

    Parameters
    ----------
    counts
        ``(y, x)`` whole numbers of 16 bits, with or without a sign.
    out
        ``(y, x)``, filled with the counts where they are 0 to 255.

    Returns
    -------
    Whether they all are; `out` is of no use otherwise.
    """
    from icestream.formats.row_kernels import narrow  # numba is large

    return bool(narrow(counts.view(np.uint16), out))


def _in_kernel_type(counts: NDArray[Any]) -> NDArray[Any]:
    if counts.dtype in (np.uint8, np.uint16, np.float32):
        return counts
    if counts.dtype.kind in "bui" and counts.min() >= 0:
        if counts.dtype.itemsize == 1:
            return counts.view(np.uint8)
        if counts.max() < 2**16:
            return counts.astype(np.uint16)
    return counts.astype(np.float32)
