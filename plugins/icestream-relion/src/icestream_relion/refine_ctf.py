"""Refine the CTF of particles against the map that was made of them, with RELION."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from icestream.model import Volume
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    ItemFailed,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
    shown_if,
)
from icestream.units import Angstrom, Unit
from icestream_relion.items import RelionParticles, Sharpening
from icestream_relion.results import read_table, take_particles
from icestream_relion.running import lay_out, link_reference
from icestream_relion.suite import FAILURES, refuse_ignored, relion

__all__ = ["RefineCtfWithRelion", "RelionCtfRefineParameters"]

Of = Literal["none", "micrograph", "particle"]
_LETTERS: dict[Of, str] = {"none": "f", "micrograph": "m", "particle": "p"}


class RelionCtfRefineParameters(Parameters):
    """What is refined."""

    magnification: bool = False
    """Anisotropic magnification (`--fit_aniso`): in a run of its own, before all else."""

    defocus: Annotated[Of, shown_if("magnification", False)] = "particle"
    """Defocus of each (`--fit_defocus`, second letter of `--fit_mode`)."""

    astigmatism: Annotated[Of, shown_if("magnification", False)] = "micrograph"
    """Astigmatism of each (third letter of `--fit_mode`)."""

    phase_shift: Annotated[Of, Advanced, shown_if("magnification", False)] = "none"
    """Phase shift of each (first letter of `--fit_mode`), of a phase plate."""

    beam_tilt: Annotated[bool, shown_if("magnification", False)] = False
    """Beam tilt of each optics group (`--fit_beamtilt`)."""

    trefoil: Annotated[bool, Advanced, shown_if("beam_tilt")] = False
    """Aberrations of the third order with it (`--odd_aberr_max_n 3`)."""

    aberrations: Annotated[bool, Advanced, shown_if("magnification", False)] = False
    """Symmetric aberrations of the fourth order of each optics group (`--fit_aberr`)."""

    coarsest: Annotated[Angstrom, Gt(0)] = 30.0
    """Coarsest detail that is used (`--kmin_defocus`, `--kmin_tilt`, `--kmin_aberr`,
    `--kmin_mag`)."""

    threads: Annotated[int, Ge(1), Le(128), Operational, Advanced] = 1
    """Threads (`--j`)."""

    time: Annotated[float, Unit("h"), Gt(0), Operational, Advanced] = 24.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_something(self) -> Self:
        """Refuse to refine nothing."""
        fitted = self.beam_tilt or self.aberrations or self.magnification
        if not fitted and "".join(self.modes()) == "fff":
            raise ValueError(
                "nothing is to be refined: set one of magnification, defocus, astigmatism, "
                "phase_shift, beam_tilt and aberrations"
            )
        return self

    def modes(self) -> tuple[str, str, str]:
        """Letters of phase shift, defocus and astigmatism."""
        return (
            _LETTERS[self.phase_shift],
            _LETTERS[self.defocus],
            _LETTERS[self.astigmatism],
        )


class RefineCtfWithRelion(ProgramProtocol[RelionCtfRefineParameters]):
    """Refine defocus, aberrations or magnification of particles against their map with RELION."""

    name = "particles.relion_ctf"
    title = "RELION CTF refinement"
    cites = ("Zivanov, Nakane & Scheres (2020) IUCrJ 7, 253, doi:10.1107/S2052252520000081",)
    program = relion("relion_ctf_refine")
    failures = FAILURES

    def need(self) -> Resources:
        """Threads as asked."""
        return Resources(cores=self.parameters.threads, memory=4 * 2**30)

    def prepare(
        self, work: Work, particles: RelionParticles, volume: Volume, sharpening: Sharpening
    ) -> None:
        lay_out(particles, work)
        if "rlnRandomSubset" not in read_table(particles.table, "particles"):
            raise ItemFailed(
                f"{particles.table.name} does not say which half and view each particle is of",
                advice="connect the particles of volume.relion_refine",
                code="no-angles",
            )
        link_reference(volume, sharpening, work)
        work.path("out").mkdir(exist_ok=True)

    def command(
        self, particles: RelionParticles, volume: Volume, sharpening: Sharpening, work: Work
    ) -> Command:
        wanted, low = self.parameters, f"{self.parameters.coarsest:g}"
        words = [
            *("--i", "particles.star", "--f", "postprocess.star", "--o", "out/"),
            *("--m1", "half1.mrc", "--m2", "half2.mrc", "--mask", "mask.mrc"),
            *("--angpix_ref", f"{volume.pixel_size:.7g}", "--j", str(wanted.threads)),
        ]
        if wanted.magnification:
            words += ["--fit_aniso", "--kmin_mag", low]
            return Command((self.program.executable, *words), timeout=3600 * wanted.time)
        mode = "".join(wanted.modes())
        if mode != "fff":
            words += ["--fit_defocus", "--kmin_defocus", low, "--fit_mode", f"{mode}ff"]
        if wanted.beam_tilt:
            words += ["--fit_beamtilt", "--kmin_tilt", low]
            words += ["--odd_aberr_max_n", "3"] if wanted.trefoil else []
        if wanted.aberrations:
            words += ["--fit_aberr", "--kmin_aberr", low]
        return Command((self.program.executable, *words), timeout=3600 * wanted.time)

    def collect(
        self, particles: RelionParticles, volume: Volume, sharpening: Sharpening, work: Work
    ) -> RelionParticles:
        refuse_ignored(work.path(f"{self.program.executable}.log"))
        written = work.folder / "out" / "particles_ctf_refine.star"
        table = read_table(written, "particles")
        defocus = table.floats("rlnDefocusU")
        if not np.isfinite(defocus).all():
            bad = int(np.count_nonzero(~np.isfinite(defocus)))
            raise BadOutput(f"the defocus of {bad} particles is no number", code="garbage-output")
        return take_particles(written, particles, work, "ctf_refined")

    def methods(self) -> str:
        """What was refined."""
        wanted = self.parameters
        if wanted.magnification:
            return "Anisotropic magnification was refined with RELION."
        what = ["the CTF of " + ("particles" if "p" in wanted.modes() else "micrographs")]
        what += ["beam tilt"] if wanted.beam_tilt else []
        what += ["symmetric aberrations"] if wanted.aberrations else []
        if wanted.modes() == ("f", "f", "f"):
            what = what[1:]
        said = " and ".join(what)
        return f"{said[0].upper()}{said[1:]} were refined with RELION."

    def summarize(self, items: Sequence[RelionParticles]) -> str:
        return f"the CTF of {items[-1].particles} particles was refined" if items else ""
