"""The duty ``transfer``: all sessions are copied side by side, sharing bandwidth and streams."""

import contextlib
import math
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from icestream.channels.receipt import Undelivered
from icestream.facility.answering import Disks, Silent
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.file import FacilityFile
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.facility.transfer.address import Address, read_address
from icestream.facility.transfer.apart import Apart, ThreadWork
from icestream.facility.transfer.copying import AFTER, Copying, OwnFiles, Round, Route, Rules
from icestream.facility.transfer.kinds import Transfer
from icestream.facility.transfer.session import MovieRoute, ledger_of, route_of
from icestream.facility.transfer.share import BandwidthShare

__all__ = ["Copies", "rules_of", "transfer_duties"]

_TROUBLES = (Outage, ValueError, OSError, sqlite3.Error)
"""What one session may have; the others are copied all the same."""
_WINDOW = 60.0
"""Seconds after which a duty that is busy ends, so that it is seen how it goes."""
_OVER = ("archived", "gone")
_CLOCKS = 120.0
"""Seconds by which clocks may differ: what was written so long after a session's end is its own."""


def transfer_duties(file: FacilityFile) -> Iterator[Duty]:
    """The duty, if the facility file has a section ``[transfer]``."""
    if file.transfer is not None:
        copies = Copies(file.transfer)
        what = "copies movies from the microscopes"
        yield Duty(name="transfer", what=what, every=file.transfer.every, act=copies.act)


def rules_of(section: Transfer) -> Rules:
    """How files are copied, by the facility file."""
    cleans = section.clean_source == "after-verified-copy"
    return Rules(
        settle=section.settle,
        patience=section.patience,
        exclude=section.exclude,
        file_mode=section.file_mode,
        folder_mode=section.folder_mode,
        clean_after=section.clean_after * 3600.0 if cleans else None,
        reserve=round(section.reserve * 1e9),
    )


