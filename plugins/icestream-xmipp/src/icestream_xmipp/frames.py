"""The frames of a movie as Xmipp is given them, whatever file they come in."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import FormatError, read_raw_movie, write_mrc
from icestream.model import Movie
from icestream.processing.defects import replace_defects
from icestream.protocol import ItemFailed, Work
from icestream_xmipp.metadata import write_block

__all__ = ["FRAMES", "GAIN", "LIST", "check_frames", "lay_out_frames"]

FRAMES, GAIN, LIST = "frames.mrcs", "gain.mrc", "frames.xmd"
"""In the folder of a task: a stack, the factors of its pixels, and a table of its images."""

_SEED = 1


def lay_out_frames(movie: Movie, used: range, work: Work, defects: Path | None = None) -> None:
    """Write the counts of frames, the gain's factors, and the list of the images.

    Xmipp reads TIFF files from the other end of their rows than RELION and icestream, groups EER
    in its own way, and knows no defects; so every movie is handed over as a stack of MRC in which
    defective pixels have the counts of a good neighbour. Counts stay counts: the program multiplies
    by the gain.

    Raises
    ------
    ItemFailed
        If a file of the movie cannot be read, or does not fit the frames.
    """
    try:
        raw = read_raw_movie(movie, used, defects=defects, threads=work.cores)
    except (FormatError, OSError) as error:
        raise ItemFailed(
            f"{movie.path} cannot be read: {error}",
            advice="look whether the movie, its gain reference and its defects are whole",
            code="movie-not-readable",
        ) from error
    bad: NDArray[np.bool_] = raw.defects
    if raw.gain is not None:
        bad = bad | ~(raw.gain > 0)
        write_mrc(work.path(GAIN), np.where(bad, np.float32(1), raw.gain))
    if bad.any():
        replace_defects(raw.counts, bad, seed=_SEED)
    write_mrc(work.path(FRAMES), raw.counts, movie.optics.pixel_size)
    rows = ((f"{number:06d}@{FRAMES}",) for number in range(1, len(used) + 1))
    write_block(work.path(LIST), ("image",), rows)


def check_frames(movie: Movie, used: range, least: int = 2) -> None:
    """Refuse a range of frames that the movie does not have.

    Raises
    ------
    ItemFailed
        If there are fewer than `least`.
    """
    if len(used) < least:
        raise ItemFailed(
            f"frames {used.start + 1} to {used.stop} of {movie.path} were asked for, which has "
            f"{movie.frames}; {least} are needed",
            advice="change first_frame and last_frame",
            code="no-frames",
        )
