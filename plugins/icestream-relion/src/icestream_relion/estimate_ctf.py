"""Estimate the CTF of each micrograph with CTFFIND 4.1, through RELION."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, Self

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray
from pydantic import model_validator

from icestream.formats import Block, FormatError, read_mrc, write_picture
from icestream.model import Ctf, Micrograph
from icestream.processing.grey import stretch
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Failure,
    Figure,
    Operational,
    Parameters,
    Probe,
    Program,
    ProgramProtocol,
    Resources,
    Work,
    found_by,
    shown_if,
)
from icestream.units import Angstrom, Degree, Micrometre, Pixel, Second
from icestream_relion.elsewhere import CTF
from icestream_relion.results import read_table
from icestream_relion.suite import FAILURES, refuse_ignored, relion
from icestream_relion.tables import link, write_micrograph

__all__ = ["EstimateCtfWithRelion", "RelionCtfParameters"]

_CTFFIND = Program(
    "ctffind",
    package="grigoriefflab.umassmed.edu/ctffind4",
    # It knows no --version, but says it before its first question, which gets no answer.
    probe=Probe((), r"(?m)^\s*Version\s*:\s*(\d+(?:\.\d+)+)"),
    known=("4.1",),
    licence="Janelia Research Campus Software License 1.2",
    cites=("Rohou & Grigorieff (2015) J. Struct. Biol. 192, 216, doi:10.1016/j.jsb.2015.08.008",),
)


class RelionCtfParameters(Parameters):
    """Where the CTF is looked for."""

    defocus_min: Annotated[Micrometre, Ge(0)] = 0.5
    """Least defocus (`--dFMin`)."""

    defocus_max: Annotated[Micrometre, Gt(0)] = 5.0
    """Largest defocus (`--dFMax`)."""

    step: Annotated[Micrometre, Gt(0), Advanced] = 0.05
    """Steps of the search (`--FStep`)."""

    astigmatism: Annotated[Angstrom, Ge(0)] = 100.0
    """Astigmatism that is expected (`--dAst`)."""

    resolution_min: Annotated[Angstrom, Gt(0)] = 30.0
    """Coarsest detail of the fit (`--ResMin`)."""

    resolution_max: Annotated[Angstrom, Gt(0)] = 5.0
    """Finest detail of the fit (`--ResMax`)."""

    box: Annotated[Pixel, Ge(64)] = 512
    """Side of the spectrum (`--Box`)."""

    exhaustive: Annotated[bool, Advanced] = False
    """Search more slowly and thoroughly (without `--fast_search`)."""

    phase_shift: bool = False
    """Fit a phase shift, too (`--do_phaseshift`)."""

    phase_min: Annotated[Degree, Ge(0), Advanced, shown_if("phase_shift")] = 0.0
    """Least phase shift (`--phase_min`)."""

    phase_max: Annotated[Degree, Gt(0), Advanced, shown_if("phase_shift")] = 180.0
    """Largest phase shift (`--phase_max`)."""

    phase_step: Annotated[Degree, Gt(0), Advanced, shown_if("phase_shift")] = 10.0
    """Steps of that search (`--phase_step`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_ranges(self) -> Self:
        """Refuse ranges that hold nothing."""
        if self.defocus_max <= self.defocus_min:
            raise ValueError(
                f"defocus_max ({self.defocus_max:g} µm) must be above "
                f"defocus_min ({self.defocus_min:g} µm)"
            )
        if self.resolution_max >= self.resolution_min:
            raise ValueError(
                f"resolution_max ({self.resolution_max:g} Å) must be finer than "
                f"resolution_min ({self.resolution_min:g} Å)"
            )
        return self


class EstimateCtfWithRelion(ProgramProtocol[RelionCtfParameters]):
    """Fit the CTF of a micrograph with CTFFIND 4.1, which RELION runs."""

    name = "ctf.relion"
    title = "RELION CTF estimation"
    elsewhere = CTF
    resources = Resources(cores=1, memory=2 * 2**30)
    program = relion("relion_run_ctffind")
    cites = _CTFFIND.cites
    failures = (
        Failure(
            code="ctffind-failed",
            # RELION breaks off where CTFFIND found a number that is none.
            when=r"cannot get CTF values for|error in executing|buffer overflow detected",
            advice="look whether the micrograph shows anything, and whether the ranges of defocus "
            "and resolution are right",
        ),
        *FAILURES,
    )

    def programs(self) -> Sequence[Program]:
        """RELION's, and CTFFIND."""
        return (self.program, _CTFFIND)

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        # Damaged frames count less in the weighted sum, and Thon rings with them.
        name = link(micrograph.unweighted or micrograph.path, work, "mic.mrc")
        write_micrograph(work.path("mics.star"), micrograph, name)
        work.path("out").mkdir(exist_ok=True)

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        wanted = self.parameters
        words = [
            *("--i", "mics.star", "--o", "out/", "--is_ctffind4"),
            *("--ctffind_exe", str(found_by(_CTFFIND, work).path), "--ctfWin", "-1"),
            *("--Box", str(wanted.box), "--dAst", f"{wanted.astigmatism:g}"),
            *("--ResMin", f"{wanted.resolution_min:g}", "--ResMax", f"{wanted.resolution_max:g}"),
            *("--dFMin", f"{1e4 * wanted.defocus_min:g}"),
            *("--dFMax", f"{1e4 * wanted.defocus_max:g}", "--FStep", f"{1e4 * wanted.step:g}"),
        ]
        if not wanted.exhaustive:
            words.append("--fast_search")
        if wanted.phase_shift:
            words += ["--do_phaseshift", "--phase_min", f"{wanted.phase_min:g}"]
            words += ["--phase_max", f"{wanted.phase_max:g}"]
            words += ["--phase_step", f"{wanted.phase_step:g}"]
        # It writes a script for the C shell, which few machines have, unless it is told otherwise.
        return Command(
            (self.program.executable, *words),
            environment={"RELION_SHELL": "sh"},
            timeout=wanted.timeout,
        )

    def collect(self, micrograph: Micrograph, work: Work) -> Ctf:
        refuse_ignored(work.path(f"{self.program.executable}.log"))
        said = work.folder / "out" / "mic_ctffind4.log"
        if said.is_file():
            said.rename(work.path("ctffind.log"))
        table = read_table(work.folder / "out" / "micrographs_ctf.star", "micrographs")
        if not len(table):
            raise BadOutput("it found no CTF", code="no-output")
        values = {name: _value(table, name) for name in _NEEDED}
        bad = [name for name, value in values.items() if not np.isfinite(value)]
        if bad:
            raise BadOutput(f"{', '.join(bad)} is no number", code="garbage-output")
        u, v, angle = values["DefocusU"], values["DefocusV"], values["DefocusAngle"]
        if v > u:
            u, v, angle = v, u, angle + 90.0
        spectrum = work.path(f"{micrograph.exposure}.ctf")
        written = work.folder / "out" / "mic.ctf"
        if not written.is_file():
            raise BadOutput("the spectrum was not written", code="no-output")
        written.rename(spectrum)
        return Ctf(
            exposure=micrograph.exposure,
            optics=micrograph.optics,
            defocus_u=u,
            defocus_v=v,
            angle=90.0 - (90.0 - angle) % 180.0,
            phase_shift=_value(table, "PhaseShift") if self.parameters.phase_shift else 0.0,
            score=values["CtfFigureOfMerit"],
            resolution=values["CtfMaxResolution"],
            spectrum=write_picture(
                work.path(f"{micrograph.exposure}_ctf.png"), stretch(_picture(spectrum))
            ),
            spectrum_image=spectrum,
            shape=micrograph.shape,
        )

    def methods(self) -> str:
        """With what the CTF was estimated."""
        return "The CTF of each micrograph was estimated by CTFFIND 4.1, through RELION."

    def summarize(self, items: Sequence[Ctf]) -> str:
        if not items:
            return ""
        return (
            f"{len(items)} micrographs, median fit to {median(c.resolution for c in items):.1f} Å"
        )

    def plot(self, items: Sequence[Ctf]) -> Iterator[Figure]:
        defocus = [item.defocus * 1e-4 for item in items]
        yield Figure("Defocus", "histogram", defocus, "defocus / µm")
        reached = [item.resolution for item in items]
        yield Figure("Fit resolution", "series", reached, "resolution / Å")


_NEEDED = ("DefocusU", "DefocusV", "DefocusAngle", "CtfFigureOfMerit", "CtfMaxResolution")


def _value(table: Block, name: str) -> float:
    try:
        return float(table.floats(f"rln{name}")[0])
    except (KeyError, ValueError) as error:
        raise BadOutput(f"its table cannot be read: {error}", code="half-output") from error


def _picture(path: Path) -> NDArray[np.float32]:
    try:
        image = read_mrc(path)
    except FormatError as error:
        raise BadOutput(f"the spectrum is not whole: {error}", code="half-output") from error
    return np.asarray(image, np.float32).reshape(image.shape[-2:])
