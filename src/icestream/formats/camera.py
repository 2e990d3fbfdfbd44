"""What is known of the camera of a movie: its gain reference and its defects."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.formats.defects import read_defects
from icestream.formats.gain import read_gain
from icestream.model import Image, Movie

__all__ = ["KnownCamera", "read_camera"]


@dataclass(frozen=True, slots=True, eq=False)
class KnownCamera:
    """What files say of a camera."""

    factors: Image | None
    """``(y, x)``: the alignment multiplies counts by them, see `read_gain`; None without a
    reference."""
    defects: NDArray[np.bool_]
    """``(y, x)``, true where the reference or a list of defects calls a pixel bad."""


def read_camera(movie: Movie, shape: tuple[int, int], *, eer: bool = False) -> KnownCamera:
    """Read the gain reference and the defects that a movie names, without the movie.

    Parameters
    ----------
    movie
        Says where they are, and how the reference is laid.
    shape
        (y, x) of its frames.
    eer
        The movie is EER, of which other references divide.

    Raises
    ------
    FormatError
        If one of the files cannot be read, or does not fit the frames.
    """
    factors = None
    defects = np.zeros(shape, dtype=np.bool_)
    if movie.gain is not None:
        factors = read_gain(movie.gain, shape, eer=eer, orientation=movie.gain_orientation)
        defects |= factors <= 0
    if movie.defects is not None:
        defects |= read_defects(movie.defects, shape)
    return KnownCamera(factors, defects)
