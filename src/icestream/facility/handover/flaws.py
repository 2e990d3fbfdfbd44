"""What is wrong with the section ``[handover]``, and with what it names."""

import pwd
from collections.abc import Iterator
from pathlib import Path

from icestream.facility.file import LoadedFacility
from icestream.facility.handover.offer import NoArea, require_area
from icestream.facility.kinds import Flaw
from icestream.settings import Settings

__all__ = ["handover_flaws"]


def handover_flaws(known: LoadedFacility, _: Settings) -> Iterator[Flaw]:
    """What keeps people from fetching their data."""
    section, sessions = known.file.handover, known.file.facility.sessions
    if section is None:
        return
    if section.folder == sessions or section.folder.is_relative_to(sessions):
        what = f"{section.folder} is among the sessions ({sessions}): the area has to be elsewhere"
        yield Flaw("handover.folder", what)
        return
    try:
        require_area(section.folder)
    except NoArea as error:
        yield Flaw("handover.folder", str(error))
        return
    status = section.folder.stat()
    if section.way == "hardlink" and sessions.is_dir() and status.st_dev != sessions.stat().st_dev:
        what = "it is on another file system than the sessions: files are copied, and take room"
        yield Flaw("handover.way", what, stops=False)
    if not section.host:
        what = "people are told to fetch from HOST: write the name of the machine"
        yield Flaw("handover.host", what, stops=False)
    if section.sftp_port:
        if sessions.is_relative_to(section.folder.parent):
            what = (
                f"who logs in by SFTP sees all of {section.folder.parent}, with the sessions in "
                f"{sessions}: put the area into a folder that has nothing else"
            )
            yield Flaw("handover.folder", what)
        yield from _sftp(section.user, section.folder.parent)


def _sftp(user: str, folder: Path) -> Iterator[Flaw]:
    try:
        pwd.getpwnam(user)
    except KeyError:
        what = f"the system has no user {user!r}, as whom people log in for SFTP: make it"
        yield Flaw("handover.user", what, stops=False)
    status = folder.stat()
    if status.st_uid != 0 or status.st_mode & 0o022:
        what = (
            f"sshd takes {folder} for a root only if it belongs to root and nobody else can write "
            "in it"
        )
        yield Flaw("handover.folder", what, stops=False)
