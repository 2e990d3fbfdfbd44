"""STAR files of RELION: several blocks, each a table or a list of single values.

Tables keep their columns as text; `Block.floats` and `Block.integers` turn one into numbers.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.formats.errors import FormatError
from icestream.formats.numbers import shortened
from icestream.formats.text import each_line, read_lines
from icestream.whole import written_whole

__all__ = ["Block", "NoColumn", "format_rows", "read_pieces", "read_star", "write_star"]

_QUOTED = re.compile(r"'[^']*'(?=\s|$)|\"[^\"]*\"(?=\s|$)|[^\s]+")


class NoColumn(FormatError, KeyError):
    """A table of a file lacks a column."""


@dataclass(slots=True)
class Block:
    """A ``data_`` block.

    Parameters
    ----------
    name
        Without ``data_``; may be empty.
    columns
        Label without the leading underscore -> values. To be written they may be text, numbers
        or arrays; after reading they are lists of text.
    single
        The block is a list of one value per label, not a loop.
    path
        The file it was read from, for messages.
    first
        Rows of the loop before these, where it was read in pieces.
    """

    name: str
    columns: dict[str, Any] = field(default_factory=dict)
    single: bool = False
    path: Path | None = field(default=None, compare=False)
    first: int = field(default=0, compare=False)

    def __len__(self) -> int:
        """Rows."""
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __contains__(self, label: str) -> bool:
        return label in self.columns

    def text(self, label: str) -> list[str]:
        """A column as text."""
        return [str(value) for value in self._column(label)]

    def floats(self, label: str) -> NDArray[np.float64]:
        """A column as float64; RELION writes ``inf`` and ``nan`` for what it does not know."""
        return self._numbers(label)

    def integers(self, label: str) -> NDArray[np.int64]:
        """A column as int64; ``1.000000`` is a whole number too."""
        numbers = self._numbers(label)
        whole = np.isfinite(numbers) & (np.abs(numbers) < 2.0**53)
        whole &= numbers == np.floor(np.where(whole, numbers, 0.5))
        if not np.all(whole):
            place = int(np.argmin(whole))
            raise self._odd(label, place, "whole")
        return numbers.astype(np.int64)

    def value(self, label: str) -> str:
        """The first value of a label: what a list block holds."""
        column = self._column(label)
        if not len(column):
            raise self._lacking(f"a row below _{label}", "none")
        return str(column[0])

    def _column(self, label: str) -> Any:
        if label not in self.columns:
            raise self._lacking(f"_{label}", ", ".join(self.columns) or "nothing")
        return self.columns[label]

    def _lacking(self, expected: str, found: str) -> KeyError:
        """The error of what is not there, with the file when there is one."""
        if self.path is None:
            return KeyError(f"data_{self.name} should have {expected}; it has {found}")
        return NoColumn(
            self.path,
            expected=f"{expected} in data_{self.name}",
            found=shortened(found, 200),
            advice="give a table that has it, or write the file again",
        )

    def _numbers(self, label: str) -> NDArray[np.float64]:
        column = self._column(label)
        try:
            return np.asarray(column, dtype=np.float64)
        except ValueError:
            place = next(place for place, value in enumerate(column) if not _is_number(value))
            raise self._odd(label, place, "a number") from None

    def _odd(self, label: str, place: int, what: str) -> ValueError:
        """The error of a value that is none, with the file when there is one."""
        said = shortened(str(self._column(label)[place]))
        where = f"_{label} in row {self.first + place + 1} of data_{self.name}"
        if self.path is None:
            return ValueError(f"{where} is {said!r}, which is not {what}")
        return FormatError(
            self.path,
            expected=f"numbers in {where}",
            found=f"{said!r}, which is not {what}",
            advice="mend that value, or write the file again",
        )


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def read_star(path: Path | str) -> dict[str, Block]:
    """Read all blocks of a STAR file, by name.

    Loops and lists, values in quotes, comments, loops without rows, and several loops of one name
    (the later one is called ``name_2``) are understood. Text after a ``#`` that stands alone is
    a comment.

    Raises
    ------
    FormatError
        If the file has no block, or a row has another number of values than the loop has labels;
        the message names the line.
    """
    path = Path(path)
    blocks: dict[str, Block] = {}
    for key, piece in _Parser(path, read_lines(path)).pieces():
        if key not in blocks or not piece.first:
            blocks[key] = piece  # a second loop of a block is in the place of the first
            continue
        for label, values in piece.columns.items():
            blocks[key].columns[label] += values
    return blocks


def read_pieces(path: Path | str, most: int = 5_000) -> Iterator[Block]:
    """The blocks of a STAR file of any size, in pieces of at most so many rows each.

    Pieces of a loop have the same name and labels; `Block.first` is the row that a piece begins at.
    A loop without rows comes as one piece.

    Raises
    ------
    FormatError
        As `read_star`.
    """
    path = Path(path)
    for _, piece in _Parser(path, each_line(path)).pieces(most):
        yield piece


class _Parser:
    """One pass over the lines."""

    def __init__(self, path: Path, lines: Iterable[str]) -> None:
        self.path = path
        self.blocks: dict[str, Block] = {}
        self.names: Counter[str] = Counter()
        self._lines = iter(lines)
        self._number = 0
        """Of `_line`, from 1."""
        self._line: str | None = None
        self._next()

    def _next(self) -> None:
        """Go to the next line; None is behind the last."""
        self._line = next(self._lines, None)
        self._number += 1

    def pieces(self, most: int | None = None) -> Iterator[tuple[str, Block]]:
        """Blocks with their keys, loops of more rows than `most` in several."""
        key: str | None = None
        current: Block | None = None
        told = True
        while self._line is not None:
            line = self._line.strip()
            if not line or line.startswith("#"):
                self._next()
            elif line.startswith("data_"):
                if not told and key is not None and current is not None:
                    yield key, current
                key, current = self._open(line[5:].split(" ")[0].strip())
                told = False
                self._next()
            elif key is None or current is None:
                raise self._wrong("a line that begins with data_", line)
            elif line.split()[0] == "loop_":
                self._next()
                for piece in self._loop(current, most):
                    current = piece
                    yield key, piece
                told = True
            elif line.startswith("_"):
                if told:
                    kept = {} if most else dict(current.columns)
                    current = Block(current.name, kept, path=self.path)
                self._single(current, line)
                told = False
                self._next()
            else:
                raise self._wrong("a label that begins with _", line)
        if not told and key is not None and current is not None:
            yield key, current
        if key is None:
            raise FormatError(
                self.path,
                expected="a STAR file with data_ blocks",
                found="no block",
                advice="give a STAR file, or wait until it is written",
            )

    def _open(self, name: str) -> tuple[str, Block]:
        key = name
        while key in self.blocks:
            self.names[name] += 1
            key = f"{name}_{self.names[name] + 1}"
        self.blocks[key] = Block(name, path=self.path)
        return key, self.blocks[key]

    def _single(self, block: Block, line: str) -> None:
        label, _, rest = line[1:].partition(" ")
        if not rest:
            label, _, rest = line[1:].partition("\t")
        values = _split(rest)
        if len(values) != 1:
            raise self._wrong(f"one value for _{label}", f"{len(values)} values")
        block.single = True
        block.columns[label] = values

    def _loop(self, block: Block, most: int | None) -> Iterator[Block]:
        labels = []
        while self._line is not None:
            line = self._line.strip()
            if line.startswith("_"):
                words = line[1:].split(maxsplit=1)
                if not words:
                    raise self._wrong("a label behind _", line)
                labels.append(words[0])
            elif line and not line.startswith("#"):
                break
            self._next()
        first = 0
        for rows in self._rows(len(labels), most):
            values: Iterable[Sequence[str]]
            values = zip(*rows, strict=True) if rows else ([],) * len(labels)
            columns = {label: list(column) for label, column in zip(labels, values, strict=True)}
            yield Block(block.name, columns, single=block.single, path=self.path, first=first)
            first += len(rows)

    def _rows(self, width: int, most: int | None) -> Iterator[list[list[str]]]:
        """The rows of a loop, in pieces: they end where the next block begins."""
        rows: list[list[str]] = []
        none = True
        while self._line is not None:
            line = self._line
            values = line.split()
            if values:
                if line.startswith(("data_", "loop_", "#")) or values[0].startswith("data_"):
                    if not line.lstrip().startswith("#"):
                        break
                else:
                    if len(values) != width or "'" in line or '"' in line or "#" in values:
                        values = _split(line)
                    if len(values) != width:
                        raise self._wrong(f"{width} values, one for each label", f"{len(values)}")
                    rows.append(values)
                    if len(rows) == most:
                        yield rows
                        rows, none = [], False
            self._next()
        if rows or none:
            yield rows

    def _wrong(self, expected: str, found: str) -> FormatError:
        return FormatError(
            self.path,
            expected=f"{expected} in line {self._number}",
            found=repr(found[:60]) if "value" not in found else found,
            advice="wait until the file is written, or mend that line",
        )


def _split(line: str) -> list[str]:
    """Values of a line; a quoted one loses its quotes, and a comment at the end is dropped."""
    values = []
    for value in _QUOTED.findall(line):
        if value.startswith("#"):
            break
        quoted = len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]
        values.append(value[1:-1] if quoted else value)
    return values


def write_star(
    path: Path | str, blocks: Iterable[Block] | Mapping[str, Block], comment: str = ""
) -> None:
    """Write blocks in RELION's layout; the file gets its name when it is whole.

    Parameters
    ----------
    blocks
        In the order in which they shall stand.
    comment
        First line, such as ``version 30001``, which newer RELION programs look for.

    Raises
    ------
    ValueError
        If the columns of a block have different lengths, or a value cannot be written in a line.
    """
    listed = blocks.values() if isinstance(blocks, Mapping) else blocks
    parts = []
    for block in listed:
        parts.append(f"\n# {comment}\n" if comment else "")
        parts.append(_format_block(block))
    with written_whole(path) as unfinished:
        unfinished.write_text("".join(parts), encoding="utf-8")


def _format_block(block: Block) -> str:
    lengths = {label: len(values) for label, values in block.columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"data_{block.name}: columns of different lengths {lengths}")
    if block.single:
        width = max((len(label) for label in block.columns), default=0) + 2
        lines = [
            f"_{label:<{width}} {_format_value(values[0])}"
            for label, values in block.columns.items()
        ]
        return f"\ndata_{block.name}\n\n" + "\n".join(lines) + "\n\n"
    labels = "\n".join(f"_{label} #{n}" for n, label in enumerate(block.columns, start=1))
    return f"\ndata_{block.name}\n\nloop_\n{labels}\n{format_rows(block)}\n"


def format_rows(block: Block) -> str:
    """The rows of a table as they stand in a file, for those who write one piece by piece."""
    columns = [_format_column(values) for values in block.columns.values()]
    rows = [" ".join(row) for row in zip(*columns, strict=True)]
    return "\n".join(rows) + "\n" if rows else ""


def _format_column(values: Any) -> list[str]:
    array = values if isinstance(values, np.ndarray) else None
    if array is not None and array.dtype.kind == "f":
        return [_format_float(value) for value in array.tolist()]
    if array is not None and array.dtype.kind in "iu":
        return [f"{value:12d}" for value in array.tolist()]
    return [_format_value(value) for value in values]


def _format_float(value: float) -> str:
    """Six decimals as RELION writes them, or an exponent where those would lose the number."""
    size = abs(value)
    return f"{value:12.6f}" if size == 0.0 or 1e-3 <= size < 1e6 else f"{value:12.6e}"


def _format_value(value: Any) -> str:
    """One value; text with spaces is quoted, and nothing becomes a quoted empty text."""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, int | np.integer):
        return f"{int(value):12d}"
    if isinstance(value, float | np.floating):
        return _format_float(float(value))
    text = str(value)
    if "\n" in text or "\r" in text:
        raise ValueError(f"a value with a line break cannot be written: {text[:40]!r}")
    if not text or text != text.strip() or " " in text or "\t" in text or text[0] in "#'\"":
        quote = "'" if '"' in text else '"'
        if quote in text:
            raise ValueError(f"a value with spaces and both quotes cannot be written: {text[:40]}")
        return f"{quote}{text}{quote}"
    return text
