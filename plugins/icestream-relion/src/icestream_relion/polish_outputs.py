"""The images that Bayesian polishing sums, as particles of ours."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.formats import Block, FormatError, map_mrc, write_star
from icestream.formats.relion import RELION_VERSION
from icestream.protocol import BadOutput, Work
from icestream_relion.items import RelionParticles
from icestream_relion.polish_inputs import Chosen, left_out
from icestream_relion.results import read_table

__all__ = ["take_polished"]

_NANS = re.compile(r"NaNs detected in out/(\d{6})")


def take_polished(
    particles: RelionParticles, chosen: Chosen, log: Path, notes: Sequence[str], work: Work
) -> RelionParticles:
    """The particles with the images that RELION summed, in stacks of the task's own.

    Raises
    ------
    BadOutput
        If a table or stack is missing, cut off or garbage.
    """
    written = work.folder / "out" / "shiny.star"
    table, optics = read_table(written, "particles"), read_table(written, "optics")
    parts = [name.partition("@") for name in table.text("rlnImageName")]
    place = np.array([int(Path(stack).name[:6]) - 1 for _, _, stack in parts], np.int64)
    image = np.array([int(number) for number, _, _ in parts], np.int64)
    if len(place) > chosen.particles or not set(place.tolist()) <= chosen.places:
        raise BadOutput(
            f"{written.name} has {len(place)} particles, and {chosen.particles} went in",
            code="garbage-output",
        )
    doubtful = {int(number) - 1 for number in _NANS.findall(log.read_text(errors="replace"))}
    for at in np.unique(place).tolist():
        if not _has_numbers(work.folder / "out" / _shiny(at), image[place == at]):
            doubtful.add(at)
    good = ~np.isin(place, list(doubtful))
    if not good.any():
        raise BadOutput(
            f"none of the {chosen.particles} particles has images that are numbers",
            advice="look in its log for movies that it could not read",
            code="garbage-output",
        )
    why = "whose motion or images are no numbers"
    said = [*notes, *_lost(chosen, place), *left_out(place, place[good], why)]
    kept = np.unique(place[good])
    folder = f"polished_{particles.iteration:04d}"
    stacks = []
    for number, at in enumerate(kept.tolist(), start=1):
        stacks.append(work.path(f"{folder}/{number:06d}.mrcs"))
        stacks[-1].parent.mkdir(exist_ok=True)
        shutil.move((work.folder / "out" / _shiny(at)).resolve(), stacks[-1])
    columns = {label: np.asarray(values)[good] for label, values in table.columns.items()}
    order = (np.searchsorted(kept, place[good]) + 1).tolist()
    both = zip(image[good].tolist(), order, strict=True)
    columns["rlnImageName"] = np.array([f"{n:06d}@stacks/{at:06d}.mrcs" for n, at in both])
    columns["rlnMicrographName"] = np.array([f"{at:06d}.mrc" for at in order])
    groups, numbers = np.unique(table.integers("rlnOpticsGroup")[good], return_inverse=True)
    columns["rlnOpticsGroup"] = numbers + 1
    optics = _numbered(optics, groups)
    target = work.path(f"{folder}.star")
    write_star(target, [optics, Block("particles", columns)], RELION_VERSION)
    return replace(
        particles,
        table=target,
        stacks=tuple(stacks),
        exposures=tuple(particles.exposures[at] for at in kept.tolist()),
        particles=len(order),
        box=int(optics.integers("rlnImageSize")[0]),
        pixel_size=float(optics.floats("rlnImagePixelSize")[0]),
        note="; ".join(said),
    )


def _lost(chosen: Chosen, place: NDArray[np.int64]) -> list[str]:
    """What RELION left out by itself: of a movie that it cannot read it prints a warning."""
    count = chosen.particles - len(place)
    exposures = len(chosen.places) - len(np.unique(place))
    why = "whose movies RELION could not read"
    return [f"{count} particles of {exposures} exposures were left out, {why}"] if count else []


def _shiny(place: int) -> str:
    """What RELION calls the stack of the particles of a micrograph."""
    return f"{place + 1:06d}_shiny.mrcs"


def _has_numbers(path: Path, images: NDArray[np.int64]) -> bool:
    """Whether all pixels of a stack are numbers; it has to be whole, and to have these images.

    They are none where the frames of the movie are blank, as those of one that is cut off.
    """
    if not path.is_file():
        raise BadOutput(f"{path.name} was not written", code="no-output")
    try:
        pixels = np.asarray(map_mrc(path))
    except FormatError as error:
        raise BadOutput(f"{path.name} is not whole: {error}", code="half-output") from error
    count = len(pixels) if pixels.ndim == 3 else 1
    if sorted(images.tolist()) != list(range(1, count + 1)):
        raise BadOutput(
            f"{path.name} has {count} images, and {len(images)} are named", code="garbage-output"
        )
    return bool(np.isfinite(pixels).all())


def _numbered(optics: Block, groups: NDArray[np.int64]) -> Block:
    """The optics of these groups, numbered from 1 without gaps."""
    listed = optics.integers("rlnOpticsGroup").tolist()
    rows = [listed.index(group) for group in groups.tolist()]
    columns: dict[str, Any] = {
        label: np.asarray(values)[rows] for label, values in optics.columns.items()
    }
    columns["rlnOpticsGroup"] = np.arange(1, len(rows) + 1)
    return Block("optics", columns)
