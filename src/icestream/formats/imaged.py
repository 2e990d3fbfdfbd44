"""Tables of particle images, as RELION (3.1 and later) and CryoSPARC write them."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.formats.cs import cs_text, read_cs
from icestream.formats.errors import FormatError
from icestream.formats.numbers import shortened
from icestream.formats.picked import group_tables
from icestream.formats.star import Block, read_pieces
from icestream.formats.within import first_inside

__all__ = ["IMAGED_ENDINGS", "ListedParticles", "read_particles"]

Numbers = NDArray[np.float64]
IMAGED_ENDINGS = (".star", ".cs", ".csg")
_PARTICLE = (
    "rlnImageName",
    "rlnMicrographName",
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnDefocusU",
    "rlnDefocusV",
    "rlnDefocusAngle",
    "rlnOpticsGroup",
)
_OPTICS = (
    "rlnOpticsGroup",
    "rlnImagePixelSize",
    "rlnImageSize",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
)
_SLOTS = ("blob", "location", "ctf")
_CS = (
    "blob/path",
    "blob/idx",
    "blob/shape",
    "blob/psize_A",
    "blob/sign",
    "location/micrograph_path",
    "location/micrograph_shape",
    "location/center_x_frac",
    "location/center_y_frac",
    "ctf/accel_kv",
    "ctf/cs_mm",
    "ctf/amp_contrast",
    "ctf/df1_A",
    "ctf/df2_A",
    "ctf/df_angle_rad",
    "ctf/phase_shift_rad",
)
_MERIT = -900.0
_DIGITS = 18
"""Of the number of an image: as many as an array's index holds."""
_CORRECTED = {
    "rlnCtfDataAreCtfPremultiplied": "multiplied with their CTF",
    "rlnCtfDataArePhaseFlipped": "phase-flipped",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListedParticles:
    """Particles of one micrograph; arrays have an element for each."""

    stacks: tuple[Path, ...]
    """Each once."""
    stack: NDArray[np.intp]
    """Which of them the image is in."""
    index: NDArray[np.int64]
    """Of the image in its stack, from 0."""
    sign: Numbers
    """By what an image is to be multiplied for its particle to be bright; NaN where the table does
    not say."""
    x: Numbers
    """Pixels of the micrograph from the middle of its first pixel."""
    y: Numbers
    shape: tuple[int, int] | None
    """(y, x) pixels of the micrograph, where the table says."""
    score: Numbers
    """NaN where there is none."""
    defocus: Numbers
    """``(n, 4)``: u and v in Å, angle and phase shift in degrees."""
    optics: Numbers
    """``(n, 5)``: Å per pixel and pixels along a side of the image, kV, mm, amplitude contrast."""

    def __len__(self) -> int:
        return len(self.x)


def read_particles(path: Path) -> dict[str, ListedParticles]:
    """Read a table of particles, by the names of the micrographs.

    Stacks are looked for from the folder of the table upwards.

    Raises
    ------
    FormatError
        If it is no such table, lacks a column, a stack is not there, or the images were corrected
        for the CTF; the message says which.
    """
    suffix = path.suffix.lower()
    if suffix == ".star":
        return _read_star(path)
    if suffix in (".cs", ".csg"):
        return _read_cs(path)
    raise FormatError(
        path,
        expected=f"a table of particles ({', '.join(IMAGED_ENDINGS)})",
        found=f"a file that ends in {suffix or 'nothing'}",
        advice="give particles.star of RELION, or a group of CryoSPARC",
    )


def _read_star(path: Path) -> dict[str, ListedParticles]:
    rows = _Rows(path)
    optics: dict[str, list[str]] = {}
    seen = []
    for piece in read_pieces(path):
        seen += [] if piece.name in seen else [piece.name]
        if piece.name == "optics":
            _demand(path, _OPTICS, piece)
            _refuse_corrected(path, piece)
            for label in _OPTICS[1:]:
                piece.floats(label)  # which says what is no number
            columns = zip(*(piece.text(label) for label in _OPTICS), strict=True)
            optics |= {group: values for group, *values in columns}
        elif piece.name == "particles":
            _demand(path, _PARTICLE, piece)
            _refuse_corrected(path, piece)
            rows.take(piece)
    if not {"optics", "particles"} <= set(seen):
        raise FormatError(
            path,
            expected="the blocks data_optics and data_particles",
            found=", ".join(f"data_{name}" for name in seen),
            advice="give particles.star as RELION 3.1 or later writes it",
        )
    return rows.listed(optics)


class _Rows:
    """The rows of a table of particles, from its pieces: numbers alone, of any number of them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places = _Places(path)
        self._names: dict[str, dict[str, int]] = {"stack": {}, "micrograph": {}, "group": {}}
        """Numbers of all different texts."""
        self._parts: dict[str, list[NDArray[Any]]] = defaultdict(list)

    def take(self, piece: Block) -> None:
        """Take the rows of a piece."""
        count = len(piece)
        image = [name.partition("@") for name in piece.text("rlnImageName")]
        score = np.full(count, np.nan)
        if "rlnAutopickFigureOfMerit" in piece:
            score = piece.floats("rlnAutopickFigureOfMerit")
        phase = piece.floats("rlnPhaseShift") if "rlnPhaseShift" in piece else np.zeros(count)
        defocus = [piece.floats(f"rlnDefocus{name}") for name in ("U", "V", "Angle")]
        taken: dict[str, NDArray[Any]] = {
            "stack": self._numbered("stack", [stack for _, _, stack in image]),
            "index": _indices(self._path, piece, [number for number, _, _ in image]),
            "micrograph": self._numbered("micrograph", piece.text("rlnMicrographName")),
            "group": self._numbered("group", piece.text("rlnOpticsGroup")),
            "x": piece.floats("rlnCoordinateX"),
            "y": piece.floats("rlnCoordinateY"),
            "score": np.where(score < _MERIT, np.nan, score),
            "defocus": np.column_stack([*defocus, phase]),
        }
        for name, values in taken.items():
            self._parts[name].append(values)

    def _numbered(self, what: str, texts: Sequence[str]) -> NDArray[np.int32]:
        known = self._names[what]
        return np.array([known.setdefault(text, len(known)) for text in texts], np.int32)

    def listed(self, optics: Mapping[str, Sequence[str]]) -> dict[str, ListedParticles]:
        """All of them by micrograph, with the optics of their groups."""
        strange = next((group for group in self._names["group"] if group not in optics), None)
        if strange is not None:
            raise FormatError(
                self._path,
                expected="the optics group of every particle",
                found=f"none with the number {strange}",
                advice="write the table again with its optics groups",
            )
        columns = {name: np.concatenate(self._parts.pop(name)) for name in [*self._parts]}
        groups = np.array([optics[group] for group in self._names["group"]], np.float64)
        columns["optics"] = groups.reshape(-1, 5)[columns.pop("group")]
        columns["sign"] = np.full(len(columns["x"]), np.nan)
        which = columns.pop("micrograph")
        _demand_finite(self._path, columns)
        stacks = [self._places.find(stack) for stack in self._names["stack"]]
        return {
            name: _some(columns, stacks, at, None)
            for name, at in _by_number(list(self._names["micrograph"]), which)
        }


def _demand(path: Path, labels: Sequence[str], block: Block) -> None:
    missing = [label for label in labels if label not in block]
    if missing:
        raise FormatError(
            path,
            expected=f"{', '.join(f'_{label}' for label in missing)} in data_{block.name}",
            found=f"{len(block.columns)} other columns",
            advice="give the table of particles as RELION's Extract wrote it",
        )


def _indices(path: Path, piece: Block, numbers: Sequence[str]) -> NDArray[np.int64]:
    """Places of images in their stacks, from 0, by the numbers before the @ of their names."""
    for row, number in enumerate(numbers, start=piece.first + 1):
        if not (number.isascii() and number.isdigit() and 0 < len(number) <= _DIGITS):
            raise FormatError(
                path,
                expected=f"000001@stack.mrcs in _rlnImageName of row {row}",
                found=f"{shortened(number)!r} before the @",
                advice="give particles.star as RELION writes it",
            )
    return np.array([int(number) - 1 for number in numbers], np.int64)


def _demand_finite(path: Path, listed: dict[str, NDArray[Any]]) -> None:
    for what, name in (("x", "place"), ("y", "place"), ("defocus", "CTF"), ("optics", "optics")):
        finite = np.isfinite(listed[what])
        wrong = np.flatnonzero(~(finite if finite.ndim == 1 else finite.all(axis=1)))
        if len(wrong):
            raise FormatError(
                path,
                expected=f"finite numbers for the {name} of every particle",
                found=f"{listed[what][wrong[0]]} in row {wrong[0] + 1}",
                advice="leave the row out, or write the table again",
            )


def _refuse_corrected(path: Path, block: Block) -> None:
    """Images that were corrected for the CTF would be corrected a second time."""
    for label, what in _CORRECTED.items():
        if label in block and block.floats(label).any():
            raise FormatError(
                path,
                expected="images with the CTF of the microscope",
                found=f"images that were {what} (_{label})",
                advice="extract them again without that",
            )


def _read_cs(path: Path) -> dict[str, ListedParticles]:
    columns = _joined(group_tables(path, _SLOTS) if path.suffix.lower() == ".csg" else [path])
    count = len(columns["blob/idx"])
    places = _Places(path)
    score = columns.get("pick_stats/ncc_score", np.full(count, np.nan))
    degrees = 180.0 / math.pi
    defocus = [columns["ctf/df1_A"], columns["ctf/df2_A"]]
    angles = [columns["ctf/df_angle_rad"] * degrees, columns["ctf/phase_shift_rad"] * degrees]
    optics = [columns["blob/psize_A"], columns["blob/shape"][:, 0]]
    optics += [columns["ctf/accel_kv"], columns["ctf/cs_mm"], columns["ctf/amp_contrast"]]
    shapes = columns["location/micrograph_shape"].astype(np.int64)
    named, which = np.unique(columns["blob/path"], return_inverse=True)
    stacks = [places.find(cs_text(one)) for one in named]
    listed = {
        "stack": which,
        "index": columns["blob/idx"].astype(np.int64),
        "sign": columns["blob/sign"].astype(np.float64),
        "x": columns["location/center_x_frac"].astype(np.float64) * shapes[:, 1],
        "y": columns["location/center_y_frac"].astype(np.float64) * shapes[:, 0],
        "score": score.astype(np.float64),
        "defocus": np.column_stack([*defocus, *angles]).astype(np.float64),
        "optics": np.column_stack(optics).astype(np.float64),
    }
    _demand_finite(path, listed)
    named, of = np.unique(columns["location/micrograph_path"], return_inverse=True)
    return {
        name: _some(listed, stacks, at, (int(shapes[at[0], 0]), int(shapes[at[0], 1])))
        for name, at in _by_number([cs_text(one) for one in named], of)
    }


def _joined(paths: Sequence[Path]) -> dict[str, NDArray[Any]]:
    """Columns of several tables of the same items, which are known by their numbers."""
    tables = [read_cs(path, ["uid"]) for path in paths]
    has = {name for table in tables for name in table.dtype.names or ()}
    missing = [name for name in _CS if name not in has]
    if missing:
        read_cs(paths[0], missing)  # which says so
    columns: dict[str, NDArray[Any]] = {}
    first = tables[0]["uid"]
    for path, table in zip(paths, tables, strict=True):
        order = np.argsort(table["uid"])
        at = np.searchsorted(table["uid"], first, sorter=order).clip(max=max(len(table) - 1, 0))
        if len(first) and (not len(table) or np.any(table["uid"][order[at]] != first)):
            raise FormatError(
                path,
                expected=f"the items of {paths[0].name}",
                found="others",
                advice="export the group again",
            )
        for name in table.dtype.names or ():
            values = np.asarray(table[name])
            columns.setdefault(name, values[order[at]] if len(first) else values)
    return columns


def _by_number(
    names: Sequence[str], which: NDArray[np.integer[Any]]
) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Rows of each name, in their order; `which` has the number of the name of each row."""
    order = np.argsort(which, kind="stable")
    ends = np.cumsum(np.bincount(which, minlength=len(names)))
    return zip(names, np.split(order, ends[:-1]), strict=True) if len(names) else iter(())


def _some(
    listed: Mapping[str, NDArray[Any]],
    stacks: Sequence[Path],
    at: NDArray[np.intp],
    shape: tuple[int, int] | None,
) -> ListedParticles:
    values: dict[str, Any] = {name: column[at] for name, column in listed.items()}
    used, values["stack"] = np.unique(values["stack"], return_inverse=True)
    return ListedParticles(stacks=tuple(stacks[one] for one in used), **values, shape=shape)


class _Places:
    """Where stacks are that a table names from the folder of a project."""

    def __init__(self, table: Path) -> None:
        self._table = table
        self._found: dict[str, Path] = {}

    def find(self, name: str) -> Path:
        """The path of a stack."""
        if name not in self._found:
            there = first_inside(folder / name for folder in self._table.absolute().parents)
            if there is None:
                raise FormatError(
                    self._table,
                    expected=f"the images in {name}",
                    found="no such file in the project",
                    advice="give the table where the project is",
                )
            self._found[name] = there
        return self._found[name]
