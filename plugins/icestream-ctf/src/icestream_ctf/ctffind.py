"""What CTFFIND4 and CTFFIND5 have in common: the questions that they ask, and what they write."""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from icestream.model import Ctf, Micrograph
from icestream.protocol import (
    BadOutput,
    Command,
    Failure,
    Figure,
    Probe,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream_ctf.items import IMAGE, Fit, draw, give_image, make_ctf, numbers, summary
from icestream_ctf.parameters import CtffindParameters

__all__ = ["PROBE", "CtffindEstimation", "phase_is_fitted", "read_curve", "read_values"]

P = TypeVar("P", bound=CtffindParameters)

PROBE = Probe(arguments=(), pattern=r"(?m)^\s*Version\s*:\s*(\d+(?:\.\d+)+)")
"""It says its version, asks its first question, gets no answer and ends. There is a line with the
version of a library, too."""

_SPECTRUM = "spectrum.mrc"
_LINES = 6
"""Of the file of curves, for each micrograph."""

FAILURES = (
    Failure(
        code="micrograph-not-readable",
        when=r"seems to be corrupt|File does not exist",
        advice="look whether the micrograph is whole",
    ),
    Failure(
        code="out-of-range",
        when=r"Number outside of acceptable range",
        advice="the last question in its log got a number that it does not take: change that "
        "parameter, or see whether the optics of the exposure are right",
    ),
    Failure(
        code="other-questions",
        when=r"answer is not recognized|Blank answer in scripted mode",
        advice="this build asks other questions than a release of its version does; its log ends "
        "with the one that got the wrong answer. Install a release",
    ),
    Failure(
        code="no-library",
        when=r"error while loading shared libraries: (\S+)",
        advice="install that library, or put its folder into LD_LIBRARY_PATH",
    ),
    Failure(
        code="no-place",
        when=r"No space left on device",
        advice="make room on the disk of the session",
    ),
    Failure(
        code="crash",
        when=r"\((?:SIGSEGV|SIGABRT)\)$|Segmentation fault",
        advice="look at the micrograph; a smaller box or another range of resolution may do, or "
        "another build of the program",
    ),
)
"""By what the program prints."""


def phase_is_fitted(micrograph: Micrograph, wanted: CtffindParameters) -> bool:
    """Whether a phase shift is looked for: as asked, or since a phase plate was in."""
    return wanted.phase_plate or micrograph.phase_plate


class CtffindEstimation(ProgramProtocol[P]):
    """Fit the CTF of micrographs with a version of CTFFIND."""

    resources = Resources(cores=1, memory=2 * 2**30)
    failures = FAILURES
    columns: ClassVar[int]
    """Of its table."""

    @abstractmethod
    def last_answers(self, micrograph: Micrograph) -> tuple[str, ...]:
        """What is said after the question about the phase shift."""

    def refined(self, values: Sequence[float], micrograph: Micrograph) -> dict[str, object]:
        """What the columns after the seventh say, as fields of `Fit`."""
        return {}

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        give_image(micrograph, work)

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        wanted, optics = self.parameters, micrograph.optics
        restraint = ("yes", f"{wanted.astigmatism:g}") if wanted.astigmatism else ("no",)
        phases: tuple[str, ...] = ("no",)
        if phase_is_fitted(micrograph, wanted):
            least, most = math.radians(wanted.phase_min), math.radians(wanted.phase_max)
            # Rounded down: a step of more than what is left is refused.
            step = math.floor(1e4 * math.radians(wanted.phase_step)) * 1e-4
            phases = ("yes", f"{least:.6f}", f"{most:.6f}", f"{step:.4f}")
        answers = (
            *(IMAGE, _SPECTRUM, f"{optics.pixel_size:.7g}", f"{optics.voltage:g}"),
            *(f"{optics.spherical_aberration:g}", f"{optics.amplitude_contrast:g}"),
            *(str(wanted.box), f"{wanted.resolution_min:g}", f"{wanted.resolution_max:g}"),
            *(f"{1e4 * wanted.defocus_min:.7g}", f"{1e4 * wanted.defocus_max:.7g}"),
            *(f"{1e4 * wanted.step:.7g}", "no", "yes" if wanted.exhaustive else "no"),
            *restraint,
            *phases,
            *self.last_answers(micrograph),
        )
        # Builds are known that crash in the languages of others.
        return Command(
            (self.program.executable,),
            environment={"LC_ALL": "C"},
            timeout=wanted.timeout,
            answers=answers,
        )

    def collect(self, micrograph: Micrograph, work: Work) -> Ctf:
        wanted, name = self.parameters, self.program.executable
        if "seems to be corrupt" in work.path(f"{name}.log").read_text(errors="replace"):
            raise BadOutput("it read a micrograph that is not whole", code="garbage-output")
        table = work.path(_SPECTRUM).with_suffix(".txt")
        values = read_values(table, self.columns)
        more = self.refined(values, micrograph)
        curve = read_curve(table.with_name(f"{table.stem}_avrot.txt"))
        if "thickness" not in more:
            curve[2] **= 2  # else it is that of the spectrum already, nodes and all
        fit = Fit(
            defoci=(values[1], values[2]),
            angle=values[3],
            phase_shift=math.degrees(values[4]) if phase_is_fitted(micrograph, wanted) else 0.0,
            score=values[5],
            resolution=values[6],
            curve=curve,
            **more,  # type: ignore[arg-type]
        )
        table.rename(work.path(f"{name}.values.log"))
        limits = (1e4 * wanted.defocus_max, wanted.resolution_min)
        return make_ctf(micrograph, fit, work.path(_SPECTRUM), limits, work)

    def methods(self) -> str:
        """What was fitted, and where it was looked for."""
        wanted = self.parameters
        plate = ", astigmatism and phase shift" if wanted.phase_plate else " and astigmatism"
        return (
            f"Defocus{plate} were fitted by {self.title} to the Thon rings between "
            f"{wanted.resolution_min:g} and {wanted.resolution_max:g} Å, for a defocus of "
            f"{wanted.defocus_min:g} to {wanted.defocus_max:g} µm."
        )

    def summarize(self, items: Sequence[Ctf]) -> str:
        return summary(items)

    def plot(self, items: Sequence[Ctf]) -> Iterator[Figure]:
        yield from draw(items)


def read_values(path: Path, columns: int) -> list[float]:
    """The line of the one micrograph in CTFFIND's table.

    Its columns are the number of the micrograph, two defoci in Å, the azimuth of the first in
    degrees, the phase shift in radians, the score and the spacing in Å up to which rings were
    fitted; from version 5 on the axis and the angle of the tilt, and the thickness in Å.

    Returns
    -------
    list
        As many as `columns`; a spacing that is not finite, with which it says that there was none,
        is 0.

    Raises
    ------
    BadOutput
        If the line is missing, too short, or has what is no number.
    """
    lines = [line.split() for line in _lines(path)]
    if not lines:
        raise BadOutput(f"{path.name} has no values", code="half-output")
    if len(lines) > 1:
        raise BadOutput(
            f"{path.name} has values of {len(lines)} images, and one was given",
            code="garbage-output",
        )
    words = lines[0]
    if len(words) < columns:
        raise BadOutput(
            f"{path.name} has {len(words)} values, and {columns} are needed", code="half-output"
        )
    if words[6].lower().lstrip("+-") in ("inf", "nan"):
        words[6] = "0"
    return numbers(words[:columns], path.name)


def read_curve(path: Path) -> NDArray[np.float64]:
    """Frequency, average of the spectrum along the rings, and the fit.

    Returns
    -------
    NDArray
        ``(3, n)``: 1/Å, and two as the program gives them: the fit is the modulus of the CTF, or,
        with a thickness, that of the spectrum.

    Raises
    ------
    BadOutput
        If lines are missing, of different lengths, or have what is no number.
    """
    lines = [line.split() for line in _lines(path)]
    if len(lines) != _LINES or len({len(line) for line in lines}) != 1 or len(lines[0]) < 2:
        raise BadOutput(
            f"{path.name} should have {_LINES} lines of as many values, and has "
            f"{', '.join(str(len(line)) for line in lines) or 'none'}",
            code="half-output",
        )
    curve = np.array([numbers(lines[number], path.name) for number in (0, 2, 3)])
    if not np.all(np.diff(curve[0]) > 0):
        raise BadOutput(f"the frequencies in {path.name} do not rise", code="garbage-output")
    return curve


def _lines(path: Path) -> list[str]:
    """Those that hold values."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
