"""Sharpen a refined map with RELION, and tell its resolution inside of a mask."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Ge, Gt

from icestream.formats.mrc import write_mrc
from icestream.model import Volume
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Figure,
    InputFile,
    ItemFailed,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream.units import Angstrom, Second, Unit
from icestream_relion.elsewhere import POSTPROCESSED
from icestream_relion.items import Mask, Sharpening
from icestream_relion.results import draw_map, read_map, read_table
from icestream_relion.suite import FAILURES, refuse_ignored, relion
from icestream_relion.tables import link
from icestream_relion.volumes import plot_volume, resolutions, summarize_volume

__all__ = ["PostprocessWithRelion", "RelionPostprocessParameters", "SharpenedMap"]

_FINE = 8.0
"""Å: a coarser map has no straight part of the Guinier plot, which begins at 10 Å."""


class RelionPostprocessParameters(Parameters):
    """How a map is sharpened."""

    bfactor: Annotated[float, Unit("Å²")] | None = None
    """B-factor of the sharpening (`--adhoc_bfac`), mostly below 0. When empty, RELION finds it
    (`--auto_bfac`) in maps of better than 8 Å, and does not sharpen others."""

    lowest: Annotated[Angstrom, Gt(0), Advanced] = 10.0
    """Coarsest detail that the B-factor is found from (`--autob_lowres`)."""

    mtf: Annotated[InputFile | None, Advanced] = None
    """MTF of the detector (`--mtf`), a STAR file."""

    mtf_pixel_size: Annotated[Angstrom, Ge(0), Advanced] = 0.0
    """Pixel of the movies (`--mtf_angpix`); 0 where it is that of the map."""

    filter_at: Annotated[Angstrom, Ge(0), Advanced] = 0.0
    """What the map is low-pass filtered to (`--low_pass`, with `--skip_fsc_weighting`); 0 weighs it
    by the correlation."""

    randomize_at: Annotated[float, Gt(0), Advanced] = 0.8
    """Correlation from which on phases are made random to see what the mask itself adds
    (`--randomize_at_fsc`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 3600.0
    """Time after which the program is ended."""


class SharpenedMap(NamedTuple):
    """The map with its resolution inside of the mask, and how it came to be."""

    volume: Volume
    sharpening: Sharpening


class PostprocessWithRelion(ProgramProtocol[RelionPostprocessParameters]):
    """Sharpen a refined map with RELION, and correct its resolution for the mask."""

    name = "volume.relion_postprocess"
    title = "RELION post-processing"
    elsewhere = POSTPROCESSED
    cites = (
        "Chen et al. (2013) Ultramicroscopy 135, 24, doi:10.1016/j.ultramic.2013.06.004",
        "Rosenthal & Henderson (2003) J. Mol. Biol. 333, 721, doi:10.1016/j.jmb.2003.07.013",
    )
    resources = Resources(cores=1, memory=4 * 2**30)
    program = relion("relion_postprocess")
    failures = FAILURES

    def prepare(self, work: Work, volume: Volume, mask: Mask) -> None:
        if volume.half1 is None or volume.half2 is None:
            raise ItemFailed(
                "the map comes without its halves" + (f": {volume.note}" if volume.note else ""),
                advice="connect volume.relion_refine",
                code="no-map",
            )
        work.path("out").mkdir(exist_ok=True)
        link(volume.half1, work, "half1.mrc")
        link(volume.half2, work, "half2.mrc")
        link(mask.path, work, "mask.mrc")
        if self.parameters.mtf is not None:
            link(self.parameters.mtf, work, "mtf.star")

    def command(self, volume: Volume, mask: Mask, work: Work) -> Command:
        wanted = self.parameters
        words = [
            *("--i", "half1.mrc", "--i2", "half2.mrc", "--mask", "mask.mrc", "--o", "out/written"),
            *("--angpix", f"{volume.pixel_size:.7g}"),
            *("--randomize_at_fsc", f"{wanted.randomize_at:g}"),
        ]
        if wanted.bfactor is not None:
            words += ["--adhoc_bfac", f"{wanted.bfactor:g}"]
        elif 0 < volume.resolution < _FINE:
            words += ["--auto_bfac", "--autob_lowres", f"{wanted.lowest:g}"]
        if wanted.mtf is not None:
            words += ["--mtf", "mtf.star"]
            words += ["--mtf_angpix", f"{wanted.mtf_pixel_size or volume.pixel_size:.7g}"]
        if wanted.filter_at > 0:
            words += ["--skip_fsc_weighting", "--low_pass", f"{wanted.filter_at:g}"]
        return Command((self.program.executable, *words), timeout=wanted.timeout)

    def collect(self, volume: Volume, mask: Mask, work: Work) -> SharpenedMap:
        refuse_ignored(work.path(f"{self.program.executable}.log"))
        stem = work.path(f"sharpened_{volume.iteration:04d}")
        density = read_map(work.folder / "out" / "written.mrc", volume.box)
        table = work.folder / "out" / "written.star"
        told, general = read_table(table, "fsc"), read_table(table, "general")
        try:
            corrected = told.floats("rlnFourierShellCorrelationCorrected")
            bfactor = float(general.value("rlnBfactorUsedForSharpening"))
        except (KeyError, ValueError) as error:
            raise BadOutput(f"its table cannot be read: {error}", code="half-output") from error
        if not np.isfinite([*corrected, bfactor]).all():
            raise BadOutput(
                "its FSC in some shells, or its B-factor, is no number",
                advice="see whether the mask holds the density",
                code="garbage-output",
            )
        path = stem.with_name(f"{stem.name}.mrc")
        write_mrc(path, density, volume.pixel_size, volume=True)
        kept = {field.name: getattr(volume, field.name) for field in fields(Volume)}
        kept |= resolutions(corrected, volume.box, volume.pixel_size)
        kept |= {"map": path, "picture": draw_map(density, stem.with_name(f"{stem.name}.png"))}
        sharpening = Sharpening(
            table=table.rename(stem.with_name(f"{stem.name}.star")), mask=mask.path, bfactor=bfactor
        )
        return SharpenedMap(Volume(**kept), sharpening)

    def methods(self) -> str:
        """How the map was sharpened."""
        return (
            "The map was sharpened with RELION, its resolution told from halves inside of a soft "
            "mask, corrected by phases made random."
        )

    def summarize(self, items: Sequence[Volume]) -> str:
        return summarize_volume(items, "sharpened")

    def plot(self, items: Sequence[Volume]) -> Iterator[Figure]:
        yield from plot_volume(items)
