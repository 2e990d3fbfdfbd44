"""What every sink is, and what it says when it cannot deliver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from icestream.facility.sinks.parcels import Parcel, SessionContent

__all__ = ["NO_NUMBER", "Held", "Keys", "NotTaken", "Received", "Shipment", "Sink", "SinkDown"]


NO_NUMBER = "a value in it is no number (infinite, or not a number at all)"


class SinkDown(Exception):
    """Nothing can be delivered now; all of it is tried again later."""

    def __init__(self, reason: str, *, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait
        """Seconds that the other side asks to be left alone; None: it did not say."""


class Held(Exception):
    """One session waits for somebody to say or allow something; other sessions go on."""


class NotTaken(Exception):
    """Something in the shipment is refused: of a shipment of one, that one."""


class Keys(Protocol):
    """What was delivered of a session before, by the ids of parcels."""

    def key(self, parcel: str) -> str | None:
        """What the other side calls it; None: it was not delivered yet."""

    def newest(self, kind: str) -> int:
        """The highest key of a kind, where keys are numbers; 0 before the first."""

    def first(self, kind: str) -> str | None:
        """The key of the first one of a kind that was delivered."""

    @property
    def chosen(self) -> str:
        """The session at the other side that people chose, or that the booking names."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """What is delivered at once: all of it, or nothing but what is refused."""

    session: str
    """The session's uid."""
    name: str
    """Its name, for people."""
    parcels: Sequence[Parcel]
    """In an order in which none comes before what it refers to."""
    keys: Keys
    about: SessionContent | None = None
    """The acquisition as it is now; None where nothing was taken in."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a shipment."""

    keys: Mapping[str, str]
    """What the other side calls each parcel that it has now; empty where it has no name for it."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Why a parcel cannot be delivered as it is, by its id."""
    said: tuple[str, ...] = ()
    """What people should know about how it was delivered."""


class Sink(Protocol):
    """Somebody who wants results.

    `deliver` is called with what is new or another than before. A parcel whose key is known was
    delivered before, and is brought up to date. What a process that was killed has delivered, and
    could not say so, the sink finds out by itself, or it is `repeated` and told the same again.
    """

    takes: frozenset[str]
    """Kinds of parcels that it wants."""
    pictures: bool
    """Whether files are to be made for it: tracks, and pictures of class averages."""
    repeated: bool
    """Whether what is delivered is kept before it is sent, to be sent again as it was."""
    at_once: int
    """Most parcels in a shipment."""

    def reach(self) -> None:
        """Look whether it can be delivered to; SinkDown says why not."""

    def deliver(self, shipment: Shipment) -> Received:
        """Deliver a shipment.

        Raises
        ------
        SinkDown
            If nobody is there, or does not let us in.
        Held
            If it is not known where this session belongs, or it is not allowed.
        NotTaken
            If something in it is not taken, without a word on what.
        """

    def close(self) -> None:
        """Give up all connections."""
