"""Bring in micrographs that were aligned elsewhere."""

import os
from collections.abc import Sequence
from pathlib import Path

from icestream.formats.completeness import Bad, Growing, Whole, judge
from icestream.formats.micrograph_names import better_names, is_weighted, plain_names
from icestream.formats.movie import MovieFacts
from icestream.formats.sidecars import Sidecars
from icestream.model import Micrograph
from icestream.protocols.folder_parameters import FolderParameters
from icestream.protocols.folder_source import FolderSource
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.settled_optics import assumed_words

__all__ = ["ImportMicrographs"]

_REST = 5.0
"""Seconds in which the weighted sum of a micrograph may follow the plain one."""


class ImportMicrographs(FolderSource[FolderParameters]):
    """Take micrographs in as soon as they are whole: single images, aligned already."""

    name = "micrographs.import"
    title = "Import micrographs"
    item = Micrograph
    called = "micrographs"
    needed = ("voltage",)  # the pixel size is in the header of what a program has aligned

    def __init__(self, parameters: FolderParameters | None = None) -> None:
        super().__init__(parameters)
        self._are_weighted = False
        """Programs write weighted sums beside plain ones here."""

    def wanted(self) -> ImportParameters:
        """The parameters, as those of movies; a micrograph needs no gain reference."""
        return ImportParameters(**self.parameters.changed(), find_gain=False)

    def judge(self, path: Path, beside: Sidecars, quiet: float) -> Whole | Growing | Bad:
        """Whether a file is whole; what its metadata say of frames is of the movie."""
        self._are_weighted |= is_weighted(path.stem)
        if self._are_weighted and quiet < _REST and not is_weighted(path.stem):
            return Growing("its weighted sum may follow")
        return judge(path, expected_frames=1, quiet=quiet, patience=self.parameters.patience)

    def is_other(
        self, path: Path, verdict: Whole | Growing | Bad, beside: Sidecars, quiet: float
    ) -> bool:
        """Whether a file holds several images, or a better one of its micrograph is there."""
        better = self._better(path)
        if better is not None:
            self._acquisition.notices.listed(
                "import.sums",
                "notice",
                f"{path.name} ({better} is taken)",
                "not taken, as they are of micrographs that are there as other sums: {}; to take "
                "others, give a pattern such as '/data/**/*_noDW.mrc'",
            )
            return True
        if not isinstance(verdict, Whole) or verdict.facts.frames == 1:
            return False
        self._acquisition.notices.listed(
            "import.movies",
            "notice" if len(self._taken) else "warning",
            f"{path.name} ({verdict.facts.frames} images)",
            "not taken, as a micrograph is one image: {}; movies are imported with movies.import",
        )
        return True

    def _better(self, path: Path) -> str | None:
        """Another file of the same micrograph that is taken in the place of this one."""
        plain = (path.with_name(name + path.suffix) for name in plain_names(path.stem))
        taken = next((one.name for one in plain if one in self._taken), None)
        return taken or self._acquisition.beside(path, better_names(path.stem))

    def describe(
        self, name: str, path: Path, facts: MovieFacts, beside: Sidecars, status: os.stat_result
    ) -> Micrograph:
        """The item of a whole micrograph."""
        return self._acquisition.describe_micrograph(name, path, facts, beside, status)

    def summarize(self, items: Sequence[Micrograph]) -> str:
        """How many micrographs, and how they were taken."""
        if not items:
            return ""
        last = items[-1]
        return (
            f"{len(items)} micrographs of {last.shape[1]} x {last.shape[0]} pixels were taken in, "
            f"at {last.optics.voltage:g} kV with {last.optics.pixel_size:.4g} Å per "
            f"pixel.{assumed_words(last)}"
        )
