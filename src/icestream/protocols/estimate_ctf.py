"""Estimate the contrast transfer function of each micrograph as it arrives."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Annotated, Self

import numpy as np
from annotated_types import Ge, Gt, Le, MultipleOf
from pydantic import model_validator

from icestream.formats import read_image, read_stack, write_mrc, write_picture
from icestream.model import Ctf, Micrograph, Optics, PartialSpectra, column
from icestream.processing.ctf import (
    CtfFit,
    Defocus,
    Plane,
    SearchRange,
    ctf_2d,
    fit_ctf,
    fit_spectrum,
    power_spectrum,
    spectrum_picture,
)
from icestream.processing.ctf.groups import TILE_SIZE, PackedTiles
from icestream.processing.ctf.spectrum import Tiles, average_ordinary
from icestream.processing.ctf.tilt import flatten
from icestream.protocol import (
    Advanced,
    Figure,
    ItemFailed,
    ItemProtocol,
    Parameters,
    Resources,
    Work,
)
from icestream.units import Angstrom, Degree, Micrometre, Pixel, Usual


class CtfParameters(Parameters):
    """Where to search for the Thon rings."""

    defocus_min: Annotated[Micrometre, Gt(0), Usual(0.05, 10.0)] = 0.3
    """Smallest underfocus to search."""

    defocus_max: Annotated[Micrometre, Gt(0), Le(20)] = 5.0
    """Largest underfocus to search."""

    phase_plate: bool = False
    """Fit the phase shift too; this is done anyway where the metadata say that a phase plate was
    in."""

    phase_shift_max: Annotated[Degree, Gt(0), Le(180)] = 180.0
    """Largest phase shift to search."""

    astigmatism_max: Annotated[
        Angstrom, Ge(0), Le(20000), Usual(10.0, 20000.0, also=(0.0,)), Advanced
    ] = 4000.0
    """Largest difference of the two defoci to search."""

    resolution_min: Annotated[Angstrom, Gt(8), Le(100), Advanced] = 30.0
    """Coarsest rings that are fitted."""

    resolution_max: Annotated[Angstrom, Gt(0), Le(8), Usual(1.5, 8.0), Advanced] = 4.0
    """Finest rings that are fitted; how far they can be followed is measured beyond it too."""

    tile_size: Annotated[Pixel, Ge(128), Le(2048), MultipleOf(2), Advanced] = 512
    """Side of the power spectrum; larger for very high defocus, whose rings lie closer. Any other
    than 512 is made from the micrograph, not from the spectra of groups of frames."""

    def search(self, *, phase_plate: bool) -> SearchRange:
        """What is searched for on a micrograph that was taken with a phase plate, or without."""
        return SearchRange(
            defocus=(self.defocus_min * 1e4, self.defocus_max * 1e4),
            phase_shift=(0.0, self.phase_shift_max if self.phase_plate or phase_plate else 0.0),
            astigmatism=self.astigmatism_max,
        )

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
    """Fit defocus, astigmatism, tilt and phase shift to the Thon rings of a micrograph.

    They are those of the spectra of groups of frames that alignment wrote, else those of the sum.
    Each number comes with its standard error. A tilt is given where it is more than noise, the
    thickness of the ice where the rings show a node.
    """

    name = "ctf.estimate"
    title = "CTF estimation"
    version = 2
    cites = (
        "Rohou & Grigorieff (2015) J. Struct. Biol. 192, 216, doi:10.1016/j.jsb.2015.08.008",
        "Zhang (2016) J. Struct. Biol. 193, 1, doi:10.1016/j.jsb.2015.11.003",
        "Elferich et al. (2024) eLife 13, RP97227, doi:10.7554/eLife.97227",
    )
    resources = Resources(memory=768 * 2**20)

    @classmethod
    def warm(cls) -> None:
        """Fit a small image of rings, and flatten it, so that all kernels are compiled."""
        optics, defocus = Optics(pixel_size=2.0, voltage=300.0), Defocus(u=10000.0, v=10000.0)
        ice = np.fft.rfft2(np.random.default_rng(0).standard_normal((512, 512)))
        image = np.fft.irfft2(ice * ctf_2d((512, 512), defocus, optics, half=True))
        fit = fit_ctf(image.astype(np.float32), optics, tile_size=128)
        plane = Plane(gradient=(0.1, 0.0), error=0.01, chance=0.0)
        flatten(fit.spectrum, plane, defocus, optics)

    def process(self, micrograph: Micrograph, work: Work) -> Ctf:
        wanted = self.parameters
        spectra = micrograph.spectra if wanted.tile_size == TILE_SIZE else None
        path = spectra.path if spectra else micrograph.unweighted or micrograph.path
        try:
            if spectra:
                spectrum = average_ordinary(_tiles(spectra))
            else:
                spectrum = power_spectrum(
                    read_image(path),
                    micrograph.optics.pixel_size,
                    tile_size=wanted.tile_size,
                    threads=work.cores,
                )
            fit = fit_spectrum(
                spectrum,
                micrograph.optics,
                wanted=wanted.search(phase_plate=micrograph.phase_plate),
                resolution_range=(wanted.resolution_min, wanted.resolution_max),
                grouped=spectra is not None,
            )
        except ValueError as error:
            raise ItemFailed(f"{path.name}: {error}", code="ctf-impossible") from error
        return _item(micrograph, fit, work)

    def methods(self) -> str:
        """What was fitted, and where it was looked for."""
        wanted = self.parameters
        plate = ", phase shift" if wanted.phase_plate else ""
        return (
            f"Defocus, astigmatism{plate} and tilt were fitted to the Thon rings between "
            f"{wanted.resolution_min:g} and {wanted.resolution_max:g} Å, for a defocus of "
            f"{wanted.defocus_min:g} to {wanted.defocus_max:g} µm."
        )

    def summarize(self, items: Sequence[Ctf]) -> str:
        """Median resolution, the range of defocus, and what is out of the ordinary."""
        if not items:
            return ""
        defoci = [ctf.defocus * 1e-4 for ctf in items]
        text = (
            f"The CTF of {len(items)} micrographs was fitted to a median of "
            f"{median(ctf.resolution for ctf in items):.1f} Å; "
            f"defocus {min(defoci):.2f} to {max(defoci):.2f} µm"
        )
        errors = [ctf.defocus_error for ctf in items if ctf.defocus_error is not None]
        if errors:
            text += f", known to a median of {median(errors):.0f} Å"
        tilts = [ctf.tilt for ctf in items if ctf.tilt]
        if tilts:
            text += f"; {len(tilts)} are tilted, by a median of {median(tilts):.0f}°"
        doubtful = [ctf.doubt for ctf in items if ctf.doubt]
        if doubtful:
            text += f"; {len(doubtful)} are doubtful: of the last, {doubtful[-1]}"
        nodes = [ctf.thickness for ctf in items if ctf.thickness is not None]
        if nodes:
            text += f"; {len(nodes)} show ice of a median of {median(nodes):.0f} Å"
        return text

    def plot(self, items: Sequence[Ctf]) -> Iterator[Figure]:
        """Defocus and its error, astigmatism, its direction, resolution, tilt and thickness."""
        defoci = [ctf.defocus * 1e-4 for ctf in items]
        resolutions = [ctf.resolution for ctf in items]
        yield Figure("Defocus", "series", defoci, "defocus / µm")
        yield Figure("Defocus", "histogram", defoci, "defocus / µm")
        yield Figure("Astigmatism", "series", [ctf.astigmatism for ctf in items], "astigmatism / Å")
        yield Figure("Fit resolution", "series", resolutions, "resolution / Å")
        yield Figure("Fit resolution", "histogram", resolutions, "resolution / Å")
        errors = [ctf.defocus_error for ctf in items if ctf.defocus_error is not None]
        if errors:
            yield Figure("Error of the defocus", "histogram", errors, "standard error / Å")
        angles = [ctf.angle for ctf in items if ctf.angle_known and ctf.angle_error is not None]
        if angles:
            title = "Direction of the astigmatism, where it is known"
            yield Figure(title, "histogram", angles, "angle / °")
        tilts = [ctf.tilt for ctf in items if ctf.tilt is not None]
        if any(tilts):
            yield Figure("Tilt of the specimen", "series", tilts, "tilt / °")
        nodes = [ctf.thickness for ctf in items if ctf.thickness is not None]
        if nodes:
            yield Figure(
                "Ice thickness where rings have a node", "histogram", nodes, "thickness / Å"
            )


def _tiles(spectra: PartialSpectra) -> Tiles:
    """What alignment wrote."""
    packed = PackedTiles(
        power=read_stack(spectra.path),
        places=np.asarray(spectra.places),
        side=spectra.side,
        taper=spectra.taper,
    )
    return packed.unpack()


def _item(micrograph: Micrograph, fit: CtfFit, work: Work) -> Ctf:
    """Write the pictures of a fit and make it an item."""
    spectrum, picture = spectrum_picture(fit, micrograph.optics)
    picture_path = work.path(f"{micrograph.exposure}_ctf.png")
    spectrum_path = work.path(f"{micrograph.exposure}_ctf.mrc")
    write_picture(picture_path, picture)
    write_mrc(spectrum_path, spectrum, fit.spectrum.pixel_size)
    errors, plane, thickness = fit.errors, fit.plane, fit.thickness
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
        doubt=fit.doubt,
        spectrum=picture_path,
        spectrum_image=spectrum_path,
        curve=column(fit.curve),
        defocus_error=errors.mean if errors else None,
        astigmatism_error=errors.astigmatism if errors else None,
        angle_error=errors.angle if errors else None,
        phase_shift_error=errors.phase_shift if errors else None,
        gradient=plane.gradient if plane and plane.tilted else None,
        gradient_error=plane.error if plane else None,
        shape=micrograph.shape,
        thickness=thickness.value if thickness else None,
        thickness_error=thickness.error if thickness else None,
        thickness_least=fit.thickness_least,
    )
