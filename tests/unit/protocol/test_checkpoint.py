"""Checkpoints: what is kept comes back exactly, and a file from a stranger runs nothing."""

import io
import json
import math
import pickle
import tracemalloc
import typing
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from icestream.protocol import ItemFailed
from icestream.protocol.checkpoint import VERSION, read_checkpoint, write_checkpoint
from icestream.units import Angstrom

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A frozen part of a state."""

    name: str
    kind: Literal["round", "long"] = "round"
    place: Path | None = None
    seen: datetime | None = None


@dataclass(slots=True, eq=False)
class Table:
    """Something else that a state may hold in the same place."""

    rows: NDArray[Any]
    derived: int = field(init=False)

    def __post_init__(self) -> None:
        self.derived = len(self.rows)


@dataclass
class Whole:
    """A state with some of everything."""

    number: float
    size: Angstrom
    parts: list[Part]
    either: Part | Table | int | None
    both: tuple[NDArray[Any], NDArray[Any]]
    counts: dict[int, float]
    named: Mapping[str, Sequence[int | str]]
    plain: Any

    @cached_property
    def total(self) -> float:
        return sum(self.counts.values())


@dataclass
class Box(Generic[T]):
    """What may hold anything."""

    content: T


def keep(state: Any, kind: Any, folder: Path) -> Any:
    write_checkpoint(folder / "state", state, kind)
    return read_checkpoint(folder / "state", kind)


def same(one: Any, other: Any) -> bool:
    """Whether two values are alike to the last bit, and of the same types."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return alike and one.tobytes() == other.tobytes()
    if is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, dict):
        one, other = list(one.items()), list(other.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float | np.floating) and math.isnan(one):
        return math.isnan(other)
    if isinstance(one, complex) and not isinstance(one, np.generic):
        return same(one.real, other.real) and same(one.imag, other.imag)
    if isinstance(one, np.generic):
        return one.tobytes() == other.tobytes()
    return bool(one == other) and repr(one) == repr(other)


dtypes = st.sampled_from(
    ["?", "i1", "<u4", ">i8", "<f2", "f4", "f8", "c8", "c16", "U3", "S2", "M8[s]"]
) | st.just(np.dtype([("angle", "f4"), ("shift", "i4", 2)]))
array = dtypes.flatmap(lambda kind: arrays.arrays(kind, arrays.array_shapes(min_side=0)))
numbers = st.integers() | st.floats() | st.booleans() | st.complex_numbers()
scalars = st.sampled_from(
    [np.float32(0.1), np.float64("nan"), np.int8(-3), np.True_, np.complex64(1j)]
)
leaves = st.none() | numbers | scalars | st.text() | array
plain = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)
parts = st.builds(
    Part,
    name=st.text(),
    kind=st.sampled_from(["round", "long"]),
    place=st.none() | st.sampled_from([Path("a/b"), Path("/å"), Path()]),
    seen=st.none() | st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(fold=0)),
)
states = st.builds(
    Whole,
    number=st.floats() | st.integers() | st.just(np.float32(0.1)),
    size=st.floats(),
    parts=st.lists(parts, max_size=3),
    either=st.none() | st.integers() | parts | st.builds(Table, array),
    both=st.tuples(array, array),
    counts=st.dictionaries(st.integers(), st.floats()),
    named=st.dictionaries(st.text(), st.lists(st.integers() | st.text()).map(tuple), max_size=2),
    plain=plain,
)


@settings(deadline=None)
@given(state=states)
def test_a_state_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, state: Whole
) -> None:
    assert same(keep(state, Whole, tmp_path_factory.mktemp("kept")), state)


@settings(deadline=None)
@given(state=plain)
def test_plain_values_need_no_declaration(
    tmp_path_factory: pytest.TempPathFactory, state: Any
) -> None:
    assert same(keep(state, Any, tmp_path_factory.mktemp("kept")), state)


def test_the_layout_of_an_array_is_kept(tmp_path: Path) -> None:
    """Sums depend on the order in memory."""
    made = np.arange(12.0).reshape(3, 4)
    for layout in (made, np.asfortranarray(made), made[::2, ::-1]):
        again = keep(layout, np.ndarray, tmp_path)
        assert np.array_equal(again, layout)
        assert again.flags.f_contiguous == (layout is not made and layout.flags.f_contiguous)


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.PCG64DXSM])
def test_a_generator_goes_on_where_it_was(tmp_path: Path, kind: Callable[[int], Any]) -> None:
    random = np.random.Generator(kind(5))
    random.integers(100, size=3, dtype=np.int32)  # leaves half of a number behind
    again = keep(random, np.random.Generator, tmp_path)
    assert again.bit_generator.state == random.bit_generator.state
    assert again.random(20).tolist() == random.random(20).tolist()


def test_one_array_in_two_places_stays_one(tmp_path: Path) -> None:
    one = np.arange(3)
    first, second, other = keep([one, one, one.copy()], list[np.ndarray], tmp_path)
    assert first is second
    assert other is not first


