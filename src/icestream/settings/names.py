"""Names of settings, such as ``microscopes.krios.voltage``: what type stands there."""

from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from icestream.channels.secret import Secret
from icestream.documents import read_toml
from icestream.settings.tree import Settings, SettingsError

__all__ = ["Name", "dotted", "is_secret", "name_of", "types_at", "without_secrets"]

Name = tuple[str, ...]
"""Its parts."""

SET = "(set)"
"""In the place of a secret."""


def name_of(text: str) -> Name:
    """The parts of a name; a part with a dot in it stands in quotes, as in a file.

    Raises
    ------
    SettingsError
        If it is none.

    >>> name_of('tokens."cryolo.gpu"')
    ('tokens', 'cryolo.gpu')
    """
    parts: list[str] = []
    try:
        inside: Any = read_toml(f"{text} = 0") if text.strip() and "\n" not in text else 0
    except ValueError:
        inside = 0
    while isinstance(inside, dict) and len(inside) == 1:
        ((part, inside),) = inside.items()
        parts.append(part)
    if not parts or isinstance(inside, dict):
        raise SettingsError(
            f"{text!r} is no name of a setting: write one such as cores, or"
            " microscopes.krios.voltage"
        )
    return tuple(parts)


def dotted(name: Iterable[str]) -> str:
    """A name as it is read."""
    return ".".join(part if "." not in part else f'"{part}"' for part in name)


def types_at(name: Name) -> list[Any]:
    """What a value of that name may be; nothing where there is no such setting."""
    kinds: list[Any] = [Settings]
    for part in name:
        kinds = [inside for kind in kinds for inside in _inside(kind, part)]
    return kinds


def is_secret(name: Name) -> bool:
    """Whether what stands there is never shown, nor anything in it."""
    return any(
        kind in (Secret, SecretStr)
        for length in range(1, len(name) + 1)
        for kind in types_at(name[:length])
    )


def without_secrets(value: Any, name: Name = ()) -> Any:
    """A value as it stands in a file, with its secrets hidden."""
    if name and value is not None and is_secret(name):
        return SET
    if isinstance(value, Mapping):
        return {part: without_secrets(one, (*name, part)) for part, one in value.items()}
    return value


def _inside(kind: Any, part: str) -> list[Any]:
    """Types of what a type has by that name."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(part)
        return [] if field is None else _each(field.annotation)
    if get_origin(kind) is dict:
        return _each(get_args(kind)[1])
    return []


def _each(annotation: Any) -> list[Any]:
    """The types that an annotation allows, without what is written beside them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _each(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [kind for one in get_args(annotation) for kind in _each(one)]
    return [annotation]
