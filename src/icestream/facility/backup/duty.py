"""The duties ``backup.NAME``: each place that sessions are backed up to has its own."""

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from icestream.channels.receipt import Undelivered
from icestream.facility.answering import Disks, Silent
from icestream.facility.backup.backing import Backed, Backing, Backup
from icestream.facility.backup.generations import keep_generation, wrong_generations
from icestream.facility.backup.kinds import BackupPlace
from icestream.facility.backup.parts import MOVIES, PROCESSING, What
from icestream.facility.backup.target import volume_of
from icestream.facility.backup.verifying import prune, verify
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.file import FacilityFile
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.facility.transfer.address import Address, read_address
from icestream.facility.transfer.session import route_of
from icestream.store.migrate import OtherSchema
from icestream.store.open import NoStore
from icestream.store.removed import removed_files

__all__ = ["Backups", "backup_duties", "backup_of", "target_of", "what_of"]

_OVER = ("archived", "gone")
_CLOCKS = 120.0
"""Seconds by which clocks of the microscope may differ."""
_TROUBLES = (
    Outage, NoStore, OtherSchema, OSError, ValueError, sqlite3.Error, SQLAlchemyError,
)  # fmt: skip
"""What one session may have; the others are backed up all the same."""
_READING = 600.0
"""Seconds of a turn in which backups are read again; the rest of them is, in the next."""
_REGISTRY = 600.0
"""Seconds between two backups of the registry, at least."""
_SETTLED = 7 * 86400.0
"""Seconds after its end from when on a session that is backed up whole is not looked at again."""


def backup_duties(file: FacilityFile) -> Iterator[Duty]:
    """One for each section ``[backup.NAME]``."""
    for name, section in file.backup.items():
        yield Duty(
            name=f"backup.{name}",
            what=f"backs sessions up to {section.to}",
            every=section.every,
            lasts=86400.0,
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
    what = What(session=session.name, processing=folder, movies=movies, place=place)
    if route is None or not route.is_shared:
        return what
    until = math.inf if session.ended is None else session.ended + _CLOCKS
    return replace(what, since=route.since, until=until, within=route.within)


class Backups:
    """The backups of all sessions to one place; what is kept in memory only saves looking again."""

    def __init__(self, name: str, section: BackupPlace) -> None:
        self._name, self._section = name, section
        self._known: dict[Path, Backing] = {}
        self._registry = self._registry_read = -math.inf
        self._left: list[str] = []
        """What could not go along with the registry when it was last backed up."""

    def act(self, facility: Facility, stop: threading.Event) -> str:
        """Back all sessions up, one after another; what was done, in words.

        Raises
        ------
        Outage
            If the place is away or full, or a session cannot be backed up; the others were.
        """
        backup, disks = backup_of(self._name, self._section), facility.disks
        disks.require(backup.target.folder)
        volume_of(self._name, backup.target)
        with facility.registry.read() as connection:
            asked = [one for one in sessions(connection) if one.state not in _OVER]
        done: list[Backed] = []
        troubles = list(self._keep_registry(facility, backup))
        here = list(_here(asked, disks, troubles))

        def each(act: Callable[[KnownSession, Backing], str]) -> None:
            for one in here:
                if stop.is_set():
                    return
                try:
                    what = what_of(one, facility.file.tree.raw)
                    disks.require(what.processing, what.movies, backup.target.folder)
                    said = act(one, self._backing(what, backup))
                except _TROUBLES as error:
                    said = str(error)
                if said:
                    troubles.append(one.said(said))
                    volume_of(self._name, backup.target)  # what is away is so for all

        each(lambda one, backing: self._bring(one, backing, done, stop))
        if self._section.keep_former is not None or self._section.verify_every is not None:
            until = time.monotonic() + _READING
            each(lambda one, backing: self._keep(one, backing, until, stop))
        self._forget([Path(one.folder) for one in asked])
        if troubles:
            raise Outage("; ".join(troubles))
        return _words(done)

    def _keep_registry(self, facility: Facility, backup: Backup) -> Iterator[str]:
        """Back the registry up where it is time, and read its backups again; what is wrong."""
        if "registry" not in self._section.what:
            return
        now = time.monotonic()
        try:
            if now - self._registry >= _REGISTRY:
                self._left = keep_generation(facility, backup.target)
                self._registry = now
            yield from self._left
            every = self._section.verify_every
            if every is not None and now - self._registry_read >= every * 86400.0:
                yield from wrong_generations(backup.target)
                self._registry_read = now
        except _TROUBLES as error:
            yield f"registry: {error}"

    def _bring(
        self, session: KnownSession, backing: Backing, done: list[Backed], stop: threading.Event
    ) -> str:
        """Back a session up where there may be something new; what is wrong, or nothing."""
        if self._is_settled(backing, session):
            self._known.pop(backing.what.processing).close()  # there are more and more of these
            return ""
        done.append(backing.round(stopped=stop))
        return done[-1].outage

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

    def _keep(
        self, session: KnownSession, backing: Backing, until: float, stop: threading.Event
    ) -> str:
        """Remove what need not be kept, and read all of it again when it is time.

        What the session has no more because the backup has it is kept for good.
        """
        section, now, ledger = self._section, time.time(), backing.ledger
        target, folder, said = backing.backup.target, backing.folder, ""
        if section.keep_former is not None and folder.folder is not None:
            before = now - section.keep_former * 86400.0
            volume = volume_of(self._name, target)
            prune(ledger, folder.folder, volume, before, _removed(backing.what))
        before = now - (section.verify_every or 0.0) * 86400.0
        due = section.verify_every is not None and float(ledger.noted("read") or 0.0) < before
        if due and time.monotonic() < until:
            found = verify(ledger, target, folder, since=before, until=until, stopped=stop)
            if found.wrong:
                backing.look_anew()
                ledger.note("whole", "")
                name, why = next(iter(found.wrong.items()))
                said = (
                    f"{len(found.wrong)} files of its backup are not what they were: {name}: "
                    f"{why}; what the session still has is copied again"
                )
        if self._is_settled(backing, session):
            self._known.pop(backing.what.processing).close()
        return said

    def _forget(self, folders: list[Path]) -> None:
        for folder in [folder for folder in self._known if folder not in folders]:
            self._known.pop(folder).close()


def _here(
    asked: Sequence[KnownSession], disks: Disks, troubles: list[str]
) -> Iterator[KnownSession]:
    """Sessions whose folders are there; why it cannot be known of others is noted."""
    for one in asked:
        try:
            disks.require(Path(one.folder))
        except Silent as error:
            troubles.append(one.said(str(error)))
            continue
        if Path(one.folder).is_dir():
            yield one


def _removed(what: What) -> set[str]:
    """Files that were removed on purpose, by their names in a backup."""
    roots = [(PROCESSING, what.processing), (MOVIES, what.movies)]
    return {
        f"{part}/{path.relative_to(root)}"
        for path in removed_files(what.processing)
        for part, root in roots
        if root is not None and path.is_relative_to(root)
    }


def _words(done: list[Backed]) -> str:
    files, size = sum(one.copied for one in done), sum(one.bytes for one in done)
    failed = sum(len(one.failed) for one in done)
    trouble = f", {failed} failed" if failed else ""
    return f"{len(done)} sessions: {files} files backed up ({size / 1e9:.2f} GB){trouble}"
