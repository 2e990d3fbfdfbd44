"""Lists of picked particles, as programs write them: STAR, EMAN's boxes, plain text, CryoSPARC.

Whatever the format, places are pixels of the micrograph from the middle of its first pixel, x along
a row as it is stored and y along the rows.

=========  =====================================================================================
ending     what is in it
=========  =====================================================================================
``.star``  RELION's labels; of one micrograph, or of many by ``rlnMicrographName``, or a list of
           such files (``autopick.star``)
``.box``   EMAN: the corner nearest to the first pixel, width and height, perhaps a score
``.coord`` x and y of the middle, perhaps a score (``.coords``, ``.txt``, too)
``.cs``    CryoSPARC: fractions of the micrograph; ``.csg`` is a group with its table
=========  =====================================================================================
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats.cs import cs_text, read_cs
from icestream.formats.errors import FormatError
from icestream.formats.numbers import shortened
from icestream.formats.star import Block, read_star, write_star
from icestream.formats.text import read_lines
from icestream.formats.within import first_inside, inside
from icestream.whole import written_whole

__all__ = ["ENDINGS", "ListedPicks", "by_name", "group_tables", "read_picks", "write_picks"]

Numbers = NDArray[np.float64]
_X, _Y, _SCORE = "rlnCoordinateX", "rlnCoordinateY", "rlnAutopickFigureOfMerit"
_MICROGRAPH, _FILE = "rlnMicrographName", "rlnMicrographCoordinates"
_TEXT = (".coord", ".coords", ".txt")
ENDINGS = (".star", ".box", *_TEXT, ".cs", ".csg")
_LOCATION = (
    "location/micrograph_path",
    "location/micrograph_shape",
    "location/center_x_frac",
    "location/center_y_frac",
)
_NONE, _MERIT = -999.0, -900.0
"""What RELION writes where there is no score, such as for what a person picked; and a bound."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListedPicks:
    """Particles of one micrograph."""

    x: Numbers
    y: Numbers
    score: Numbers
    """NaN where there is none."""
    box: float | None = None
    """Side of the box around them, pixels; None where the list does not say."""
    shape: tuple[int, int] | None = None
    """(y, x) pixels of the micrograph, where the list says."""

    def __len__(self) -> int:
        return len(self.x)


def read_picks(path: Path) -> dict[str, ListedPicks]:
    """Read a list of picks, by the names of the micrographs that it gives, or else its own.

    Raises
    ------
    FormatError
        If it is no such list, or lacks a column; the message says which.
    """
    suffix = path.suffix.lower()
    if suffix == ".star":
        blocks = read_star(path)
        files = next((block for block in blocks.values() if _FILE in block), None)
        return _read_star(path, blocks) if files is None else _read_listed(path, files)
    return _read_list(path)


def _read_list(path: Path) -> dict[str, ListedPicks]:
    """A list that leads to no other one."""
    suffix = path.suffix.lower()
    if suffix == ".star":
        return _read_star(path, read_star(path))
    if suffix == ".cs":
        return _read_cs(path)
    if suffix == ".csg":
        return _read_cs(group_tables(path, ["location"])[0])
    if suffix == ".box":
        return {path.stem: _read_box(path)}
    if suffix in _TEXT:
        return {path.stem: _read_text(path)}
    raise FormatError(
        path,
        expected=f"a list of picks ({', '.join(ENDINGS)})",
        found=f"a file that ends in {suffix or 'nothing'}",
        advice="give a list of one of these kinds",
    )


def write_picks(path: Path, picks: ListedPicks) -> None:
    """Write a list of one micrograph, in the format that the ending of `path` says.

    Of boxes `ListedPicks.box` must be known, and is made whole. A score that is no finite number
    is written as none: -999 in STAR files, nothing at the end of a box's line.
    """
    suffix = path.suffix.lower()
    path.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".star":
        columns = {
            _X: picks.x,
            _Y: picks.y,
            _SCORE: np.where(np.isfinite(picks.score), picks.score, _NONE),
        }
        write_star(path, [Block("", columns)])
        return
    if suffix == ".box" and picks.box is not None:
        side = round(picks.box)
        # RELION drops the fraction of a coordinate: it stays in its pixel so.
        corners = np.trunc(np.column_stack([picks.x, picks.y])).astype(int) - side // 2
        lines = [
            f"{x}\t{y}\t{side}\t{side}" + (f"\t{score:.6g}" if np.isfinite(score) else "")
            for (x, y), score in zip(corners.tolist(), picks.score, strict=True)
        ]
    elif suffix in _TEXT:
        places = np.floor(np.column_stack([picks.x, picks.y]) * 100) / 100  # in the same pixel
        lines = [f"{x:.2f}\t{y:.2f}" for x, y in places]
    else:
        raise ValueError(f"{path}: a list of this kind cannot be written")
    with written_whole(path) as unfinished:
        unfinished.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def _read_star(path: Path, blocks: Mapping[str, Block]) -> dict[str, ListedPicks]:
    table = next((block for block in blocks.values() if _X in block and _Y in block), None)
    if table is None:
        raise FormatError(
            path,
            expected=f"a table with _{_X} and _{_Y}",
            found="none",
            advice="give a STAR file with coordinates of particles",
        )
    x, y = table.floats(_X), table.floats(_Y)
    score = table.floats(_SCORE) if _SCORE in table else np.full(len(x), np.nan)
    score = np.where(score < _MERIT, np.nan, score)
    _demand_places(path, x, y)
    if _MICROGRAPH not in table:
        return {path.stem: ListedPicks(x=x, y=y, score=score)}
    return {
        name: ListedPicks(x=x[rows], y=y[rows], score=score[rows])
        for name, rows in by_name(table.text(_MICROGRAPH))
    }