def test_nothing_of_a_class_is_called_when_it_is_read(tmp_path: Path) -> None:
    state = Table(np.zeros(3))
    state.derived = 7
    assert keep(state, Table, tmp_path).derived == 7


def test_types_are_seen_through_names_and_remarks(tmp_path: Path) -> None:
    name = typing.NewType("name", str)
    for state, kind in (
        (name("a"), name),
        (2.5, Angstrom),
        (Box([1]), Box[list[int]]),
        ((), tuple[()]),
        ((1, "a"), tuple[int, str]),
        ({"a": (1,)}, dict[str, tuple[int, ...]]),
        (np.float32(2), np.floating),
        (3, typing.Optional[int]),  # noqa: UP045 - as somebody may write it
        (None, None),
    ):
        assert keep(state, kind, tmp_path) == state


def test_one_state_gives_one_content(tmp_path: Path) -> None:
    for name in "ab":
        write_checkpoint(tmp_path / name, [np.arange(5), 1], list[Any])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_others_can_open_it(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "state", {"sums": np.arange(4)}, dict[str, np.ndarray])
    with np.load(tmp_path / "state", allow_pickle=False) as found:
        assert found["0"].tolist() == [0, 1, 2, 3]
        said = json.loads(found["state.json"])
    assert said == {
        "format": "icestream checkpoint",
        "version": VERSION,
        "state": {"mapping": [["sums", {"array": 0}]]},
    }


# -- what cannot be kept ---------------------------------------------------------------------------


class Pair(NamedTuple):
    one: int


@dataclass(frozen=True)
class Longer(Part):
    """A part that is more than was declared."""


def with_more() -> Box[int]:
    box = Box(1)
    box.extra = 2  # type: ignore[attr-defined]
    return box


def in_itself() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


@pytest.mark.parametrize(
    ("state", "kind", "said"),
    [
        (Box(np.array([None])), Box[Any], "state.content is an array of Python objects"),
        ([{1}], list[Any], r"state\[0\] is set, which a checkpoint cannot hold"),
        (Box({1}), Box[set[int]], "state.content is set, which"),
        ({"a": [1, print]}, dict[str, list[Any]], r"state\['a'\]\[1\] is builtin_function"),
        ({(print,): 1}, Any, r"a key of state\[0\] is builtin_function"),
        (Part(name="a"), Any, "state is Part, which"),
        (Box(Part(name="a")), Box[int], "state.content is Part, which"),
        (Whole, Any, "state is type, which"),
        ([1, "a"], list[int], r"state\[1\] is declared as int, found str"),
        (Part(name="a", kind="flat"), Part, "state.kind is declared as Literal"),  # type: ignore[arg-type]
        ((1, 2), tuple[int], r"state is declared as tuple\[int\], found 2 values"),
        (Longer(name="a"), Part, "state is declared as Part, found Longer"),
        (Pair(1), Any, "state is Pair, which"),
        (np.ma.masked_array([1]), Any, "state is MaskedArray, which"),
        (np.longdouble(1), Any, "state is longdouble, which"),
        (np.random.Generator(np.random.MT19937(1)), Any, "generator of kind MT19937"),
        (with_more(), Box[int], "state.extra is no field of Box and would be lost"),
        (in_itself(), Any, "what holds itself"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_kept_is_refused_and_named(
    tmp_path: Path, state: Any, kind: Any, said: str
) -> None:
    with pytest.raises(TypeError, match=said):
        write_checkpoint(tmp_path / "state", state, kind)
    assert not (tmp_path / "state").exists()


def test_a_cached_property_is_not_missed(tmp_path: Path) -> None:
    state = Whole(1.0, 1.0, [], None, (np.zeros(1), np.zeros(1)), {1: 2.0}, {}, None)
    assert state.total == 2.0
    assert keep(state, Whole, tmp_path).total == 2.0


def test_a_class_whose_annotations_cannot_be_read_is_said(tmp_path: Path) -> None:
    @dataclass
    class Local:
        content: "Nowhere"  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(TypeError, match=r"annotations of .*Local cannot be read: .*Nowhere"):
        write_checkpoint(tmp_path / "state", Local(1), Local)


# -- what a stranger may have left -----------------------------------------------------------------


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, sentinel: Path) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> Any:
        return Path.touch, (self.sentinel,)


def trapped_array(sentinel: Path) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.array([Trap(sentinel)], dtype=object), allow_pickle=True)
    return file.getvalue()


def document(state: Any, version: int = VERSION) -> str:
    return json.dumps({"format": "icestream checkpoint", "version": version, "state": state})


def members(path: Path, compression: int = zipfile.ZIP_STORED, **contents: str | bytes) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name.replace("_", "."), content)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_not_executed(tmp_path: Path, protocol: int) -> None:
    path, sentinel = tmp_path / "state", tmp_path / "sentinel"
    path.write_bytes(pickle.dumps(Trap(sentinel), protocol))
    with pytest.raises(ItemFailed, match="nothing in it was executed") as caught:
        read_checkpoint(path, Any)
    assert str(path) in str(caught.value)
    assert caught.value.code == "checkpoint-unreadable"
    assert not sentinel.exists()
    pickle.loads(path.read_bytes())
    assert sentinel.exists(), "the trap works"


