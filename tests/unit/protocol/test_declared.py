"""What annotations allow."""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.model import Column
from icestream.protocol.declared import (
    fields_of,
    fits,
    item_kinds,
    mapping_kinds,
    members_of,
    named,
)

T = TypeVar("T")
N = TypeVar("N", bound=int)
Name = typing.NewType("Name", str)


@dataclass
class Held(Generic[T]):
    """Something with fields."""

    shared: ClassVar[int] = 1
    content: T
    later: Annotated[int, "a remark"] = field(init=False, default=0)


def test_fields_are_those_of_the_dataclass() -> None:
    assert fields_of(Held) == {"content": T, "later": int}


@pytest.mark.parametrize(
    ("declared", "members"),
    [
        (int, (int,)),
        (None, (type(None),)),
        (int | None, (int, type(None))),
        (typing.Optional[Name], (str, type(None))),  # noqa: UP045 - as somebody may write it
        (Annotated[int | str, "remark"] | None, (int, str, type(None))),
        (T, (Any,)),
        (N, (int,)),
        (list[int], (list[int],)),
    ],
    ids=str,
)
def test_members_of_a_union(declared: Any, members: tuple[Any, ...]) -> None:
    assert members_of(declared) == members


@pytest.mark.parametrize(
    ("value", "kinds", "others"),
    [
        (1, (int, float, complex, Any, Literal[1, 2]), (bool, str, Literal["1"], list, Held)),
        (True, (bool, int), (str, Literal[1])),
        (1.5, (float, complex), (int,)),
        (np.float32(1), (float, np.floating, np.generic), (int, np.integer)),
        ("a", (str, Literal["a"]), (int, Path, Sequence[str], Name)),
        ([1], (list, list[str], Sequence[int]), (tuple[int], dict)),
        ((1,), (tuple, tuple[str], Sequence[int]), (list[int],)),
        ({}, (dict, dict[str, int], Mapping[str, int]), (list, Held)),
        (np.zeros(1), (np.ndarray, NDArray[np.float32], members_of(Column)[0]), (list, float)),
        (Held(1), (Held, Held[int]), (int, dict[str, int])),
        (Path("a"), (Path,), (str,)),
        (None, (type(None), Any), (int,)),
    ],
    ids=str,
)
def test_a_value_is_as_declared_or_not(
    value: Any, kinds: tuple[Any, ...], others: tuple[Any, ...]
) -> None:
    assert [kind for kind in kinds if not fits(value, kind)] == []
    assert [kind for kind in others if fits(value, kind)] == []


def test_what_items_and_mappings_hold() -> None:
    assert item_kinds(list[int], 2) == (int, int)
    assert item_kinds(list, 2) == (Any, Any)
    assert item_kinds(tuple[int, ...], 3) == (int, int, int)
    assert item_kinds(tuple[int, str], 2) == (int, str)
    assert item_kinds(tuple[int, str], 3) is None
    assert item_kinds(tuple[()], 0) == ()
    assert mapping_kinds(dict[str, int]) == (str, int)
    assert mapping_kinds(dict) == (Any, Any)


def test_types_are_named_as_people_write_them() -> None:
    assert named(Held) == "Held"
    assert named(list[int]) == "list[int]"
    assert named(Literal["a"]) == "Literal['a']"
