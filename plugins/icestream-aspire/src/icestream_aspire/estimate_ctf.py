"""Estimate the CTF of each micrograph with ASPIRE."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, Self

from annotated_types import Ge, Gt, Le, MultipleOf
from pydantic import model_validator

from icestream.formats import FormatError, read_image, read_star, write_mrc, write_picture
from icestream.model import Ctf, Image, Micrograph, column
from icestream.processing.ctf.picture import spectrum_picture
from icestream.processing.ctf.spectrum import power_spectrum
from icestream.processing.ctf.transfer import Defocus
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Failure,
    Figure,
    ItemFailed,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream.units import Angstrom, Pixel, Second
from icestream_aspire.program import ASPIRE, FAILURES, call
from icestream_aspire.rings import followed

__all__ = ["AspireCtfParameters", "EstimateCtfWithAspire", "read_defocus"]

_CITES = (
    "Heimowitz, Andén & Singer (2020) Ultramicroscopy 212, 112950, "
    "doi:10.1016/j.ultramic.2020.112950",
)
_IMAGES, _RESULTS, _NAME = "images", "results", "micrograph"


class AspireCtfParameters(Parameters):
    """Which rings are looked at, and how the spectrum is made."""

    resolution_min: Annotated[Angstrom, Gt(8), Le(100)] = 30.0
    """Coarsest rings (`--g_min`)."""

    resolution_max: Annotated[Angstrom, Gt(0), Le(20)] = 5.0
    """Finest rings (`--g_max`)."""

    box: Annotated[Pixel, Ge(64), Le(2048), MultipleOf(2)] = 512
    """Side of the spectrum (`--psd_size`)."""

    tapers: Annotated[int, Ge(1), Le(10), Advanced] = 2
    """Tapers along each side of a tile (`--num_tapers`): more of them, less noise and less detail
    in the spectrum."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 3600.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_rings(self) -> Self:
        """Refuse a range that holds nothing."""
        if self.resolution_max >= self.resolution_min:
            raise ValueError(
                f"resolution_max ({self.resolution_max:g} Å) must be finer than "
                f"resolution_min ({self.resolution_min:g} Å)"
            )
        return self


