"""What the frames themselves tell about the camera's gain."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Column
from icestream.model.picture import Picture

__all__ = ["AS_IT_IS", "ORIENTATIONS", "Gain", "GainVerdict", "Orientation"]

T = TypeVar("T", bound=np.generic)

GainVerdict = Literal["right", "wrong", "undecided", "none"]
"""Of the way in which a reference is laid; none: there is no reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orientation:
    """How a gain reference is laid onto the frames: inverted, then turned, then flipped.

    With row 0 at the top (as ``relion_display`` shows it), the words and their order are those of
    RELION: `rotation` is 90 times ``--gain_rot``, `flip` is ``--gain_flip`` 0, 1 or 2.
    """

    rotation: Literal[0, 90, 180, 270] = 0
    """Degrees, clockwise."""
    flip: Literal["none", "up-down", "left-right"] = "none"
    """After the rotation."""
    inverse: bool = False
    """Divide where the reference would be multiplied with, and the reverse."""

    def turn(self, image: NDArray[T]) -> NDArray[T]:
        """A view of `image` ``(y, x)``, turned and flipped."""
        turned = np.rot90(image, -(self.rotation // 90))
        if self.flip == "up-down":
            return turned[::-1]
        return turned[:, ::-1] if self.flip == "left-right" else turned

    def is_same_as(self, other: "Orientation") -> bool:
        """Whether both lay a reference alike: two of the words may say what one does."""
        corners = np.arange(4).reshape(2, 2)
        same = np.array_equal(self.turn(corners), other.turn(corners))
        return same and self.inverse == other.inverse

    def __str__(self) -> str:
        parts = [f"turned by {self.rotation}°"] if self.rotation else []
        parts += [f"flipped {self.flip}"] if self.flip != "none" else []
        parts += ["inverted"] if self.inverse else []
        return " and ".join(parts) or "as it is"


AS_IT_IS = Orientation()

ORIENTATIONS = (
    AS_IT_IS,
    Orientation(rotation=90),
    Orientation(rotation=180),
    Orientation(rotation=270),
    Orientation(flip="up-down"),
    Orientation(flip="left-right"),
    Orientation(rotation=90, flip="up-down"),
    Orientation(rotation=90, flip="left-right"),
)
"""The eight ways to lay a square: every other combination of words equals one of them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gain:
    """What is known of the gain after some movies of a session."""

    iteration: int
    """Number of the snapshot, from 1."""
    movies: int
    """Movies that were read, wholly or in part, since the camera last changed."""
    frames: int
    """Frames of them that were read."""
    shape: tuple[int, int]
    """(y, x) pixels of a frame."""
    reference: Path | None
    """The reference that was judged; None when the movies have none."""
    verdict: GainVerdict
    """Of the way in which the reference is laid now."""
    orientation: Orientation
    """How the reference would have to be laid, from its file, to fit best."""
    certainty: float
    """By how many standard errors that fits better than the next best."""
    scores: Column
    """``(8,)`` correlations of the frames' detail with that of the reference, in the order of
    `ORIENTATIONS`; negative where it fits inverted, 0 where it does not fit into the frame."""
    pattern: float
    """Relative standard deviation of the detail that repeats in raw frames."""
    residual: float
    """The same after correction, in the newest movies."""
    residual_rows: float
    """Of the means of rows, after correction, in the newest movies."""
    residual_columns: float
    """Of the means of columns."""
    residual_error: float
    """Standard error of `residual`², as a standard deviation."""
    error: float
    """Relative standard error of the estimated gain in a pixel."""
    bad_pixels: int
    """Pixels that are dead, hot or noisy although neither the reference nor `defects` says so."""
    defects: Path | None
    """Map or list of the defects that are known."""
    dose: Column
    """``(movies,)`` electrons counted in each movie, in the order of arrival, over those that
    the metadata say; 0 where they say nothing."""
    estimate: Path | None = None
    """MRC of the estimated gain, to be read as a reference of these movies; None where this
    snapshot wrote none."""
    bad: Path | None = None
    """MRC map of the bad pixels, 1 where bad: a list of defects for later sessions."""
    picture: Annotated[Path | None, Picture("Gain", "Gain estimated from the movies")] = None
    """Small picture of the estimated gain."""

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`."""
        return {"gain.residual": self.residual}
