"""What RELION's motion correction leaves: sums, and the motion in a STAR file."""

from pathlib import Path

import numpy as np

from icestream.formats import FormatError, write_picture
from icestream.formats.relion import read_motion
from icestream.model import Micrograph, Motion, Movie
from icestream.processing.grey import draw_thumbnail
from icestream.processing.motion.picture import draw_tracks
from icestream.protocol import BadOutput, Work, read_output
from icestream_relion.motion_parameters import RelionMotionParameters

__all__ = ["read_micrograph"]

_THUMBNAIL = 512
"""Pixels of its longer side."""


def read_micrograph(movie: Movie, wanted: RelionMotionParameters, work: Work) -> Micrograph:
    """The micrograph of a movie, its motion, and small pictures of both.

    Raises
    ------
    BadOutput
        If a sum or the motion is missing, cut off or garbage.
    """
    used, written = wanted.frames_of(movie), work.folder / "out"
    best = _take(written / "movie.mrc", work.path(f"{movie.exposure}.mrc"))
    image = read_output(best)
    shape = (image.shape[0], image.shape[1])
    unweighted = None
    if wanted.is_weighted(movie) and wanted.unweighted:
        plain = written / "movie_noDW.mrc"
        unweighted = _take(plain, work.path(f"{movie.exposure}_noDW.mrc"))
        read_output(unweighted, shape)
    motion = _motion(written / "movie.star", used)
    binning = movie.shape[0] / image.shape[0]
    if abs(binning - wanted.binning_of(movie)) > 0.02 * binning:
        raise BadOutput(
            f"its sum has {image.shape[0]} x {image.shape[1]} pixels, and frames of "
            f"{movie.shape[0]} x {movie.shape[1]} were to be binned "
            f"{wanted.binning_of(movie):g} times",
            code="garbage-output",
        )
    optics = movie.optics.binned(binning)
    tracks = np.asarray(motion.shifts, dtype=np.float64) * movie.optics.pixel_size
    return Micrograph(
        exposure=movie.exposure,
        path=best,
        shape=shape,
        optics=optics,
        unweighted=unweighted,
        motion=motion,
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
            draw_thumbnail(image, optics.pixel_size, _THUMBNAIL),
        ),
        tracks=write_picture(
            work.path(f"{movie.exposure}_tracks.png"), draw_tracks(tracks, movie.shape)
        ),
    )


def _motion(path: Path, used: range) -> Motion:
    if not path.is_file():
        raise BadOutput("the motion was not written", code="no-output")
    try:
        motion = read_motion(path)
    except (FormatError, KeyError, ValueError) as error:
        raise BadOutput(
            f"the motion cannot be read: {error}",
            advice="see whether the movie is whole, and shows anything to align",
            code="garbage-output",
        ) from error
    if len(motion.shifts) != len(used) or not np.isfinite(motion.shifts).all():
        raise BadOutput(
            f"it wrote shifts of {len(motion.shifts)} frames, of which "
            f"{int(np.isfinite(motion.shifts).all(axis=1).sum())} are numbers, and {len(used)} "
            "frames were to be aligned",
            advice="see whether the movie is whole: its number of frames may be wrong",
            code="garbage-output",
        )
    return motion


def _take(written: Path, target: Path) -> Path:
    """A sum under the name of its exposure; under the program's, where there is none."""
    return written.rename(target) if written.is_file() else written
