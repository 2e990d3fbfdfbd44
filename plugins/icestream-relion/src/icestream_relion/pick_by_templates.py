"""Find particles that look like given class averages, with RELION."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from icestream.formats import FormatError, read_mrc_header, read_stack, write_mrc
from icestream.model import Ctf, Micrograph, Picks
from icestream.protocol import (
    Advanced,
    Command,
    Figure,
    InputFile,
    ItemFailed,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream.units import Angstrom, Degree, Pixel, Second, Unit, Usual
from icestream_relion.picks import plot_picks, read_picks, summarize_picks
from icestream_relion.running import gpu_words
from icestream_relion.suite import FAILURES, gpus_lacking, refuse_ignored, relion
from icestream_relion.tables import link, write_micrograph

__all__ = ["PickWithRelionTemplates", "RelionTemplateParameters"]


class RelionTemplateParameters(Parameters):
    """What the particles look like, and how strict to be."""

    templates: InputFile | None = None
    """Stack of class averages (`--ref`; .mrcs), with its pixel size in the header."""

    template_classes: tuple[Annotated[int, Ge(1)], ...] = ()
    """Which images of the stack to use, from 1; all when empty."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] | None = None
    """Diameter of the mask around a template (`--particle_diameter`); that of its box less a tenth
    when empty."""

    threshold: Annotated[float, Ge(0), Le(10)] = 0.25
    """Part of the expected figure of merit that a particle must have (`--threshold`): lower finds
    more."""

    spacing: Annotated[Angstrom, Ge(0)] | None = None
    """Least distance of two particles (`--min_distance`); half a box when empty."""

    noise_most: Annotated[float, Unit("σ"), Ge(0)] = 1.1
    """Most noise around a particle (`--max_stddev_noise`): leaves out carbon and dirt; 0 allows
    any."""

    angle_step: Annotated[Degree, Gt(0), Le(360)] = 5.0
    """Steps by which templates are turned (`--ang`)."""

    resolution: Annotated[Angstrom, Ge(1), Advanced] = 20.0
    """Finest detail of the templates (`--lowpass`)."""

    highpass: Annotated[Angstrom, Ge(0), Advanced] = 0.0
    """Coarsest detail of the micrographs (`--highpass`); 0 keeps all."""

    shrink: Annotated[float, Ge(0), Le(1), Advanced] = 0.0
    """Part of its size that a micrograph is reduced to (`--shrink`); 0 as far as `resolution`
    lets."""

    bright: Annotated[bool, Advanced] = False
    """Particles are bright in micrographs, as in templates (without `--invert`)."""

    use_ctf: Annotated[bool, Advanced] = True
    """See the templates through the CTF (`--ctf`), where the step is connected to one."""

    border: Annotated[Pixel, Ge(0), Advanced] = 0
    """Width of the rim without picks, beyond half a particle (`--skip_side`)."""

    gpus: Annotated[int, Ge(0), Le(1), Operational] = 0
    """GPUs (`--gpu`); 0 computes on the CPU, which is slow."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 7200.0
    """Time after which the program is ended."""


class PickWithRelionTemplates(ProgramProtocol[RelionTemplateParameters]):
    """Pick what looks like given class averages, by RELION's matched filter."""

    name = "picks.relion_templates"
    title = "RELION picking by templates"
    cites = ("Scheres (2015) J. Struct. Biol. 189, 114, doi:10.1016/j.jsb.2014.11.010",)
    program = relion("relion_autopick")
    failures = FAILURES

    def need(self) -> Resources:
        """A GPU where one is asked for."""
        return Resources(cores=1, memory=4 * 2**30, gpus=self.parameters.gpus)

    def lacking(self) -> Sequence[str]:
        """GPUs, where this RELION was not built for them."""
        return gpus_lacking(self.program, self.parameters.gpus)

    def prepare(self, work: Work, micrograph: Micrograph, ctf: Ctf | None) -> None:
        wanted = self.parameters
        if wanted.templates is None:
            raise ItemFailed(
                "no templates were given",
                advice="set the parameter templates to a stack of class averages, or pick by size "
                "(picks.relion_log)",
                code="no-templates",
            )
        try:
            pixel_size = read_mrc_header(wanted.templates).pixel_size
            averages = np.asarray(read_stack(wanted.templates), np.float32)
        except (OSError, FormatError) as error:
            raise ItemFailed(
                f"the templates cannot be read: {error}",
                advice="give a stack of class averages (.mrcs)",
                code="bad-templates",
            ) from error
        beyond = [number for number in wanted.template_classes if number > len(averages)]
        if not pixel_size or beyond:
            wrong = (
                f"has no class {beyond[0]}, only {len(averages)}"
                if beyond
                else "has no pixel size in its header"
            )
            raise ItemFailed(
                f"{wanted.templates} {wrong}",
                advice="give the numbers of classes that are in the stack, whose header says its "
                "pixel size",
                code="bad-templates",
            )
        chosen = [number - 1 for number in wanted.template_classes] or range(len(averages))
        write_mrc(work.path("references.mrcs"), averages[list(chosen)], pixel_size)
        name = link(micrograph.path, work, "mic.mrc")
        write_micrograph(work.path("mics.star"), micrograph, name, ctf)

    def command(self, micrograph: Micrograph, ctf: Ctf | None, work: Work) -> Command:
        wanted = self.parameters
        words = [
            *("--i", "mics.star", "--odir", "out/", "--pickname", "picks"),
            *("--ref", "references.mrcs", "--angpix_ref", f"{self._pixel_size(work):.7g}"),
            *("--angpix", f"{micrograph.optics.pixel_size:.7g}", "--ang", f"{wanted.angle_step:g}"),
            *("--threshold", f"{wanted.threshold:g}", "--shrink", f"{wanted.shrink:g}"),
            *("--lowpass", f"{wanted.resolution:g}", "--skip_side", str(wanted.border)),
        ]
        words += ["--particle_diameter", f"{wanted.diameter:g}"] if wanted.diameter else []
        words += ["--min_distance", f"{wanted.spacing:g}"] if wanted.spacing is not None else []
        words += ["--max_stddev_noise", f"{wanted.noise_most:g}"] if wanted.noise_most else []
        words += ["--highpass", f"{wanted.highpass:g}"] if wanted.highpass else []
        words += [] if wanted.bright else ["--invert"]
        words += ["--ctf"] if wanted.use_ctf and ctf is not None else []
        words += gpu_words(work.gpus, 1)
        return Command((self.program.executable, *words), timeout=wanted.timeout)

    def _pixel_size(self, work: Work) -> float:
        path = work.path("references.mrcs")
        return float(read_mrc_header(path).pixel_size or 1.0) if path.is_file() else 1.0

    def collect(self, micrograph: Micrograph, ctf: Ctf | None, work: Work) -> Picks:
        refuse_ignored(work.path(f"{self.program.executable}.log"))
        header = read_mrc_header(work.path("references.mrcs"))
        box = header.shape[-1] * self._pixel_size(work)
        diameter = self.parameters.diameter or 0.9 * box
        return read_picks(work.folder / "out", micrograph, diameter)

    def methods(self) -> str:
        """What was looked for."""
        return "Particles were picked by RELION, by class averages in all directions."

    def summarize(self, items: Sequence[Picks]) -> str:
        return summarize_picks(items)

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        yield from plot_picks(items)
