"""The duty ``transfer``: all sessions are copied side by side, sharing bandwidth and streams."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from icestream.channels.receipt import Undelivered
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.file import FacilityFile
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.facility.transfer.address import Address, read_address
from icestream.facility.transfer.copying import Copying, Round, Route, Rules
from icestream.facility.transfer.kinds import Transfer
from icestream.facility.transfer.session import ledger_of, route_of
from icestream.facility.transfer.share import BandwidthShare

__all__ = ["Copies", "rules_of", "transfer_duties"]

_WINDOW = 60.0
"""Seconds after which a duty that is busy ends, so that it is seen how it goes."""
_OVER = ("archived", "gone")


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
        self._busy = 0
        self._lock = threading.Lock()

    def act(self, facility: Facility, stop: threading.Event) -> str:
        """Copy what is new of all sessions; what was done, in words.

        Raises
        ------
        Outage
            Naming each session that cannot be copied, and why; the others were.
        """
        with facility.registry.read() as connection:
            asked = [one for one in sessions(connection) if one.state not in _OVER]
        copied = [one for one in asked if self._is_copied(one)]
        self._forget(copied)
        if not copied:
            return "no session is being copied"
        self._busy = 0
        deadline = time.monotonic() + _WINDOW
        with ThreadPoolExecutor(len(copied), thread_name_prefix="transfer") as pool:
            rounds = list(pool.map(lambda one: self._rounds(one, deadline, stop), copied))
        away = [f"{one.name}: {done.outage}" for one, done in zip(copied, rounds, strict=True)
                if done.outage]  # fmt: skip
        if away:
            raise Outage("; ".join(away))
        for one in copied:
            self._end(one)
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
                ),
                self._rules,
                self._share,
            )
        return self._known[folder]

    def _address(self, text: str) -> Address:
        password = self._section.password
        try:
            return read_address(text, password.read() if password else "", self._section.shell)
        except Undelivered as error:
            raise Outage(f"transfer.password: {error}") from None

    def _is_copied(self, session: KnownSession) -> bool:
        if not Path(session.folder).is_dir():
            return False
        copying = self.copy(session)
        if copying is None:
            return False
        over = copying.ledger.noted("ended")
        if over and session.ended is None:
            copying.ledger.note("ended", "")  # it was begun again
        return not over or session.ended is None

    def _rounds(self, session: KnownSession, deadline: float, stop: threading.Event) -> Round:
        """Round after round while there is something to copy, here or for another session."""
        copying, whole = self.copy(session), Round()
        assert copying is not None
        busy = False
        while True:
            done = copying.round(stopped=stop)
            whole.copied += done.copied
            whole.bytes += done.bytes
            whole.failed |= done.failed
            whole.outage = done.outage
            busy = self._note(busy, bool(done.copied))
            if stop.is_set() or time.monotonic() > deadline or done.outage or not self._busy:
                self._note(busy, False)
                return whole
            stop.wait(0.2 if done.copied else min(self._section.every, 5.0))

    def _note(self, before: bool, now: bool) -> bool:
        with self._lock:
            self._busy += int(now) - int(before)
        return now

    def _end(self, session: KnownSession) -> None:
        """A copy is over when the session is and nothing new came for a while."""
        copying = self.copy(session)
        if copying is None or session.ended is None:
            return
        last = max(session.ended, copying.ledger.last_found())
        tallies = copying.ledger.tallies()
        under_way = any(state in tallies for state in ("seen", "settling", "ready", "copying"))
        waits = time.time() - last < self._section.ends_after * 3600.0
        cleans = self._rules.clean_after is not None and "verified" in tallies
        if not (under_way or waits or cleans):
            copying.ledger.note("ended", f"{time.time():.3f}")

    def _forget(self, copied: list[KnownSession]) -> None:
        kept = {Path(one.folder) for one in copied}
        for folder in [folder for folder in self._known if folder not in kept]:
            self._known.pop(folder).close()
