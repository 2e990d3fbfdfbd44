"""How the commands write: tables for people, JSON for programs."""

import json
import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from icestream.shown import printable

__all__ = ["called", "console", "print_json", "print_table"]


class _Screen(Console):
    """A console that leaves it to its caller what a closed pipe means: rich ends the process."""

    def on_broken_pipe(self) -> None:
        """Called while a BrokenPipeError is handled."""
        raise  # noqa: PLE0704


def console(*, stderr: bool = False) -> Console:
    """The terminal, or a plain stream that is never wrapped when nobody is looking at it."""
    return _Screen(stderr=stderr, highlight=False, soft_wrap=True, markup=False)


def called() -> str:
    """How this icestream is called from a shell: by its path where its name leads elsewhere."""
    own = Path(sys.executable).parent / "icestream"
    program = shutil.which("icestream")
    if not own.exists() or (program and Path(program).samefile(own)):
        return "icestream"
    here = Path.cwd()
    return shlex.quote(str(own.relative_to(here) if own.is_relative_to(here) else own))


def print_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, title: str | None = None
) -> None:
    """Print columns under `heads`; full width, without frames, so that it can be searched."""
    lines = [[printable(cell, lines=False) for cell in row] for row in rows]
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
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    # What cannot be seen is written out as JSON does it, before it is for people.
    print("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text))
