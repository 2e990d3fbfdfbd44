"""`icestream table`: a session's exposures, or the results of a step, as CSV or JSON."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.exports.table import TableFormat, table_rows, write_table
from icestream.store.open import open_store
from icestream.whole import written_whole

__all__ = ["table"]


def table(
    session: Path,
    step: str | None = None,
    /,
    *,
    branch: str | None = None,
    format_: Annotated[TableFormat, Parameter(name="--format")] = "csv",
    out: Path | None = None,
) -> None:
    """Write all exposures with what was measured of them, or all results of a step, as a table.

    Lengths are in Å, as in files; the names of columns are those of the qualities, and of the
    fields of a step's items.

    Parameters
    ----------
    session
        The session's folder.
    step
        Name of a step: a row for each of its results. Without it, a row for each exposure.
    branch
        Name of a branch; the adopted one by default.
    format_
        CSV, or JSON as a list of objects.
    out
        File to write; the terminal when not given.
    """
    with closing(open_store(session, readonly=True)) as store:
        rows = list(table_rows(store, step, branch))
    if out is None:
        write_table(rows, format_, sys.stdout)
        return
    with written_whole(out) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as f:
        write_table(rows, format_, f)
