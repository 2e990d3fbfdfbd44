"""A duty: something that is done over and over while the facility is up."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from icestream.facility.opened import Facility

__all__ = ["Duty", "Outage"]


class Outage(RuntimeError):
    """Something that a duty needs is away; the message names it, and the duty is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Something that is done over and over.

    It keeps nothing between two times but what it has written down: it may be killed at any
    instant, and is done by one process at a time.
    """

    name: str
    """How it is called on screens and in alerts: ``bookings``, ``sink.ispyb``."""
    what: str
    """What it does, in a few words."""
    every: float
    """Seconds between two times."""
    longest: float = 300.0
    """Seconds between two times while it fails, at most: what it needs may be back before."""
    lasts: float = 900.0
    """Seconds that a time may take: when it takes longer, and far longer than those before, staff
    are told that it has not come back."""
    act: Callable[[Facility, threading.Event], str]
    """Does it once, and says what it did; returns soon when the event is set. Raises `Outage` where
    what it needs is away."""
