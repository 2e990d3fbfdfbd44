"""Take picks over that another program has made of the same micrographs."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt

from icestream.formats.picked import ENDINGS, ListedPicks, read_picks
from icestream.model import Micrograph, Picks, column
from icestream.protocol import Advanced, Figure, ItemFailed, ItemProtocol, Parameters, Resources
from icestream.protocols.other_lists import (
    Lists,
    lacking_list,
    list_of,
    read_lists,
    unmatched_words,
)
from icestream.protocols.pick_by_log import count_picks, plot_picks
from icestream.units import Angstrom, Usual

__all__ = ["ImportPicks", "ImportPicksParameters"]

_ROOM = 150.0
"""Å that are left for particles of which nobody says how large they are."""


class ImportPicksParameters(Parameters):
    """Where the picks are, and what is known of the particles."""

    picks: Path | None = None
    """A table of all micrographs (.star, .cs, .csg), or a folder with a list for each of them
    (.star, .box, .coord, .txt, .cs)."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] | None = None
    """Diameter of the particle; when empty it is not known, and boxes leave room for it."""

    pixel_size: Annotated[Angstrom, Ge(0), Usual(0.2, 20.0, also=(0.0,)), Advanced] = 0.0
    """Of the micrographs that the coordinates count; 0 where they are those of this session.
    Fractions, as CryoSPARC has them, need none."""

    mirror_y: Annotated[bool, Advanced] = False
    """The coordinates count y from the other end: their micrographs were aligned by a program that
    stores the rows the other way round."""


class ImportPicks(ItemProtocol[ImportPicksParameters]):
    """Take over picks of RELION, CryoSPARC, EMAN or another program.

    They belong to the micrograph that is called alike, whatever a program has written before its
    name and behind it. A micrograph that is in no list has no picks; the summary says which these
    are, and which lists are of none of the session's micrographs.
    """

    name = "picks.import"
    title = "Import picks"
    version = 2
    resources = Resources(memory=512 * 2**20)

    def lacking(self) -> Sequence[str]:
        """A list that is not there."""
        return lacking_list("picks", self.parameters.picks)

    def methods(self) -> str:
        """From where the picks are."""
        source = self.parameters.picks
        return f"Particles were picked elsewhere, and taken from {source.name if source else '-'}."

    def process(self, micrograph: Micrograph) -> Picks:
        listed = list_of(self._lists(), micrograph.exposure, self.parameters.picks)
        placed = _NONE if listed is None else self._placed(micrograph, listed)
        return self._picks(micrograph, placed)

    def _lists(self) -> Lists:
        return read_lists("picks", self.parameters.picks, ENDINGS[:-1], read_picks)

    def _placed(self, micrograph: Micrograph, listed: ListedPicks) -> ListedPicks:
        """The same in pixels of the micrograph."""
        rows, columns = micrograph.shape
        scale = 1.0
        if listed.shape is not None:
            scale = columns / listed.shape[1]
            if abs(rows / listed.shape[0] - scale) > 0.02 * scale:
                theirs = f"{listed.shape[0]} x {listed.shape[1]}"
                raise ItemFailed(
                    f"the list is of a micrograph of {theirs} pixels, and this one has "
                    f"{rows} x {columns}: one is turned to the other",
                    advice="import the micrographs that were picked (micrographs.import)",
                    code="another-shape",
                )
        elif self.parameters.pixel_size:
            scale = self.parameters.pixel_size / micrograph.optics.pixel_size
        x, y = listed.x * scale, listed.y * scale
        if self.parameters.mirror_y:
            y = rows - 1 - y
        outside = (x < 0) | (y < 0) | (x > columns) | (y > rows)
        if outside.any():
            first = int(np.argmax(outside))
            raise ItemFailed(
                f"{int(outside.sum())} of {len(x)} picks lie outside the micrograph of "
                f"{rows} x {columns} pixels, such as x {x[first]:.0f}, y {y[first]:.0f}",
                advice="set the parameter pixel_size to that of the micrographs that were picked",
                code="outside",
            )
        box = None if listed.box is None else listed.box * scale
        return ListedPicks(x=x, y=y, score=listed.score, box=box)

    def _picks(self, micrograph: Micrograph, listed: ListedPicks) -> Picks:
        pixel_size = micrograph.optics.pixel_size
        room = _ROOM if listed.box is None else listed.box * pixel_size / 1.5
        return Picks(
            exposure=micrograph.exposure,
            x=column(listed.x),
            y=column(listed.y),
            score=column(listed.score),
            diameter=self.parameters.diameter or room,
            diameter_known=self.parameters.diameter is not None,
            pixel_size=pixel_size,
        )

    def summarize(self, items: Sequence[Picks]) -> str:
        """Count the picks, and say what has none and which lists are of no micrograph."""
        if not items:
            return ""
        without = unmatched_words(self._lists(), (item.exposure for item in items))
        return f"{count_picks(items)}, elsewhere{without}"

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        """Picks over time and as a histogram."""
        yield from plot_picks(items)


_NONE = ListedPicks(x=np.zeros(0), y=np.zeros(0), score=np.zeros(0))