class Copies:
    """Copies of all sessions; what is kept in memory only saves looking again."""

    def __init__(self, section: Transfer) -> None:
        self._section = section
        self._rules = rules_of(section)
        self._share = BandwidthShare(section.streams, section.bandwidth or 0.0)
        self._known: dict[Path, Copying] = {}
        self._routes: dict[str, MovieRoute] = {}
        self._over: set[str] = set()
        self._busy: set[str] = set()
        """Folders of sessions that have something to copy."""
        self._disks = Disks()
        self._apart: Apart[Round] = Apart(self._share.give_up)

    def act(self, facility: Facility, stop: threading.Event) -> str:
        """Copy what is new of all sessions; what was done, in words.

        Raises
        ------
        Outage
            Naming each session that cannot be copied, and why; the others were.
        """
        self._disks = facility.disks
        with facility.registry.read() as connection:
            asked = [one for one in sessions(connection) if one.state not in _OVER]
        copied, away, untouched = self._copied(asked)
        self._forget({*(Path(one.folder) for one in copied), *untouched})
        self._busy.clear()
        deadline = time.monotonic() + _WINDOW
        works = {one.folder: self._work(one, deadline, stop) for one in copied}
        done = self._apart.run(works, self._disks, stop)
        hanging = self._apart.hanging()
        for one in copied:
            if one.folder not in done:
                away.append(one.said(hanging.get(one.folder, "it took too long")))
                continue
            if outage := done[one.folder].outage:
                away.append(one.said(outage))
            with contextlib.suppress(*_TROUBLES):  # it is said already
                self._end(one)
        rounds = list(done.values())
        if away:
            raise Outage("; ".join(away))
        if not copied:
            return "no session is being copied"
        files, size = sum(one.copied for one in rounds), sum(one.bytes for one in rounds)
        failed = sum(len(one.failed) for one in rounds)
        trouble = f", {failed} failed" if failed else ""
        return f"{len(copied)} sessions: {files} files copied ({size / 1e9:.2f} GB){trouble}"

    def copy(self, session: KnownSession) -> Copying | None:
        """The copy of one session; None where it is none, or is over."""
        folder = Path(session.folder)
        if folder not in self._known:
            route = route_of(folder)
            if route is None or not route.copy:
                return None
            self._known[folder] = Copying(
                Route(
                    session=session.name,
                    source=self._address(route.source),
                    target=Path(route.copy),
                    ledger=ledger_of(folder),
                    since=route.since,
                    within=route.within,
                ),
                self._rules,
                self._share,
            )
        return self._known[folder]

    def _copied(
        self, asked: Sequence[KnownSession]
    ) -> tuple[list[KnownSession], list[str], list[Path]]:
        """Sessions that are copied, why others cannot be, and folders that nobody may touch."""
        copied, away, untouched = [], [], []
        hanging = self._apart.hanging()
        for one in asked:
            try:
                if one.folder in hanging:
                    raise Silent(hanging[one.folder])
                if self._is_copied(one):
                    self.bound(one, asked)
                    copied.append(one)
            except Silent as error:
                away.append(one.said(str(error)))
                untouched.append(Path(one.folder))
            except _TROUBLES as error:
                away.append(one.said(str(error)))
        return copied, away, untouched

    def _work(
        self, session: KnownSession, deadline: float, stop: threading.Event
    ) -> ThreadWork[Round]:
        copying = self.copy(session)
        assert copying is not None
        return ThreadWork(lambda: self._rounds(session, deadline, stop), _paths(copying))

    def bound(self, session: KnownSession, asked: Sequence[KnownSession]) -> None:
        """Leave to others what is theirs, where the folder of all sessions is copied.

        Parameters
        ----------
        session
            One that is copied.
        asked
            All that there are.
        """
        copying = self.copy(session)
        if copying is None or not copying.route.since:
            return
        until = math.inf if session.ended is None else session.ended + _CLOCKS
        others = []
        for one in asked:
            route = self._route(one)
            if one.microscope != session.microscope or _same(one, session) or route is None:
                continue
            source = copying.route.source.text
            if route.source.startswith(f"{source}/"):
                others.append((f"{route.source[len(source) + 1 :]}/", one.began))
            elif route.source == source and one.began > session.began:
                until = min(until, one.began)
        copying.bounds = OwnFiles(until, tuple(others))
        if copying.ledger.noted("bounds") != (said := repr(copying.bounds)):
            copying.ledger.look_again(AFTER)
            copying.ledger.note("bounds", said)

    def _route(self, session: KnownSession) -> MovieRoute | None:
        """Where a session's movies come from: said once, when it begins."""
        if session.folder not in self._routes:
            self._disks.require(Path(session.folder))
            found = route_of(Path(session.folder))
            if found is None:
                return None
            self._routes[session.folder] = found
        return self._routes[session.folder]

    def _address(self, text: str) -> Address:
        password = None if text.startswith("/") else self._section.password
        try:
            return read_address(text, password.read() if password else "", self._section.shell)
        except Undelivered as error:
            raise Outage(f"transfer.password: {error}") from None

    def _is_copied(self, session: KnownSession) -> bool:
        if session.ended is not None and session.folder in self._over:
            return False
        self._over.discard(session.folder)
        self._disks.require(Path(session.folder))
        if not Path(session.folder).is_dir():
            return False
        copying = self.copy(session)
        if copying is None:
            return False
        over = copying.ledger.noted("ended")
        if over and session.ended is None:
            copying.ledger.note("ended", "")  # it was begun again
        if over and session.ended is not None:
            self._over.add(session.folder)
            return False
        self._disks.require(*_paths(copying))
        return True

    def _rounds(self, session: KnownSession, deadline: float, stop: threading.Event) -> Round:
        """Round after round while there is something to copy, here or for another session."""
        copying, whole = self.copy(session), Round()
        assert copying is not None
        while True:
            try:
                done = copying.round(stopped=stop)
            except sqlite3.Error as error:
                done = Round(outage=f"{copying.ledger.path} cannot be used: {error}")
                self._known.pop(Path(session.folder)).close()  # it is opened anew
            whole.copied += done.copied
            whole.bytes += done.bytes
            whole.failed |= done.failed
            whole.outage = done.outage
            self._note(session, bool(done.copied))
            if stop.is_set() or time.monotonic() > deadline or done.outage or not self._busy:
                self._note(session, False)
                return whole
            stop.wait(0.2 if done.copied else min(self._section.every, 5.0))

    def _note(self, session: KnownSession, busy: bool) -> None:
        if busy:
            self._busy.add(session.folder)
        else:
            self._busy.discard(session.folder)

    def _end(self, session: KnownSession) -> None:
        """A copy is over when the session is and nothing new came for a while."""
        copying = self.copy(session)
        if copying is None or session.ended is None:
            return
        last = max(session.ended, copying.ledger.last_found())
        tallies = copying.ledger.tallies()
        under_way = any(state in tallies for state in ("seen", "settling", "ready", "copying"))
        waits = time.time() - last < self._section.ends_after * 3600.0
        # What could not be removed in twice the time stays where it is.
        patience = 2.0 * (self._rules.clean_after or 0.0)
        cleans = "verified" in tallies and time.time() - last < patience
        if not (under_way or waits or cleans):
            copying.ledger.note("ended", f"{time.time():.3f}")

    def _forget(self, kept: Collection[Path]) -> None:
        for folder in [folder for folder in self._known if folder not in kept]:
            self._known.pop(folder).close()


def _paths(copying: Copying) -> tuple[Path | None, ...]:
    """What is read and written when a session is copied."""
    route = copying.route
    return route.ledger, route.source.folder, route.target


def _same(one: KnownSession, other: KnownSession) -> bool:
    """Whether two sessions are of the same people: what one takes is no secret to the other."""
    return (one.project or one.operator) == (other.project or other.operator)
