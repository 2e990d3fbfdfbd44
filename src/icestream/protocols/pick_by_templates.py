"""Find particles that look like given class averages."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from icestream.formats.image import read_image
from icestream.formats.mrc import read_mrc_header, read_stack
from icestream.model import Ctf, Micrograph, Picks, Stack
from icestream.processing.picking import (
    Limits,
    TemplateSearch,
    pick_by_templates,
    session_diameter,
)
from icestream.protocol import (
    Advanced,
    Figure,
    InputFile,
    ItemFailed,
    ItemProtocol,
    Parameters,
    Resources,
)
from icestream.protocols.pick_by_log import count_picks, make_picks, plot_picks
from icestream.units import Angstrom, Usual

__all__ = ["PickByTemplates", "PickByTemplatesParameters", "read_averages"]


class PickByTemplatesParameters(Parameters):
    """What the particles look like, and how strict to be."""

    templates: InputFile | None = None
    """Stack of class averages (.mrcs), bright particles, with its pixel size in the header."""

    template_classes: tuple[Annotated[int, Ge(1)], ...] = ()
    """Which images of the stack to use, from 1; all when empty."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] | None = None
    """Diameter of the particle; measured on the templates when empty."""

    threshold: Annotated[float, Gt(0), Le(100)] = 4.5
    """Least contrast of a particle, in standard deviations of the noise: lower finds more."""

    relative: Annotated[float, Ge(0), Le(1), Advanced] = 0.5
    """Least contrast as a fraction of a typical particle's; 0 keeps all above the threshold."""

    contrast: Annotated[float, Gt(0), Advanced] | None = None
    """Contrast of a typical particle, relative to the templates': 1 for averages of the session's
    own classes. When empty, the median in each micrograph."""

    spacing: Annotated[float, Gt(0), Le(3), Advanced] = 0.8
    """Least distance between two particles, in diameters."""

    border: Annotated[Angstrom, Ge(0), Advanced] | None = None
    """Width of the rim without picks; half a diameter when empty."""

    bright: Annotated[bool, Advanced] = False
    """Particles are brighter than their surroundings (negative stain)."""

    use_ctf: Annotated[bool, Advanced] = True
    """See the templates through the CTF, where the step is connected to one."""


class PickByTemplates(ItemProtocol[PickByTemplatesParameters]):
    """Pick what looks like given class averages, by a matched filter."""

    name = "picks.template"
    title = "Particle picking by templates"
    version = 2
    cites = ("Sigworth (2004) J. Struct. Biol. 145, 111, doi:10.1016/j.jsb.2003.10.025",)
    resources = Resources(memory=1024 * 2**20)

    def methods(self) -> str:
        """What was looked for."""
        return "Particles were picked by cross-correlation with class averages in all directions."

    def process(self, micrograph: Micrograph, ctf: Ctf | None) -> Picks:
        wanted = self.parameters
        if wanted.templates is None:
            raise ItemFailed(
                "no templates were given",
                advice="set the parameter templates to a stack of class averages, or pick by size "
                "(picks.log) or unattended (picks.auto)",
                code="no-templates",
            )
        averages, pixel_size = read_averages(wanted.templates, wanted.template_classes)
        diameter = wanted.diameter or session_diameter(averages, np.ones(len(averages)), pixel_size)
        if diameter <= 0:
            raise ItemFailed(
                f"the diameter cannot be measured on the templates of {wanted.templates}",
                advice="set the parameter diameter",
                code="no-diameter",
            )
        search = TemplateSearch(
            diameter=diameter,
            limits=Limits(
                threshold=wanted.threshold, relative=wanted.relative, typical=wanted.contrast
            ),
            spacing=wanted.spacing,
            border=wanted.border,
            bright=wanted.bright,
        )
        try:
            peaks = pick_by_templates(
                read_image(micrograph.path),
                micrograph.optics.pixel_size,
                (averages, pixel_size),
                search,
                ctf=ctf if wanted.use_ctf else None,
            )
        except ValueError as error:
            raise ItemFailed(str(error), code="picking-impossible") from error
        return make_picks(micrograph, peaks, diameter)

    def summarize(self, items: Sequence[Picks]) -> str:
        """Count the picks."""
        if not items:
            return ""
        used = len(self.parameters.template_classes)
        templates = f"{used} class averages" if used else "class averages"
        return f"{count_picks(items)} with {templates} as templates"

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        """Picks over time and as a histogram."""
        yield from plot_picks(items)


def read_averages(path: Path, classes: Sequence[int]) -> tuple[Stack, float]:
    """Class averages of a stack, by their numbers from 1 (all when there are none), and Å."""
    try:
        pixel_size = read_mrc_header(path).pixel_size
        averages = read_stack(path)
    except (OSError, ValueError) as error:
        raise ItemFailed(
            f"the templates cannot be read: {error}",
            advice="give a stack of class averages (.mrcs)",
            code="bad-templates",
        ) from error
    beyond = [class_ for class_ in classes if class_ > len(averages)]
    if not pixel_size or beyond:
        wrong = f"has no class {beyond[0]}, only {len(averages)}" if beyond else "has no pixel size"
        raise ItemFailed(
            f"{path} {wrong}",
            advice="give the numbers of classes that are in the stack, whose header says its "
            "pixel size",
            code="bad-templates",
        )
    chosen = [class_ - 1 for class_ in classes] or list(range(len(averages)))
    return averages[chosen], pixel_size
