"""Pictures: which files of an item people look at."""

import dataclasses
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Picture", "marked_fields", "pictures_of"]


@dataclass(frozen=True, slots=True)
class Picture:
    """Marks a path of an item as a picture, which every report then shows under its title.

    ``spectrum: Annotated[Path | None, Picture("Power spectrum")] = None``: PNG, JPEG, WebP, SVG,
    or one image in an MRC file.
    """

    title: str
    """What is written above it."""
    description: str = ""
    """What there is to see, for those who cannot see it; the title, where nothing is said."""


def pictures_of(item: Any) -> Iterator[tuple[Path, Picture]]:
    """The pictures that an item has, in the order of its fields."""
    for name, picture in marked_fields(type(item)):
        value = getattr(item, name)
        for path in value if isinstance(value, tuple) else (value,):
            if isinstance(path, Path):
                yield path, picture


_marked: dict[type[Any], tuple[tuple[str, Picture], ...]] = {}


def marked_fields(kind: type[Any]) -> tuple[tuple[str, Picture], ...]:
    """Names and marks of the fields of an item type that hold pictures."""
    if kind not in _marked:
        hints = typing.get_type_hints(kind, include_extras=True)
        marks = ((field.name, _mark(hints[field.name])) for field in dataclasses.fields(kind))
        _marked[kind] = tuple((name, mark) for name, mark in marks if mark is not None)
    return _marked[kind]


def _mark(hint: Any) -> Picture | None:
    """The mark in a type, however deep: of ``Annotated[Path, Picture(...)] | None`` too."""
    for mark in getattr(hint, "__metadata__", ()):
        if isinstance(mark, Picture):
            return mark
    inner = (_mark(part) for part in typing.get_args(hint) if not isinstance(part, Picture))
    return next((mark for mark in inner if mark is not None), None)
