"""Files that appear under their name when they are whole, and not before."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["UNFINISHED", "written_whole"]

UNFINISHED = ".*.tmp"
"""Pattern of the names of unfinished files; only a killed program leaves one."""


@contextmanager
def written_whole(path: Path | str) -> Iterator[Path]:
    """Give a hidden name in the folder of `path` to write to; it becomes `path` at the end.

    A reader of `path` sees the old content or the new, never a part. When writing fails, as on a
    full disk, the unfinished file is removed and what was at `path` stays.
    """
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    unfinished.unlink(missing_ok=True)
    try:
        yield unfinished
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
