"""Pick the particles of each micrograph with the Gaussian picker of SPARX and SPHIRE."""

import json
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
    Figure,
    Operational,
    Parameters,
    Program,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream.units import Angstrom, Second, Usual
from icestream_pickers.elsewhere import SPHIRE
from icestream_pickers.eman import FAILURES, PROBE, read_boxes
from icestream_pickers.picking import (
    MICROGRAPH,
    lay_out,
    make_picks,
    plot_picks,
    summarize_picks,
)

__all__ = ["PickWithSphire", "SphirePicking"]

_PROGRAM = "e2boxer_old.py"
_KEY = "demoparms"
_CITES = ("Moriya et al. (2017) J. Vis. Exp. 123, e55448, doi:10.3791/55448",)


class SphirePicking(Parameters):
    """What the particles look like to a Gaussian, and how strict to be."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] = 130.0
    """Diameter of the particle: the box of the picker (`--boxsize`) is this wide."""

    threshold: Annotated[float, Ge(0), Le(100)] = 1.0
    """Least height of a peak (`thr_low`): lower finds more."""

    threshold_max: Annotated[float, Gt(0), Le(1000)] = 30.0
    """Most height of a peak (`thr_hi`): lower leaves out ice and dirt."""

    width: Annotated[float, Gt(0), Le(10)] = 1.0
    """Width of the Gaussian, in parts of the box (`gauss_width`)."""

    use_variance: Annotated[bool, Advanced] = True
    """Look at the variance around each place, too (`use_variance`)."""

    bright: Annotated[bool, Advanced] = False
    """Particles are brighter than their surroundings (without `invert_contrast`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_thresholds(self) -> Self:
        """Refuse a range that holds no peak."""
        if self.threshold_max <= self.threshold:
            raise ValueError(
                f"threshold_max ({self.threshold_max:g}) must be above "
                f"threshold ({self.threshold:g})"
            )
        return self


class PickWithSphire(ProgramProtocol[SphirePicking]):
    """Pick particles as Gaussian blobs with SPHIRE's picker, without references."""

    name = "picks.sphire_gauss"
    title = "SPHIRE Gaussian picker"
    version = 2
    cites = _CITES
    elsewhere = SPHIRE
    resources = Resources(cores=1, memory=4 * 2**30)
    program = Program(
        _PROGRAM,
        package="EMAN2 2.31 with SPHIRE, from sphire.mpg.de",
        probe=PROBE,
        known=("2.21", "2.31"),
        licence="GPL-2.0 and BSD-3-Clause",
        cites=_CITES,
    )
    failures = FAILURES

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        lay_out(micrograph, work)
        wanted = self.parameters
        # As `sp_process.py demoparms --makedb=...` would write them.
        said = {
            "pixel_input": 1.0,
            "pixel_output": 1.0,
            "invert_contrast": not wanted.bright,
            "use_variance": wanted.use_variance,
            "gauss_width": wanted.width,
            "thr_low": wanted.threshold,
            "thr_hi": wanted.threshold_max,
            "boxsize": self._box(micrograph),
        }
        cache = work.folder / "e2boxercache"
        cache.mkdir(exist_ok=True)
        (cache / "gauss_box_DB.json").write_text(json.dumps({_KEY: said}), encoding="utf-8")

    def _box(self, micrograph: Micrograph) -> int:
        """Side of the box, pixels; even, as EMAN2 wants it."""
        return max(2, 2 * round(0.5 * self.parameters.diameter / micrograph.optics.pixel_size))

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        argv = (
            *(_PROGRAM, f"--gauss_autoboxer={_KEY}", "--write_dbbox"),
            *(f"--boxsize={self._box(micrograph)}", MICROGRAPH),
        )
        return Command(argv, timeout=self.parameters.timeout)

    def collect(self, micrograph: Micrograph, work: Work) -> Picks:
        info = work.folder / "info" / "mic_info.json"
        if not info.is_file() and (work.folder / "mic.box").is_file():
            rows = np.zeros((0, 3))
            if (work.folder / "mic.box").read_text(encoding="utf-8").strip():
                raise BadOutput(
                    "boxes were written, and info/mic_info.json was not", code="half-output"
                )
        else:
            rows = read_boxes(work)
        return make_picks(micrograph, rows, self.parameters.diameter)

    def methods(self) -> str:
        """With what particles were picked."""
        return "Particles were picked by SPHIRE's Gaussian convolution, without references."

    def summarize(self, items: Sequence[Picks]) -> str:
        return summarize_picks(items, "SPHIRE's Gaussian picker")

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        yield from plot_picks(items)
