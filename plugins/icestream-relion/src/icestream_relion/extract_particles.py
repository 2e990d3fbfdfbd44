"""Cut out the picked particles of each micrograph with RELION."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray

from icestream.formats import Block, FormatError, map_mrc, read_star, write_mrc, write_star
from icestream.formats.relion import RELION_VERSION
from icestream.model import Ctf, Micrograph, Particles, Picks, column
from icestream.processing.particles import whole_boxes
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Figure,
    ItemFailed,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream.units import Angstrom, Pixel, Second, Unit, Usual
from icestream_relion.elsewhere import EXTRACTED
from icestream_relion.suite import AUTO_REFINE, FAILURES, refuse_ignored, relion
from icestream_relion.tables import link, write_micrograph

__all__ = ["ExtractWithRelion", "RelionExtractParameters"]


class RelionExtractParameters(Parameters):
    """Size of the particle images and what is done to them."""

    box: Annotated[Angstrom, Ge(0), Usual(40.0, 5000.0, also=(0.0,))] = 0.0
    """Side of the box (`--extract_size`); 0 means one and a half diameters."""

    size: Annotated[Pixel, Ge(0), Le(4096), Usual(16.0, 2048.0, also=(0.0,))] = 0
    """Side of the final images (`--scale`): a smaller one than the box makes larger pixels. 0 keeps
    the micrograph's pixels. Odd numbers are raised by one."""

    radius: Annotated[Angstrom, Ge(0), Usual(15.0, 2500.0, also=(0.0,)), Advanced] = 0.0
    """Radius of the particle for the background outside it (`--bg_radius`); 0 means 0.55
    diameters."""

    ramp: Annotated[bool, Advanced] = True
    """Take a slope off the background, and not its mean alone (without `--no_ramp`)."""

    white_dust: Annotated[float, Unit("σ"), Ge(0), Advanced] = 0.0
    """Pixels that are brighter than so many standard deviations become noise (`--white_dust`); 0:
    none."""

    black_dust: Annotated[float, Unit("σ"), Ge(0), Advanced] = 0.0
    """The same of darker ones (`--black_dust`); 0: none."""

    invert: Annotated[bool, Advanced] = True
    """Reverse the contrast, so that particles are bright (`--invert_contrast`); off for negative
    stain."""

    diameter: Annotated[Angstrom, Gt(0), Usual(30.0, 3000.0), Advanced] | None = None
    """Particle diameter; the picker's when empty."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""


class _Cut(NamedTuple):
    """What is cut where."""

    box: int
    size: int
    radius: float
    """Of the background, pixels of the final images."""
    diameter: float
    kept: NDArray[np.intp]
    """Picks whose boxes lie inside the micrograph."""
    x: NDArray[np.float64]
    y: NDArray[np.float64]


class ExtractWithRelion(ProgramProtocol[RelionExtractParameters]):
    """Cut, normalize and stack the particles of a micrograph with RELION.

    Particles whose box reaches over the edge are left out. A micrograph without particles gives
    an empty table, whose stack is one blank image: the MRC format cannot hold none.
    """

    name = "particles.relion"
    title = "RELION particle extraction"
    elsewhere = EXTRACTED
    cites = (AUTO_REFINE,)
    resources = Resources(cores=1, memory=2 * 2**30)
    program = relion("relion_preprocess")
    failures = FAILURES

    def process(self, *items: Any, work: Work) -> Any:
        """Without particles there is nothing to run."""
        micrograph, ctf, picks = items
        cut = self._cut(micrograph, picks)
        if len(cut.kept):
            return super().process(*items, work=work)
        stack = work.path(f"{micrograph.exposure}.mrcs")
        pixel_size = micrograph.optics.pixel_size * cut.box / cut.size
        write_mrc(stack, np.zeros((1, cut.size, cut.size), np.float32), pixel_size)
        return self._made(micrograph, ctf, picks, cut, stack)

    def prepare(self, work: Work, micrograph: Micrograph, ctf: Ctf, picks: Picks) -> None:
        cut = self._cut(micrograph, picks)
        name = link(micrograph.path, work, "mic.mrc")
        write_micrograph(work.path("mics.star"), micrograph, name, ctf)
        rows = {
            "rlnCoordinateX": cut.x,
            "rlnCoordinateY": cut.y,
            "rlnAutopickFigureOfMerit": np.arange(len(cut.x), dtype=np.float64),
        }
        write_star(work.path("mic_picks.star"), [Block("", rows)], RELION_VERSION)

    def command(self, micrograph: Micrograph, ctf: Ctf, picks: Picks, work: Work) -> Command:
        wanted, cut = self.parameters, self._cut(micrograph, picks)
        words = [
            *("--i", "mics.star", "--coord_dir", "./", "--coord_suffix", "_picks.star"),
            *("--part_star", "particles.star", "--part_dir", "out/", "--extract"),
            *("--extract_size", str(cut.box), "--norm", "--bg_radius", f"{cut.radius:.4g}"),
            *("--white_dust", f"{wanted.white_dust or -1:g}"),
            *("--black_dust", f"{wanted.black_dust or -1:g}"),
        ]
        if cut.size != cut.box:
            words += ["--scale", str(cut.size)]
        if not wanted.ramp:
            words.append("--no_ramp")
        if wanted.invert:
            words.append("--invert_contrast")
        return Command((self.program.executable, *words), timeout=wanted.timeout)

    def collect(self, micrograph: Micrograph, ctf: Ctf, picks: Picks, work: Work) -> Particles:
        refuse_ignored(work.path(f"{self.program.executable}.log"))
        cut = self._cut(micrograph, picks)
        stack = _stack(work, cut, f"{micrograph.exposure}.mrcs")
        return self._made(micrograph, ctf, picks, cut, stack)

    def _made(
        self, micrograph: Micrograph, ctf: Ctf, picks: Picks, cut: _Cut, stack: Path
    ) -> Particles:
        pixel_size = micrograph.optics.pixel_size
        fitted = pixel_size / ctf.optics.pixel_size
        local = ctf.defocus_at(cut.x * fitted, cut.y * fitted)
        return Particles(
            exposure=micrograph.exposure,
            stack=stack,
            box=cut.size,
            optics=micrograph.optics.binned(cut.box / cut.size),
            micrograph=micrograph.path,
            micrograph_pixel_size=pixel_size,
            x=column(cut.x),
            y=column(cut.y),
            score=column(np.asarray(picks.score)[cut.kept]),
            defocus_u=column(ctf.defocus_u + local),
            defocus_v=column(ctf.defocus_v + local),
            defocus_angle=column(np.full(len(cut.x), ctf.angle)),
            phase_shift=ctf.phase_shift,
            ctf_resolution=ctf.resolution,
            ctf_score=ctf.score,
            group=micrograph.group,
            diameter=cut.diameter,
            diameter_known=self.parameters.diameter is not None or picks.diameter_known,
        )

    def _cut(self, micrograph: Micrograph, picks: Picks) -> _Cut:
        """Even sizes in pixels, from the parameters and the diameter."""
        wanted, pixel_size = self.parameters, micrograph.optics.pixel_size
        diameter = wanted.diameter or picks.diameter
        box = max(8, _even((wanted.box or 1.5 * diameter) / pixel_size))
        if min(micrograph.shape) < box:
            raise ItemFailed(
                f"a box of {box} pixels does not fit into a micrograph of "
                f"{micrograph.shape[0]} x {micrograph.shape[1]} pixels",
                advice="give a smaller box, or check the particle diameter",
                code="box-too-large",
            )
        size = min(box, max(8, _even(wanted.size))) if wanted.size else box
        # At least the corners remain as background when the box is tight.
        radius = min((wanted.radius or 0.55 * diameter) / pixel_size, 0.48 * box) * size / box
        scale = picks.pixel_size / pixel_size
        x, y = (np.asarray(of, dtype=np.float64) * scale for of in (picks.x, picks.y))
        kept = whole_boxes(micrograph.shape, column(x), column(y), box)
        return _Cut(box, size, radius, diameter, kept, x[kept], y[kept])

    def methods(self) -> str:
        """In what boxes particles were cut out."""
        wanted = self.parameters
        box = f"boxes of {wanted.box:g} Å" if wanted.box else "boxes of one and a half diameters"
        reduced = f", reduced to {wanted.size} pixels" if wanted.size else ""
        return f"Particles were extracted with RELION in {box}{reduced}, and normalized."

    def summarize(self, items: Sequence[Particles]) -> str:
        if not items:
            return ""
        last = items[-1]
        return (
            f"{sum(len(item) for item in items)} particles were extracted in boxes of "
            f"{last.box} pixels of {last.optics.pixel_size:.3g} Å"
            + ("" if last.diameter_known else "; how large the particles are is not known yet")
        )

    def plot(self, items: Sequence[Particles]) -> Iterator[Figure]:
        counts = [float(len(item)) for item in items]
        yield Figure("Particles extracted", "series", counts, "particles per micrograph")


def _stack(work: Work, cut: _Cut, name: str) -> Path:
    """The one stack, whose images must be the asked ones in their order."""
    try:
        table = read_star(work.path("particles.star"))["particles"]
        places = [text.partition("@") for text in table.text("rlnImageName")]
        order = table.floats("rlnAutopickFigureOfMerit")
        written = work.folder / places[0][2]
        images = map_mrc(written)
    except (FormatError, KeyError, ValueError, IndexError) as error:
        raise BadOutput(f"the particles cannot be read: {error}", code="garbage-output") from error
    numbers = [int(number) for number, _, _ in places]
    wanted = list(range(1, len(cut.x) + 1))
    if numbers != wanted or not np.array_equal(order, np.arange(len(wanted))):
        raise BadOutput(
            f"it wrote {len(numbers)} particles in another order, and {len(wanted)} were asked for",
            code="garbage-output",
        )
    if images.shape != (len(wanted), cut.size, cut.size):
        found = " x ".join(map(str, images.shape))
        raise BadOutput(
            f"its stack is {found}, and should be {len(wanted)} x {cut.size} x {cut.size}",
            code="garbage-output",
        )
    bad = [number for number, image in enumerate(images, 1) if not np.isfinite(image).all()]
    if bad:
        raise BadOutput(
            f"{len(bad)} of its {len(wanted)} images have pixels that are no numbers, the first "
            f"is number {bad[0]}",
            advice="see whether the micrograph has such pixels, or none but one value",
            code="garbage-output",
        )
    return written.rename(work.path(name))


def _even(pixels: float) -> int:
    """The smallest even number that is not below `pixels`."""
    return 2 * math.ceil(pixels / 2 - 1e-6)
