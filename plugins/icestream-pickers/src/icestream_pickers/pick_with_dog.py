"""Pick the particles of each micrograph with Appion's DoG Picker."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from icestream.model import Micrograph, Picks
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Failure,
    Figure,
    Operational,
    Parameters,
    Program,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream.units import Angstrom, Second, Unit, Usual
from icestream_pickers.elsewhere import DOG
from icestream_pickers.picking import (
    MICROGRAPH,
    NO_PLACE,
    Floats,
    lay_out,
    make_picks,
    output_text,
    plot_picks,
    summarize_picks,
)

__all__ = ["DogPicking", "PickWithDog"]

_PROGRAM = "ApDogPicker.py"
_FOUND = "picks.txt"
_NOTHING = re.compile(r"\b(?:kept|found) 0\b|\b0 (?:total |non-overlapping )?peaks\b")
_CITES = ("Voss et al. (2009) J. Struct. Biol. 166, 205, doi:10.1016/j.jsb.2009.01.004",)


class DogPicking(Parameters):
    """What size the particles have, and how strict to be."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] = 130.0
    """Diameter of the particle (`--diam`)."""

    threshold: Annotated[float, Unit("σ"), Ge(0), Le(20)] = 0.5
    """Least height of a peak above the mean (`--thresh`): lower finds more."""

    threshold_max: Annotated[float, Unit("σ"), Gt(0), Advanced] | None = None
    """Most height of a peak (`--max-thresh`): leaves out dirt and ice; any when empty."""

    sizes: Annotated[int, Ge(2), Le(14), Advanced] | None = None
    """How many sizes are tried (`--num-slices`); one when empty."""

    size_range: Annotated[Angstrom, Gt(0), Advanced] | None = None
    """How far the sizes go around the diameter (`--size-range`); with `sizes` alone."""

    area_most: Annotated[float, Gt(0), Advanced] | None = None
    """Most area of a peak, in areas of the particle (`--max-area`)."""

    most: Annotated[int, Ge(1), Advanced] | None = None
    """Most particles in a micrograph (`--max-peaks`)."""

    bright: Annotated[bool, Advanced] = False
    """Particles are brighter than their surroundings (without `--invert`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_sizes(self) -> Self:
        """Refuse a range without a number of sizes, and thresholds that let nothing through."""
        if (self.sizes is None) != (self.size_range is None):
            raise ValueError("sizes and size_range are given together, or neither")
        if self.size_range is not None and self.size_range >= 2 * self.diameter:
            raise ValueError(
                f"size_range ({self.size_range:g} Å) must be less than twice the "
                f"diameter ({self.diameter:g} Å)"
            )
        if self.threshold_max is not None and self.threshold_max <= self.threshold:
            raise ValueError(
                f"threshold_max ({self.threshold_max:g}) must be above "
                f"threshold ({self.threshold:g})"
            )
        return self


class PickWithDog(ProgramProtocol[DogPicking]):
    """Pick particles as blobs of a size, by a difference of Gaussians, with Appion's DoG Picker."""

    name = "picks.dog"
    title = "DoG Picker"
    version = 2
    cites = _CITES
    elsewhere = DOG
    resources = Resources(cores=1, memory=2 * 2**30)
    program = Program(
        _PROGRAM,
        package="DoG Picker and TiltPicker, emg.nysbc.org",
        # It has no option that tells its version.
        probe=None,
        licence="Apache-2.0",
        cites=_CITES,
    )
    failures = (
        Failure(
            code="wrong-python",
            when=r"SyntaxError|No module named '?(?:pyami|appionlib|numpy|scipy|Image)",
            advice="it is written for Python 2 with numpy, scipy, PIL and pyami: name in the "
            "setting programs a script that calls it with such a Python",
        ),
        Failure(
            code="too-much",
            when=r"too much coverage",
            advice="raise threshold: more than a seventh of the micrograph is above it",
        ),
        Failure(
            code="other-version",
            when=r"no such option|error: option",
            advice="this DoG Picker takes other options: install the one that stands alone, not "
            "dogPicker.py of Appion",
        ),
        NO_PLACE,
    )

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        lay_out(micrograph, work)

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        wanted = self.parameters
        words = [
            *(f"--image={MICROGRAPH}", f"--outfile={_FOUND}"),
            *(f"--apix={micrograph.optics.pixel_size:.7g}", f"--diam={wanted.diameter:g}"),
            f"--thresh={wanted.threshold:g}",
        ]
        if wanted.sizes is not None and wanted.size_range is not None:
            words += [f"--num-slices={wanted.sizes}", f"--size-range={wanted.size_range:g}"]
        for flag, value in (
            ("--max-thresh", wanted.threshold_max),
            ("--max-area", wanted.area_most),
            ("--max-peaks", wanted.most),
        ):
            words += [f"{flag}={value:g}"] if value is not None else []
        words += [] if wanted.bright else ["--invert"]
        return Command((_PROGRAM, *words), timeout=wanted.timeout)

    def collect(self, micrograph: Micrograph, work: Work) -> Picks:
        return make_picks(micrograph, _read(work), self.parameters.diameter)

    def methods(self) -> str:
        """With what particles were picked."""
        wanted = self.parameters
        return (
            f"Particles were picked by DoG Picker, as blobs of {wanted.diameter:g} Å at least "
            f"{wanted.threshold:g} standard deviations high."
        )

    def summarize(self, items: Sequence[Picks]) -> str:
        return summarize_picks(items, "DoG Picker")

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        yield from plot_picks(items)


def _read(work: Work) -> Floats:
    """Centres, and the height of the peak where each line has it in a third column."""
    path = work.path(_FOUND)
    if path.is_file() and not path.stat().st_size:
        # Nothing found and a full disk look alike in the file, and not in what it prints.
        printed = work.path(f"{_PROGRAM}.log").read_text(encoding="utf-8", errors="replace")
        if _NOTHING.search(printed):
            return np.zeros((0, 3))
    text = output_text(path)
    if not text.endswith("\n"):
        raise BadOutput(f"the last line of {path.name} does not end", code="half-output")
    rows = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            x, y, *score = (float(word) for word in words[:3])
        except ValueError as error:
            raise BadOutput(
                f"a line of {path.name} is no place: {line[:80]!r}", code="garbage-output"
            ) from error
        rows.append((x, y, *score))
    width = min(map(len, rows), default=2)
    return np.array([row[:width] for row in rows], np.float64).reshape(-1, width)
