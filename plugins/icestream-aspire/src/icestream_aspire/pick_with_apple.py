"""Pick the particles of each micrograph with the APPLE picker of ASPIRE."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, Literal, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray
from pydantic import model_validator

from icestream.formats import FormatError, read_image, read_star
from icestream.model import Micrograph, Picks, column
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Failure,
    Figure,
    ItemFailed,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream.units import Angstrom, Second, Unit, Usual
from icestream_aspire.program import ASPIRE, FAILURES, call
from icestream_aspire.squares import (
    automatic_downscale,
    small_shape,
    squares_of,
    write_squares,
)

__all__ = ["AppleParameters", "PickWithApple"]

_CITES = (
    "Heimowitz, Andén & Singer (2018) J. Struct. Biol. 204, 215, doi:10.1016/j.jsb.2018.08.012",
)
_SQUARES, _FOUND = "squares", "found"
_RIM = 1
"""Pixels that are cut off at each side (`--mrc_margin_left` and the others); APPLE cannot do
without."""
_PART = 0.6
"""Of the diameter, see the parameter `size`."""
_CONTAINER = 5.0
"""Particle sizes; APPLE's 450 pixels were meant for particles of 90."""
_AROUND = 4
"""Particle sizes that squares have in common: at its edge APPLE finds nothing."""
_NONE = "Picker did not find any centers"


