"""A facility that copies, backs up and hands over, with a session that was begun."""

import threading
import time
from pathlib import Path

from icestream.facility.duties.all import duties_of
from icestream.facility.opened import Facility
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import Whose, keep_session, session
from icestream.facility.transfer.session import begin_copy
from microscope_copies import write_movie

SECTIONS = """
[transfer]
settle = 0
reserve = 0
every = "0.1 s"
ends_after = "1 min"

[backup.usb]
to = "{folder}/usb"
reserve = 0

[handover]
folder = "{folder}/area"
host = "data.example.org"
sessions = "ended"
"""


def sections(folder: Path) -> str:
    """Sections for a facility file, whose folders are made."""
    for name in ("usb", "area"):
        (folder / name).mkdir(exist_ok=True)
    return SECTIONS


def begun(facility: Facility, name: str = "p-001", *, secret: bool = False) -> KnownSession:
    """A session in its place, with two movies at the microscope."""
    place = facility.sessions / name
    folder = place / "processing"
    folder.mkdir(parents=True)
    (folder / "align").mkdir()
    (folder / "align" / "a.mrc").write_bytes(b"aligned")
    source = facility.path.parent / "krios1" / name
    for number in range(2):
        write_movie(source / f"{number}_fractions.mrc", seed=number)
    begin_copy(facility.file, "krios1", (folder, place / "raw"), source=str(source))
    with facility.registry.write() as connection:
        keep_project(connection, name[:-4], confidential=secret)
        keep_session(
            connection,
            f"key of {name}",
            Whose(microscope="krios1", project=name[:-4]),
            name=name,
            place=str(place),
            folder=str(folder),
            began=time.time(),
            state="running",
            confidential=secret,
        )
    return known(facility, name)


def known(facility: Facility, name: str = "p-001") -> KnownSession:
    with facility.registry.read() as connection:
        return session(connection, name)


def do(facility: Facility, name: str) -> str:
    """Do a duty once; what it said."""
    (duty,) = (duty for duty in duties_of(facility.file) if duty.name == name)
    return duty.act(facility, threading.Event())