def _read_listed(path: Path, files: Block) -> dict[str, ListedPicks]:
    """Files that another one lists, by names from the folder of the project."""
    found = {}
    for micrograph, name in zip(files.text(_MICROGRAPH), files.text(_FILE), strict=True):
        there = first_inside(folder / name for folder in path.parents)
        if there is None:
            raise FormatError(
                path,
                expected=f"the coordinates in {name}",
                found="no such file in the project",
                advice="give the file where the project is",
            )
        listed = list(_read_list(there).values())
        if len(listed) > 1:
            raise FormatError(
                there,
                expected=f"the coordinates of {micrograph}, as {path.name} says",
                found=f"those of {len(listed)} micrographs",
                advice="give that table itself, or write the list of lists again",
            )
        if listed:
            found[micrograph] = listed[0]
    return found


def by_name(names: Iterable[str]) -> Iterable[tuple[str, NDArray[np.intp]]]:
    """Rows of each name, in their order."""
    listed = np.asarray(list(names))
    if not len(listed):
        return ()
    kept, which = np.unique(listed, return_inverse=True)
    order = np.argsort(which, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(which, minlength=len(kept)))[:-1])
    return zip(kept.tolist(), parts, strict=True)


def _read_box(path: Path) -> ListedPicks:
    rows = _numbers(path, least=4)
    width, height = rows[:, 2], rows[:, 3]
    # As RELION reads them: half of the box, rounded down, is added to its corner.
    x, y = rows[:, 0] + width // 2, rows[:, 1] + height // 2
    box = float(np.median(np.maximum(width, height))) if len(rows) else None
    return ListedPicks(x=x, y=y, score=rows[:, 4], box=box)


def _read_text(path: Path) -> ListedPicks:
    rows = _numbers(path, least=2)
    return ListedPicks(x=rows[:, 0], y=rows[:, 1], score=rows[:, 2])


def _numbers(path: Path, least: int) -> Numbers:
    """Rows of so many numbers and one more, NaN where it is not there; a heading is passed over."""
    rows = []
    for number, line in enumerate(read_lines(path), start=1):
        words = line.replace(",", " ").split()
        if not words or words[0].startswith("#"):
            continue
        try:
            values = [float(word) for word in words[: least + 1]]
        except ValueError:
            if number == 1:
                continue
            values = []
        if len(values) < least or not np.all(np.isfinite(values[:least])):
            raise FormatError(
                path,
                expected=f"{least} numbers in line {number}",
                found=repr(line[:60]),
                advice="mend that line, or write the file again",
            )
        rows.append([*values, *[np.nan] * (least + 1 - len(values))])
    return np.array(rows, dtype=np.float64).reshape(len(rows), least + 1)


def group_tables(group: Path, slots: Sequence[str]) -> list[Path]:
    """The tables of a group of CryoSPARC that have these slots, each once.

    Raises
    ------
    FormatError
        If the group lacks one.
    """
    text = "\n".join(read_lines(group))
    tables: dict[Path, None] = {}
    for slot in slots:
        pattern = rf"^  {slot}:\n    metafile: '?>?(.+?)'?$"
        found = re.search(pattern, text, re.MULTILINE)
        if found is None:
            raise FormatError(
                group,
                expected=f"a group that has {slot}",
                found="none",
                advice="export picks or particles in CryoSPARC",
            )
        table = first_inside([inside(group.parent / found.group(1))])
        if table is None:
            raise FormatError(
                group,
                expected=f"the table of {slot} in {shortened(found.group(1), 200)}",
                found="no such file beside the group",
                advice="give the group with all the files that CryoSPARC exported",
            )
        tables[table] = None
    return list(tables)


def _read_cs(path: Path) -> dict[str, ListedPicks]:
    rows = read_cs(path, _LOCATION)
    names = rows.dtype.names or ()
    score = np.full(len(rows), np.nan)
    if "pick_stats/ncc_score" in names:
        score = np.asarray(rows["pick_stats/ncc_score"], np.float64)
    found = {}
    for name, at in by_name(cs_text(value) for value in rows["location/micrograph_path"]):
        shape = rows["location/micrograph_shape"][at[0]].astype(int)
        x = rows["location/center_x_frac"][at].astype(np.float64) * shape[1]
        y = rows["location/center_y_frac"][at].astype(np.float64) * shape[0]
        _demand_places(path, x, y)
        pixels = (int(shape[0]), int(shape[1]))
        found[name] = ListedPicks(x=x, y=y, score=score[at], shape=pixels)
    return found


def _demand_places(path: Path, x: Numbers, y: Numbers) -> None:
    wrong = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
    if len(wrong):
        raise FormatError(
            path,
            expected="finite coordinates",
            found=f"({x[wrong[0]]}, {y[wrong[0]]}) in row {wrong[0] + 1}",
            advice="leave the row out",
        )
