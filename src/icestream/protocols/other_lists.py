"""Lists that another program has made of micrographs, found by the names of these."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from icestream.formats.errors import FormatError
from icestream.formats.micrograph_names import micrograph_root
from icestream.formats.within import read_folders
from icestream.protocol import ItemFailed

__all__ = ["Lists", "NamedList", "lacking_list", "list_of", "read_lists", "unmatched_words"]

_NAMED = 3
"""Names in a list that people read."""
_IMAGES = (".mrc", ".mrcs", ".map", ".st", ".tif", ".tiff", ".eer", ".dm3", ".dm4", ".hdf", ".spi")
"""Endings of files of micrographs; what else stands behind a dot is of their name."""


class NamedList(NamedTuple):
    """What there is of one micrograph."""

    name: str
    """Of the micrograph, as the list has it."""
    listed: Any


Lists = Mapping[str, tuple[NamedList, ...]]
"""By what is left of the names of their micrographs."""
Read = Callable[[Path], Mapping[str, Any]]


def lacking_list(name: str, source: Path | None) -> list[str]:
    """What is wrong with the parameter `name`, a table or a folder, in sentences."""
    if source is None:
        return [f"no {name} were given: set the parameter {name} to a table or a folder of lists"]
    if not source.exists():
        return [f"{name}: {source} is not there; give the path of a table or a folder of lists"]
    return []


def read_lists(name: str, source: Path | None, endings: tuple[str, ...], read: Read) -> Lists:
    """All lists of a table, or of the files with these `endings` in a folder.

    What was read is kept until a file is written again, for those who may read the same folders.

    Raises
    ------
    ItemFailed
        If they cannot be read; the message says why.
    """
    if source is None:
        raise ItemFailed(
            f"no {name} were given",
            advice=f"set the parameter {name} to a table, or to a folder of lists",
            code=f"no-{name}-given",
        )
    try:
        newest = max(path.stat().st_mtime_ns for path in _files(source, endings))
        return _read(source, (newest, read_folders()), endings, read)
    except (OSError, ValueError) as error:
        raise ItemFailed(f"the {name} cannot be read: {error}", code=f"{name}-not-read") from error


def list_of(lists: Lists, exposure: str, source: Path | None) -> Any:
    """What is listed of an exposure; None for one that is in no list.

    Raises
    ------
    ItemFailed
        If several lists are of it.
    """
    found = lists.get(micrograph_root(exposure), ())
    if len(found) > 1:
        raise ItemFailed(
            f"{source} has several lists of {exposure}: {_names([one.name for one in found])}",
            advice="leave one of them in the folder or the table",
            code="several-lists",
        )
    return found[0].listed if found else None


def unmatched_words(lists: Lists, exposures: Iterable[str]) -> str:
    """Which exposures are in no list, and which lists are of none; empty where all match."""
    roots = {micrograph_root(name): name for name in exposures}
    without = [name for root, name in roots.items() if root not in lists]
    unmatched = [named[0].name for root, named in lists.items() if root not in roots]
    said = f"; {len(without)} are in no list, such as {_names(without)}" if without else ""
    if unmatched:
        said += (
            f"; {len(unmatched)} lists are of no micrograph that has come, such as "
            f"{_names(unmatched)}"
        )
    return said


def _files(source: Path, endings: tuple[str, ...]) -> list[Path]:
    if not source.is_dir():
        return [source]
    found = sorted(path for path in source.rglob("*") if path.suffix.lower() in endings)
    if not found:
        raise FormatError(
            source,
            expected=f"lists ({', '.join(endings)})",
            found="none in the folder",
            advice="give the folder that has them",
        )
    return found


@lru_cache(maxsize=2)
def _read(source: Path, _: Hashable, endings: tuple[str, ...], read: Read) -> Lists:
    found: dict[str, tuple[NamedList, ...]] = {}
    for path in _files(source, endings):
        for name, listed in read(path).items():
            file = Path(name)
            stem = file.stem if file.suffix.lower() in _IMAGES else file.name
            root = micrograph_root(stem)
            found[root] = (*found.get(root, ()), NamedList(file.name, listed))
    return found


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
