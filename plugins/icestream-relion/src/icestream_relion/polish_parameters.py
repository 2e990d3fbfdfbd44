"""What a person says about RELION's Bayesian polishing, in our units and by its own names."""

from typing import Annotated, Self

from annotated_types import Ge, Gt, Le, MultipleOf
from pydantic import model_validator

from icestream.protocol import Advanced, Operational, Parameters, shown_if
from icestream.units import Angstrom, Pixel, Unit

__all__ = ["RelionPolishParameters"]


class RelionPolishParameters(Parameters):
    """How particles are expected to move, and what is made of their frames."""

    train: bool = False
    """Find velocity, divergence and acceleration in the movies themselves first (`--params3`):
    slow, and done once for a kind of specimen and grid."""

    velocity: Annotated[float, Unit("Å/(e/Å²)"), Gt(0), shown_if("train", False)] = 0.2
    """How fast particles are expected to move (`--s_vel`)."""

    divergence: Annotated[Angstrom, Gt(0), shown_if("train", False)] = 5000.0
    """How far from each other particles still move alike (`--s_div`)."""

    acceleration: Annotated[float, Unit("Å/(e/Å²)"), Gt(0), shown_if("train", False)] = 2.0
    """How much their velocity is expected to change (`--s_acc`)."""

    train_particles: Annotated[int, Ge(2), shown_if("train")] = 5000
    """Particles that they are found with (`--min_p`), in movies that are drawn at random; all where
    there are fewer, which is said with the result."""

    first_frame: Annotated[int, Ge(1)] = 1
    """First frame that is used, from 1 (`--first_frame`)."""

    last_frame: Annotated[int, Ge(0)] = 0
    """Last frame that is used (`--last_frame`). 0 takes as many as most of the movies have. The
    particles of movies with fewer are left out, which is said with the result."""

    window: Annotated[Pixel, Ge(16), MultipleOf(2)] | None = None
    """Side of the box that is cut out, in pixels of the movie (`--window`), even; that of the
    reference when empty."""

    scale: Annotated[Pixel, Ge(16), MultipleOf(2)] | None = None
    """Side of the image that the box is made smaller to (`--scale`), even. When empty, the pixels
    are those of the reference."""

    weights_coarsest: Annotated[Angstrom, Gt(0), Advanced] = 20.0
    """Coarsest detail from which it is told how much a frame still shows (`--bfac_minfreq`)."""

    weights_finest: Annotated[Angstrom, Gt(0), Advanced] | None = None
    """Finest detail of these (`--bfac_maxfreq`); the resolution of the map when empty."""

    threads: Annotated[int, Ge(1), Le(128), Operational, Advanced] = 1
    """Threads (`--j`)."""

    memory: Annotated[float, Unit("GiB"), Gt(0), Operational, Advanced] = 8.0
    """Memory that is set aside for it: all frames of a movie are in it."""

    time: Annotated[float, Unit("h"), Gt(0), Operational, Advanced] = 72.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_sizes(self) -> Self:
        """Refuse ranges that hold nothing, and images that would be made larger."""
        if 0 < self.last_frame <= self.first_frame:
            raise ValueError(
                f"last_frame ({self.last_frame}) must be 0 or beyond "
                f"first_frame ({self.first_frame})"
            )
        if self.window is not None and self.scale is not None and self.scale > self.window:
            raise ValueError(
                f"scale ({self.scale}) must not be larger than window ({self.window}): RELION "
                "makes images smaller only"
            )
        if self.weights_finest is not None and self.weights_finest >= self.weights_coarsest:
            raise ValueError(
                f"weights_finest ({self.weights_finest:g} Å) must be finer than "
                f"weights_coarsest ({self.weights_coarsest:g} Å)"
            )
        return self
