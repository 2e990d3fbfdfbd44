"""The facility file: all that a facility says of itself, read and checked as a whole."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator

from icestream.alike import meant
from icestream.documents import read_toml
from icestream.facility.backup.kinds import BackupPlace
from icestream.facility.begin.kinds import Instrument, Tree
from icestream.facility.bookings.kinds import BookingsSection
from icestream.facility.handover.kinds import Handover
from icestream.facility.keep.kinds import Keep
from icestream.facility.kinds import Flaw, Name, Seconds, Section, Several, WholePath
from icestream.facility.memory.kinds import MemorySection
from icestream.facility.messages.kinds import MessagesSection
from icestream.facility.money.kinds import Money
from icestream.facility.people.kinds import People
from icestream.facility.projects.kinds import ProjectsSection
from icestream.facility.registry.open import FILE
from icestream.facility.sinks.kinds import AnySink
from icestream.facility.transfer.kinds import Transfer
from icestream.protocol.parameters import refused_values
from icestream.store.places import state_folder

__all__ = [
    "PLACE",
    "VARIABLE",
    "FacilityFile",
    "FacilityFileError",
    "LoadedFacility",
    "OwnSection",
    "facility_file",
    "load_facility",
]

PLACE = Path("/etc/icestream/facility.toml")
VARIABLE = "ICESTREAM_FACILITY"


class FacilityFileError(ValueError):
    """The facility file cannot be used.

    Attributes
    ----------
    flaws
        All that is wrong with it.
    """

    def __init__(self, path: Path, flaws: tuple[Flaw, ...]) -> None:
        lines = (f"{one.where}: {one.what}" if one.where else one.what for one in flaws)
        super().__init__(f"{path}: " + "; ".join(lines))
        self.path = path
        self.flaws = flaws


def _zone(name: str) -> str:
    if name not in available_timezones():
        hint = meant(name, sorted(available_timezones())) or "write one such as Europe/Madrid"
        raise ValueError(f"there is no time zone {name!r}; {hint}")
    return name


def _registry(given: SecretStr | None) -> SecretStr | None:
    """A file by its whole path: another folder would have another registry."""
    text = "" if given is None else given.get_secret_value()
    if given is None or "://" in text:
        return given
    file = Path(text).expanduser()
    if not file.is_absolute():
        raise ValueError("write the whole path of a file, or postgresql://user@host/database")
    return SecretStr(str(file))


class OwnSection(Section):
    """The facility itself."""

    name: Annotated[str, Field(min_length=1)]
    """As it is written on reports and invoices."""
    sessions: WholePath
    """The folder below which sessions are put."""
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Its time zone, such as Europe/Madrid: what a day is, and what times on its screens mean."""
    registry: Annotated[SecretStr | None, AfterValidator(_registry)] = None
    """Where its registry is: a file on a local disk, or the address of a PostgreSQL database. In
    the folder for state of the settings when not given."""
    staff: Several = ()
    """Channels of the settings over which staff are told what goes wrong."""
    patience: Seconds = 120.0
    """How long a duty may fail before staff are told."""


class FacilityFile(Section):
    """All sections. Parts of which the file says nothing are off."""

    facility: OwnSection
    microscopes: dict[Name, Instrument] = Field(default_factory=dict)
    """Each microscope by its name: [microscopes.krios1]."""
    tree: Tree = Tree()
    """Where sessions are put, and who may read them."""
    people: People | None = None
    """What the groups of the site mean."""
    bookings: BookingsSection | None = None
    """Where bookings are read from."""
    projects: ProjectsSection | None = None
    """Where projects are read from."""
    sinks: dict[Name, AnySink] = Field(default_factory=dict)
    """Where results are delivered, each by its name: [sinks.ispyb]."""
    keep: Keep | None = None
    """How long data are kept: [keep], [keep.raw]. Without it nothing is ever removed."""
    memory: MemorySection | None = None
    """What is remembered of microscopes over sessions."""
    money: Money | None = None
    """Prices, and whose invoices they are."""
    transfer: Transfer | None = None
    """How movies come from the microscopes."""
    backup: dict[Name, BackupPlace] = Field(default_factory=dict)
    """Places that sessions are backed up to, each by its name: [backup.usb]."""
    handover: Handover | None = None
    """The area from which people fetch their data."""
    messages: MessagesSection | None = None
    """Requests by message, in a folder or from a broker."""

    @model_validator(mode="after")
    def _check(self) -> "FacilityFile":
        called: dict[str, str] = {}
        for name, one in self.microscopes.items():
            other = called.setdefault((one.booking or name).casefold(), name)
            if other != name:
                raise ValueError(
                    f"microscopes.{name}.booking: the booking system's {one.booking or name!r} is "
                    f"microscopes.{other} already"
                )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The facility's time zone."""
        return ZoneInfo(self.facility.time_zone)

    def disks(self) -> dict[Path, str]:
        """Folders that are named, which may be on disks of other machines, and what each is."""
        found: dict[Path, str] = {self.facility.sessions: "the sessions"}
        for name, one in self.microscopes.items():
            given = "" if self.transfer is None else self.transfer.sources.get(name, "")
            for folder in (one.movies, _here(given)):
                if folder is not None:
                    found.setdefault(folder, f"{name}'s movies")
        for name, place in self.backup.items():
            if (folder := _here(place.to)) is not None:
                found.setdefault(folder, f"the backup {name}")
        if self.handover is not None:
            found.setdefault(self.handover.folder, "the area from which people fetch data")
        if self.messages is not None and self.messages.folder is not None:
            found.setdefault(self.messages.folder, "the requests")
        if self.memory is not None and self.memory.folder is not None:
            found.setdefault(self.memory.folder, "the memory's pages")
        return found

    def registry_place(self) -> str:
        """Where the registry is; may have a password in it."""
        given = self.facility.registry
        return str(state_folder() / FILE) if given is None else given.get_secret_value()


@dataclass(frozen=True, slots=True)
class LoadedFacility:
    """The facility file, and where it is."""

    path: Path
    file: FacilityFile


def _here(address: str) -> Path | None:
    """The folder of an address; None where it is another machine's."""
    return Path(address) if address.startswith("/") else None


def facility_file() -> Path:
    """The file that holds: what ``ICESTREAM_FACILITY`` names, or the machine's."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else PLACE


def load_facility(path: Path | None = None) -> LoadedFacility:
    """Read the facility file.

    Raises
    ------
    FacilityFileError
        If it is not there or not valid; with all that is wrong, each with where it stands.
    """
    path = (facility_file() if path is None else path).absolute()
    document = _document(path)
    try:
        return LoadedFacility(path, FacilityFile.model_validate(document))
    except ValidationError as error:
        raise FacilityFileError(path, tuple(_refused(error))) from None


def _document(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path.read_bytes())
    except FileNotFoundError:
        what = (
            f"there is no such file: write one (icestream facility example > {path.name}), or name "
            f"yours with the variable {VARIABLE} of the environment"
        )
    except OSError as error:
        what = f"it cannot be read: {error.strerror}"
    except ValueError as error:
        what = f"it is not valid TOML: {error}"
    raise FacilityFileError(path, (Flaw("", what),)) from None


def _refused(error: ValidationError) -> Iterator[Flaw]:
    for name, why in refused_values(FacilityFile, error):
        where, colon, rest = why.partition(": ")
        if not name and colon and " " not in where:  # a sentence that says where itself
            yield Flaw(where, rest)
        else:
            yield Flaw(name, why)
