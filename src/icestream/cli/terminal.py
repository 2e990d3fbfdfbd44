"""How the commands write: tables for people, JSON for programs."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

__all__ = ["console", "print_json", "print_table"]


def console(*, stderr: bool = False) -> Console:
    """The terminal, or a plain stream that is never wrapped when nobody is looking at it."""
    return Console(stderr=stderr, highlight=False, soft_wrap=True, markup=False)


def print_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, title: str | None = None
) -> None:
    """Print columns under `heads`; full width, without frames, so that it can be searched."""
    lines = [list(row) for row in rows]
    screen = console()
    if not screen.is_terminal:
        for line in [list(heads), *lines]:
            print("\t".join(line))
        return
    # As Text: in a plain string, the screen would take [brackets] for its own mark-up.
    above = None if title is None else Text(title)
    table = Table(*map(_column, heads), title=above, title_justify="left", box=None, pad_edge=False)
    for line in lines:
        table.add_row(*map(Text, line))
    screen.print(table)


def _column(head: str) -> Column:
    return Column(Text(head))


def print_json(value: Any) -> None:
    """Print a value as JSON that other programs read."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))
