"""A facility that is open: its file, its registry, the settings of the machine."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from icestream.facility.answering import Disks
from icestream.facility.file import FacilityFile, LoadedFacility, load_facility
from icestream.facility.registry.microscopes import keep_microscopes
from icestream.facility.registry.open import FacilityRegistry, open_registry
from icestream.settings import Loaded, load

__all__ = ["Facility", "open_facility"]


@dataclass(frozen=True)
class Facility:
    """What duties and commands are handed."""

    path: Path
    """The facility file."""
    file: FacilityFile
    registry: FacilityRegistry
    loaded: Loaded = field(default_factory=load)
    """The settings of the machine."""
    disks: Disks = field(default_factory=Disks)
    """Asked before what may hold who asks."""

    @cached_property
    def sessions(self) -> Path:
        """The folder below which sessions are put."""
        return self.file.facility.sessions

    def local(self, seconds: float) -> datetime:
        """A time as clocks of the facility show it."""
        return datetime.fromtimestamp(seconds, self.file.zone)

    def moment(self, text: str) -> float:
        """A time as people of the facility write it, in seconds since the epoch.

        >>> facility.moment("2026-11-30 14:00")  # doctest: +SKIP

        Raises
        ------
        ValueError
            If it is none.
        """
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(
                f"write a time as 2026-11-30 or '2026-11-30 14:00', found {text!r}"
            ) from None
        return (found if found.tzinfo else found.replace(tzinfo=self.file.zone)).timestamp()


@contextlib.contextmanager
def open_facility(
    path: Path | None = None, *, given: LoadedFacility | None = None
) -> Iterator[Facility]:
    """Open the facility of a file, by default that of this machine, and close it afterwards.

    Its registry is brought to what the file says of microscopes.

    Raises
    ------
    FacilityFileError
        If the file cannot be used.
    BadRegistry, OtherSchema
        If its registry cannot.
    """
    known = given or load_facility(path)
    registry = open_registry(known.file.registry_place())
    try:
        told = {name: (one.title, one.model) for name, one in known.file.microscopes.items()}
        with registry.write() as connection:
            keep_microscopes(connection, told)
        yield Facility(known.path, known.file, registry, disks=Disks(known.file.disks()))
    finally:
        registry.close()