def test_a_pickle_of_an_older_icestream_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(pickle.dumps({"value": 1.0}, pickle.HIGHEST_PROTOCOL))
    with pytest.raises(ItemFailed, match="a pickle, as an older icestream wrote them"):
        read_checkpoint(tmp_path / "state", dict[str, float])


def test_a_pickle_inside_is_not_executed(tmp_path: Path) -> None:
    path, sentinel = tmp_path / "state", tmp_path / "sentinel"
    array = trapped_array(sentinel)
    members(path, **{"state_json": document({"array": 0}), "0_npy": array})
    for kind in (Any, np.ndarray):
        with pytest.raises(ItemFailed, match="holds objects of Python, which are not read"):
            read_checkpoint(path, kind)
    assert not sentinel.exists()
    np.load(io.BytesIO(array), allow_pickle=True)
    assert sentinel.exists(), "the trap works"


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ({"fields": {"name": "a", "kind": "round", "place": None, "seen": None}}, Any),
        ({"fields": {"args": ["true"]}}, Any),
        ({"fields": {"name": "a"}}, Part),
        ({"fields": {"name": 1, "kind": "round", "place": None, "seen": None}}, Part),
        ({"fields": {"name": "a", "kind": "flat", "place": None, "seen": None}}, Part),
        ({"fields": []}, Part),
        ({"call": "os.system"}, Any),
        ({"path": "a", "float": "1"}, Any),
        ({}, Any),
        ({"path": 5}, Any),
        ({"time": "yesterday"}, Any),
        ({"scalar": ["O", 1]}, Any),
        ({"scalar": ["<f4", "a"]}, Any),
        ({"array": 7}, Any),
        ({"array": "../../../etc/passwd"}, Any),
        ({"tuple": 5}, Any),
        ({"tuple": [1, 2, 3]}, tuple[int, int]),
        ({"tuple": [1]}, list[int]),
        ({"mapping": [1]}, Any),
        ({"mapping": [[[1], 2]]}, Any),
        ({"generator": {"mapping": [["bit_generator", "MT19937"]]}}, Any),
        ({"generator": {"mapping": [["bit_generator", "PCG64"], ["state", 1]]}}, Any),
        ({"member": 3, "value": 1}, int | str),
        ({"member": -1, "value": 1}, int | str),
        ({"member": True, "value": "a"}, int | str),
        (1, int | str),
        ("a", int),
        (None, int),
        (1.5, dict[str, int]),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_as_declared_is_refused(tmp_path: Path, state: Any, kind: Any) -> None:
    members(tmp_path / "state", state_json=document(state))
    with pytest.raises(ItemFailed, match="damaged, or of another state"):
        read_checkpoint(tmp_path / "state", kind)


def test_other_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "state"

    def said() -> str:
        with pytest.raises(ItemFailed) as caught:
            read_checkpoint(path, Any)
        return caught.value.reason

    path.write_bytes(b"")
    assert "is empty" in said()
    path.write_bytes(b"\x89PNG")
    assert "begins with b'\\x89PNG'" in said()
    members(path, other="")
    assert "state.json is missing" in said()
    members(path, state_json="[]")
    assert "not that of a checkpoint" in said()
    members(path, state_json=document(1, version=99))
    assert f"its format has version 99, this icestream reads {VERSION}" in said()
    members(path, zipfile.ZIP_DEFLATED, state_json=document(1))
    assert "state.json is compressed" in said()
    members(path, state_json=document(0).replace("0", "[" * 100_000))
    assert "damaged" in said()
    path.unlink()
    with pytest.raises(FileNotFoundError):
        read_checkpoint(path, Any)


def test_a_file_that_was_cut_off_is_told(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_checkpoint(path, [np.arange(50), "text"], list[Any])
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ItemFailed, match="cannot be read"):
            read_checkpoint(path, list[Any])


@settings(deadline=None)
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_changed_byte_is_told_or_does_no_harm(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    path = tmp_path_factory.mktemp("kept") / "state"
    state = Box(np.arange(50))
    write_checkpoint(path, state, Box)
    changed = bytearray(path.read_bytes())
    changed[place % len(changed)] = byte
    path.write_bytes(changed)
    try:
        assert same(read_checkpoint(path, Box), state)
    except ItemFailed as failure:
        assert failure.code == "checkpoint-unreadable"


# -- what it costs ---------------------------------------------------------------------------------


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_size_and_memory_are_in_proportion_to_the_state(tmp_path: Path) -> None:
    path, state = tmp_path / "state", [np.zeros(40 * 2**20, np.uint8) for _ in range(2)]
    size = 80 * 2**20
    writing = _peak(lambda: write_checkpoint(path, state, list[np.ndarray]))
    assert size <= path.stat().st_size < size + 10_000
    assert writing < size / 2  # it is written from where it is
    assert _peak(lambda: read_checkpoint(path, list[np.ndarray])) < 1.1 * size
