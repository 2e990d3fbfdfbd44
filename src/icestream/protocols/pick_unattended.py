"""Find particles that nobody has described, and better once the session's classes show them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Self

from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from icestream.formats.image import read_image
from icestream.model import Ctf, Image, Micrograph, Picks
from icestream.processing.picking import (
    BarSearch,
    BlobSearch,
    Limits,
    Shape,
    blob_shape,
    pick_by_bars,
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
from icestream.protocols.pick_by_log import (
    PickByLog,
    PickByLogParameters,
    count_picks,
    make_picks,
    plot_picks,
)
from icestream.protocols.pick_by_templates import PickByTemplates, PickByTemplatesParameters
from icestream.units import Angstrom, Usual

__all__ = ["PickUnattended", "PickUnattendedParameters"]


class PickUnattendedParameters(Parameters):
    """What is known of the particles, and how strict to be."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] | None = None
    """Diameter of the particle, where it is known; otherwise it is found."""

    diameter_min: Annotated[Angstrom, Ge(20), Usual(30.0, 3000.0), Advanced] = 60.0
    """Smallest diameter that is looked for while none is known."""

    diameter_max: Annotated[Angstrom, Ge(20), Usual(30.0, 3000.0), Advanced] = 400.0
    """Largest diameter that is looked for while none is known."""

    roomy: Annotated[Angstrom, Gt(20), Usual(30.0, 3000.0), Advanced] = 250.0
    """Diameter that is passed on while none is known, so that boxes have room for what comes."""

    templates: Annotated[InputFile, Advanced] | None = None
    """Stack of class averages to look for; the picking monitor sets it from the session's own."""

    template_classes: Annotated[tuple[Annotated[int, Ge(1)], ...], Advanced] = ()
    """Which images of `templates` to use, from 1; all when empty."""

    measured_diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0), Advanced] | None = None
    """Diameter that the session's classes show; the picking monitor sets it. `diameter`, where it
    is given, comes first."""

    threshold: Annotated[float, Gt(0), Le(100)] = 4.5
    """Least contrast of a particle, in standard deviations of the noise: lower finds more."""

    relative: Annotated[float, Ge(0), Le(1), Advanced] = 0.5
    """Least contrast as a fraction of a typical particle's; 0 keeps all above the threshold."""

    spacing: Annotated[float, Gt(0), Le(3), Advanced] = 0.8
    """Least distance between two particles, in diameters."""

    border: Annotated[Angstrom, Ge(0), Advanced] | None = None
    """Width of the rim without picks; half a diameter when empty."""

    bright: Annotated[bool, Advanced] = False
    """Particles are brighter than their surroundings (negative stain)."""

    use_ctf: Annotated[bool, Advanced] = True
    """Take the CTF into account, where the step is connected to one."""

    @model_validator(mode="after")
    def check_diameters(self) -> Self:
        """Refuse a largest diameter below the smallest."""
        if self.diameter_max < self.diameter_min:
            raise ValueError(
                f"diameter_max ({self.diameter_max:g} Å) must not be below "
                f"diameter_min ({self.diameter_min:g} Å)"
            )
        return self


