"""What the programs leave: sums, and the shifts of the frames in what they print."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import write_picture
from icestream.model import Micrograph, Motion, Movie, column
from icestream.processing.grey import draw_thumbnail
from icestream.processing.motion.picture import draw_tracks
from icestream.protocol import BadOutput, Work, read_output
from icestream_motioncor.inputs import SUM, is_weighted
from icestream_motioncor.parameters import MotionCorParameters

__all__ = ["Sums", "check_size", "make_micrograph", "numbers_of", "read_results", "read_shifts"]

_HEADING = "Full-frame alignment shift"
_SHIFT = re.compile(r"Frame \(\s*(\d+)\) shift:\s*(\S+)\s+(\S+)")
_THUMBNAIL = 512
"""Pixels of its longer side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """The sums of a movie as they were written, and the best of them as it was read."""

    best: Path
    image: NDArray[np.float32]
    unweighted: Path | None = None
    odd: Path | None = None
    even: Path | None = None


def read_shifts(printed: str) -> NDArray[np.float64]:
    """Shifts of the whole frames in what MotionCor2 or MotionCor3 printed.

    Returns
    -------
    NDArray
        ``(frames, 2)`` as (dy, dx), pixels of the movie, relative to the frame that the sum lies
        on, which is one in the middle. They are what is added to the coordinates of a frame, as in
        RELION, which takes these numbers as they are, too.

    Raises
    ------
    BadOutput
        If there are none, a frame is left out, or a shift is no number.
    """
    _, heading, rest = printed.partition(_HEADING)
    lines = takewhile(_SHIFT.search, rest.splitlines()[1:] if heading else ())
    shifts = numbers_of(lines, _SHIFT, first=1)
    if not len(shifts):
        raise BadOutput(f"it printed no {_HEADING!r} with shifts below", code="no-output")
    return shifts


def numbers_of(lines: Iterable[str], pattern: re.Pattern[str], first: int) -> NDArray[np.float64]:
    """Shifts ``(frames, 2)`` as (dy, dx) of lines with a frame's number, x and y.

    Raises
    ------
    BadOutput
        If frames do not follow each other from `first` on, or a shift is no number.
    """
    shifts: list[tuple[float, float]] = []
    for match in filter(None, map(pattern.search, lines)):
        try:
            dx, dy = float(match[2]), float(match[3])
        except ValueError:
            dx = dy = math.nan
        if int(match[1]) != len(shifts) + first or not math.isfinite(dx + dy):
            raise BadOutput(
                f"the shift of frame {len(shifts) + first} cannot be read: {match[0]!r}",
                code="garbage-output",
            )
        shifts.append((dy, dx))
    return np.array(shifts, dtype=np.float64).reshape(-1, 2)


def read_results(movie: Movie, wanted: MotionCorParameters, work: Work, log: Path) -> Micrograph:
    """The micrograph of a movie, its motion, and small pictures of both.

    Raises
    ------
    BadOutput
        If a sum or the shifts are missing, cut off or garbage, or the gain was not applied.
    """
    printed = log.read_text(encoding="utf-8", errors="replace")
    if movie.gain is not None and "ain correction will be skipped" in printed:
        raise BadOutput(
            "it did not apply the gain reference",
            advice="look into its log for what it found wrong with the reference",
            code="gain-skipped",
        )
    shifts = read_shifts(printed)
    plain, best = _take(work, movie, ""), None
    image = read_output(plain)
    if is_weighted(movie, wanted):
        best = _take(work, movie, "_DW")
        image = read_output(best, (image.shape[0], image.shape[1]))
    halves = {side: _take(work, movie, f"_{side}") for side in ("ODD", "EVN") if wanted.halves}
    for path in halves.values():
        read_output(path, (image.shape[0], image.shape[1]))
    sums = Sums(
        best=best or plain,
        image=image,
        unweighted=plain if best and wanted.unweighted else None,
        odd=halves.get("ODD"),
        even=halves.get("EVN"),
    )
    check_size(movie, wanted.binning_of(movie), image)
    return make_micrograph(movie, wanted.frames_of(movie), shifts, sums, work)


def make_micrograph(
    movie: Movie, used: range, shifts: NDArray[np.float64], sums: Sums, work: Work
) -> Micrograph:
    """The micrograph of a movie, with small pictures of it and of the motion.

    Parameters
    ----------
    movie
        What was aligned.
    used
        Numbers of its frames that were, from 0.
    shifts
        ``(frames, 2)`` as (dy, dx), pixels of the movie.
    sums
        What was written.
    work
        Where the pictures go.

    Raises
    ------
    BadOutput
        If there are shifts of fewer or more frames.
    """
    if len(shifts) != len(used):
        raise BadOutput(
            f"it printed shifts of {len(shifts)} frames, and {len(used)} were to be aligned",
            advice="see whether the movie is whole: its number of frames may be wrong",
            code="garbage-output",
        )
    binning = movie.shape[0] / sums.image.shape[0]
    optics = movie.optics.binned(binning)
    pixel_size = movie.optics.pixel_size
    return Micrograph(
        exposure=movie.exposure,
        path=sums.best,
        shape=(sums.image.shape[0], sums.image.shape[1]),
        optics=optics,
        unweighted=sums.unweighted,
        motion=Motion(shifts=column(shifts), pixel_size=pixel_size, first_frame=used.start + 1),
        movie=movie.path,
        gain=movie.gain,
        dose_per_frame=movie.dose_per_frame,
        pre_exposure=movie.pre_exposure,
        frames=len(used),
        binning=binning,
        eer_grouping=movie.eer_grouping,
        group=movie.details.group if movie.details else 1,
        phase_plate=bool(movie.details and movie.details.phase_plate),
        thumbnail=write_picture(
            work.path(f"{movie.exposure}.jpg"),
            draw_thumbnail(sums.image, optics.pixel_size, _THUMBNAIL),
        ),
        odd=sums.odd,
        even=sums.even,
        tracks=write_picture(
            work.path(f"{movie.exposure}_tracks.png"), draw_tracks(shifts * pixel_size, movie.shape)
        ),
    )


def _take(work: Work, movie: Movie, ending: str) -> Path:
    """A sum under the name of its exposure; under the program's, where there is none."""
    written = work.path(SUM).with_name(f"{Path(SUM).stem}{ending}.mrc")
    if not written.is_file():
        return written
    return written.rename(work.path(f"{movie.exposure}{ending}.mrc"))


def check_size(movie: Movie, binning: float, image: NDArray[np.float32]) -> None:
    """Refuse a sum that is of no size that Fourier cropping, to even sides, would leave."""
    sides = zip(movie.shape, image.shape, strict=True)
    if any(abs(side / binning - made) > 2 for side, made in sides):
        raise BadOutput(
            f"its sum has {image.shape[0]} x {image.shape[1]} pixels, and frames of "
            f"{movie.shape[0]} x {movie.shape[1]} were to be binned {binning:g} times",
            code="garbage-output",
        )
