"""Pictures on the sheet: written beside its source, as PNG."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from icestream.formats.mrc import map_mrc
from icestream.model import Classes
from icestream.processing.grey import stretch

__all__ = ["ClassTile", "write_classes", "write_copy"]

_MOST = 32
_UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTile:
    """One class average."""

    file: str
    number: int
    particles: int
    resolution: float
    """Å; 0 when it cannot be told."""
    chosen: bool | None
    """None when nobody has judged."""


def write_copy(source: Path | None, target: Path) -> str:
    """A PNG of a picture; its name, or nothing where it is gone or cannot be read."""
    if source is None:
        return ""
    try:
        with Image.open(source) as image:
            image.convert("L" if image.mode in ("L", "I;16", "1") else "RGB").save(target)
    except _UNREADABLE:
        return ""
    return target.name


def write_classes(classes: Classes, folder: Path) -> Iterator[ClassTile]:
    """The averages with most particles, chosen ones first; none where their file is gone."""
    try:
        averages = map_mrc(classes.averages)
    except (OSError, ValueError):
        return
    averages = averages.reshape(-1, *averages.shape[-2:])
    counts = np.asarray(classes.counts, dtype=np.float64)[: len(averages)]
    chosen = np.zeros(len(counts))
    if classes.selected is not None:
        chosen += np.asarray(classes.selected)[: len(counts)]
    order = np.lexsort((-counts, -chosen))
    numbers = np.arange(1, len(counts) + 1) if classes.numbers is None else classes.numbers
    for index in [int(i) for i in order if counts[i] > 0][:_MOST]:
        file = f"class{index}.png"
        grey = stretch(np.asarray(averages[index], dtype=np.float32))
        Image.fromarray(grey).save(folder / file)
        yield ClassTile(
            file=file,
            number=int(numbers[index]),
            particles=int(counts[index]),
            resolution=float(classes.resolution[index]),
            chosen=None if classes.selected is None else bool(classes.selected[index]),
        )
