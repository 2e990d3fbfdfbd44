"""The facility of this machine, opened once, and anew when its file is changed."""

import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from icestream.facility.file import FacilityFileError, facility_file, load_facility
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.open import BadRegistry
from icestream.server.context import Server
from icestream.server.errors import Problem, Refused
from icestream.store.migrate import OtherSchema

__all__ = ["CurrentFacility", "facility_of", "has_facility"]

_ADVICE = (
    "icestream facility example writes a file to begin with, and icestream facility check says "
    "what is wrong with it"
)


class CurrentFacility:
    """The facility whose file this machine has.

    A file that cannot be used any more since it was changed leaves what held before as it was.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._opened = ExitStack()
        self._facility: Facility | None = None
        self._stamp: object = None

    def now(self) -> Facility:
        """The facility as its file says it.

        Raises
        ------
        Refused
            If this machine has no facility file, or it could never be used.
        """
        path = facility_file().absolute()
        with self._turn:
            stamp = _stamp(path)
            if stamp is None:
                raise Refused(404, f"this machine has no facility: {path} is not there", _ADVICE)
            if stamp != self._stamp:
                self._open(path)
                self._stamp = stamp
            assert self._facility is not None
            return self._facility

    def close(self) -> None:
        """Give its registry up."""
        with self._turn:
            self._opened.close()
            self._facility, self._stamp = None, None

    def _open(self, path: Path) -> None:
        opened = ExitStack()
        try:
            facility = opened.enter_context(open_facility(given=load_facility(path)))
        except FacilityFileError as error:
            if self._facility is not None and self._facility.path == path:
                return
            flaws = [Problem(where=one.where, what=one.what) for one in error.flaws]
            raise Refused(409, f"{path} cannot be used", _ADVICE, flaws) from None
        except (BadRegistry, OtherSchema) as error:
            raise Refused(409, str(error), _ADVICE) from None
        # Who is reading from the one before keeps that connection until it is done.
        self._opened.close()
        self._opened, self._facility = opened, facility


def has_facility() -> bool:
    """Whether this machine has a facility file."""
    return facility_file().is_file()


def facility_of(server: Server) -> Facility:
    """The facility of a server's machine, with the settings as they are now.

    Raises
    ------
    Refused
        If there is none, or its file cannot be used.
    """
    facility = server.one(CurrentFacility, lambda _: CurrentFacility()).now()
    return replace(facility, loaded=server.loaded)


def _stamp(path: Path) -> object:
    """What is another when the file was changed; None where there is none."""
    try:
        told = path.stat()
    except OSError:
        return None
    return str(path), told.st_ino, told.st_mtime_ns, told.st_size
