"""ISPyB's tables as this site has them, and what fits into their columns.

Sites are behind or ahead of each other by years of migrations. The tables are read when a
connection is made; what a column is missing for is left out and said, and only where a table
cannot be filled without it, nothing is delivered at all.
"""

import enum
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Engine, MetaData, Table, inspect
from sqlalchemy.types import Enum, Float, Integer, Numeric, String

from icestream.facility.sinks.sink import SinkDown

__all__ = ["KEYS", "Fitted", "Misfit", "Schema", "fit", "read_schema"]

KEYS: Mapping[str, tuple[str, ...]] = {
    "Proposal": ("proposalId", "proposalCode", "proposalNumber"),
    "BLSession": ("sessionId", "proposalId", "visit_number"),
    "DataCollectionGroup": ("dataCollectionGroupId", "sessionId", "comments"),
    "DataCollection": ("dataCollectionId", "dataCollectionGroupId", "imageDirectory"),
    "ProcessingJob": ("processingJobId", "dataCollectionId", "recipe"),
    "AutoProcProgram": ("autoProcProgramId", "processingJobId"),
    "Movie": ("movieId", "dataCollectionId", "movieFullPath"),
    "MotionCorrection": ("motionCorrectionId", "dataCollectionId", "movieId", "autoProcProgramId"),
    "CTF": ("ctfId", "motionCorrectionId", "autoProcProgramId"),
    "ParticlePicker": ("particlePickerId", "programId", "firstMotionCorrectionId"),
    "ParticleClassificationGroup": ("particleClassificationGroupId", "programId", "type"),
    "ParticleClassification": (
        "particleClassificationId",
        "particleClassificationGroupId",
        "classNumber",
    ),
    "CryoemInitialModel": ("cryoemInitialModelId",),
    "ParticleClassification_has_CryoemInitialModel": (
        "particleClassificationId",
        "cryoemInitialModelId",
    ),
}
"""Tables that are written or read, and their columns without which a row means nothing."""

_ALSO = ("ExperimentType",)
"""Tables that may be missing."""
_ENCODINGS = {"latin1": "cp1252", "ascii": "ascii", "ucs2": "utf-16"}
"""What the databases call a set of characters, and Python does; others are those of Unicode."""
_INTEGERS = {"TINYINT": 7, "SMALLINT": 15, "MEDIUMINT": 23, "INTEGER": 31, "BIGINT": 63}
"""Bits of the largest number of each type that has a sign."""


class Misfit(ValueError):
    """A value that its column cannot hold."""


class _Rule(enum.Enum):
    """What becomes of a value that does not fit."""

    REFUSE = 0
    CUT = 1
    LEAVE_OUT = 2


_RULES = {
    "comments": _Rule.CUT,
    "processingMessage": _Rule.CUT,
    "processingPrograms": _Rule.CUT,
    "displayName": _Rule.CUT,
    "parameterKey": _Rule.CUT,
    "parameterValue": _Rule.CUT,
    "imageSuffix": _Rule.LEAVE_OUT,
    "imageNumber": _Rule.LEAVE_OUT,
    "nominalDefocus": _Rule.LEAVE_OUT,
    "symmetry": _Rule.LEAVE_OUT,
    "micrographSnapshotFullPath": _Rule.LEAVE_OUT,
    "driftPlotFullPath": _Rule.LEAVE_OUT,
    "fftTheoreticalFullPath": _Rule.LEAVE_OUT,
    "classImageFullPath": _Rule.LEAVE_OUT,
}
"""What is not refused: words are cut, and what a row can do without is left out, and said."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one site."""

    tables: Mapping[str, Table]

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def __contains__(self, name: str) -> bool:
        return name in self.tables


