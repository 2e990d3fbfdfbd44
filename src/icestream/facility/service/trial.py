"""A facility that needs no other program, in a folder of its own: to try, and to develop with."""

import contextlib
import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from icestream.facility.backup.target import AlreadyPrepared, prepare
from icestream.facility.file import VARIABLE, load_facility
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.rsync import version
from icestream.whole import written_whole

__all__ = ["MICROSCOPES", "NotATrial", "TrialFacility", "book_now", "trial_facility"]

MICROSCOPES = ("krios1", "glacios")
FILE = "facility.toml"
_MARKER = ".icestream-up"
"""Says that a folder was made for this."""
_FOLDERS = ("sessions", "state", "backup", "memory", *(f"microscopes/{m}" for m in MICROSCOPES))
_BACKUP = """
[backup.disk]                          # where rsync is installed
to = "$folder/backup"
every = "1 min"
reserve = 1
"""
_SETTINGS = """[channels.log]
kind = "log"
path = "$folder/staff.log"

[microscopes.krios1]
voltage = 300

[microscopes.glacios]
voltage = 200
"""
_BOOKINGS = ("microscope", "begins", "ends", "title", "project", "login", "name", "email")
_PROJECTS = """code,title,team,pi,pi_name,pi_email,people
CEM00001,Cages,LAB-A,ada,Ada,ada@example.org,ada ben
CEM00002,Barrels,LAB-B,eve,Eve,eve@example.org,eve
"""
_NOW = {
    "krios1": ("Cages", "CEM00001", "ada", "Ada", "ada@example.org"),
    "glacios": ("Barrels", "CEM00002", "eve", "Eve", "eve@example.org"),
}
_HOURS = 8


class NotATrial(FileExistsError):
    """A folder has something in it that was not made here: it may be somebody's facility."""


@dataclass(frozen=True, slots=True)
class TrialFacility:
    """Where it is."""

    folder: Path
    made: bool
    """Whether it was made now."""

    @property
    def file(self) -> Path:
        """Its facility file."""
        return self.folder / FILE

    @property
    def environment(self) -> Mapping[str, str]:
        """What commands have to know in order to mean it, and no other of this machine."""
        return {
            VARIABLE: str(self.file),
            "ICESTREAM_SETTINGS": str(self.folder / "settings.toml"),
            "ICESTREAM_STATE": str(self.folder / "state"),
        }


def trial_facility(folder: Path) -> TrialFacility:
    """The facility in a folder, which is made where there is none.

    What was made here before stays as people have changed it.

    Raises
    ------
    NotATrial
        If there is something in the folder that was not made here.
    """
    folder = folder.absolute()
    if (folder / _MARKER).exists() and (folder / FILE).exists():
        return TrialFacility(folder, made=False)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        there = f"{FILE}, which" if (folder / FILE).exists() else "something that"
        raise NotATrial(
            f"{folder} has {there} was not made by this command, and stays as it is: name another "
            "folder. A facility's own services are icestream serve and icestream facility run"
        )
    _make(folder)
    return TrialFacility(folder, made=True)


def _make(folder: Path) -> None:
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    text = (files("icestream.facility.service") / "trial.toml").read_text("utf-8")
    backs_up = bool(version())
    _write(folder, "settings.toml", _SETTINGS)
    _write(folder, "projects.csv", _PROJECTS)
    _write(folder, "bookings.csv", ",".join(_BOOKINGS) + "\n")
    if backs_up:
        target = Address(str(folder / "backup"))
        with contextlib.suppress(AlreadyPrepared):  # by one that was killed
            prepare("disk", target)
    _write(folder, FILE, text + (_BACKUP if backs_up else ""))
    (folder / _MARKER).touch()


def _write(folder: Path, name: str, text: str) -> None:
    # In a basic string of TOML.
    place = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    with written_whole(folder / name) as path:
        path.write_text(text.replace("$folder", place).replace("$zone", _zone()), "utf-8")


def _zone() -> str:
    """The time zone of this machine."""
    place = Path("/etc/localtime").resolve().parts
    name = "/".join(place[place.index("zoneinfo") + 1 :]) if "zoneinfo" in place else ""
    given = os.environ.get("TZ", "").removeprefix(":") or name
    return given if given in available_timezones() else "UTC"


def book_now(trial: TrialFacility, now: datetime | None = None) -> list[str]:
    """Have each microscope booked at this time, where it is not; those that are booked anew."""
    file = load_facility(trial.file).file
    zone = ZoneInfo(file.facility.time_zone)
    now = (now or datetime.now(zone)).astimezone(zone)
    path = trial.folder / "bookings.csv"
    with path.open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    shown = f"{now:%Y-%m-%d %H:%M}"
    taken = {
        str(row.get("microscope"))
        for row in rows
        if str(row.get("begins")) <= shown < str(row.get("ends"))
    }
    free = [name for name in MICROSCOPES if name in file.microscopes and name not in taken]
    if free:
        begins = now.replace(minute=0)
        ends = begins + timedelta(hours=_HOURS)
        with path.open("a", newline="", encoding="utf-8") as table:
            writer = csv.writer(table, lineterminator="\n")
            for name in free:
                times = (f"{begins:%Y-%m-%d %H:%M}", f"{ends:%Y-%m-%d %H:%M}")
                title, project, *who = _NOW[name]
                writer.writerow([name, *times, title, project, *who])
    return free
