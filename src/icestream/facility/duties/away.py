"""Whether the registry can be asked: staff are told from memory, since nothing can be written."""

import threading
import time
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from icestream.channels.message import Told
from icestream.facility.duties.telling import tell_staff
from icestream.facility.opened import Facility
from icestream.facility.registry import duties as rows

__all__ = ["RegistryAway"]

_AGAIN = 60.0
"""Seconds after which channels that were away are tried again."""


@dataclass(slots=True)
class RegistryAway:
    """What the duties of a process find of the registry."""

    since: float | None = None
    """When it was first found to be away; None while it answers, and staff know it."""
    problem: str = ""
    told: bool = False
    tried: float = 0.0
    """When a channel was last asked to tell it."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, facility: Facility) -> None:
        """Ask it, while no duty of this process does: all wait, since it may be what is away."""
        try:
            with facility.registry.read() as connection:
                rows.duty(connection, "disks")
        except SQLAlchemyError as error:
            self.failed(facility, str(error.__cause__ or error).strip().partition("\n")[0])
        else:
            self.answered(facility)

    def failed(self, facility: Facility, problem: str) -> None:
        """It cannot be asked now: staff are told, once, where that lasts."""
        now = time.time()
        with self._lock:
            self.since = self.since or now
            self.problem = problem
            if not self.told and now - self.since >= facility.file.facility.patience:
                self.told = self._say(facility, now)

    def answered(self, facility: Facility) -> None:
        """It can be asked: staff who were told that it could not are told."""
        with self._lock:
            if self.told and not self._say(facility, time.time(), over=True):
                return
            self.since, self.told, self.tried = None, False, 0.0

    def _say(self, facility: Facility, now: float, *, over: bool = False) -> bool:
        if 0.0 <= now - self.tried < _AGAIN:
            return False
        assert self.since is not None
        said = (
            f"the registry {facility.registry.place} is away since "
            f"{facility.local(self.since):%Y-%m-%d %H:%M}: {self.problem}. Sessions that run go on;"
            " nothing is begun, copied, backed up or delivered before it is back"
        )
        told = Told(
            number=0, level="critical", key="facility.registry", message=said,
            raised=self.since, over=now if over else None,
        )  # fmt: skip
        reached = tell_staff(facility, told, names_nobody=True)
        self.tried = 0.0 if reached else now
        return reached
