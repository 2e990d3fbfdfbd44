"""Estimate the CTF of each micrograph with Xmipp."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, Self

import numpy as np
from annotated_types import Ge, Gt, Le, Lt, MultipleOf
from numpy.typing import NDArray
from pydantic import model_validator

from icestream.formats import FormatError, read_image, write_mrc, write_picture
from icestream.model import Ctf, Micrograph
from icestream.processing.fourier import fourier_crop
from icestream.processing.grey import stretch
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Failure,
    Figure,
    ItemFailed,
    Operational,
    Parameters,
    Program,
    ProgramProtocol,
    Resources,
    Work,
    run_program,
    shown_if,
)
from icestream.units import Degree, Micrometre, Pixel, Second, Unit, Usual
from icestream_xmipp.elsewhere import CTF
from icestream_xmipp.metadata import read_block, read_value, write_block
from icestream_xmipp.spider import read_spider
from icestream_xmipp.suite import CITE, FAILURES, lacking_options, number, software, xmipp

__all__ = ["EstimateCtfWithXmipp", "XmippCtfParameters"]

_PROGRAM = "xmipp_ctf_estimate_from_micrograph"
_CITE = "Sorzano et al. (2007) J. Struct. Biol. 160, 249, doi:10.1016/j.jsb.2007.08.013"
_SORT = xmipp("xmipp_ctf_sort_psds", "-i", cites=(_CITE,))
_PIXEL = 1.75
"""Å, to which micrographs are made coarser, where they are not told how."""
_IMAGE, _ROOT, _TABLE = "micrograph.mrc", "ctf", "ctf.xmd"
_PARAMETERS, _SPECTRUM = f"{_ROOT}.ctfparam", f"{_ROOT}_ctfmodel_halfplane.xmp"
_NOT_FOUND = 1000.0
"""Å that stand for a resolution that was not found."""
_PLATE_RADIUS = 0.005


class XmippCtfParameters(Parameters):
    """Where Xmipp looks for the rings."""

    defocus_min: Annotated[Micrometre, Gt(0), Usual(0.05, 10.0)] = 0.25
    """Least underfocus (with `defocus_max`: `--defocusU` and `--defocus_range`)."""

    defocus_max: Annotated[Micrometre, Gt(0), Lt(10)] = 4.0
    """Largest underfocus."""

    downsampling: Annotated[float, Ge(0), Le(20), Advanced] = 0.0
    """How many times larger pixels are made before (`--downSamplingPerformed`); 0 makes them
    1.75 Å, or leaves them where they are larger."""

    frequency_min: Annotated[float, Unit("1/px"), Gt(0), Lt(0.5), Advanced] = 0.05
    """Coarsest rings that are fitted, in pixels after `downsampling` (`--min_freq`)."""

    frequency_max: Annotated[float, Unit("1/px"), Gt(0), Lt(0.5), Advanced] = 0.35
    """Finest rings that are fitted (`--max_freq`)."""

    box: Annotated[Pixel, Ge(128), Le(4096), MultipleOf(2), Advanced] = 512
    """Side of the spectrum (`--pieceDim`, `--ctfmodelSize`)."""

    overlap: Annotated[float, Ge(0), Lt(1), Advanced] = 0.7
    """What neighbouring pieces share (`--overlap`)."""

    skip_borders: Annotated[bool, Advanced] = False
    """Leave out two pieces along each border (without it `--skipBorders 0`)."""

    fast: Annotated[bool, Advanced] = True
    """Fit the average over directions first (`--acceleration1D`)."""

    refine_amplitude_contrast: Annotated[bool, Advanced] = False
    """Fit the amplitude contrast as well (`--refine_amplitude_contrast`)."""

    phase_plate: bool = False
    """Fit the phase shift too (`--phase_shift`, `--VPP_radius`); this is done anyway where the
    metadata say that a phase plate was in. Needs `fast`."""

    phase_shift: Annotated[Degree, Ge(0), Le(180), Advanced, shown_if("phase_plate")] = 90.0
    """Phase shift from which the fit begins (`--phase_shift`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which each of its two programs is ended."""

    @model_validator(mode="after")
    def check_ranges(self) -> Self:
        """Refuse ranges that hold nothing, and a fit whose result could not be read."""
        for name in ("defocus", "frequency"):
            low, high = getattr(self, f"{name}_min"), getattr(self, f"{name}_max")
            if low >= high:
                raise ValueError(f"{name}_min ({low:g}) must be below {name}_max ({high:g})")
        if self.phase_plate and not self.fast:
            raise ValueError("phase_plate needs fast: the slow fit tells phase shifts in no unit "
                             "that is known")  # fmt: skip
        return self

    def factor_of(self, micrograph: Micrograph) -> float:
        """How many times larger its pixels are made."""
        height = micrograph.shape[0]
        wanted = self.downsampling or max(1.0, _PIXEL / micrograph.optics.pixel_size)
        return height / round(height / max(wanted, 1.0))

    def phased(self, micrograph: Micrograph) -> bool:
        """Whether the phase shift of this one is fitted."""
        return self.phase_plate or micrograph.phase_plate


class EstimateCtfWithXmipp(ProgramProtocol[XmippCtfParameters]):
    """Fit defocus, astigmatism and phase shift to the Thon rings of a micrograph with Xmipp."""

    name = "ctf.xmipp"
    title = "Xmipp CTF estimation"
    cites = (_CITE, CITE)
    elsewhere = CTF
    resources = Resources(cores=1, memory=4 * 2**30)
    program = xmipp(
        _PROGRAM, "--micrograph", "--selfEstimation", "--acceleration1D", "--downSamplingPerformed",
        "--skipBorders", cites=(_CITE,),
    )  # fmt: skip
    failures = (
        Failure(
            code="no-defocus",
            when=r"Cannot find any good defocus within the given range",
            advice="widen the range of defocus, or look at the micrograph",
        ),
        Failure(
            code="flat-micrograph",
            when=r"There is no variance in the PSD",
            advice="look at the micrograph: it shows nothing",
        ),
        *FAILURES,
    )

    def programs(self) -> Sequence[Program]:
        """The one that fits, and the one that tells how far the fit goes."""
        return (self.program, _SORT)

    def software(self) -> Mapping[str, str]:
        """What tells the programs from some with other options."""
        return software(self.programs())

    def lacking(self) -> Sequence[str]:
        """That a program on this machine is of a release with other options."""
        wanted = "Xmipp 3.25.06 has them"
        return [line for one in self.programs() for line in lacking_options(one, wanted)]

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        source = micrograph.unweighted or micrograph.path
        try:
            image = read_image(source)
        except (FormatError, OSError) as error:
            raise ItemFailed(
                f"{source} cannot be read: {error}",
                advice="look whether the micrograph is whole",
                code="micrograph-not-readable",
            ) from error
        factor = self.parameters.factor_of(micrograph)
        shape = (round(image.shape[0] / factor), round(image.shape[1] / factor))
        if min(shape) < self.parameters.box:
            raise ItemFailed(
                f"{source} has {image.shape[0]} x {image.shape[1]} pixels, which are "
                f"{shape[0]} x {shape[1]} when they are made {factor:.3g} times larger, and a box "
                f"has {self.parameters.box}",
                advice="lower box or downsampling",
                code="small-micrograph",
            )
        if shape != image.shape:
            image = fourier_crop(image, shape, workers=work.cores)
        write_mrc(work.path(_IMAGE), image, micrograph.optics.pixel_size * factor)

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        said = _arguments(micrograph, self.parameters)
        return Command((_PROGRAM, *said), timeout=self.parameters.timeout)

    def collect(self, micrograph: Micrograph, work: Work) -> Ctf:
        read_block(work.path(_PARAMETERS), "fullMicrograph")
        write_block(
            work.path(_TABLE),
            ("enabled", "micrograph", "psd", "ctfModel", "CtfDownsampleFactor"),
            [("1", _IMAGE, f"{_ROOT}.psd", _PARAMETERS,
              number(self.parameters.factor_of(micrograph)))],
        )  # fmt: skip
        command = Command((_SORT.executable, "-i", _TABLE), timeout=self.parameters.timeout)
        run_program(_SORT, command, work, FAILURES)
        return _read(micrograph, self.parameters, work)

    def methods(self) -> str:
        """What was fitted, and where it was looked for."""
        wanted = self.parameters
        plate = ", phase shift" if wanted.phase_plate else ""
        return (
            f"Defocus{plate} and astigmatism were fitted to the Thon rings by Xmipp, for a defocus "
            f"of {wanted.defocus_min:g} to {wanted.defocus_max:g} µm."
        )

    def summarize(self, items: Sequence[Ctf]) -> str:
        """Median resolution, the range of defocus, and what is out of the ordinary."""
        if not items:
            return ""
        defoci = [ctf.defocus * 1e-4 for ctf in items]
        lost = sum(bool(ctf.doubt) for ctf in items)
        return (
            f"The CTF of {len(items)} micrographs was fitted by Xmipp, whose envelopes reach a "
            f"median of {median(ctf.resolution for ctf in items):.1f} Å; "
            f"defocus {min(defoci):.2f} to {max(defoci):.2f} µm"
            + (f"; {lost} are doubtful" if lost else "")
        )

    def plot(self, items: Sequence[Ctf]) -> Iterator[Figure]:
        defoci = [ctf.defocus * 1e-4 for ctf in items]
        yield Figure("Defocus", "series", defoci, "defocus / µm")
        yield Figure("Defocus", "histogram", defoci, "defocus / µm")
        yield Figure("Astigmatism", "series", [ctf.astigmatism for ctf in items], "astigmatism / Å")
        reached = [ctf.resolution for ctf in items]
        yield Figure("Resolution of the envelope", "series", reached, "resolution / Å")


def _arguments(micrograph: Micrograph, wanted: XmippCtfParameters) -> Iterator[str]:
    factor, optics = wanted.factor_of(micrograph), micrograph.optics
    middle = 0.5e4 * (wanted.defocus_min + wanted.defocus_max)
    yield from ("--micrograph", _IMAGE, "--oroot", _ROOT)
    yield from ("--sampling_rate", number(optics.pixel_size * factor))
    yield from ("--downSamplingPerformed", number(factor))
    yield from ("--voltage", number(optics.voltage))
    yield from ("--spherical_aberration", number(optics.spherical_aberration))
    yield from ("--Q0", number(optics.amplitude_contrast))
    yield from ("--defocusU", number(middle))
    yield from ("--defocus_range", number(1e4 * wanted.defocus_max - middle))
    yield from ("--min_freq", number(wanted.frequency_min))
    yield from ("--max_freq", number(wanted.frequency_max))
    yield from ("--pieceDim", str(wanted.box), "--ctfmodelSize", str(wanted.box))
    yield from ("--overlap", number(wanted.overlap))
    if not wanted.skip_borders:
        yield from ("--skipBorders", "0")
    # The phase shift is told in a unit that is known by this fit alone.
    if wanted.fast or wanted.phased(micrograph):
        yield "--acceleration1D"
    if wanted.refine_amplitude_contrast:
        yield "--refine_amplitude_contrast"
    if wanted.phased(micrograph):
        yield from ("--phase_shift", number(wanted.phase_shift))
        yield from ("--VPP_radius", number(_PLATE_RADIUS))
    yield "--selfEstimation"


def _read(micrograph: Micrograph, wanted: XmippCtfParameters, work: Work) -> Ctf:
    """The item of what both programs wrote."""
    fitted, told = work.path(_PARAMETERS), work.path(_TABLE)
    block = read_block(fitted, "fullMicrograph")
    pixel = read_value(block, "ctfSamplingRate", fitted)
    if abs(pixel / micrograph.optics.pixel_size - 1) > 0.01:
        raise BadOutput(
            f"{fitted.name} is for pixels of {pixel:g} Å, and the micrograph's are "
            f"{micrograph.optics.pixel_size:g} Å",
            code="garbage-output",
        )
    u, v, angle = (read_value(block, f"ctfDefocus{name}", fitted) for name in ("U", "V", "Angle"))
    if v > u:
        u, v, angle = v, u, angle + 90.0
    largest = 1e4 * wanted.defocus_max
    phase = 0.0
    if wanted.phased(micrograph):
        phase = read_value(block, "ctfVPPphaseshift", fitted)
    # A fit may leave the range of its search, but not by as much again.
    if not 0 < u <= 2 * largest or v < -largest or not 0 <= phase <= 360:
        raise BadOutput(
            f"its defoci are {u:g} and {v:g} Å and its phase shift {phase:g}°, and up to "
            f"{largest:g} Å were searched",
            code="garbage-output",
        )
    reached = read_value(read_block(told), "ctfCritMaxFreq", told)
    lost = not 0 < reached < _NOT_FOUND
    coarsest = micrograph.optics.pixel_size * wanted.factor_of(micrograph) / wanted.frequency_min
    spectrum = read_spider(work.path(_SPECTRUM))
    return Ctf(
        exposure=micrograph.exposure,
        optics=micrograph.optics,
        defocus_u=u,
        defocus_v=v,
        angle=90.0 - (90.0 - angle) % 180.0,
        phase_shift=phase,
        score=read_value(block, "ctfCritCorr13", fitted),
        resolution=coarsest if lost else reached,
        doubt="Xmipp tells no resolution of this fit" if lost else "",
        spectrum=write_picture(
            work.path(f"{micrograph.exposure}_ctf.png"), stretch(_limited(spectrum))
        ),
        spectrum_image=_write_spectrum(micrograph, spectrum, work),
        shape=micrograph.shape,
    )


def _limited(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the few pixels of the origin, beside which no ring would be seen."""
    low, high = np.percentile(image, (1, 99.5))
    return np.clip(image, low, high).astype(np.float32)


def _write_spectrum(micrograph: Micrograph, spectrum: NDArray[np.float32], work: Work) -> Path:
    if spectrum.shape[0] != spectrum.shape[1]:
        raise BadOutput(
            f"{_SPECTRUM} should be square, and is {spectrum.shape[0]} x {spectrum.shape[1]}",
            code="garbage-output",
        )
    return write_mrc(work.path(f"{micrograph.exposure}_ctf.mrc"), spectrum)
