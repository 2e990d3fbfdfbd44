"""Estimate the contrast transfer function of each micrograph as it arrives."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Annotated, Self

from annotated_types import Ge, Gt, Le, MultipleOf
from pydantic import model_validator

from icestream.formats import read_image, write_mrc, write_picture
from icestream.model import Ctf, Micrograph, column
from icestream.processing.ctf import CtfFit, SearchRange, fit_ctf, spectrum_picture
from icestream.protocol import (
    Advanced,
    Figure,
    ItemFailed,
    ItemProtocol,
    Parameters,
    Resources,
    Work,
    shown_if,
)
from icestream.units import Angstrom, Degree, Micrometre, Pixel


class CtfParameters(Parameters):
    """Where to search for the Thon rings."""

    defocus_min: Annotated[Micrometre, Gt(0)] = 0.3
    """Smallest underfocus to search."""

    defocus_max: Annotated[Micrometre, Gt(0), Le(20)] = 5.0
    """Largest underfocus to search."""

    phase_plate: bool = False
    """Fit the phase shift too; for data taken with a phase plate."""

    phase_shift_max: Annotated[Degree, Gt(0), Le(180), shown_if("phase_plate")] = 180.0
    """Largest phase shift to search."""

    astigmatism_max: Annotated[Angstrom, Ge(0), Le(20000), Advanced] = 4000.0
    """Largest difference of the two defoci to search."""

    resolution_min: Annotated[Angstrom, Gt(8), Le(100), Advanced] = 30.0
    """Coarsest rings that are fitted."""

    resolution_max: Annotated[Angstrom, Gt(0), Le(8), Advanced] = 4.0
    """Finest rings that are fitted; how far they can be followed is measured beyond it too."""

    tile_size: Annotated[Pixel, Ge(128), Le(2048), MultipleOf(2), Advanced] = 512
    """Side of the power spectrum; larger for very high defocus, whose rings lie closer."""

    @model_validator(mode="after")
    def check_defocus_range(self) -> Self:
        """Refuse a range that is empty."""
        if self.defocus_min >= self.defocus_max:
            raise ValueError(
                f"defocus_min ({self.defocus_min:g} µm) must be below "
                f"defocus_max ({self.defocus_max:g} µm)"
            )
        return self


class EstimateCtf(ItemProtocol[CtfParameters]):
    """Fit defocus, astigmatism and phase shift to the Thon rings of a micrograph."""

    name = "ctf.estimate"
    title = "CTF estimation"
    cites = ("doi:10.1016/j.jsb.2015.08.008", "doi:10.1016/j.jsb.2015.11.003")
    resources = Resources(memory=768 * 2**20)

    def process(self, micrograph: Micrograph, work: Work) -> Ctf:
        wanted = self.parameters
        path = micrograph.unweighted or micrograph.path
        try:
            fit = fit_ctf(
                read_image(path),
                micrograph.optics,
                wanted=SearchRange(
                    defocus=(wanted.defocus_min * 1e4, wanted.defocus_max * 1e4),
                    phase_shift=(0.0, wanted.phase_shift_max if wanted.phase_plate else 0.0),
                    astigmatism=wanted.astigmatism_max,
                ),
                tile_size=wanted.tile_size,
                resolution_range=(wanted.resolution_min, wanted.resolution_max),
                threads=work.cores,
            )
        except ValueError as error:
            raise ItemFailed(f"{path.name}: {error}", code="ctf-impossible") from error
        return _item(micrograph, fit, work)

    def summarize(self, items: Sequence[Ctf]) -> str:
        """Median resolution and the range of defocus."""
        if not items:
            return ""
        defoci = [ctf.defocus * 1e-4 for ctf in items]
        return (
            f"The CTF of {len(items)} micrographs was fitted to a median of "
            f"{median(ctf.resolution for ctf in items):.1f} Å; "
            f"defocus {min(defoci):.2f} to {max(defoci):.2f} µm"
        )

    def plot(self, items: Sequence[Ctf]) -> Iterator[Figure]:
        """Defocus, astigmatism and resolution."""
        defoci = [ctf.defocus * 1e-4 for ctf in items]
        resolutions = [ctf.resolution for ctf in items]
        yield Figure("Defocus", "series", defoci, "defocus / µm")
        yield Figure("Defocus", "histogram", defoci, "defocus / µm")
        yield Figure("Astigmatism", "series", [ctf.astigmatism for ctf in items], "astigmatism / Å")
        yield Figure("Fit resolution", "series", resolutions, "resolution / Å")
        yield Figure("Fit resolution", "histogram", resolutions, "resolution / Å")


def _item(micrograph: Micrograph, fit: CtfFit, work: Work) -> Ctf:
    """Write the pictures of a fit and make it an item."""
    spectrum, picture = spectrum_picture(fit, micrograph.optics)
    picture_path = work.path(f"{micrograph.exposure}_ctf.png")
    spectrum_path = work.path(f"{micrograph.exposure}_ctf.mrc")
    write_picture(picture_path, picture)
    write_mrc(spectrum_path, spectrum, fit.spectrum.pixel_size)
    return Ctf(
        exposure=micrograph.exposure,
        optics=micrograph.optics,
        defocus_u=fit.defocus.u,
        defocus_v=fit.defocus.v,
        angle=fit.defocus.angle,
        phase_shift=fit.defocus.phase_shift,
        score=fit.score,
        resolution=fit.resolution,
        ice_ring=fit.ice_ring,
        spectrum=picture_path,
        spectrum_image=spectrum_path,
        curve=column(fit.curve),
        defocus_error=fit.defocus_error,
    )
