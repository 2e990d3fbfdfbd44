"""Which parameters of a protocol name files, and which files a set of values names."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from icestream.protocol.parameters import Parameters, is_input_file

__all__ = ["named_files", "names_files"]

_PATTERN, _FOLDER = "pattern", "metadata"
"""Parameters of sources that name files although they are text."""


def names_files(model: type[Parameters], name: str) -> bool:
    """Whether a parameter names a file, a folder, or several."""
    field = model.model_fields.get(name)
    return name in (_PATTERN, _FOLDER) or (field is not None and _is_path(field))


def named_files(model: type[Parameters], values: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """Each file or folder that values of parameters name, with the name of its parameter.

    Of a pattern it is the folder in which all its files are.

    Raises
    ------
    ValueError
        If one cannot be a path.
    """
    from icestream.formats.watch import FolderWatch  # slow to load

    for name, value in values.items():
        if name not in model.model_fields or not value or not names_files(model, name):
            continue
        for one in value if isinstance(value, list | tuple | set | frozenset) else (value,):
            if "\x00" in str(one):
                raise ValueError(f"{name}: {one!r} is no path")
            yield name, FolderWatch(str(one)).root if name == _PATTERN else Path(str(one))


def _is_path(field: FieldInfo) -> bool:
    return is_input_file(field) or _holds_path(field.annotation)


def _holds_path(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Path):
        return True
    return any(_holds_path(part) for part in get_args(annotation))
