"""A STAR table that grows row by row: bounded memory for any number of particles."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from icestream.formats.relion import RELION_VERSION, loop
from icestream.formats.star import Block, format_rows, write_star

__all__ = ["Table"]


class Table:
    """One file with an ``optics`` block and a table below it.

    The file appears under its name when the table is closed, never half written.

    Parameters
    ----------
    path
        The file.
    name
        Name of the table, such as ``particles``.
    optics
        Rows of the ``optics`` block; none for a file without one.
    """

    def __init__(self, path: Path, name: str, optics: Sequence[Mapping[str, object]] = ()) -> None:
        self._path = path
        # Where locks do not hold, each of two who write it at once writes its own.
        self._growing = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        self._name = name
        self._optics = [loop("optics", optics)] if optics else []
        self._labels: tuple[str, ...] = ()
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close() if kind is None else self.drop()

    def add(self, row: Mapping[str, object]) -> None:
        """Append one row."""
        self.extend({label: [value] for label, value in row.items()}, 1)

    def extend(self, columns: Mapping[str, Any], count: int) -> None:
        """Append `count` rows; labels that the first rows lacked are left out."""
        if count == 0:
            return
        if not self._labels:
            self._start(columns)
        same = {label: columns.get(label, ["None"] * count) for label in self._labels}
        with self._growing.open("a", encoding="utf-8") as file:
            file.write(format_rows(Block(self._name, same)))
        self.rows += count

    def close(self) -> None:
        """Put the file under its name; a table without rows is left out."""
        if self._labels:
            with self._growing.open("a", encoding="utf-8") as file:
                file.write("\n")
            self._growing.replace(self._path)

    def drop(self) -> None:
        """Give the table up: nothing of it stays, and a file under its name is left alone."""
        self._growing.unlink(missing_ok=True)

    def _start(self, columns: Mapping[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._labels = tuple(columns)
        empty: dict[str, list[object]] = {label: [] for label in columns}
        write_star(self._growing, [*self._optics, Block(self._name, empty)], RELION_VERSION)
        # RELION ends a table at its first blank line, so none may stand above the rows.
        self._growing.write_text(self._growing.read_text().rstrip() + "\n")
