"""The kind of protocol that works on groups of exposures: a grid square, a hole, a tilt series."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from icestream.protocol.kinds import P, Protocol, by_item
from icestream.protocol.ports import Port, input_ports, output_ports

__all__ = ["Gathered", "Group", "GroupProtocol", "LastProtocol"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gathered(Generic[T]):
    """How much of a group is there."""

    name: str
    """What `group_of` called it."""
    count: int
    """Items so far."""
    newest: T
    """The item that came last."""


@dataclass(frozen=True, slots=True)
class Group(Generic[T]):
    """Items that belong together, in the order in which they were found."""

    name: str
    items: tuple[T, ...]

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class GroupProtocol(Protocol[P]):
    """All items of a group in, one item of the group out.

    The author writes ``process(self, group: Group[Movie], work: Work) -> <Type>``; `group_of` says
    which group an item belongs to, and `complete` when the group has all it waits for. What is
    made belongs to the group: steps that it feeds have a task for every group. When more comes
    after that, or something is taken back, the group is processed again with what there is then.
    When the stream ends, groups that are not complete are processed with what they have.
    """

    kind = "group"
    runs = True
    gathers = True
    groups = True
    family: ClassVar[str]
    """What its groups are: ``tilt series``, ``grid square``. Groups of one name in steps of one
    family are the same group, and what two steps make of it can be joined."""

    at_end: ClassVar[bool] = False
    """What comes after a group was processed waits for the end of the stream, where the group is
    processed again once; off, the group is processed again each time."""

    process: Any
    """Given by the author."""

    @abstractmethod
    def group_of(self, item: Any) -> str:
        """Name of the group that `item` belongs to. Pure and quick: the engine calls it itself."""

    def complete(self, group: Gathered[Any]) -> bool:
        """Whether nothing more is waited for; by default only the end of the stream says so."""
        return False

    @classmethod
    def inputs(cls) -> tuple[Port, ...]:
        """The `Group[...]` of `process`."""
        return by_item(input_ports(cls.process))

    @classmethod
    def outputs(cls) -> tuple[Port, ...]:
        """What `process` returns."""
        return output_ports(cls.process)


class LastProtocol(GroupProtocol[P]):
    """The last item of a stream, once the stream has ended; again when it went on and ended anew.

    Snapshots of different steps come at different times, and nothing pairs them. Their last ones
    belong together: what `LastProtocol`s make is about the session, and can be joined.

    The author writes ``process(self, group: Group[Volume], work: Work) -> Volume``.
    """

    family = "session"
    at_end = True

    def group_of(self, item: Any) -> str:
        """All items of a session are one group."""
        return "session"