class EstimateCtfWithAspire(ProgramProtocol[AspireCtfParameters]):
    """Fit defocus and astigmatism with ASPIRE, from spectra of many tapers.

    ASPIRE does not say how good its fit is: how far the rings follow it is measured here, as it is
    for icestream's own.
    """

    name = "ctf.aspire"
    title = "ASPIRE CTF estimation"
    cites = _CITES
    resources = Resources(cores=1, memory=2 * 2**30)
    program = ASPIRE
    failures = (
        Failure(
            code="no-background",
            when=r"Linear program did not succeed",
            advice="look whether the micrograph shows anything, or try another box",
        ),
        *FAILURES,
    )

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        wanted = self.parameters
        if micrograph.phase_plate:
            raise ItemFailed(
                "the micrograph was taken with a phase plate, and ASPIRE fits no phase shift",
                advice="estimate the CTF with ctf.estimate",
                code="phase-plate",
            )
        if min(micrograph.shape) < 1.5 * wanted.box:
            raise ItemFailed(
                f"the micrograph has {micrograph.shape[1]} x {micrograph.shape[0]} pixels, too few "
                f"for spectra of {wanted.box}",
                advice="set a smaller box",
                code="micrograph-too-small",
            )
        target = work.folder / _IMAGES / f"{_NAME}.mrc"
        target.parent.mkdir(exist_ok=True)
        # Damaged frames count less in the weighted sum, and Thon rings with them.
        write_mrc(target, self._image(micrograph), micrograph.optics.pixel_size)

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        wanted, optics = self.parameters, micrograph.optics
        words = (
            *("estimate-ctf", "--data_folder", _IMAGES, "--output_dir", _RESULTS),
            *("--pixel_size", f"{optics.pixel_size:.6g}", "--voltage", f"{optics.voltage:g}"),
            *("--cs", f"{optics.spherical_aberration:g}"),
            *("--amplitude_contrast", f"{optics.amplitude_contrast:g}"),
            *("--psd_size", str(wanted.box), "--num_tapers", str(wanted.tapers)),
            *("--g_min", f"{wanted.resolution_min:g}", "--g_max", f"{wanted.resolution_max:g}"),
        )
        return call(words, work, wanted.timeout)

    def collect(self, micrograph: Micrograph, work: Work) -> Ctf:
        wanted, optics = self.parameters, micrograph.optics
        defocus = read_defocus(work.folder / _RESULTS / f"{_NAME}.star")
        spectrum = power_spectrum(
            self._image(micrograph), optics.pixel_size, threads=work.cores, tile_size=wanted.box
        )
        fit = followed(spectrum, optics, defocus, (wanted.resolution_min, wanted.resolution_max))
        drawn, picture = spectrum_picture(fit, optics)
        image = work.path(f"{micrograph.exposure}.ctf")
        write_mrc(image, drawn, spectrum.pixel_size)
        return Ctf(
            exposure=micrograph.exposure,
            optics=optics,
            defocus_u=defocus.u,
            defocus_v=defocus.v,
            angle=defocus.angle,
            score=fit.score,
            resolution=fit.resolution,
            ice_ring=fit.ice_ring,
            doubt=fit.doubt,
            curve=column(fit.curve),
            spectrum=write_picture(work.path(f"{micrograph.exposure}_ctf.png"), picture),
            spectrum_image=image,
            shape=micrograph.shape,
        )

    def _image(self, micrograph: Micrograph) -> Image:
        path = micrograph.unweighted or micrograph.path
        try:
            return read_image(path)
        except (FormatError, OSError) as error:
            raise ItemFailed(
                f"{path} cannot be read: {error}",
                advice="look whether the micrograph is whole",
                code="micrograph-not-readable",
            ) from error

    def methods(self) -> str:
        """How the CTF was estimated."""
        return "The CTF of each micrograph was estimated by ASPIRE."

    def summarize(self, items: Sequence[Ctf]) -> str:
        """How many, and how far."""
        if not items:
            return ""
        good = [item for item in items if not item.doubt]
        text = f"The CTF of {len(items)} micrographs was fitted by ASPIRE"
        if good:
            text += f" to a median of {median(item.resolution for item in good):.1f} Å"
        doubtful = len(items) - len(good)
        return f"{text}; {doubtful} fits are not to be believed" if doubtful else text

    def plot(self, items: Sequence[Ctf]) -> Iterator[Figure]:
        """Defocus, and how far the rings were followed."""
        defocus = [item.defocus * 1e-4 for item in items]
        yield Figure("Defocus", "histogram", defocus, "defocus / µm")
        reached = [item.resolution for item in items]
        yield Figure("Fit resolution", "series", reached, "resolution / Å")


def read_defocus(path: Path) -> Defocus:
    """What ASPIRE wrote of one micrograph.

    It counts the angle from y towards x: it looks at the spectrum with its axes exchanged.

    Raises
    ------
    BadOutput
        If the table is missing, cut off, or has what is no defocus.
    """
    if not path.is_file():
        raise BadOutput(f"{path.name} was not written", code="no-output")
    try:
        block = next(iter(read_star(path).values()))
        u, v, angle = (float(block.value(f"rlnDefocus{name}")) for name in ("U", "V", "Angle"))
    except (FormatError, KeyError, StopIteration, ValueError) as error:
        raise BadOutput(f"{path.name} cannot be read: {error}", code="half-output") from error
    if not (0 < u < _MOST and 0 < v < _MOST and -_MOST < angle < _MOST):
        raise BadOutput(
            f"{path.name} tells a defocus of {u:g} and {v:g} Å at {angle:g}°",
            code="garbage-output",
        )
    angle = 90.0 - angle
    if v > u:
        u, v, angle = v, u, angle + 90.0
    return Defocus(u=u, v=v, angle=90.0 - (90.0 - angle) % 180.0)


_MOST = 5e5
"""Å beyond which nothing is a defocus."""
