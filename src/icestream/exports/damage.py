"""Files that an export needs and that are not what the session recorded: missing, or cut."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from icestream.exports.chain import Items
from icestream.formats.renamed import Listed, present_path
from icestream.model import Classes
from icestream.store.files import Damage, look
from icestream.store.lineage import lineages
from icestream.store.open import Store

__all__ = ["Inspection", "recorded_sizes"]

PAGE = 500


def recorded_sizes(store: Store) -> dict[Path, int]:
    """Bytes of each file that a result of the session came with, by absolute path."""
    sizes: dict[Path, int] = {}
    after = 0
    while page := lineages(store, after=after, limit=PAGE):
        for record in page:
            sizes.update((store.folder / path, size) for path, size in record.files)
        after = page[-1].id
    return sizes


@dataclass(slots=True)
class Inspection:
    """Looks at each file once, and takes out of an exposure what its files cannot show."""

    sizes: Mapping[Path, int]
    """Bytes of files as they were recorded; of others it is only seen that they are there."""
    damages: list[Damage] = field(default_factory=list)
    _seen: dict[Path, int | None] = field(default_factory=dict)
    _listed: Listed = field(default_factory=dict)

    def whole(self, exposures: Iterable[Items]) -> Iterator[Items]:
        """The exposures, each without the items whose files are damaged."""
        for items in exposures:
            yield self._whole(items)

    def whole_classes(self, classes: Classes | None) -> Classes | None:
        """The classes, or None where a file of theirs is damaged."""
        if classes is None:
            return None
        found = [self.is_whole(path) for path in (classes.averages, classes.assignments)]
        return classes if all(found) else None

    def is_whole(self, path: Path, size: int = 0) -> bool:
        """Whether a file is there with the bytes that were recorded; a damage is noted."""
        if path not in self._seen:
            self._seen[path] = self._look(path, self.sizes.get(path, size))
        return self._seen[path] is not None

    def found(self) -> Iterator[tuple[Path, int]]:
        """The files that are whole, with their bytes."""
        return ((path, size) for path, size in self._seen.items() if size is not None)

    def _whole(self, items: Items) -> Items:
        """Nothing hides anything: every file of the exposure is looked at."""
        movie, micrograph, ctf, particles = (
            items.movie, items.micrograph, items.ctf, items.particles,
        )  # fmt: skip
        if movie is not None:
            self.is_whole(present_path(movie, self._listed), movie.size)
            for beside in (movie.gain, movie.defects):
                if beside is not None:
                    self.is_whole(beside)
        if micrograph is not None:
            if micrograph.unweighted is not None and not self.is_whole(micrograph.unweighted):
                micrograph = replace(micrograph, unweighted=None)
            if not self.is_whole(micrograph.path):
                micrograph = None
        spectrum = None if ctf is None else ctf.spectrum_image
        if ctf is not None and spectrum is not None and not self.is_whole(spectrum):
            ctf = replace(ctf, spectrum_image=None)
        if particles is not None and len(particles) and not self.is_whole(particles.stack):
            particles = None
        return replace(items, micrograph=micrograph, ctf=ctf, particles=particles)

    def _look(self, path: Path, size: int) -> int | None:
        """Bytes of a file; None for one that is damaged."""
        found = look(path, size)
        if isinstance(found, Damage):
            self.damages.append(found)
            return None
        return found
