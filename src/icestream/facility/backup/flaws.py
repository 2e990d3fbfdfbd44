"""What is wrong with the sections ``[backup.NAME]``, and with what they name."""

from collections.abc import Iterator

from icestream.facility.backup.duty import target_of
from icestream.facility.backup.target import volume_of
from icestream.facility.duties.duty import Outage
from icestream.facility.file import LoadedFacility
from icestream.facility.kinds import Flaw
from icestream.facility.objects.address import is_object_address
from icestream.facility.transfer.flaws import rsync_flaws
from icestream.settings import Settings

__all__ = ["backup_flaws"]


def backup_flaws(known: LoadedFacility, _: Settings) -> Iterator[Flaw]:
    """What keeps sessions from being backed up; each place is asked whether it is one."""
    if not all(is_object_address(one.to) for one in known.file.backup.values()):
        yield from rsync_flaws("backup")
    for name, section in known.file.backup.items():
        where = f"backup.{name}"
        try:
            target = target_of(section, name)
            volume_of(name, target)
        except Outage as error:
            yield Flaw(f"{where}.to", str(error))
            continue
        folder, sessions = target.folder, known.file.facility.sessions
        if folder is None:
            if section.keep_former is not None:
                what = "only what is in a folder of this machine can be removed: it is all kept"
                yield Flaw(f"{where}.keep_former", what, stops=False)
            continue
        if folder == sessions or folder.is_relative_to(sessions):
            what = f"{folder} is among the sessions ({sessions}): a backup has to be elsewhere"
            yield Flaw(f"{where}.to", what)
        elif sessions.is_dir() and folder.stat().st_dev == sessions.stat().st_dev:
            what = f"{folder} is on the same file system as the sessions: one disk holds both"
            yield Flaw(f"{where}.to", what, stops=False)
