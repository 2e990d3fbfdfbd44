"""A TOML file that says something else, with its comments and its order kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.items import InlineTable, Item

from icestream.documents import read_toml

__all__ = ["NotWritable", "rewritten"]

Path = tuple[str, ...]


class NotWritable(ValueError):
    """A file, or a value, that is not written by a program."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A table of the file: from the comment above its header to that of the next one.

    Each is edited by itself: what stands above the next header is not taken for its end.
    """

    path: Path
    head: str
    """The comment and the header; empty for what comes before the first table."""
    body: str


def rewritten(text: str, target: Mapping[str, Any]) -> str:
    """The text of a file that says `target`, as near to `text` as can be.

    Parameters
    ----------
    text
        What the file is now: valid TOML.
    target
        All that it shall say: tables of tables of values.

    Raises
    ------
    NotWritable
        If the file has what cannot be kept, such as arrays of tables, or a value is none of TOML.
    """
    said = read_toml(text)
    blocks = [
        replace(block, body=_body(block, inside, said))
        for block in _blocks(text)
        if isinstance(inside := _at(target, block.path), Mapping)
    ]
    made = "".join(block.head + block.body for block in blocks)
    for path, values in _missing(target, read_toml(made)):
        gap = "\n" if made.strip() else ""
        made = f"{made.rstrip()}\n{gap}" if gap else ""
        made += f"[{_key(path)}]\n" + _body(_Block(path, "", ""), values, {})
    made = made.rstrip() + "\n" if made.strip() else ""
    if _loaded(made) != target:
        raise NotWritable("it is written in a way that a program cannot change: use an editor")
    return made


def _loaded(text: str) -> dict[str, Any] | None:
    try:
        return read_toml(text)
    except ValueError:
        return None


def _blocks(text: str) -> Iterator[_Block]:
    path: Path = ()
    head, body = "", ""
    for line in StringIO(text):  # whose lines end as those of TOML do, and nowhere else
        # A line of an array or of a text over several lines is no header: what is before it is
        # not whole yet.
        if line.lstrip().startswith("[") and _loaded(body) is not None:
            kept, above = _parted(body)
            yield _Block(path, head, kept)
            path, head, body = _path_of(line), above + line, ""
        else:
            body += line
    yield _Block(path, head, body)


def _parted(body: str) -> tuple[str, str]:
    """A body, and the comment below it that stands right above the next header."""
    lines = list(StringIO(body))
    end = len(lines)
    while end and lines[end - 1].lstrip().startswith("#"):
        end -= 1
    return "".join(lines[:end]), "".join(lines[end:])


def _path_of(header: str) -> Path:
    inside: Any = read_toml(header)
    path: list[str] = []
    while isinstance(inside, dict) and inside:
        ((name, inside),) = inside.items()
        path.append(name)
    if isinstance(inside, list):
        raise NotWritable(f"{header.strip()}: an array of tables is no setting")
    return tuple(path)


def _at(document: Mapping[str, Any], path: Path) -> Any:
    inside: Any = document
    for part in path:
        inside = inside.get(part) if isinstance(inside, Mapping) else None
    return inside


def _body(block: _Block, target: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    """The body of a block that says what `target` has for it; `said` is all that the file says."""
    own = read_toml(block.body)
    document = tomlkit.parse(block.body.rstrip() + "\n" if block.body.strip() else block.body)
    if not _edit(document, own, target, block.path, said):
        return block.body
    rest = block.body[len(block.body.rstrip()) :] if own else "\n" * bool(document)
    return tomlkit.dumps(document).rstrip("\n") + (rest or "\n" * bool(document))


def _edit(
    place: Container | InlineTable | Any,
    own: Mapping[str, Any],
    target: Mapping[str, Any],
    path: Path,
    said: Mapping[str, Any],
) -> bool:
    """Make a table say what it shall; whether anything had to be done."""
    done = False
    for name, value in own.items():
        if name not in target:
            del place[name]
        elif isinstance(value, dict) and isinstance(target[name], Mapping):
            done |= _edit(place[name], value, target[name], (*path, name), said)
            continue
        elif _same(value, target[name]):
            continue
        else:
            place[name] = _item(target[name])
        done = True
    inner = _at(said, path) or {}
    for name, value in target.items():
        nested = isinstance(value, Mapping)
        elsewhere = name in inner and isinstance(inner[name], Mapping) == nested
        table = nested and len(path) < 2 and not isinstance(place, InlineTable)
        if name not in own and not elsewhere and not table:
            place[name] = _item(value)
            done = True
    return done


def _same(one: Any, two: Any) -> bool:
    return type(one) is type(two) and bool(one == two)


def _item(value: Any) -> Item:
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for name, inside in value.items():
            table[name] = _item(inside)
        return table
    if isinstance(value, int) and value.bit_length() > 63:  # what every reader of TOML can hold
        raise NotWritable("an integer is too large to be written into a TOML file")
    try:
        made: Item = tomlkit.item(value)
    except (ValueError, TypeError) as error:
        raise NotWritable(f"{value!r} cannot be written into a TOML file: {error}") from None
    return made


def _missing(
    target: Mapping[str, Any], said: Mapping[str, Any], path: Path = ()
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Tables that are not there yet, each with its plain values."""
    for name, value in target.items():
        if not isinstance(value, Mapping) or len(path) >= 2:
            continue
        inside = said.get(name)
        whole = (*path, name)
        new = {
            key: one
            for key, one in value.items()
            if (inside is None or key not in inside)
            and (not isinstance(one, Mapping) or len(whole) >= 2)
        }
        if new or (inside is None and not value):
            yield whole, new
        yield from _missing(value, inside or {}, whole)


def _key(path: Path) -> str:
    return tomlkit.key(list(path)).as_string()
