"""Pick the particles of each micrograph with cisTEM's find_particles."""

import math
import re
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Annotated, Literal, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray
from pydantic import model_validator

from icestream.model import Ctf, Micrograph, Picks, column
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Figure,
    InputFile,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
    found_by,
    shown_if,
)
from icestream.units import Angstrom, Second, Usual
from icestream_cistem.elsewhere import PICKER
from icestream_cistem.suite import (
    FAILURES,
    GRANT,
    ask,
    cistem,
    give_image,
    is_first,
    link,
    number,
    said,
)

__all__ = ["CistemPicking", "PickWithCistem", "read_peaks"]

_CITES = (GRANT, "Sigworth (2004) J. Struct. Biol. 145, 111, doi:10.1016/j.jsb.2003.09.025")
_MICROGRAPH, _TEMPLATES, _FOUND = "micrograph.mrc", "templates.mrc", "found.plt"
_COUNTED = re.compile(r"Found (\d+) candidate particles")
_BACKGROUNDS = {"lowest": "0", "mode": "1"}


class CistemPicking(Parameters):
    """What size the particles have, and how strict to be."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] = 130.0
    """Diameter of the disc that is looked for, and of the particle (twice `Typical radius of
    particles`)."""

    diameter_most: Annotated[Angstrom, Gt(10), Advanced] | None = None
    """Largest diameter, and the least distance of two particles (twice `Maximum radius of the
    particle`, where it is the radius of the mask); 1.2 diameters when empty."""

    threshold: Annotated[float, Ge(0), Le(100)] = 6.0
    """Least height of a peak in standard deviations of the noise (`Picking threshold`): lower finds
    more."""

    resolution: Annotated[Angstrom, Ge(1)] = 30.0
    """Finest detail that is used (`Highest resolution to use for picking`); places are as fine as
    half of it."""

    templates: InputFile | None = None
    """Images of the particle to look for in place of a disc, an MRC stack of the micrographs' pixel
    size (`Input templates filename`)."""

    average_templates: Annotated[bool, Advanced] = False
    """Use the average of each template over all directions (`Should the templates be radially
    averaged?`)."""

    rotations: Annotated[int, Ge(1), Le(360), Advanced] = 36
    """Directions in which each template is tried (`Number of in-plane rotations`)."""

    edge: Annotated[Angstrom, Ge(0), Advanced] | None = None
    """Least distance of a particle's centre from the edge (`Minimum distance from edge`, there in
    pixels); half a diameter when empty."""

    avoid_high_variance: bool = True
    """Pick nothing where the local variance is high, as at carbon edges (`Avoid high variance
    areas?`)."""

    avoid_low_variance: Annotated[bool, Advanced] = True
    """Pick nothing where the local variance is low (`Avoid low variance areas?`); cisTEM 2 has
    it."""

    variance_high: Annotated[float, Advanced, shown_if("avoid_high_variance")] = 2.0
    """Where it is high, in widths above the usual (`High variance threshold`); cisTEM 2 has it."""

    variance_low: Annotated[float, Advanced, shown_if("avoid_low_variance")] = -1.0
    """Where it is low, in widths above the usual (`Low variance threshold`); cisTEM 2 has it."""

    avoid_strange_mean: Annotated[bool, Advanced] = True
    """Pick nothing where the local mean is unusual, as at crystals of ice (`Avoid areas with
    abnormal local mean?`)."""

    background: Annotated[Literal["lowest", "mode"], Advanced] = "lowest"
    """Where the spectrum of the background is taken: of the lowest variance, or near the usual one
    (`Algorithm to find background areas`)."""

    background_boxes: Annotated[int, Ge(1), Le(1000), Advanced] = 30
    """Boxes of background (`Number of background boxes`)."""

    bright: Annotated[bool, Advanced] = False
    """Particles are brighter than their surroundings (`Particles are white on a dark
    background`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_diameters(self) -> Self:
        """Refuse a largest diameter below the usual one."""
        if self.diameter_most is not None and self.diameter_most < self.diameter:
            raise ValueError(
                f"diameter_most ({self.diameter_most:g} Å) must not be below "
                f"diameter ({self.diameter:g} Å)"
            )
        return self


class PickWithCistem(ProgramProtocol[CistemPicking]):
    """Pick particles with cisTEM: by a disc in whitened micrographs, or by templates."""

    name = "picks.cistem"
    title = "cisTEM picker"
    cites = _CITES
    elsewhere = PICKER
    failures = FAILURES
    resources = Resources(cores=1, memory=2 * 2**30)
    program = cistem("find_particles", "0.00", _CITES)

    def prepare(self, work: Work, micrograph: Micrograph, ctf: Ctf) -> None:
        give_image(micrograph.path, work, _MICROGRAPH, micrograph.optics.pixel_size)
        if self.parameters.templates is not None:
            link(self.parameters.templates, work, _TEMPLATES)

    def command(self, micrograph: Micrograph, ctf: Ctf, work: Work) -> Command:
        first = is_first(found_by(self.program, work).version)
        answers = _answers(micrograph, ctf, self.parameters, first)
        return ask(self.program, tuple(answers), self.parameters.timeout)

    def collect(self, micrograph: Micrograph, ctf: Ctf, work: Work) -> Picks:
        printed = work.path(f"{self.program.executable}.log").read_text(errors="replace")
        counted = _COUNTED.findall(printed)
        if not counted:
            raise BadOutput("it did not say how many particles it found", code="half-output")
        rows = np.zeros((0, 3))
        # Where it finds nothing it writes no file.
        if int(counted[-1]) or (work.folder / _FOUND).exists():
            rows = read_peaks(work, micrograph.shape)
        if len(rows) != int(counted[-1]):
            raise BadOutput(
                f"it counted {counted[-1]} particles, and {len(rows)} are in its file",
                code="half-output",
            )
        x, y, score = rows[np.argsort(-rows[:, 2], kind="stable")].T
        return Picks(
            exposure=micrograph.exposure,
            x=column(x),
            y=column(y),
            score=column(score),
            diameter=self.parameters.diameter,
            pixel_size=micrograph.optics.pixel_size,
        )

    def methods(self) -> str:
        """With what particles were picked."""
        how = "ab initio" if self.parameters.templates is None else "by templates"
        threshold = self.parameters.threshold
        return f"Particles were picked by cisTEM {how}, with peaks above {threshold:g} deviations."

    def summarize(self, items: Sequence[Picks]) -> str:
        if not items:
            return ""
        counts = [len(item) for item in items]
        return (
            f"{sum(counts)} particles were picked in {len(items)} micrographs "
            f"(median {median(counts):g} in each) by cisTEM"
        )

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        counts = [float(len(item)) for item in items]
        yield Figure("Particles picked", "series", counts, "particles per micrograph")
        yield Figure("Particles picked", "histogram", counts, "particles per micrograph")


def read_peaks(work: Work, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Read the list of particles.

    Its columns are y from the other end of the rows and x, both counted from 1, a 1, the number of
    the template, since cisTEM 2 its rotation, and last the height of the peak.

    Parameters
    ----------
    work
        The task's folder.
    shape
        (y, x) pixels of the micrograph.

    Returns
    -------
    NDArray
        ``(n, 3)`` x and y, pixels from the middle of the first pixel, y along the rows as they are
        in the file; and the height.

    Raises
    ------
    BadOutput
        If the file is missing, cut off, has what is no number, or a place outside.
    """
    path = work.folder / _FOUND
    text = path.read_text(encoding="utf-8", errors="replace")
    if not text.endswith("\n"):
        raise BadOutput(f"the last line of {path.name} does not end", code="half-output")
    lines = [line.split() for line in text.splitlines() if not line.startswith(("#", "C"))]
    try:
        values = np.array([[float(word) for word in words] for words in lines], np.float64)
    except ValueError as error:
        raise BadOutput(f"{path.name} cannot be read: {error}", code="garbage-output") from error
    if values.ndim != 2 or values.shape[1] < 5 or not np.isfinite(values).all():
        raise BadOutput(f"{path.name} has no five or six numbers a line", code="garbage-output")
    height, width = shape
    x, y = values[:, 1] - 1.0, height - (values[:, 0] - 1.0)
    outside = (x < -1) | (y < -1) | (x > width) | (y > height + 1)
    if outside.any():
        bad = int(np.argmax(outside))
        raise BadOutput(
            f"pick {bad + 1} of {len(x)} is at x {x[bad]:g}, y {y[bad]:g}, in a micrograph of "
            f"{width} x {height} pixels",
            code="garbage-output",
        )
    return np.stack([np.clip(x, 0, width - 1), np.clip(y, 0, height - 1), values[:, -1]], axis=1)


def _answers(micrograph: Micrograph, ctf: Ctf, wanted: CistemPicking, first: bool) -> Iterator[str]:
    """What is answered to the questions, in their order."""
    optics = micrograph.optics
    yield from (_MICROGRAPH, number(optics.pixel_size), number(optics.voltage))
    yield from (number(optics.spherical_aberration), number(optics.amplitude_contrast))
    yield number(math.radians(ctf.phase_shift))
    yield from (number(ctf.defocus_u), number(ctf.defocus_v), number(ctf.angle))
    yield said(wanted.templates is not None)
    if wanted.templates is not None:
        yield from (_TEMPLATES, said(wanted.average_templates))
        if not wanted.average_templates:
            turned = wanted.rotations > 1
            yield said(turned)
            yield from (str(wanted.rotations),) if turned else ()
    else:
        yield number(0.5 * wanted.diameter)
    yield number(0.5 * (wanted.diameter_most or 1.2 * wanted.diameter))
    yield from (number(wanted.resolution), "found.mrc", "0")  # no images of particles
    edge = 0.5 * wanted.diameter if wanted.edge is None else wanted.edge
    yield from (str(round(edge / optics.pixel_size)), number(wanted.threshold))
    if not first:
        yield said(wanted.avoid_low_variance)
    yield said(wanted.avoid_high_variance)
    if not first:
        yield from (number(wanted.variance_low), number(wanted.variance_high))
    yield from (said(wanted.avoid_strange_mean), _BACKGROUNDS[wanted.background])
    yield from (str(wanted.background_boxes), said(wanted.bright))
