"""What unblur leaves: the sum of the frames, and their shifts."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import write_mrc, write_picture
from icestream.model import Micrograph, Motion, Movie, column
from icestream.processing.grey import draw_thumbnail
from icestream.processing.motion.picture import draw_tracks
from icestream.protocol import BadOutput, Work, read_output

__all__ = ["GAIN", "SHIFTS", "SUM", "is_turned", "make_micrograph", "read_shifts"]

SUM, SHIFTS, GAIN = "sum.mrc", "shifts.txt", "gain.mrc"
"""Files in the folder of a task: the first two are written by the program, the last by us."""

_PRINTED = re.compile(r"(?m)^image #(\d+) = (\S+), (\S+)$")
_THUMBNAIL = 512
"""Pixels of its longer side."""


def is_turned(movie: Movie) -> bool:
    """Whether unblur reads the rows of the movie from the other end: it does so for TIFF."""
    return movie.path.suffix.lower() in (".tif", ".tiff")


def read_shifts(path: Path, movie: Movie, *, printed: bool) -> NDArray[np.float64]:
    """Shifts of all frames of a movie, by which each was moved onto the others.

    Parameters
    ----------
    path
        The file of shifts; or, where they are `printed`, what the program printed.
    movie
        What was aligned.
    printed
        cisTEM 1 prints the shifts, cisTEM 2 writes them (and prints other numbers in their place).

    Returns
    -------
    NDArray
        ``(frames, 2)`` as (dy, dx), pixels of the movie as icestream reads it, relative to the
        middle frame, which the sum lies on. They are what is added to the coordinates of a frame,
        as in RELION.

    Raises
    ------
    BadOutput
        If there are none, of another number of frames, or what is no number.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    if printed:
        found = _PRINTED.findall(text)
        rows = [pair for count, *pair in found]
        if [int(count) for count, *_ in found] != list(range(len(found))):
            raise BadOutput("it printed shifts in another order", code="garbage-output")
    else:
        if text and not text.endswith("\n"):
            raise BadOutput(f"the last line of {path.name} does not end", code="half-output")
        lines = (line for line in text.splitlines() if line.strip())
        rows = [line.split() for line in lines if not line.startswith(("#", "C"))]
    try:
        shifts = np.array([[float(dy), float(dx)] for dx, dy in rows], np.float64).reshape(-1, 2)
    except ValueError as error:
        raise BadOutput(f"a shift cannot be read: {error}", code="garbage-output") from error
    if len(shifts) != movie.frames or not np.isfinite(shifts).all():
        raise BadOutput(
            f"there are shifts of {len(shifts)} frames, and the movie has {movie.frames}"
            if len(shifts) != movie.frames
            else "a shift is no number",
            advice="see whether the movie is whole: its number of frames may be wrong",
            code="half-output" if len(shifts) < movie.frames else "garbage-output",
        )
    if is_turned(movie):
        shifts[:, 0] *= -1
    return np.asarray(shifts / movie.optics.pixel_size)


def make_micrograph(
    movie: Movie, used: range, shifts: NDArray[np.float64], binning: float, work: Work
) -> Micrograph:
    """The micrograph of a movie, its rows in the order of the movie's, with small pictures.

    Parameters
    ----------
    movie
        What was aligned.
    used
        Numbers of the frames in the sum, from 0.
    shifts
        ``(frames, 2)`` of all frames, as `read_shifts` gives them.
    binning
        Pixel of the sum in pixels of the movie, as asked.
    work
        Where the sum lies, and the pictures go.

    Raises
    ------
    BadOutput
        If the sum is missing, cut off, of another size, or nothing but one value.
    """
    sides = [int(side / binning + 0.5) for side in movie.shape]
    image = read_output(work.path(SUM), (sides[0], sides[1]))
    real = float(np.mean([side / made for side, made in zip(movie.shape, sides, strict=True)]))
    optics, pixel_size = movie.optics.binned(real), movie.optics.pixel_size
    path = work.path(f"{movie.exposure}.mrc")
    if is_turned(movie):
        image = np.ascontiguousarray(image[::-1])
        write_mrc(path, image, optics.pixel_size)
        work.path(SUM).unlink()
    else:
        work.path(SUM).rename(path)
    seen = shifts[used.start : used.stop]
    tracks = draw_tracks(seen * pixel_size, movie.shape)
    small = draw_thumbnail(image, optics.pixel_size, _THUMBNAIL)
    return Micrograph(
        exposure=movie.exposure,
        path=path,
        shape=(image.shape[0], image.shape[1]),
        optics=optics,
        motion=Motion(shifts=column(seen), pixel_size=pixel_size, first_frame=used.start + 1),
        movie=movie.path,
        gain=movie.gain,
        dose_per_frame=movie.dose_per_frame,
        pre_exposure=movie.pre_exposure,
        frames=len(used),
        binning=real,
        eer_grouping=movie.eer_grouping,
        group=movie.details.group if movie.details else 1,
        phase_plate=bool(movie.details and movie.details.phase_plate),
        thumbnail=write_picture(work.path(f"{movie.exposure}.jpg"), small),
        tracks=write_picture(work.path(f"{movie.exposure}_tracks.png"), tracks),
    )
