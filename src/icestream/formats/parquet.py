"""Tables of columns in Parquet files."""

import glob
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.formats.errors import FormatError
from icestream.formats.within import inside

__all__ = ["read_columns", "read_first", "write_columns"]


def read_columns(path: Path) -> dict[str, NDArray[Any]]:
    """All columns of a table, by name.

    Raises
    ------
    FormatError
        If it is no Parquet table.
    FileNotFoundError
        If there is no such file.
    """
    import duckdb  # slow to load

    with inside(path).open("rb"), duckdb.connect() as connection:
        try:
            columns: dict[str, NDArray[Any]] = connection.read_parquet(_literal(path)).fetchnumpy()
        except duckdb.Error as error:
            raise FormatError(
                path,
                expected="a Parquet table",
                found=str(error),
                advice="bring it back from a copy, or make it anew",
            ) from error
    return columns


def read_first(
    path: Path, where: Mapping[str, int], order: str, most: int, after: int = 0
) -> dict[str, NDArray[Any]]:
    """Columns of the rows whose values are those given, the highest in a column first.

    The file is not read whole: of a table of millions of rows it takes a fraction of a second.

    Parameters
    ----------
    path
        The file.
    where
        Whole numbers by the name of their column.
    order
        Name of a column; among rows that are equal in it, the first in the file comes first.
    most
        Rows that are returned at most.
    after
        So many of them are left out.

    Raises
    ------
    FormatError
        If it is no Parquet table, or has no such columns.
    FileNotFoundError
        If there is no such file.
    """
    import duckdb  # slow to load

    conditions = " AND ".join(f"{_quoted(name)} = ?" for name in where) or "true"
    asked = (
        f"SELECT * EXCLUDE (file_row_number) FROM read_parquet(?, file_row_number = true) "  # noqa: S608 - names are quoted
        f"WHERE {conditions} ORDER BY {_quoted(order)} DESC, file_row_number LIMIT ? OFFSET ?"
    )
    with inside(path).open("rb"), duckdb.connect() as connection:
        try:
            values = [_literal(path), *(int(value) for value in where.values()), most, after]
            columns: dict[str, NDArray[Any]] = connection.execute(asked, values).fetchnumpy()
        except duckdb.Error as error:
            raise FormatError(
                path,
                expected=f"a Parquet table with the columns {', '.join([*where, order])}",
                found=str(error),
                advice="bring it back from a copy, or make it anew",
            ) from error
    return columns


def _literal(path: Path) -> str:
    """The path as DuckDB takes it for this file alone, brackets and stars in its name and all."""
    return glob.escape(str(path))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def write_columns(
    path: Path, columns: Mapping[str, NDArray[Any]], texts: Mapping[str, Sequence[str]]
) -> None:
    """Write columns of one length in the order of their rows.

    Parameters
    ----------
    path
        The file.
    columns
        ``(n,)`` each. Every one is an array of its own, whose values lie side by side.
    texts
        For some of the columns, the texts whose places they hold: these are written instead.
    """
    import duckdb  # slow to load

    count = len(next(iter(columns.values())))
    with duckdb.connect() as connection:
        connection.register("given", {**columns, "row": np.arange(count)})
        replaced, joined = [], ""
        for index, (name, known) in enumerate(texts.items()):
            table = {"place": np.arange(len(known)), "text": np.array(known, dtype=object)}
            connection.register(f"texts{index}", table)
            replaced.append(f'texts{index}.text AS "{name}"')
            joined += f'JOIN texts{index} ON given."{name}" = texts{index}.place '
        instead = f"REPLACE ({', '.join(replaced)}) " if replaced else ""
        connection.sql(
            f"SELECT given.* EXCLUDE (row) {instead}FROM given {joined}ORDER BY given.row"
        ).write_parquet(str(path))
