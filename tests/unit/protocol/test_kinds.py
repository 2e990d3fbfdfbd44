"""Each kind finds its parameters and ports."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.model import Alert, Classes, Ctf, Micrograph, Movie, Particles, Picks, Verdict
from icestream.protocol import (
    Batch,
    BatchProtocol,
    ConsensusProtocol,
    Cursor,
    Discovery,
    GroupProtocol,
    ItemFailed,
    ItemProtocol,
    Monitor,
    Parameters,
    Port,
    Program,
    ProgramProtocol,
    Protocol,
    SelectionProtocol,
    SourceProtocol,
    TriggerProtocol,
    Window,
    Work,
)


class Some(Parameters):
    """Some."""

    number: int = 3
    """A number."""


class Items(ItemProtocol[Some]):
    def process(self, movie: Movie, work: Work) -> Micrograph: ...


class More(Items):
    """Inherits the parameters."""


class Source(SourceProtocol[Some]):
    item = Movie

    def discover(self, cursor: Cursor) -> Discovery:
        return Discovery()


class Agree(ConsensusProtocol[Some, Picks]):
    def agree(self, candidates: Mapping[str, Picks]) -> Picks: ...


class Select(SelectionProtocol[Some]):
    def judge(self, micrograph: Micrograph, ctf: Ctf) -> Verdict: ...


class Count(BatchProtocol[Some, int]):
    def batch_size(self) -> int:
        return 2

    def start(self, first: Batch[Particles], work: Work) -> int:
        return len(first)

    def update(self, state: int, new: Batch[Particles], work: Work) -> int:
        return state + len(new)

    def snapshot(self, state: int, work: Work) -> Classes: ...


class Hold(TriggerProtocol[Some]):
    item = Particles

    def ready(self, counts: Mapping[str, int]) -> bool:
        return counts["items"] > 2


class Watch(Monitor[Some]):
    def inspect(self, window: Window[Ctf]) -> Iterator[Alert]:
        yield from ()


class Machine(Monitor[Some]):
    def inspect(self, window: Window) -> Iterator[Alert]:
        yield from ()


def test_parameters_are_found_through_inheritance() -> None:
    for protocol in (Items, More, Source, Agree, Select, Count, Hold, Watch, Machine):
        assert protocol.parameters_type() is Some
    assert More().parameters.number == 3
    assert More(Some(number=5)).parameters.number == 5


def test_ports_of_each_kind() -> None:
    movie, micrograph = Port("movie", Movie), Port("micrograph", Micrograph)
    ctf, particles = Port("ctf", Ctf), Port("particles", Particles)
    assert (Items.inputs(), Items.outputs()) == ((movie,), (micrograph,))
    assert (Source.inputs(), Source.outputs()) == ((), (movie,))
    assert (Agree.inputs(), Agree.outputs()) == ((Port("picks", Picks),),) * 2
    assert (Select.inputs(), Select.outputs()) == ((micrograph, ctf),) * 2
    assert (Count.inputs(), Count.outputs()) == ((particles,), (Port("classes", Classes),))
    assert (Hold.inputs(), Hold.outputs()) == ((particles,),) * 2
    assert (Watch.inputs(), Watch.outputs()) == ((ctf,), ())
    assert Machine.inputs() == ()


class Sums(Count):
    def start(self, first: Batch[Particles], work: Work) -> dict[str, NDArray[np.int64]]:  # type: ignore[override]
        return {}


def test_a_state_survives_its_checkpoint(tmp_path: Path) -> None:
    sums = Sums()
    state = {"sums": np.arange(6).reshape(2, 3)}
    sums.save(state, tmp_path / "state")  # type: ignore[arg-type]
    again = sums.load(tmp_path / "state")
    np.testing.assert_array_equal(again["sums"], state["sums"])  # type: ignore[index]


def test_the_state_is_what_start_returns(tmp_path: Path) -> None:
    assert Count.state_type() is int
    with pytest.raises(TypeError, match="state is declared as int, found str"):
        Count().save("5", tmp_path / "state")  # type: ignore[arg-type]
    Count().save(5, tmp_path / "state")
    with pytest.raises(ItemFailed, match="should be dict"):
        Sums().load(tmp_path / "state")

    class Silent(Count):
        def start(self, first, work):  # type: ignore[no-untyped-def]
            return 1

    with pytest.raises(TypeError, match=r"Silent\.start does not say what it returns; annotate"):
        Silent().save(5, tmp_path / "state")


def test_a_batch_counts_items_by_their_length() -> None:
    class Three:
        def __len__(self) -> int:
            return 3

    assert Count().size(Three()) == 3
    assert Count().size(object()) == 1


TRAITS = (
    "brings",
    "runs",
    "passes",
    "judges",
    "holds",
    "agrees",
    "gathers",
    "groups",
    "accumulates",
    "watches",
)


@pytest.mark.parametrize(
    ("kind", "traits"),
    [
        (SourceProtocol, {"brings"}),
        (ItemProtocol, {"runs"}),
        (ProgramProtocol, {"runs"}),
        (ConsensusProtocol, {"runs", "agrees"}),
        (SelectionProtocol, {"runs", "passes", "judges"}),
        (BatchProtocol, {"runs", "gathers", "accumulates"}),
        (GroupProtocol, {"runs", "gathers", "groups"}),
        (TriggerProtocol, {"passes", "holds"}),
        (Monitor, {"watches"}),
    ],
)
def test_traits_of_each_kind(kind: type[Protocol[Any]], traits: set[str]) -> None:
    assert {trait for trait in TRAITS if getattr(kind, trait)} == traits


def test_a_protocol_without_programs_depends_on_no_software() -> None:
    assert Items().software() == {}
    assert Items().programs() == ()
    assert Items().lacking() == ()


def test_software_is_the_programs_that_tell_their_version(tmp_path: Path) -> None:
    for name, script in (("fit", "echo 4.1"), ("mute", "exit 0")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    class Fits(Items):
        def programs(self) -> tuple[Program, ...]:
            return tuple(Program(str(tmp_path / name)) for name in ("fit", "mute", "absent"))

    assert Fits().software() == {str(tmp_path / "fit"): "4.1"}
