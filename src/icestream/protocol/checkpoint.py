"""Checkpoints of the state of a batch protocol: arrays and JSON, and nothing that could run.

A checkpoint is an uncompressed ``.npz`` file: each array is a member ``0.npy``, ``1.npy`` ..., and
``state.json`` says how the state is made of them:

====================================  ==========================================================
in the state                          in ``state.json``
====================================  ==========================================================
None, True, 5, 2.5, text              the same
infinities and not-a-number           ``{"float": "nan"}``
complex number                        ``{"complex": [1.0, 2.0]}``
number of numpy                       ``{"scalar": ["<f4", 2.5]}``
array                                 ``{"array": 0}``
path, time                            ``{"path": "a/b"}``, ``{"time": "2026-01-31T12:00:00"}``
list                                  ``[...]``
tuple                                 ``{"tuple": [...]}``
mapping                               ``{"mapping": [[key, value], ...]}``
dataclass                             ``{"fields": {"name": value, ...}}``
random generator (PCG64, PCG64DXSM)   ``{"generator": its state}``
value of a union                      ``{"member": 1, "value": ...}``
====================================  ==========================================================

No name of a type is in the file. What is built is told by the annotations of the protocol, from
the return type of its `start` downwards; the fields of a dataclass are set without calling
anything of its class. So a file from a stranger can choose no class and run no code.
"""

import dataclasses
import errno
import json
import math
import zipfile
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any, get_origin

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from icestream.protocol.declared import (
    fields_of,
    fits,
    item_kinds,
    mapping_kinds,
    members_of,
    named,
)
from icestream.protocol.failure import ItemFailed

__all__ = ["VERSION", "read_checkpoint", "write_checkpoint"]

VERSION = 1
"""Of the format. A file of another version is not read."""
_FORMAT = "icestream checkpoint"
_STRUCTURE = "state.json"
_POSSIBLE = (
    "None, numbers, text, paths, times, numpy arrays and generators, and lists, tuples, dicts and "
    "dataclasses of them"
)
_GENERATORS = {"PCG64": np.random.PCG64, "PCG64DXSM": np.random.PCG64DXSM}
"""Their states are whole numbers that numpy checks; those of others could point out of an array."""