class PickUnattended(ItemProtocol[PickUnattendedParameters]):
    """Pick without a description: blobs of whatever size stands out, then the session's classes.

    With `templates` this is `picks.template`; with a diameter alone, `picks.log`. With neither, the
    size of the blobs is found in each micrograph, and the diameter that is passed on is `roomy`,
    the same for all: it makes the boxes in which the first classes show how large the particle is.
    """

    name = "picks.auto"
    title = "Unattended particle picking"
    version = 2
    cites = (
        "Zivanov et al. (2018) eLife 7, e42166, doi:10.7554/eLife.42166",
        "Sigworth (2004) J. Struct. Biol. 145, 111, doi:10.1016/j.jsb.2003.10.025",
    )
    resources = Resources(memory=1024 * 2**20)

    def methods(self) -> str:
        """With what particles were looked for."""
        wanted = self.parameters
        if wanted.templates is not None:
            return PickByTemplates().methods()
        diameter = wanted.diameter or wanted.measured_diameter
        size = f"{diameter:g} Å" if diameter else "the size that stands out in each micrograph"
        return (
            f"Particles were picked as blobs of {size}, with a contrast of at least "
            f"{wanted.threshold:g} standard deviations of the noise."
        )

    def process(self, micrograph: Micrograph, ctf: Ctf | None) -> Picks:
        wanted = self.parameters
        diameter = wanted.diameter or wanted.measured_diameter
        common = wanted.model_dump(
            include={"threshold", "relative", "spacing", "border", "bright", "use_ctf"}
        )
        if wanted.templates is not None:
            by_templates = PickByTemplatesParameters(
                templates=wanted.templates,
                template_classes=wanted.template_classes,
                diameter=diameter,
                contrast=1.0 if wanted.use_ctf and ctf is not None else None,
                **common,
            )
            return PickByTemplates(by_templates).process(micrograph, ctf)
        image = read_image(micrograph.path)
        shape = self._shape(image, micrograph, ctf) if diameter is None else None
        if shape is not None and shape.length > shape.width:
            return self._long(shape, image, micrograph, ctf)
        blob = diameter if shape is None else shape.length
        assert blob is not None
        by_size = PickByLog(PickByLogParameters(diameter=blob, **common))
        picks = by_size.pick(image, micrograph, ctf)
        return picks if diameter else self._roomy(picks)

    def _long(self, shape: Shape, image: Image, micrograph: Micrograph, ctf: Ctf | None) -> Picks:
        """Pick particles that are much longer than wide."""
        wanted = self.parameters
        search = BarSearch(
            shape=shape,
            limits=Limits(threshold=wanted.threshold, relative=wanted.relative),
            spacing=wanted.spacing,
            border=wanted.border,
            bright=wanted.bright,
        )
        pixel_size = micrograph.optics.pixel_size
        peaks = pick_by_bars(image, pixel_size, search, ctf=ctf if wanted.use_ctf else None)
        return self._roomy(make_picks(micrograph, peaks, shape.length))

    def _roomy(self, picks: Picks) -> Picks:
        """The same for all micrographs, while nobody knows the diameter."""
        return replace(picks, diameter=self.parameters.roomy, diameter_known=False)

    def _shape(self, image: Image, micrograph: Micrograph, ctf: Ctf | None) -> Shape:
        """Length and width of what stands out of a micrograph, Å."""
        wanted = self.parameters
        pixel_size = micrograph.optics.pixel_size
        search = BlobSearch(
            diameter_min=wanted.diameter_min,
            diameter_max=max(
                wanted.diameter_min, min(wanted.diameter_max, _half(image, pixel_size))
            ),
            limits=Limits(threshold=wanted.threshold, relative=wanted.relative),
            spacing=wanted.spacing,
            border=wanted.border,
            bright=wanted.bright,
        )
        try:
            return blob_shape(image, pixel_size, search, ctf=ctf if wanted.use_ctf else None)
        except ValueError as error:
            raise ItemFailed(str(error), code="picking-impossible") from error

    def summarize(self, items: Sequence[Picks]) -> str:
        """Count the picks, and say how they were found."""
        if not items:
            return ""
        wanted = self.parameters
        if wanted.templates is not None:
            how = f"with {len(wanted.template_classes) or 'all'} 2D class averages as templates"
        elif wanted.diameter or wanted.measured_diameter:
            how = f"as blobs of {items[-1].diameter:g} Å"
        else:
            how = (
                "as blobs of the size that stands out; their diameter is not known yet, "
                f"{wanted.roomy:g} Å leave room for it"
            )
        return f"{count_picks(items)} {how}"

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        """Picks over time and as a histogram."""
        yield from plot_picks(items)


def _half(image: Image, pixel_size: float) -> float:
    """Half the shorter side of an image, Å: the largest diameter that can be looked for in it."""
    return 0.5 * float(min(image.shape)) * pixel_size
