"""The facility of this machine, as the server knows it: opened once, and anew when it changes."""

import threading
import time
from contextlib import ExitStack
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from icestream.facility.file import FacilityFileError, facility_file
from icestream.facility.opened import Facility, open_facility
from icestream.facility.people.groups import keep_groups
from icestream.facility.people.seeing import UNKNOWN, Seeing, read_seeing
from icestream.facility.registry.open import BadRegistry
from icestream.login import Identity
from icestream.server.context import Server
from icestream.store.follow import sqlite_mark
from icestream.store.migrate import OtherSchema

__all__ = ["FacilityHere", "facility_of"]

_LOOK = 1.0
"""Seconds for which what a database says of people holds, where it does not show its changes."""

_TRY = 10.0
"""Seconds between two times that a facility is opened that could not be."""

_log = structlog.get_logger(__name__)


class FacilityHere:
    """What a server knows of its facility.

    Attributes
    ----------
    problem
        Why the facility file, or its registry, cannot be used; what held before holds on.
    """

    def __init__(self) -> None:
        self.problem = ""
        self._turn = threading.RLock()
        self._open = ExitStack()
        self._facility: Facility | None = None
        self._stamp: object = None
        self._again = 0.0
        self._seeing: Seeing = Seeing()
        self._seen: object = None
        self._rests = 0.0
        """Until when a registry is not asked that could not be."""

    def now(self) -> Facility | None:
        """The facility; None where this machine has no facility file, or it cannot be used."""
        with self._turn:
            stamp = _stamp(facility_file())
            waits = self.problem and time.monotonic() > self._again
            if stamp != self._stamp or waits:
                self._stamp, self._again = stamp, time.monotonic() + _TRY
                self._reopen(stamp)
            return self._facility

    def seeing(self) -> Seeing:
        """Who sees which session; everybody with the role for it where there is no facility.

        Where the file is taken away, or the registry cannot be asked, what is known holds on; where
        nothing is, any session may be confidential. While one asks a registry that is away, nobody
        else waits for it.
        """
        if not self._turn.acquire(blocking=not (self._rests or self.problem)):
            return self._held()
        try:
            facility = self.now()
            if facility is None:
                return UNKNOWN if self.problem else self._seeing
            mark = self.mark()
            if mark != self._seen and time.monotonic() >= self._rests:
                self._ask(facility, mark)
            return self._held()
        finally:
            self._turn.release()

    def mark(self) -> object:
        """What is another when something about people may be otherwise; it asks nobody."""
        stamp, facility = _stamp(facility_file()), self._facility
        if facility is None:
            return stamp, int(time.monotonic() / _TRY) if self.problem else None
        if facility.registry.file is None:
            return stamp, int(time.monotonic() / _LOOK)
        return stamp, sqlite_mark(facility.registry.file)

    def welcome(self, identity: Identity) -> None:
        """Write down the projects and the team that the groups of somebody who logs in give.

        Nobody is kept out by a registry that is away: what it knew of them holds on.
        """
        facility = self.now()
        if facility is None or facility.file.people is None:
            return
        try:
            keep_groups(
                facility, facility.file.people, identity.name, identity.full_name, identity.groups
            )
        except (SQLAlchemyError, OSError) as error:
            _log.error(f"the groups of {identity.name} cannot be written down: {error}")

    def close(self) -> None:
        """Give it up."""
        with self._turn:
            self._open.close()
            self._facility = None

    def _held(self) -> Seeing:
        return UNKNOWN if self._seen is None else self._seeing

    def _ask(self, facility: Facility, mark: object) -> None:
        try:
            with facility.registry.read() as connection:
                self._seeing = read_seeing(connection)
        except (SQLAlchemyError, OSError) as error:
            self._rests = time.monotonic() + _TRY
            _log.error(f"the registry {facility.registry.place} cannot be read: {error}")
        else:
            self._seen, self._rests = mark, 0.0

    def _reopen(self, stamp: object) -> None:
        if stamp is None:
            self.close()
            self.problem = ""
            return
        opened = ExitStack()
        try:
            facility = opened.enter_context(open_facility())
        except (FacilityFileError, BadRegistry, OtherSchema, SQLAlchemyError, OSError) as error:
            if str(error) != self.problem:
                _log.error(f"the facility is not shown as its file says now: {error}")
            self.problem = str(error)
            return
        self._open.close()
        self._open, self._facility, self.problem = opened, facility, ""
        self._seen, self._rests = None, 0.0


def facility_of(server: Server) -> FacilityHere:
    """The facility that a server knows."""
    return server.one(FacilityHere, lambda _: FacilityHere())


def _stamp(path: Path) -> object:
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:  # it may be there: that is no machine without a facility
        return path, error.errno
    return path, status.st_ino, status.st_size, status.st_mtime_ns
