"""All readers that bad input is tried on."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from bad_input.documents import DOCUMENTS
from bad_input.formats import FORMATS
from bad_input.mutations import mutated
from bad_input.plugins import PLUGINS
from bad_input.target import Finding, Target, tried

__all__ = ["GROUPS", "TARGETS", "seeds_of", "tried_at_random"]

GROUPS = {"formats": FORMATS, "documents": DOCUMENTS, "plugins": PLUGINS}
"""Readers by the module of this package that has them."""
TARGETS: tuple[Target, ...] = tuple(one for group in GROUPS.values() for one in group)
"""Each reader once."""


def seeds_of(target: Target, folder: Path) -> list[bytes]:
    """Good inputs of a reader."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    target.seeds(folder)
    return [one.read_bytes() for one in sorted(folder.iterdir()) if one.is_file()]


def tried_at_random(
    target: Target, seed: int, count: int, folder: Path
) -> Iterator[tuple[bytes, Finding]]:
    """Inputs made of good ones by chance, and what was found with them."""
    good = seeds_of(target, folder / "seeds")
    random_ = random.Random(f"{target.name} {seed}")
    for _ in range(count):
        given = mutated(random_.choice(good), target.kind, random_)
        if (finding := tried(target, given, folder / "given")) is not None:
            yield given, finding
