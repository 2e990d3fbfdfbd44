"""Find particles by their size alone, in each micrograph as it arrives."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Annotated, Self

from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from icestream.formats.image import read_image
from icestream.model import Ctf, Image, Micrograph, Picks
from icestream.processing.picking import BlobSearch, Limits, Peaks, pick_by_log
from icestream.protocol import Advanced, Figure, ItemFailed, ItemProtocol, Parameters, Resources
from icestream.units import Angstrom, Usual

__all__ = ["PickByLog", "PickByLogParameters", "count_picks", "make_picks", "plot_picks"]

_TOLERANCE = 1.25
"""With one diameter given, the search reaches from it divided by this to it times this."""


class PickByLogParameters(Parameters):
    """What the particles look like, and how strict to be."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] = 130.0
    """Diameter of the particle; of its shortest side when `diameter_max` is given too."""

    diameter_max: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] | None = None
    """Longest side of a particle that is not round."""

    threshold: Annotated[float, Gt(0), Le(100)] = 4.5
    """Least contrast of a particle, in standard deviations of the noise: lower finds more."""

    relative: Annotated[float, Ge(0), Le(1), Advanced] = 0.5
    """Least contrast as a fraction of the median particle's; 0 keeps all above the threshold."""

    spacing: Annotated[float, Gt(0), Le(3), Advanced] = 0.8
    """Least distance between two particles, in diameters."""

    border: Annotated[Angstrom, Ge(0), Advanced] | None = None
    """Width of the rim without picks; half a diameter when empty."""

    bright: Annotated[bool, Advanced] = False
    """Particles are brighter than their surroundings (negative stain)."""

    use_ctf: Annotated[bool, Advanced] = True
    """Correct the sign of the contrast with the CTF, where the step is connected to one."""

    @model_validator(mode="after")
    def check_diameters(self) -> Self:
        """Refuse a longest side that is shorter than the shortest."""
        if self.diameter_max is not None and self.diameter_max < self.diameter:
            raise ValueError(
                f"diameter_max ({self.diameter_max:g} Å) must not be below "
                f"diameter ({self.diameter:g} Å)"
            )
        return self


class PickByLog(ItemProtocol[PickByLogParameters]):
    """Pick particles as blobs of a given size, without references."""

    name = "picks.log"
    title = "Particle picking by size"
    version = 2
    cites = ("Zivanov et al. (2018) eLife 7, e42166, doi:10.7554/eLife.42166",)
    resources = Resources(memory=768 * 2**20)

    def methods(self) -> str:
        """With what particles were looked for."""
        wanted = self.parameters
        size = f"{wanted.diameter:g} Å"
        if wanted.diameter_max is not None:
            size = f"{wanted.diameter:g} to {wanted.diameter_max:g} Å"
        return (
            f"Particles were picked as blobs of {size}, with a contrast of at least "
            f"{wanted.threshold:g} standard deviations of the noise."
        )

    def process(self, micrograph: Micrograph, ctf: Ctf | None) -> Picks:
        return self.pick(read_image(micrograph.path), micrograph, ctf)

    def pick(self, image: Image, micrograph: Micrograph, ctf: Ctf | None) -> Picks:
        """Pick in a micrograph whose image has been read."""
        wanted = self.parameters
        longest = wanted.diameter_max or wanted.diameter
        search = BlobSearch(
            diameter_min=wanted.diameter if wanted.diameter_max else wanted.diameter / _TOLERANCE,
            diameter_max=wanted.diameter_max or wanted.diameter * _TOLERANCE,
            limits=Limits(threshold=wanted.threshold, relative=wanted.relative),
            spacing=wanted.spacing,
            border=wanted.diameter / 2 if wanted.border is None else wanted.border,
            bright=wanted.bright,
        )
        try:
            peaks = pick_by_log(
                image,
                micrograph.optics.pixel_size,
                search,
                ctf=ctf if wanted.use_ctf else None,
            )
        except ValueError as error:
            raise ItemFailed(str(error), code="picking-impossible") from error
        return make_picks(micrograph, peaks, longest)

    def summarize(self, items: Sequence[Picks]) -> str:
        """Count the picks."""
        if not items:
            return ""
        return f"{count_picks(items)} as blobs of {items[-1].diameter:g} Å"

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        """Picks over time and as a histogram."""
        yield from plot_picks(items)


def make_picks(micrograph: Micrograph, peaks: Peaks, diameter: float) -> Picks:
    """The peaks of a picker, as picks of a micrograph."""
    return Picks(
        exposure=micrograph.exposure,
        x=peaks.x,
        y=peaks.y,
        score=peaks.score,
        diameter=diameter,
        pixel_size=micrograph.optics.pixel_size,
    )


def count_picks(items: Sequence[Picks]) -> str:
    """How many particles were picked, the beginning of a sentence."""
    counts = [len(item) for item in items]
    return (
        f"{sum(counts)} particles were picked in {len(items)} micrographs "
        f"(median {median(counts):g} in each)"
    )


def plot_picks(items: Sequence[Picks]) -> Iterator[Figure]:
    """Picks over time and as a histogram."""
    counts = [float(len(item)) for item in items]
    yield Figure("Particles picked", "series", counts, "particles per micrograph")
    yield Figure("Particles picked", "histogram", counts, "particles per micrograph")