def write_checkpoint(path: Path, state: Any, kind: Any) -> None:
    """Write `state`, which is declared as `kind`, to the file `path`.

    Two places that hold one array hold one array again when they are read.

    Raises
    ------
    TypeError
        If something in the state is not as declared, or cannot be kept; says where.
    """
    packing = _Packing()
    try:
        tree = packing.pack(state, kind, "state")
    except RecursionError:
        raise TypeError("state: a checkpoint cannot hold what holds itself") from None
    document = {"format": _FORMAT, "version": VERSION, "state": tree}
    text = json.dumps(document, allow_nan=False, separators=(",", ":"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(_STRUCTURE), text)
        for index, array in enumerate(packing.arrays):
            member = zipfile.ZipInfo(f"{index}.npy")  # without a date: one state, one content
            with archive.open(member, "w", force_zip64=True) as file:
                npy.write_array(file, array, allow_pickle=False)


def read_checkpoint(path: Path, kind: Any) -> Any:
    """Read a state that is declared as `kind` from the file `path`; nothing in it is executed.

    Raises
    ------
    ItemFailed
        If the file is no checkpoint, one of another version, damaged, or that of another state.
    OSError
        If there is no such file, or it cannot be read.
    """
    with path.open("rb") as file:
        begin = file.read(4)
        if begin != b"PK\x03\x04":
            raise _unreadable(path, _begins(begin))
        try:
            with zipfile.ZipFile(file) as archive:
                return _read(archive, kind)
        except Exception as error:
            # Places outside of the file are damage; errors of the disk are not.
            if isinstance(error, MemoryError | OSError) and error.args[:1] != (errno.EINVAL,):
                raise
            reason = f"it is damaged, or of another state: {error}"
            raise _unreadable(path, reason) from error


def _unreadable(path: Path, version: str) -> ItemFailed:
    return ItemFailed(
        f"the checkpoint {path} cannot be read: {version}",
        advice="nothing in it was executed; bring the file back from a copy, or change a parameter "
        "of the step, which then begins anew with all that has come",
        code="checkpoint-unreadable",
    )


def _begins(begin: bytes) -> str:
    if not begin:
        return "the file is empty"
    if begin[0] == 0x80:
        return "it is a pickle, as an older icestream wrote them, and pickles can run any code"
    return f"it begins with {begin!r}, which no checkpoint does"


def _read(archive: zipfile.ZipFile, kind: Any) -> Any:
    members = {member.filename: member for member in archive.infolist()}
    packed = [name for name, m in members.items() if m.compress_type != zipfile.ZIP_STORED]
    if packed:
        raise ValueError(f"{packed[0]} is compressed, which nothing in a checkpoint is")
    if _STRUCTURE not in members:
        raise ValueError(f"{_STRUCTURE} is missing")
    document = json.loads(archive.read(_STRUCTURE))
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise ValueError(f"{_STRUCTURE} is not that of a checkpoint")
    if document.get("version") != VERSION:
        version = document.get("version")
        raise ValueError(f"its format has version {version!r}, this icestream reads {VERSION}")
    return _Unpacking(archive).unpack(document.get("state"), kind, "state")


class _Packing:
    """Makes the tree of ``state.json``, and gathers the arrays."""

    def __init__(self) -> None:
        self.arrays: list[NDArray[Any]] = []
        self._places: dict[int, int] = {}

    def pack(self, value: Any, declared: Any, where: str) -> Any:
        """The part of the tree for `value`."""
        members = members_of(declared)
        index = next((n for n, member in enumerate(members) if fits(value, member)), None)
        if index is None:
            raise TypeError(
                f"{where} is declared as {named(declared)}, found {named(type(value))}; "
                f"a checkpoint holds {_POSSIBLE}, as they are declared"
            )
        node = self._node(value, members[index], where)
        return {"member": index, "value": node} if _is_choice(members, value) else node

    def _node(self, value: Any, kind: Any, where: str) -> Any:
        if dataclasses.is_dataclass(value) and type(value) is (get_origin(kind) or kind):
            return {"fields": self._fields(value, where)}
        if isinstance(value, np.random.Generator):
            return {"generator": self._generator(value, where)}
        if isinstance(value, PurePath):
            return {"path": str(value)}
        exact = type(value)
        if exact is np.ndarray:
            return {"array": self._array(value, where)}
        if exact is list:
            return self._items(value, kind, where)
        if exact is tuple:
            return {"tuple": self._items(value, kind, where)}
        if exact is dict:
            key, item = mapping_kinds(kind)
            pairs = value.items()
            return {
                "mapping": [
                    [self.pack(k, key, f"a key of {where}"), self.pack(v, item, f"{where}[{k!r}]")]
                    for k, v in pairs
                ]
            }
        return _leaf(value, where)

    def _items(self, values: Sequence[Any], kind: Any, where: str) -> list[Any]:
        kinds = item_kinds(kind, len(values))
        if kinds is None:
            raise TypeError(f"{where} is declared as {named(kind)}, found {len(values)} values")
        each = zip(values, kinds, strict=True)
        return [self.pack(value, item, f"{where}[{n}]") for n, (value, item) in enumerate(each)]

    def _fields(self, value: Any, where: str) -> dict[str, Any]:
        kind: Any = type(value)
        kinds = fields_of(kind)
        for name in getattr(value, "__dict__", {}).keys() - kinds.keys():
            if not isinstance(getattr(kind, name, None), cached_property):
                raise TypeError(
                    f"{where}.{name} is no field of {named(kind)} and would be lost; "
                    "declare it in the class"
                )
        return {n: self.pack(getattr(value, n), kind, f"{where}.{n}") for n, kind in kinds.items()}

    def _array(self, value: NDArray[Any], where: str) -> int:
        if value.dtype.hasobject:
            raise TypeError(
                f"{where} is an array of Python objects, which a checkpoint cannot hold; "
                "use an array of numbers, or a list"
            )
        if id(value) not in self._places:
            self._places[id(value)] = len(self.arrays)
            self.arrays.append(value)
        return self._places[id(value)]

    def _generator(self, value: np.random.Generator, where: str) -> Any:
        state = value.bit_generator.state
        if state["bit_generator"] not in _GENERATORS:
            raise TypeError(
                f"{where} is a generator of kind {state['bit_generator']}; a checkpoint holds "
                f"{' and '.join(_GENERATORS)}, such as numpy.random.default_rng makes"
            )
        return self.pack(state, Any, where)


def _leaf(value: Any, where: str) -> Any:
    """What holds nothing else."""
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if type(value) is complex:
        return {"complex": [_leaf(value.real, where), _leaf(value.imag, where)]}
    if type(value) is datetime:
        return {"time": value.isoformat()}
    if isinstance(value, np.bool_ | np.number) and value.dtype.char not in "gG":
        return {"scalar": [value.dtype.str, _leaf(value.item(), where)]}
    raise TypeError(
        f"{where} is {named(type(value))}, which a checkpoint cannot hold; it holds {_POSSIBLE}, "
        "as the annotations declare them"
    )


class _Unpacking:
    """Makes a state of the tree and the arrays."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._arrays: dict[int, NDArray[Any]] = {}

    def unpack(self, node: Any, declared: Any, where: str) -> Any:
        """The value that a part of the tree stands for."""
        members = members_of(declared)
        if _is_choice(members, node):
            kind, node = members[_place(node["member"], len(members))], node["value"]
        else:
            kind = next((m for m in members if (m is type(None)) == (node is None)), members[0])
        value = self._value(node, kind, where)
        if not fits(value, kind):
            raise TypeError(f"{where} should be {named(declared)}, found {named(type(value))}")
        return value

    def _value(self, node: Any, kind: Any, where: str) -> Any:
        if isinstance(node, list):
            return self._items(node, kind, where)
        if not isinstance(node, dict):
            return node
        ((tag, content),) = node.items()
        if tag == "tuple":
            return tuple(self._items(content, kind, where))
        if tag == "mapping":
            key, item = mapping_kinds(kind)
            return {
                self.unpack(k, key, f"a key of {where}"): self.unpack(v, item, f"{where}[...]")
                for k, v in content
            }
        if tag == "fields":
            return self._dataclass(content, kind, where)
        if tag == "array":
            return self._array(content)
        if tag == "generator":
            state = self.unpack(content, Any, where)
            bits = _GENERATORS[state["bit_generator"]]()
            bits.state = state
            return np.random.Generator(bits)
        return _from_leaf(tag, content, where)

    def _items(self, nodes: list[Any], kind: Any, where: str) -> list[Any]:
        kinds = item_kinds(kind, len(nodes))
        if kinds is None:
            raise ValueError(f"{where} should be {named(kind)}, found {len(nodes)} values")
        each = zip(nodes, kinds, strict=True)
        return [self.unpack(node, item, f"{where}[{n}]") for n, (node, item) in enumerate(each)]

    def _dataclass(self, content: dict[str, Any], kind: Any, where: str) -> Any:
        kind = get_origin(kind) or kind
        if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
            raise TypeError(f"{where} should be {named(kind)}, found the fields of a dataclass")
        kinds = fields_of(kind)
        if content.keys() != kinds.keys():
            raise ValueError(
                f"{where} should have the fields {', '.join(kinds)} of {named(kind)}, "
                f"found {', '.join(content)}"
            )
        made = object.__new__(kind)
        for name, part in kinds.items():
            object.__setattr__(made, name, self.unpack(content[name], part, f"{where}.{name}"))
        return made

    def _array(self, index: int) -> NDArray[Any]:
        if index not in self._arrays:
            # A program that only describes protocols needs no readers of movies.
            from icestream.formats.arrays import read_array

            member = self._archive.getinfo(f"{index:d}.npy")
            most = min(member.file_size, self._archive.start_dir)  # whatever the archive says
            with self._archive.open(member) as file:
                self._arrays[index] = read_array(member.filename, file, most)
        return self._arrays[index]


def _from_leaf(tag: str, content: Any, where: str) -> Any:
    if tag == "float":
        return float(content)
    if tag == "complex":
        real, imaginary = (
            _from_leaf(*part.popitem(), where) if isinstance(part, dict) else part
            for part in content
        )
        return complex(real, imaginary)
    if tag == "path":
        return Path(content)
    if tag == "time":
        return datetime.fromisoformat(content)
    if tag == "scalar":
        kind, number = np.dtype(content[0]), content[1]
        if kind.kind not in "biufc":
            raise TypeError(f"{where} should be a number, found the type {content[0]!r}")
        number = _from_leaf(*number.popitem(), where) if isinstance(number, dict) else number
        return kind.type(number)
    raise ValueError(f"{where} is {tag!r}, which no checkpoint of version {VERSION} has")


def _is_choice(members: tuple[Any, ...], value: Any) -> bool:
    """Whether the file must say which member of a union it was."""
    return value is not None and sum(member is not type(None) for member in members) > 1


def _place(number: Any, count: int) -> int:
    if type(number) is not int or not 0 <= number < count:
        raise ValueError(f"member {number!r} of a union of {count}")
    return number