def read_schema(engine: Engine) -> Schema:
    """Read the tables that are written.

    Raises
    ------
    SinkDown
        If one of them, or a column without which it cannot be filled, is not there; names all.
    """
    metadata = MetaData()
    there = set(inspect(engine).get_table_names())
    wanted = [name for name in (*KEYS, *_ALSO) if name in there]
    metadata.reflect(engine, only=wanted, resolve_fks=False)
    missing = [name for name in KEYS if name not in metadata.tables]
    for name, columns in KEYS.items():
        if name in metadata.tables:
            has = metadata.tables[name].columns
            missing += [f"{name}.{column}" for column in columns if column not in has]
    if missing:
        raise SinkDown(
            f"this ISPyB lacks {', '.join(missing)}, without which no results can be written: "
            "bring its schema up to date, or give the address of another database"
        )
    return Schema(dict(metadata.tables))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A row as its table takes it."""

    values: dict[str, Any]
    said: list[str] = field(default_factory=list)
    """What was left out or cut, and why."""


def fit(table: Table, values: Mapping[str, Any], known: Collection[str] = ()) -> Fitted:
    """Make a row fit its table; what is None is NULL.

    Nothing relies on the server: with an empty ``sql_mode``, as some sites have it, it would cut
    paths and numbers off without a word.

    Parameters
    ----------
    table
        As it was read.
    values
        By column.
    known
        What was said before, and need not be again.

    Raises
    ------
    Misfit
        If a value does not fit, and the row means nothing without it.
    """
    fitted = Fitted({})
    for name, value in values.items():
        column = table.columns.get(name)
        if column is None:
            if value is not None:
                said = f"{table.name} has no column {name} here: it is left out"
                if said not in known:
                    fitted.said.append(said)
            continue
        fitted.values[name] = _held(table, column, value, fitted.said)
    return fitted


def _held(table: Table, column: Column[Any], value: Any, said: list[str]) -> Any:
    """A value as a column holds it."""
    if value is None:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        raise Misfit(f"{table.name}.{column.name}: {value} is no number")
    if isinstance(value, bool):
        value = int(value)
    wrong = _wrong(table, column, value)
    if not wrong:
        return value
    rule = _RULES.get(column.name, _Rule.REFUSE)
    if rule is _Rule.CUT and isinstance(value, str):
        return _cut(table, column, value)
    if rule is _Rule.LEAVE_OUT:
        said.append(f"{table.name}.{column.name} is left out where it does not fit: {wrong}")
        return None
    raise Misfit(f"{table.name}.{column.name}: {wrong}")


def _wrong(table: Table, column: Column[Any], value: Any) -> str:
    """Why a value does not fit a column; empty where it does."""
    kind = column.type
    if isinstance(kind, Enum):
        fits = value in kind.enums
        return "" if fits else f"{value!r} is none of {', '.join(map(str, kind.enums))}"
    if isinstance(kind, String) and isinstance(value, str):
        return _wrong_text(table, kind, value)
    if isinstance(kind, Integer):
        return _wrong_integer(kind, value)
    if isinstance(kind, Float | Numeric) and getattr(kind, "unsigned", False) and value < 0:
        return f"{value:g} is below 0, which this column cannot hold"
    return ""


def _wrong_text(table: Table, kind: String, value: str) -> str:
    if kind.length is not None and len(value) > kind.length:
        return f"{len(value)} characters, where {kind.length} is the most: {value[:60]}..."
    encoding = _encoding(table, kind)
    try:
        value.encode(encoding)
    except UnicodeEncodeError as error:
        letter = value[error.start]
        return f"{letter!r} in {value[:60]!r} is no letter of {encoding}, which this column has"
    return ""


def _wrong_integer(kind: Integer, value: Any) -> str:
    bits = _INTEGERS.get(type(kind).__name__, 31)
    unsigned = bool(getattr(kind, "unsigned", False))
    low, high = (0, 2 ** (bits + 1) - 1) if unsigned else (-(2**bits), 2**bits - 1)
    return "" if low <= value <= high else f"{value} is not between {low} and {high}"


def _encoding(table: Table, kind: String) -> str:
    """In which letters a column is kept."""
    charset = getattr(kind, "charset", None)
    if charset is None and kind.collation:
        charset = kind.collation.partition("_")[0]
    if charset is None:
        options = {name.partition("_")[2]: value for name, value in table.kwargs.items()}
        charset = options.get("default charset") or options.get("charset") or "utf8mb4"
    return _ENCODINGS.get(charset, "utf-8")


def _cut(table: Table, column: Column[Any], value: str) -> str:
    """Words as a column can hold them: other letters become question marks, the end is cut."""
    kind = column.type
    assert isinstance(kind, String)
    encoding = _encoding(table, kind)
    text = value.encode(encoding, "replace").decode(encoding)
    if kind.length is not None and len(text) > kind.length:
        text = text[: kind.length - 3] + "..."
    return text
