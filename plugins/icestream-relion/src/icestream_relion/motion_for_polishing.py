"""Write down the motion of each movie as RELION's Bayesian polishing reads it."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from icestream.formats.relion_motion import write_motion
from icestream.model import Micrograph, Movie
from icestream.protocol import Advanced, InputFile, ItemFailed, ItemProtocol, Parameters, Work
from icestream_relion.items import RelionMovie

__all__ = ["DescribeMotion", "DescribeMotionParameters"]

_READ = (".mrc", ".mrcs", ".tif", ".tiff", ".eer")


class DescribeMotionParameters(Parameters):
    """What the movies do not bring themselves."""

    defects: Annotated[InputFile | None, Advanced] = None
    """Defect map or list, where the movies bring none; the same as in the step that aligned
    them."""


class DescribeMotion(ItemProtocol[DescribeMotionParameters]):
    """Write down the motion of a movie for RELION's Bayesian polishing, whoever found it.

    Connect it to the movies and to the step that aligned them. `movies.relion_join` gathers what
    it writes.
    """

    name = "movies.relion_motion"
    title = "Motion for RELION"

    def process(self, movie: Movie, micrograph: Micrograph, work: Work) -> RelionMovie:
        _check(movie, micrograph)
        path = work.path(f"{movie.exposure}.star")
        called = f"movies/{path.stem}{movie.path.suffix.lower()}"
        wanted = self.parameters.defects or movie.defects
        gain, defects = _gain_name(movie), _defects_name(wanted, movie.shape)
        write_motion(path, called, movie, micrograph, gain=gain or None, defects=defects or None)
        return RelionMovie(
            exposure=movie.exposure,
            motion=path,
            movie=movie,
            name=called,
            gain_name=gain,
            defects=wanted,
            defects_name=defects,
            binning=micrograph.binning,
            dose_per_frame=micrograph.dose_per_frame,
        )

    def summarize(self, items: Sequence[RelionMovie]) -> str:
        return f"the motion of {len(items)} movies is there for polishing" if items else ""


def _check(movie: Movie, micrograph: Micrograph) -> None:
    """Refuse what RELION cannot read, or would take for something else."""
    if micrograph.motion is None or not micrograph.motion.known:
        raise ItemFailed(
            f"no motion was found in {movie.path}, and polishing begins with it",
            advice="connect the step that aligned the movies",
            code="no-motion",
        )
    if movie.path.suffix.lower() not in _READ:
        raise ItemFailed(
            f"{movie.path} is none of {', '.join(_READ)}, which RELION reads",
            advice="polish in the program that these movies are for",
            code="movie-name",
        )
    if len(set(movie.frame_doses)) > 1:
        raise ItemFailed(
            f"the frames of {movie.path} have doses from {min(movie.frame_doses):g} to "
            f"{max(movie.frame_doses):g} e/Å², and RELION takes one for all",
            advice="polish in a program that takes a dose for each frame",
            code="doses-differ",
        )
    if micrograph.dose_per_frame <= 0:
        raise ItemFailed(
            f"the dose of the frames of {movie.path} is not known, and RELION scales its "
            "expectations of the motion by it",
            advice="give dose_per_frame where the movies come in",
            code="no-dose",
        )


def _gain_name(movie: Movie) -> str:
    """What the reference is called where RELION runs: one name for all movies of one reference."""
    if movie.gain is None:
        return ""
    eer = movie.path.suffix.lower() == ".eer"
    return f"camera/gain_{_digest(movie.gain, movie.shape, movie.gain_orientation, eer)}.mrc"


def _defects_name(defects: Path | None, shape: tuple[int, int]) -> str:
    """What the map of the defects is called where RELION runs."""
    return "" if defects is None else f"camera/defects_{_digest(defects, shape)}.mrc"


def _digest(path: Path, *traits: object) -> str:
    return hashlib.blake2b(repr((str(path), *traits)).encode(), digest_size=6).hexdigest()