class AppleParameters(Parameters):
    """What is looked for."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] = 130.0
    """Diameter of the particle."""

    size: Annotated[Angstrom, Gt(10), Usual(20.0, 2000.0)] | None = None
    """Size that APPLE is told (`--particle_size`); 0.6 of the diameter when empty, with which it
    found most."""

    tau1: Annotated[float, Unit("%"), Gt(0), Le(100)] = 3.0
    """Windows of the micrograph, those that stand out most, that are taken for particles to learn
    from (`--tau1`)."""

    tau2: Annotated[float, Unit("%"), Gt(0), Le(100)] = 30.0
    """Windows that may be particles; what is learnt of ice comes from the others (`--tau2`)."""

    diameter_min: Annotated[Angstrom, Gt(0), Advanced] | None = None
    """Least size of what is a particle (`--min_particle_size`); a quarter of the size when
    empty."""

    diameter_max: Annotated[Angstrom, Gt(0), Advanced] | None = None
    """Largest (`--max_particle_size`); twice the size when empty."""

    overlap: Annotated[Angstrom, Gt(0), Advanced] | None = None
    """Particles whose centres are nearer than this are both left out
    (`--minimum_overlap_amount`); a tenth of the size when empty."""

    model: Annotated[Literal["svm", "gaussian_mixture", "gaussian_naive_bayes"], Advanced] = "svm"
    """What learns to tell particles from ice (`--model`)."""

    downscale: Annotated[float, Ge(1), Le(64), Advanced] | None = None
    """Factor by which micrographs are made smaller; when empty, so that the size has 36
    pixels. APPLE halves them once more (`--mrc_shrink_factor`)."""

    cores: Annotated[int, Ge(1), Le(64), Operational, Advanced] = 1
    """Cores for one micrograph (`--conv_map_nthreads`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 3600.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_windows(self) -> Self:
        """Refuse that there are more particles than windows that may be some."""
        if self.tau1 >= self.tau2:
            raise ValueError(f"tau1 ({self.tau1:g} %) must be below tau2 ({self.tau2:g} %)")
        return self

    def factor_for(self, pixel_size: float) -> float:
        """By how much micrographs of a pixel size (Å) are made smaller."""
        return self.downscale or automatic_downscale(self.told_size(), pixel_size)

    def told_size(self) -> float:
        """Size that APPLE is told, Å, whether it is set or not."""
        return self.size or _PART * self.diameter


class PickWithApple(ProgramProtocol[AppleParameters]):
    """Pick particles with APPLE, which learns in each micrograph what stands out of it."""

    name = "picks.apple"
    title = "APPLE picker"
    cites = _CITES
    program = ASPIRE
    failures = (
        Failure(
            code="nothing-stands-out",
            when=r"IndexError: index \d+ is out of bounds|number of classes has to be greater|"
            r"Found array with 0 sample|zero-size array",
            advice="look whether the micrograph shows particles; if it does, change tau1 and tau2, "
            "or give the diameter that they have",
        ),
        Failure(
            code="wrong-size",
            when=r"AssertionError: .*(?:must be|range|exceed)",
            advice="a size of 15 pixels or more of the small micrograph (downscale), and one that "
            "fits into it several times",
        ),
        *FAILURES,
    )

    def need(self) -> Resources:
        """Cores as asked, and memory for the windows of a usual micrograph."""
        return Resources(cores=self.parameters.cores, memory=2 * 2**30)

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        try:
            image = read_image(micrograph.path)
        except (FormatError, OSError) as error:
            raise ItemFailed(
                f"{micrograph.path} cannot be read: {error}",
                advice="look whether the micrograph is whole",
                code="micrograph-not-readable",
            ) from error
        if not image.std() > 0:
            raise ItemFailed("the micrograph has no contrast", code="nothing-stands-out")
        size = self._size(micrograph)
        factor = self.parameters.factor_for(micrograph.optics.pixel_size)
        write_squares(work.folder / _SQUARES, image, factor, _AROUND * size)
        (work.folder / _FOUND).mkdir(exist_ok=True)

    def _size(self, micrograph: Micrograph) -> int:
        """What APPLE is told, pixels of the small micrograph."""
        return self._pixels(self.parameters.told_size(), micrograph)

    def _pixels(self, length: float, micrograph: Micrograph) -> int:
        pixel_size = micrograph.optics.pixel_size
        return max(1, round(length / (pixel_size * self.parameters.factor_for(pixel_size))))

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        wanted = self.parameters
        size = self._size(micrograph)
        shape = small_shape(micrograph.shape, wanted.factor_for(micrograph.optics.pixel_size))
        side = min(shape)
        window = round(size * 2 / 3)
        window = max(window - window % 4, 4)
        # As APPLE chooses it; but it counts those of a micrograph of 4,000 pixels.
        windows = 4.0 * ((side - 2 * _RIM) / window) ** 2
        words = [
            *("apple", "--mrc_path", _SQUARES, "--output_dir", _FOUND),
            *("--particle_size", str(size)),
            *("--tau1", str(max(1, int(windows * wanted.tau1 / 100)))),
            *("--tau2", str(max(2, int(windows * wanted.tau2 / 100)))),
            *("--container_size", str(min(max(size, round(_CONTAINER * size)), side - 2 * _RIM))),
            *("--model", wanted.model, "--conv_map_nthreads", str(work.cores)),
        ]
        for side_name in ("left", "right", "top", "bottom"):
            words += [f"--mrc_margin_{side_name}", str(_RIM)]
        for flag, length in (
            ("--min_particle_size", wanted.diameter_min),
            ("--max_particle_size", wanted.diameter_max),
            ("--minimum_overlap_amount", wanted.overlap),
        ):
            if length is not None:
                words += [flag, str(self._pixels(length, micrograph))]
        return call(tuple(words), work, wanted.timeout)

    def collect(self, micrograph: Micrograph, work: Work) -> Picks:
        factor = self.parameters.factor_for(micrograph.optics.pixel_size)
        shape = small_shape(micrograph.shape, factor)
        squares = squares_of(shape, _AROUND * self._size(micrograph))
        log = work.path("aspire.log").read_text(encoding="utf-8", errors="replace")
        empty = log.count(_NONE)
        missing = 0
        places = [np.zeros((0, 2))]
        for number, square in enumerate(squares, start=1):
            path = work.folder / _FOUND / f"{number}_applepick.star"
            if not path.is_file():
                missing += 1
                continue
            places.append(square.place(read_places(path, square.side)))
        if missing > empty:
            raise BadOutput(
                f"{missing - empty} of {len(squares)} tables were not written", code="no-output"
            )
        found = np.concatenate(places)
        # The sides need not be multiples of the factor.
        scale = np.array([micrograph.shape[1] / shape[1], micrograph.shape[0] / shape[0]])
        x, y = (found * scale).T
        return Picks(
            exposure=micrograph.exposure,
            x=column(x),
            y=column(y),
            score=column(np.full(len(found), np.nan)),  # APPLE tells none
            diameter=self.parameters.diameter,
            pixel_size=micrograph.optics.pixel_size,
        )

    def methods(self) -> str:
        """With what particles were picked."""
        return "Particles were picked by the APPLE picker of ASPIRE."

    def summarize(self, items: Sequence[Picks]) -> str:
        """Count the picks."""
        if not items:
            return ""
        counts = [len(item) for item in items]
        return (
            f"{sum(counts)} particles were picked in {len(items)} micrographs "
            f"(median {median(counts):g} in each) by APPLE"
        )

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        """Picks over time and as a histogram."""
        counts = [float(len(item)) for item in items]
        yield Figure("Particles picked", "series", counts, "particles per micrograph")
        yield Figure("Particles picked", "histogram", counts, "particles per micrograph")


def read_places(path: Path, side: int) -> NDArray[np.float64]:
    """Centres ``(n, 2)`` (x, y) of a table that APPLE wrote of a square of `side` pixels.

    They are pixels from the middle of the first one, y along the rows as they are in the file.

    Raises
    ------
    BadOutput
        If it is no such table, is cut off, or has a place that is not in the square.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    if text and not text.endswith("\n"):
        raise BadOutput(
            f"the last line of {path.name} does not end: {text.splitlines()[-1][:80]!r}",
            code="half-output",
        )
    try:
        table = next(iter(read_star(path).values()))
        places = np.column_stack(
            [table.floats("rlnCoordinateX"), table.floats("rlnCoordinateY")]
        ).astype(np.float64)
    except (FormatError, KeyError, StopIteration, ValueError) as error:
        raise BadOutput(
            f"{path.name} cannot be read: {error}",
            code="garbage-output" if text else "half-output",
        ) from error
    if not ((places >= 0) & (places < side)).all():
        raise BadOutput(
            f"{path.name} has a place that is not in an image of {side} x {side} pixels",
            code="garbage-output",
        )
    return places
