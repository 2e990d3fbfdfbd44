"""Denoise each micrograph with Topaz, to look at it and to pick on it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import Ge, Le

from icestream.formats import read_image, write_mrc, write_picture
from icestream.model import Micrograph
from icestream.processing.grey import draw_thumbnail
from icestream.protocol import (
    Advanced,
    Command,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
    read_output,
)
from icestream.units import Pixel, Second
from icestream_topaz.program import FAILURES, TOPAZ, check_gpu, machine_arguments, need

__all__ = ["DenoiseWithTopaz", "TopazDenoising"]

_CITES = ("Bepler et al. (2020) Nat. Commun. 11, 5208, doi:10.1038/s41467-020-18952-1",)
_NOISY, _DENOISED = "noisy.mrc", "denoised"
_THUMBNAIL = 512
_TORCH, _LAYERS, _WHOLE = 500 * 2**20, 1_100, 4_096
"""Bytes of the program, and for each pixel that it looks at at once, as measured (unet); side of a
usual micrograph, pixels."""


class TopazDenoising(Parameters):
    """By which network."""

    model: Literal["unet", "unet-small", "affine"] = "unet"
    """Network (`--model` and `--arch`); the smaller ones take less time."""

    patch: Annotated[Pixel, Ge(0), Le(16384), Advanced] = 1024
    """Side of the patches that are denoised one after another (`--patch-size`); 0: the whole at
    once, which takes the memory."""

    padding: Annotated[Pixel, Ge(0), Le(4096), Advanced] = 500
    """Surroundings that are looked at with each patch (`--patch-padding`)."""

    gpu: Annotated[bool, Operational] = False
    """Denoise on a GPU (`--device`)."""

    cores: Annotated[int, Ge(1), Le(64), Operational, Advanced] = 1
    """Cores for one micrograph (`--num-threads`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 3600.0
    """Time after which the program is ended."""


class DenoiseWithTopaz(ProgramProtocol[TopazDenoising]):
    """Take the noise out of a micrograph, for people and pickers; no particle is cut from it.

    What comes out has the size and the place of what went in. Noise and fine detail are gone: cut
    particles, and estimate the CTF, on the micrograph itself.
    """

    name = "micrographs.topaz"
    title = "Topaz denoising"
    cites = _CITES
    program = TOPAZ
    failures = FAILURES

    def need(self) -> Resources:
        """A GPU where it is asked for; memory for the layers of a patch with its surroundings."""
        wanted = self.parameters
        side = wanted.patch + 2 * wanted.padding if wanted.patch else _WHOLE
        return need(gpu=wanted.gpu, cores=wanted.cores, memory=_TORCH + _LAYERS * side**2)

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        image = read_image(micrograph.path)
        write_mrc(work.path(_NOISY), image, micrograph.optics.pixel_size)

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        wanted = self.parameters
        argv = (
            # Of 0.3, --model alone is passed over, and --arch decides.
            *("topaz", "denoise", "--model", wanted.model, "--arch", wanted.model),
            *("--patch-size", str(wanted.patch), "--patch-padding", str(wanted.padding)),
            *machine_arguments(work),
            *("-o", _DENOISED, _NOISY),
        )
        return Command(argv, timeout=wanted.timeout)

    def collect(self, micrograph: Micrograph, work: Work) -> Micrograph:
        check_gpu(work, work.path("topaz.log"))
        image = read_output(work.path(f"{_DENOISED}/{_NOISY}"), micrograph.shape)
        pixel_size = micrograph.optics.pixel_size
        return replace(
            micrograph,
            path=write_mrc(work.path(f"{micrograph.exposure}_denoised.mrc"), image, pixel_size),
            unweighted=None,
            spectra=None,
            odd=None,
            even=None,
            thumbnail=write_picture(
                work.path(f"{micrograph.exposure}_denoised.jpg"),
                draw_thumbnail(image, pixel_size, _THUMBNAIL),
            ),
        )

    def methods(self) -> str:
        """By which network."""
        return f"Micrographs were denoised by Topaz ({self.parameters.model}) for picking."

    def summarize(self, micrographs: Sequence[Micrograph]) -> str:
        """Count them."""
        return f"{len(micrographs)} micrographs were denoised" if micrographs else ""
