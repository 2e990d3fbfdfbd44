"""Find particles by their size alone, with RELION's Laplacian of Gaussian."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from icestream.model import Ctf, Micrograph, Picks
from icestream.protocol import (
    Advanced,
    Command,
    Figure,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream.units import Angstrom, Second, Unit, Usual
from icestream_relion.elsewhere import LOG
from icestream_relion.picks import plot_picks, read_picks, summarize_picks
from icestream_relion.suite import AUTO_REFINE, FAILURES, refuse_ignored, relion
from icestream_relion.tables import link, write_micrograph

__all__ = ["PickWithRelionLog", "RelionLogParameters"]


class RelionLogParameters(Parameters):
    """What the particles look like, and how strict to be."""

    diameter_min: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] = 100.0
    """Diameter of the smallest particles, or of their shortest side (`--LoG_diam_min`)."""

    diameter_max: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] = 160.0
    """Diameter of the largest particles, or of their longest side (`--LoG_diam_max`)."""

    threshold: Annotated[float, Unit("σ"), Ge(-10), Le(10)] = 0.0
    """How much stricter than RELION's own choice (`--LoG_adjust_threshold`): more than 0 finds
    fewer, less than 0 finds more particles."""

    upper_threshold: Annotated[float, Unit("σ"), Gt(0), Advanced] = 99999.0
    """Most contrast of a particle (`--LoG_upper_threshold`): lower leaves out dirt and ice."""

    spacing: Annotated[float, Unit("%"), Gt(0), Le(300), Advanced] = 100.0
    """Least distance of two particles, in percent of their mean diameter (`--LoG_neighbour`)."""

    resolution: Annotated[Angstrom, Ge(1), Advanced] = 20.0
    """Finest detail that is looked at (`--lowpass`)."""

    border: Annotated[int, Unit("px"), Ge(0), Advanced] = 0
    """Width of the rim without picks, beyond half a particle (`--skip_side`)."""

    bright: Annotated[bool, Advanced] = False
    """Particles are brighter than their surroundings (`--Log_invert`): negative stain."""

    use_ctf: Annotated[bool, Advanced] = False
    """Correct for the CTF up to its first peak (`--LoG_use_ctf`), where the step is connected to
    one."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_diameters(self) -> Self:
        """Refuse a range that holds no diameter."""
        if self.diameter_max < self.diameter_min:
            raise ValueError(
                f"diameter_max ({self.diameter_max:g} Å) must not be below "
                f"diameter_min ({self.diameter_min:g} Å)"
            )
        return self


class PickWithRelionLog(ProgramProtocol[RelionLogParameters]):
    """Pick particles as blobs of a given size with RELION, without references."""

    name = "picks.relion_log"
    title = "RELION picking by size"
    elsewhere = LOG
    cites = (AUTO_REFINE,)
    resources = Resources(cores=1, memory=2 * 2**30)
    program = relion("relion_autopick")
    failures = FAILURES

    def prepare(self, work: Work, micrograph: Micrograph, ctf: Ctf | None) -> None:
        name = link(micrograph.path, work, "mic.mrc")
        write_micrograph(work.path("mics.star"), micrograph, name, ctf)

    def command(self, micrograph: Micrograph, ctf: Ctf | None, work: Work) -> Command:
        wanted = self.parameters
        words = [
            *("--i", "mics.star", "--odir", "out/", "--pickname", "picks", "--LoG"),
            *("--LoG_diam_min", f"{wanted.diameter_min:g}"),
            *("--LoG_diam_max", f"{wanted.diameter_max:g}"),
            *("--LoG_adjust_threshold", f"{wanted.threshold:g}"),
            *("--LoG_upper_threshold", f"{wanted.upper_threshold:g}"),
            *("--LoG_neighbour", f"{wanted.spacing:g}", "--lowpass", f"{wanted.resolution:g}"),
            # Micrographs are reduced as far as the resolution lets.
            *("--shrink", "0", "--skip_side", str(wanted.border)),
            *("--angpix", f"{micrograph.optics.pixel_size:.7g}"),
        ]
        if wanted.bright:
            words.append("--Log_invert")
        if wanted.use_ctf and ctf is not None:
            words.append("--LoG_use_ctf")
        return Command((self.program.executable, *words), timeout=wanted.timeout)

    def collect(self, micrograph: Micrograph, ctf: Ctf | None, work: Work) -> Picks:
        refuse_ignored(work.path(f"{self.program.executable}.log"))
        return read_picks(work.folder / "out", micrograph, self.parameters.diameter_max)

    def methods(self) -> str:
        """With what particles were looked for."""
        wanted = self.parameters
        return (
            f"Particles were picked by RELION's Laplacian of Gaussian, as blobs of "
            f"{wanted.diameter_min:g} to {wanted.diameter_max:g} Å."
        )

    def summarize(self, items: Sequence[Picks]) -> str:
        return summarize_picks(items)

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        yield from plot_picks(items)
