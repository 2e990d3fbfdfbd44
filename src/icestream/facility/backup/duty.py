"""The duties ``backup.NAME``: each place that sessions are backed up to has its own."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

from icestream.channels.receipt import Undelivered
from icestream.facility.backup.backing import Backed, Backing, Backup
from icestream.facility.backup.kinds import BackupPlace
from icestream.facility.backup.parts import What
from icestream.facility.backup.target import volume_of
from icestream.facility.backup.verifying import prune, verify
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.file import FacilityFile
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.facility.transfer.address import Address, read_address
from icestream.facility.transfer.session import route_of

__all__ = ["Backups", "backup_duties", "backup_of", "target_of", "what_of"]

_OVER = ("archived", "gone")
_SETTLED = 7 * 86400.0
"""Seconds after its end from when on a session that is backed up whole is not looked at again."""


def backup_duties(file: FacilityFile) -> Iterator[Duty]:
    """One for each section ``[backup.NAME]``."""
    for name, section in file.backup.items():
        yield Duty(
            name=f"backup.{name}",
            what=f"backs sessions up to {section.to}",
            every=section.every,
            act=Backups(name, section).act,
        )


def target_of(section: BackupPlace, name: str) -> Address:
    """Where a backup is.

    Raises
    ------
    Outage
        If its password cannot be read.
    """
    try:
        password = section.password.read() if section.password else ""
    except Undelivered as error:
        raise Outage(f"backup.{name}.password: {error}") from None
    return read_address(section.to, password, section.shell)


def backup_of(name: str, section: BackupPlace) -> Backup:
    """A backup as the facility file has it."""
    return Backup(
        name=name,
        target=target_of(section, name),
        what=section.what,
        exclude=section.exclude,
        limit=section.bandwidth or 0.0,
        reserve=round(section.reserve * 1e9),
    )


def what_of(session: KnownSession, raw: str = "raw") -> What:
    """What there is of a session: its folder, and its movies wherever they are."""
    folder = Path(session.folder)
    route = route_of(folder)
    movies: Path | None = Path(session.place) / raw
    if route is not None:
        movies = route.movies if str(route.movies).startswith("/") else None
    elif movies is not None and not movies.is_dir():
        movies = None
    place = Path(session.place) if session.place else None
    return What(session=session.name, processing=folder, movies=movies, place=place)


class Backups:
    """The backups of all sessions to one place; what is kept in memory only saves looking again."""

    def __init__(self, name: str, section: BackupPlace) -> None:
        self._name, self._section = name, section
        self._known: dict[Path, Backing] = {}

    def act(self, facility: Facility, stop: threading.Event) -> str:
        """Back all sessions up, one after another; what was done, in words.

        Raises
        ------
        Outage
            If the place is away or full.
        """
        backup = backup_of(self._name, self._section)
        volume_of(self._name, backup.target)
        with facility.registry.read() as connection:
            asked = [one for one in sessions(connection) if one.state not in _OVER]
        raw = facility.file.tree.raw
        done: list[Backed] = []
        for one in asked:
            if stop.is_set():
                break
            if not Path(one.folder).is_dir():
                continue
            backing = self._backing(what_of(one, raw), backup)
            if self._is_settled(backing, one):
                continue
            done.append(backing.round(stopped=stop))
            if done[-1].outage:
                raise Outage(done[-1].outage)
            self._keep(backing, stop)
        self._forget([Path(one.folder) for one in asked])
        return _words(done)

    def _backing(self, what: What, backup: Backup) -> Backing:
        known = self._known.get(what.processing)
        if known is None or known.what != what or known.backup != backup:
            if known is not None:
                known.close()
            known = self._known[what.processing] = Backing(what, backup)
        return known

    def _is_settled(self, backing: Backing, session: KnownSession) -> bool:
        whole = float(backing.ledger.noted("whole") or 0.0)
        return session.ended is not None and whole > session.ended + _SETTLED

    def _keep(self, backing: Backing, stop: threading.Event) -> None:
        """Remove what need not be kept, and read all of it again when it is time."""
        section, now, ledger = self._section, time.time(), backing.ledger
        target, folder = backing.backup.target, backing.folder
        if section.keep_former is not None and folder.folder is not None:
            before = now - section.keep_former * 86400.0
            prune(ledger, folder.folder, volume_of(self._name, target), before)
        last = float(ledger.noted("verified") or 0.0)
        if section.verify_every is not None and now - last > section.verify_every * 86400.0:
            found = verify(ledger, target, folder, stopped=stop)
            if found.wrong:
                backing.look_anew()
                name, why = next(iter(found.wrong.items()))
                raise Outage(
                    f"{len(found.wrong)} files of the backup of {backing.what.session} are not "
                    f"what they were: {name}: {why}; they are copied again from the session"
                )

    def _forget(self, folders: list[Path]) -> None:
        for folder in [folder for folder in self._known if folder not in folders]:
            self._known.pop(folder).close()


def _words(done: list[Backed]) -> str:
    files, size = sum(one.copied for one in done), sum(one.bytes for one in done)
    failed = sum(len(one.failed) for one in done)
    trouble = f", {failed} failed" if failed else ""
    return f"{len(done)} sessions: {files} files backed up ({size / 1e9:.2f} GB){trouble}"
