"""Estimate the CTF of each micrograph with Gctf."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from annotated_types import Ge, Gt, Le, MultipleOf
from numpy.typing import NDArray
from pydantic import model_validator

from icestream.model import Ctf, Micrograph
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Failure,
    Figure,
    Operational,
    Parameters,
    Probe,
    Program,
    ProgramProtocol,
    Resources,
    Work,
    shown_if,
)
from icestream.units import Angstrom, Degree, Micrometre, Pixel, Second, Unit, Usual
from icestream_ctf.elsewhere import GCTF
from icestream_ctf.items import IMAGE, Fit, draw, give_image, make_ctf, numbers, summary
from icestream_ctf.parameters import check_order

__all__ = ["EstimateWithGctf", "GctfParameters", "read_curve", "read_log"]

_CITES = ("Zhang (2016) J. Struct. Biol. 193, 1, doi:10.1016/j.jsb.2015.11.003",)
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_LIMIT = "Resolution limit estimated by EPA:"
_SPECTRA = (".ctf", ".epa", ".pow")
"""How names of the spectrum end: that of 1.06, and those of 1.18."""


class GctfParameters(Parameters):
    """Where Gctf looks for the rings."""

    defocus_min: Annotated[Micrometre, Gt(0), Usual(0.05, 10.0)] = 0.5
    """Least underfocus (`--defL`)."""

    defocus_max: Annotated[Micrometre, Gt(0), Le(20)] = 9.0
    """Largest underfocus (`--defH`)."""

    step: Annotated[Micrometre, Ge(0.001), Le(1), Advanced] = 0.05
    """Steps of the search (`--defS`)."""

    astigmatism: Annotated[Angstrom, Gt(0), Le(20000), Advanced] = 1000.0
    """Astigmatism that is expected, within a factor of ten (`--astm`)."""

    resolution_min: Annotated[Angstrom, Gt(8), Le(100), Advanced] = 50.0
    """Coarsest rings that are fitted (`--resL`)."""

    resolution_max: Annotated[Angstrom, Gt(0), Le(8), Usual(1.5, 8.0), Advanced] = 4.0
    """Finest rings that are fitted (`--resH`)."""

    box: Annotated[Pixel, Ge(128), Le(4096), MultipleOf(2), Advanced] = 1024
    """Side of the spectrum (`--boxsize`)."""

    bfactor: Annotated[float, Unit("Å²"), Ge(0), Le(2000), Advanced] = 150.0
    """Fall-off of the weights of finer rings (`--bfac`)."""

    refine_finest: Annotated[bool, Advanced] = False
    """Refine on the finest rings afterwards (`--do_Hres_ref`)."""

    phase_plate: bool = False
    """Fit the phase shift too (`--phase_shift_L` and the others); this is done anyway where the
    metadata say that a phase plate was in."""

    phase_min: Annotated[Degree, Ge(0), Le(180), Advanced, shown_if("phase_plate")] = 0.0
    """Least phase shift (`--phase_shift_L`)."""

    phase_max: Annotated[Degree, Gt(0), Le(180), Advanced, shown_if("phase_plate")] = 180.0
    """Largest phase shift (`--phase_shift_H`)."""

    phase_step: Annotated[Degree, Gt(0), Le(90), Advanced, shown_if("phase_plate")] = 10.0
    """Steps of that search (`--phase_shift_S`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 600.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_ranges(self) -> Self:
        """Refuse ranges that hold nothing."""
        check_order(
            defocus=(self.defocus_min, self.defocus_max), phase=(self.phase_min, self.phase_max)
        )
        return self


class EstimateWithGctf(ProgramProtocol[GctfParameters]):
    """Fit defocus, astigmatism and phase shift to the Thon rings of a micrograph with Gctf."""

    name = "ctf.gctf"
    title = "Gctf"
    cites = _CITES
    elsewhere = GCTF
    resources = Resources(cores=1, memory=2 * 2**30, gpus=1, tokens=("Gctf",))
    program = Program(
        "Gctf",
        package="www2.mrc-lmb.cam.ac.uk/research/locally-developed-software",
        probe=Probe(
            arguments=("--help",),
            pattern=r"(?i)(?:gctf\D{0,30}?|\bversion\W{0,5}|\bv)(\d\.\d\d)(?!\d)",
        ),
        known=("1.06", "1.18"),
        licence="free of charge, without source",
        cites=_CITES,
    )
    failures = (
        Failure(
            code="no-gpu-memory",
            when=r"(?i)out of memory|cudaErrorMemoryAllocation",
            advice="let one program at a time use the GPU (tokens), or lower box",
            retry=True,
        ),
        Failure(
            code="no-gpu",
            when=r"no CUDA-capable device|invalid device ordinal|driver version is insufficient",
            advice="see nvidia-smi: this machine has no GPU, or a driver older than the "
            "program's CUDA",
        ),
        Failure(
            code="gpu-too-new",
            when=r"no kernel image is available|invalid device function",
            advice="take a build of the program for this GPU",
        ),
        Failure(
            code="no-cuda-library",
            when=r"error while loading shared libraries: (\S+)",
            advice="install the CUDA that the program was built with (its name says which), or "
            "put it into LD_LIBRARY_PATH",
        ),
        Failure(
            code="no-place",
            when=r"No space left on device",
            advice="make room on the disk of the session",
        ),
    )

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        give_image(micrograph, work)

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        wanted, optics = self.parameters, micrograph.optics
        argv = [
            *("Gctf", "--apix", f"{optics.pixel_size:.7g}", "--kV", f"{optics.voltage:g}"),
            *("--cs", f"{optics.spherical_aberration:g}"),
            *("--ac", f"{optics.amplitude_contrast:g}"),
            *("--defL", f"{1e4 * wanted.defocus_min:.7g}"),
            *("--defH", f"{1e4 * wanted.defocus_max:.7g}", "--defS", f"{1e4 * wanted.step:.7g}"),
            *("--astm", f"{wanted.astigmatism:g}", "--bfac", f"{wanted.bfactor:g}"),
            *("--resL", f"{wanted.resolution_min:g}", "--resH", f"{wanted.resolution_max:g}"),
            *("--boxsize", str(wanted.box), "--do_EPA", "1", "--plot_res_ring", "0"),
            *("--do_Hres_ref", "1" if wanted.refine_finest else "0"),
        ]
        if self._fits_phase(micrograph):
            argv += ["--phase_shift_L", f"{wanted.phase_min:g}"]
            argv += ["--phase_shift_H", f"{wanted.phase_max:g}"]
            argv += ["--phase_shift_S", f"{wanted.phase_step:g}", "--phase_shift_T", "1"]
        argv += ["--ctfstar", "NONE", "--gid", "0", IMAGE]
        return Command(tuple(argv), timeout=wanted.timeout)

    def collect(self, micrograph: Micrograph, work: Work) -> Ctf:
        wanted, image = self.parameters, work.path(IMAGE)
        phase_is_fitted = self._fits_phase(micrograph)
        log = image.with_name(f"{image.stem}_gctf.log")
        values, resolution = read_log(log, phase_is_fitted=phase_is_fitted)
        fit = Fit(
            defoci=(values[0], values[1]),
            angle=values[2],
            phase_shift=values[3] if phase_is_fitted else 0.0,
            score=values[-1],
            resolution=resolution,
            curve=read_curve(image.with_name(f"{image.stem}_EPA.log")),
        )
        spectra = [image.with_suffix(ending) for ending in _SPECTRA]
        spectrum = next((path for path in spectra if path.is_file()), spectra[0])
        limits = (1e4 * wanted.defocus_max, wanted.resolution_min)
        return make_ctf(micrograph, fit, spectrum, limits, work)

    def methods(self) -> str:
        """What was fitted, and where it was looked for."""
        wanted = self.parameters
        plate = ", astigmatism and phase shift" if wanted.phase_plate else " and astigmatism"
        return (
            f"Defocus{plate} were fitted by Gctf to the Thon rings between "
            f"{wanted.resolution_min:g} and {wanted.resolution_max:g} Å, for a defocus of "
            f"{wanted.defocus_min:g} to {wanted.defocus_max:g} µm."
        )

    def summarize(self, items: Sequence[Ctf]) -> str:
        return summary(items)

    def plot(self, items: Sequence[Ctf]) -> Iterator[Figure]:
        yield from draw(items)

    def _fits_phase(self, micrograph: Micrograph) -> bool:
        return self.parameters.phase_plate or micrograph.phase_plate


def read_log(path: Path, *, phase_is_fitted: bool) -> tuple[list[float], float]:
    """The final values in Gctf's log of one micrograph, and how far rings were followed.

    Returns
    -------
    values
        Two defoci in Å, the angle of the first in degrees, with a phase plate the phase shift in
        degrees, and the score.
    resolution
        Å; 0 where it is not finite.

    Raises
    ------
    BadOutput
        If the lines are missing, too short, or have what is no number.
    """
    values: list[float] = []
    limit = ""
    for line in _COLOUR.sub("", path.read_text(encoding="utf-8", errors="replace")).splitlines():
        if line.split()[-2:] == ["Final", "Values"]:
            values = numbers(line.split()[:-2], path.name)
        elif _LIMIT in line:
            limit = line.split()[-1]
    wanted = 5 if phase_is_fitted else 4
    if len(values) != wanted:
        raise BadOutput(
            f"{path.name} has {len(values) or 'no'} final values, and {wanted} are needed",
            code="half-output",
        )
    if not limit:
        raise BadOutput(f"{path.name} has no line {_LIMIT!r}", code="half-output")
    if limit.lower().lstrip("+-") in ("inf", "nan"):
        return values, 0.0
    return values, numbers([limit], path.name)[0]


def read_curve(path: Path) -> NDArray[np.float64]:
    """Frequency, average of the spectrum along the rings without its background, and CTF squared.

    They stand in columns below a heading: resolution in Å, modulus of the CTF, average of the
    logarithm of the amplitude, the same without background, and correlation.

    Returns
    -------
    NDArray
        ``(3, n)`` by rising frequency, 1/Å.

    Raises
    ------
    BadOutput
        If there are none, one is too short, or has what is no number.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    rows = [line.split() for line in text.splitlines()[1:] if line.strip()]
    if len(rows) < 2 or min(map(len, rows)) < 4:
        raise BadOutput(f"{path.name} has no whole table", code="half-output")
    table = np.array([numbers(row[:4], path.name) for row in rows])
    table = table[table[:, 0] > 0]
    if len(table) < 2:
        raise BadOutput(f"{path.name} has no resolutions", code="garbage-output")
    curve = np.stack([1.0 / table[:, 0], table[:, 3], table[:, 1] ** 2])
    return curve[:, np.argsort(curve[0])]
