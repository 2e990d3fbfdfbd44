"""What all triggers have in common: until when they hold, and what opens and closes them."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, Literal, TypeVar

from annotated_types import Gt
from pydantic import field_validator

from icestream.model import Exposure
from icestream.protocol import (
    DecidesIfSet,
    Enough,
    Incoming,
    Operational,
    Parameters,
    TriggerProtocol,
    read_enough,
)
from icestream.units import Minute, Usual

__all__ = ["PLACES", "FeedbackParameters", "HoldParameters", "HoldUntil", "read_hours"]

PLACES: Mapping[str, Callable[[Exposure], str]] = {
    "square": lambda exposure: _named("grid square", exposure.grid_square),
    "hole": lambda exposure: _named("foil hole", exposure.foil_hole),
    "group": lambda exposure: f"exposure group {exposure.group}",
}
"""Parts of a session by where and how exposures were taken, and what each is called."""

_COUNTED: Mapping[str, str] = {"items": "items", "particles": "size"}
_HOURS = re.compile(r"\s*(\d{1,2})(?::(\d\d))?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d\d))?\s*")


def _named(what: str, name: str | None) -> str:
    return f"no {what}" if name is None else f"{what} {name}"


def read_hours(text: str) -> tuple[int, int]:
    """Minutes of the day from and until which: ``20:00-06:00``, over midnight as well.

    Raises
    ------
    ValueError
        Saying what was found, and how it is written.
    """
    found = _HOURS.fullmatch(text)
    if found is not None:
        begin, end = (int(found[i]) * 60 + int(found[i + 1] or 0) for i in (1, 3))
        minutes = max(int(found[i] or 0) for i in (2, 4))
        if begin != end and max(begin, end) <= 24 * 60 and minutes < 60:
            return begin, end
    raise ValueError(f"{text!r} are no hours of the day; write 20:00-06:00")


class FeedbackParameters(Parameters):
    """Which steps open and close it."""

    opened_by: Annotated[str, Operational] = ""
    """Let nothing through before a step has made enough: 1 item of classes, 20000 particles of
    select. Of a selection what it accepts counts. Nothing is computed again when this changes."""

    closed_by: Annotated[str, Operational] = ""
    """Let nothing through any more when a step has made enough: 50000 particles of select. The
    rest is left out, and passes when the number is raised."""

    @field_validator("opened_by", "closed_by")
    @classmethod
    def check_count(cls, text: str) -> str:
        """Refuse what cannot be read; the same count is written the same."""
        return str(read_enough(text)) if text.strip() else ""

    def opener(self) -> Enough | None:
        """What opens it."""
        return read_enough(self.opened_by) if self.opened_by else None

    def closer(self) -> Enough | None:
        """What closes it."""
        return read_enough(self.closed_by) if self.closed_by else None


class _Until(Parameters):
    """Until when to hold, but for numbers."""

    each: Annotated[Literal["session", "square", "hole", "group"], DecidesIfSet] = "session"
    """What has a count of its own and opens alone: each grid square, foil hole or exposure
    group."""

    batches: Annotated[bool, DecidesIfSet] = False
    """Hold again behind what was let through, until there is enough once more."""

    wait: Annotated[Annotated[Minute, Gt(0), Usual(0.1, 1440.0)] | None, Operational] = None
    """Let through what is held when the first of it has waited so long, however little it is."""

    hours: Annotated[str, Operational] = ""
    """Hours of the day at which to let through what is held, by the clock of the machine, such as
    20:00-06:00. Empty: at all."""

    at_end: Annotated[Literal["pass", "leave out"], Operational] = "pass"
    """What becomes of what is held when nothing more will come."""

    @field_validator("hours")
    @classmethod
    def check_hours(cls, text: str) -> str:
        """Refuse what are no hours."""
        if text.strip():
            read_hours(text)
        return text.strip()


class HoldParameters(FeedbackParameters, _Until):
    """Until when to hold."""


H = TypeVar("H", bound=HoldParameters)


class HoldUntil(TriggerProtocol[H]):
    """Holds a stream until there is enough, for long enough, or at some hours."""

    counted: ClassVar[tuple[str, ...]] = ("items",)
    """Parameters that are numbers to wait for."""

    def ready(self, counts: Mapping[str, int]) -> bool:
        wanted = self.parameters
        if counts["closed"] and wanted.at_end == "pass":
            return True
        if wanted.hours and not _within(wanted.hours, counts["minute"]):
            return False
        if counts.get("passed_items") and not wanted.batches:
            return True  # it has opened, and was closed by the hours alone
        if wanted.wait is not None and counts["seconds"] >= wanted.wait * 60.0:
            return True
        numbers = {_COUNTED[name]: getattr(wanted, name) for name in self.counted}
        if wanted.wait is not None and not any(numbers.values()):
            return False
        return all(counts[of] >= number for of, number in numbers.items())

    def lot_of(self, incoming: Incoming) -> str:
        place = PLACES.get(self.parameters.each)
        if place is None or incoming.exposure is None:
            return ""
        return place(incoming.exposure)

    def shuts(self) -> bool:
        return self.parameters.batches or bool(self.parameters.hours)

    def timed(self) -> bool:
        return self.parameters.wait is not None or bool(self.parameters.hours)

    def opened_by(self) -> Enough | None:
        return self.parameters.opener()

    def closed_by(self) -> Enough | None:
        return self.parameters.closer()


def _within(hours: str, minute: int) -> bool:
    begin, end = read_hours(hours)
    return begin <= minute < end if begin < end else minute >= begin or minute < end
