"""What is wrong with the section ``[transfer]``, and with what it names."""

import shutil
from collections.abc import Iterator

from icestream.channels.receipt import Undelivered
from icestream.facility.duties.duty import Outage
from icestream.facility.file import LoadedFacility
from icestream.facility.kinds import Flaw
from icestream.facility.objects.address import is_object_address
from icestream.facility.transfer.address import Address, read_address
from icestream.facility.transfer.carry import is_reached
from icestream.facility.transfer.rsync import version
from icestream.settings import Settings

__all__ = ["transfer_flaws"]

_OLDEST = (3, 2, 3)
"""The first rsync with what is asked of it."""


def transfer_flaws(known: LoadedFacility, _: Settings) -> Iterator[Flaw]:
    """What keeps movies from being copied; machines are asked whether they answer."""
    section, file = known.file.transfer, known.file
    if section is None:
        return
    for name in (*section.in_place, *section.sources):
        if name not in file.microscopes:
            which = "in_place" if name in section.in_place else f"sources.{name}"
            what = f"there is no [microscopes.{name}]; there are {', '.join(file.microscopes)}"
            yield Flaw(f"transfer.{which}", what)
    if section.clean_source != "never" and section.clean_after < 24.0:
        what = "files are removed from the microscope less than a day after they came"
        yield Flaw("transfer.clean_after", what, stops=False)
    if section.way == "in-place":
        return
    places = [section.sources.get(name, "/") for name in file.microscopes]
    if not all(map(is_object_address, places)):
        yield from rsync_flaws("transfer")
    password = ""
    try:
        password = section.password.read() if section.password else ""
    except Undelivered as error:
        yield Flaw("transfer.password", str(error))
    for name, text in section.sources.items():
        address = read_address(text, password, section.shell)
        yield from address_flaws(f"transfer.sources.{name}", address)
    free = _free_gb(known)
    if free is not None and free < section.reserve:
        what = f"{free:.0f} GB are free on the disk of the sessions: {section.reserve:g} stay so"
        yield Flaw("transfer.reserve", what)


def rsync_flaws(where: str) -> Iterator[Flaw]:
    """What is wrong with the rsync of this machine."""
    found = version()
    if not found:
        yield Flaw(where, "rsync is not installed on this machine (Debian: apt-get install rsync)")
        return
    numbers = tuple(int(part) for part in found.split(".") if part.isdigit())
    if numbers < _OLDEST:
        wanted = ".".join(map(str, _OLDEST))
        yield Flaw(where, f"rsync {found} is too old: {wanted} or newer is needed")


def address_flaws(where: str, address: Address) -> Iterator[Flaw]:
    """Whether a place can be reached."""
    try:
        is_reached(address)
    except Outage as error:
        yield Flaw(where, str(error))


def _free_gb(known: LoadedFacility) -> float | None:
    try:
        return shutil.disk_usage(known.file.facility.sessions).free / 1e9
    except OSError:
        return None  # what is wrong with that folder is said of it
