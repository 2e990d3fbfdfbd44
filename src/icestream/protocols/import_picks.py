"""Take picks over that another program has made of the same micrographs."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Ge, Gt

from icestream.formats.errors import FormatError
from icestream.formats.micrograph_names import micrograph_root
from icestream.formats.picked import ENDINGS, ListedPicks, read_picks
from icestream.model import Micrograph, Picks, column
from icestream.protocol import Advanced, Figure, ItemFailed, ItemProtocol, Parameters, Resources
from icestream.protocols.pick_by_log import count_picks, plot_picks
from icestream.units import Angstrom, Usual

__all__ = ["ImportPicks", "ImportPicksParameters"]

_ROOM = 150.0
"""Å that are left for particles of which nobody says how large they are."""
_NAMED = 3
"""Names in a list that people read."""


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
    resources = Resources(memory=512 * 2**20)

    def lacking(self) -> Sequence[str]:
        """A list that is not there."""
        source = self.parameters.picks
        if source is None:
            return ["no picks were given: set the parameter picks to a table or a folder of lists"]
        if not source.exists():
            return [f"picks: {source} is not there; give the path of a table or a folder of lists"]
        return []

    def methods(self) -> str:
        """From where the picks are."""
        source = self.parameters.picks
        return f"Particles were picked elsewhere, and taken from {source.name if source else '-'}."

    def process(self, micrograph: Micrograph) -> Picks:
        listed = self._listed()
        found = listed.get(micrograph_root(micrograph.exposure))
        if found is None:
            return self._picks(micrograph, _NONE)
        if len(found) > 1:
            raise ItemFailed(
                f"{self.parameters.picks} has several lists of {micrograph.exposure}: "
                + _names([one.name for one in found]),
                advice="leave one of them in the folder or the table",
                code="several-lists",
            )
        return self._picks(micrograph, self._placed(micrograph, found[0].picks))

    def _listed(self) -> "Mapping[str, tuple[_Named, ...]]":
        source = self.parameters.picks
        if source is None:
            raise ItemFailed(
                "no picks were given",
                advice="set the parameter picks to a table, or to a folder of lists",
                code="no-picks-given",
            )
        try:
            return _read(source, _changed(source))
        except (OSError, FormatError) as error:
            raise ItemFailed(f"the picks cannot be read: {error}", code="picks-not-read") from error

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
            score=column(np.nan_to_num(listed.score, nan=0.0)),
            diameter=self.parameters.diameter or room,
            diameter_known=self.parameters.diameter is not None,
            pixel_size=pixel_size,
        )

    def summarize(self, items: Sequence[Picks]) -> str:
        """Count the picks, and say what has none and which lists are of no micrograph."""
        if not items:
            return ""
        listed = self._listed()
        roots = {micrograph_root(item.exposure): item.exposure for item in items}
        without = [name for root, name in roots.items() if root not in listed]
        unmatched = [named[0].name for root, named in listed.items() if root not in roots]
        said = f"{count_picks(items)}, elsewhere"
        if without:
            said += f"; {len(without)} are in no list, such as {_names(without)}"
        if unmatched:
            said += (
                f"; {len(unmatched)} lists are of no micrograph that has come, such as "
                f"{_names(unmatched)}"
            )
        return said

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        """Picks over time and as a histogram."""
        yield from plot_picks(items)


class _Named(NamedTuple):
    name: str
    """As the list has it."""
    picks: ListedPicks


_NONE = ListedPicks(x=np.zeros(0), y=np.zeros(0), score=np.zeros(0))


def _files(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    found = sorted(path for path in source.rglob("*") if path.suffix.lower() in ENDINGS[:-1])
    if not found:
        raise FormatError(
            source,
            expected=f"lists of picks ({', '.join(ENDINGS[:-1])})",
            found="none in the folder",
            advice="give the folder that has them",
        )
    return found


def _changed(source: Path) -> int:
    """When the newest of the files was written: what is read is kept until then."""
    return max(path.stat().st_mtime_ns for path in _files(source))


@lru_cache(maxsize=2)
def _read(source: Path, _: int) -> Mapping[str, tuple[_Named, ...]]:
    """All lists, by what is left of the names of their micrographs."""
    found: dict[str, tuple[_Named, ...]] = {}
    for path in _files(source):
        for name, picks in read_picks(path).items():
            root = micrograph_root(Path(name).stem)
            found[root] = (*found.get(root, ()), _Named(Path(name).name, picks))
    return found


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
