"""Pick the particles of each micrograph with Topaz."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from icestream.model import Micrograph, Picks
from icestream.protocol import (
    Advanced,
    Command,
    Figure,
    InputFile,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream.units import Angstrom, Pixel, Second, Usual
from icestream_topaz.images import automatic_downscale, write_small
from icestream_topaz.program import CITES, FAILURES, TOPAZ, check_gpu, machine_arguments, need
from icestream_topaz.tables import read_picks

__all__ = ["PickWithTopaz", "TopazPicking"]

SMALL, FOUND = "small.mrc", "picks.txt"
"""Files in the folder of a task: the first is written by us, the other by the program."""


_TORCH, _LAYERS = 500 * 2**20, 9_000
"""Bytes of the program, and for each pixel that it looks at at once, as measured (resnet16)."""
_USUAL, _AROUND = 720, 128
"""Sides, pixels: of a small micrograph of 4,096 with particles of 160 pixels, and what is looked at
around a patch."""
_PRETRAINED, _TRAINED = 0.0, -2.0
"""Scores from which nearly all was a particle, and nearly all particles were there, on simulated
micrographs."""


class TopazPicking(Parameters):
    """Which model picks, and how strict it is."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] = 130.0
    """Diameter of the particle."""

    model: Literal["resnet16", "resnet16_u32", "resnet8", "resnet8_u32"] = "resnet16"
    """Model that Topaz brings (`-m`); those with fewer layers or units take less time."""

    threshold: Annotated[float, Ge(-6), Le(10)] | None = None
    """Least score of a particle, a log-likelihood ratio (`-t`): lower finds more. When empty, 0
    for the models that Topaz brings, and -2 for a trained one, whose scores are lower."""

    trained: Annotated[InputFile, Advanced] | None = None
    """Model (.sav) that was trained for these particles (`-m`), in place of `model`; the monitor
    sets it when the session has trained one."""

    trained_downscale: Annotated[int, Ge(1), Le(64), Advanced] | None = None
    """Factor by which the micrographs were made smaller on which `trained` was trained; the monitor
    sets it, too."""

    downscale: Annotated[int, Ge(1), Le(64), Advanced] | None = None
    """Factor by which micrographs are made smaller (`-s` of `topaz preprocess`); when empty, so
    that the diameter has 26 pixels."""

    radius: Annotated[Angstrom, Gt(0), Advanced] | None = None
    """Least distance between two particles (`-r`); when empty, two thirds of the diameter."""

    patch: Annotated[Pixel, Ge(0), Le(8192), Advanced] = 0
    """Side of the patches in which a small micrograph is scored (`-p`), which takes less memory;
    0: the whole at once."""

    gpu: Annotated[bool, Operational] = False
    """Score on a GPU (`-d`)."""

    cores: Annotated[int, Ge(1), Le(64), Operational, Advanced] = 1
    """Cores for one micrograph (`-j`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""

    def factor_for(self, pixel_size: float) -> int:
        """By how much micrographs of a pixel size (Å) are made smaller."""
        if self.trained is not None and self.trained_downscale is not None:
            return self.trained_downscale
        return self.downscale or automatic_downscale(self.diameter, pixel_size)

    def least_score(self) -> float:
        """The threshold, whether it is set or not."""
        if self.threshold is not None:
            return self.threshold
        return _PRETRAINED if self.trained is None else _TRAINED

    def radius_in(self, small_pixel_size: float) -> int:
        """Least distance between two particles, pixels of the small micrograph."""
        return max(1, round((self.radius or 2.0 / 3.0 * self.diameter) / small_pixel_size))


class PickWithTopaz(ProgramProtocol[TopazPicking]):
    """Pick particles with a model of Topaz, or with one that the session has trained."""

    name = "picks.topaz"
    title = "Particle picking by Topaz"
    cites = CITES
    program = TOPAZ
    failures = FAILURES

    def need(self) -> Resources:
        """A GPU where it is asked for; memory for the layers of a small micrograph or a patch."""
        wanted = self.parameters
        side = wanted.patch + _AROUND if wanted.patch else _USUAL
        memory = _TORCH + _LAYERS * side**2
        return need(gpu=wanted.gpu, cores=wanted.cores, memory=memory)

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        pixel_size = micrograph.optics.pixel_size
        factor = self.parameters.factor_for(pixel_size)
        write_small(work.path(SMALL), micrograph.path, pixel_size, factor)

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        wanted, pixel_size = self.parameters, micrograph.optics.pixel_size
        radius = wanted.radius_in(pixel_size * wanted.factor_for(pixel_size))
        patch = ("-p", str(wanted.patch)) if wanted.patch else ()
        # It runs in a folder of its own.
        model = wanted.model if wanted.trained is None else str(wanted.trained.absolute())
        argv = (
            *("topaz", "extract", "-m", model),
            *("-r", str(radius), "-t", f"{wanted.least_score():g}", *patch),
            *machine_arguments(work),
            *("-o", FOUND, SMALL),
        )
        return Command(argv, timeout=wanted.timeout)

    def collect(self, micrograph: Micrograph, work: Work) -> Picks:
        check_gpu(work, work.path("topaz.log"))
        factor = self.parameters.factor_for(micrograph.optics.pixel_size)
        found = read_picks(work.path(FOUND), micrograph.shape, factor)
        return Picks(
            exposure=micrograph.exposure,
            x=found.x,
            y=found.y,
            score=found.score,
            diameter=self.parameters.diameter,
            pixel_size=micrograph.optics.pixel_size,
        )

    def methods(self) -> str:
        """With what particles were picked."""
        wanted = self.parameters
        model = (
            "a model that was trained on classes of the session"
            if wanted.trained
            else (f"its model {wanted.model}")
        )
        least = f"{wanted.least_score():g}"
        return f"Particles were picked by Topaz with {model}, with a score above {least}."

    def summarize(self, items: Sequence[Picks]) -> str:
        """Count the picks."""
        if not items:
            return ""
        counts = [len(item) for item in items]
        model = "a trained model" if self.parameters.trained else self.parameters.model
        return (
            f"{sum(counts)} particles were picked in {len(items)} micrographs "
            f"(median {median(counts):g} in each) by Topaz with {model}"
        )

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        """Picks over time and as a histogram."""
        counts = [float(len(item)) for item in items]
        yield Figure("Particles picked", "series", counts, "particles per micrograph")
        yield Figure("Particles picked", "histogram", counts, "particles per micrograph")
