"""Putting a session back into a bucket while it runs: a backup that nobody had to set up."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import structlog

from icestream.documents import read_json
from icestream.facility.backup.backing import Backed, Backing, Backup
from icestream.facility.backup.ledger import BackupLedger
from icestream.facility.backup.parts import PROCESSING, What
from icestream.facility.backup.restoring import NotRestored, backed_up
from icestream.facility.backup.target import AlreadyPrepared, prepare
from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address, BadAddress, read_address
from icestream.facility.transfer.session import LEDGERS
from icestream.whole import written_whole

__all__ = ["PuttingBack", "put_back_of", "put_back_words", "remember_put_back"]

_log = structlog.get_logger(__name__)

_NAME = "put-back"
_WHERE = "put-back.json"
_EVERY = 20.0
"""Seconds between the end of a round and the next one."""
_LONGEST = 120.0
"""Seconds between two rounds while the store is away, at most."""
_LAST = 3
"""Rounds in which what came last is put back, at the end."""


class PuttingBack:
    """Backs a session up in a thread of its own, round by round.

    Parameters
    ----------
    session
        The session's folder.
    place
        Where it is put back to.
    say
        Is told what people should know.
    """

    def __init__(self, session: Path, place: Address, say: Callable[[str], None]) -> None:
        self._session, self._place, self._say = session, place, say
        self._ending = threading.Event()
        self._stopped = threading.Event()
        self._prepared = False
        self._away = ""
        self._failures = 0
        self._thread = threading.Thread(target=self._work, name="putting-back", daemon=True)
        self._whole = False

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self, patience: float) -> bool:
        """Put back what came last, for so many seconds at most; whether all of it is there."""
        self._ending.set()
        self._thread.join(patience)
        self._stopped.set()
        self._thread.join(30.0)
        return self._whole

    def _work(self) -> None:
        what = What(session=self._session.name, processing=self._session)
        backup = Backup(name=_NAME, target=self._place, what=(PROCESSING,))
        backing = Backing(what, backup)
        last = 0
        try:
            while not self._stopped.is_set() and last < _LAST:
                last += self._ending.is_set()
                done = self._round(backing)
                self._tell(done)
                self._whole = not (done.outage or done.failed or self._stopped.is_set())
                if last and self._whole:
                    return
                self._wait(done, ending=bool(last))
        finally:
            backing.close()

    def _round(self, backing: Backing) -> Backed:
        try:
            if not self._prepared:
                with suppress(AlreadyPrepared):  # other sessions are put back there, too
                    prepare(_NAME, self._place)
                self._require_own(backing)
        except Outage as error:
            return Backed(outage=str(error))
        self._prepared = True
        return backing.round(stopped=self._stopped)

    def _require_own(self, backing: Backing) -> None:
        """See that what is there of that name is of no other session."""
        if backing.ledger.noted("round"):
            return
        try:
            known = backed_up(self._place, self._session.name)
        except NotRestored:
            return
        if known.processing != self._session:
            raise Outage(
                f"{self._place} has a session {known.session} already, that of {known.processing}: "
                "give another address"
            )

    def _wait(self, done: Backed, *, ending: bool) -> None:
        self._failures = self._failures + 1 if done.outage else 0
        away = min(_LONGEST, 5.0 * 2.0 ** (self._failures - 1))
        wait = away if done.outage else _EVERY
        (self._stopped if ending else self._ending).wait(min(wait, 2.0) if ending else wait)

    def _tell(self, done: Backed) -> None:
        if done.outage != self._away:
            if done.outage:
                _log.warning("the session cannot be put back", why=done.outage)
                self._say(f"results are not put back: {done.outage}; it is tried again")
            else:
                _log.info("the session is put back again")
                self._say(f"results are put back to {self._place} again")
            self._away = done.outage
        for name, why in done.failed.items():
            _log.warning("a file cannot be put back", name=name, why=why)


def put_back_of(session: Path, given: str | None) -> Address | None:
    """Where a session is put back to: as given, or as it was before; None for nowhere.

    Raises
    ------
    BadAddress
        If it is no place in a bucket.
    """
    text = given
    if text is None:
        try:
            text = str(read_json((session / LEDGERS / _WHERE).read_bytes())["place"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
    if not text or text == "none":
        return None
    place = read_address(text)
    if place.objects is None:
        raise BadAddress(f"{text!r} is no place in a bucket; give s3://bucket/prefix")
    return place


def put_back_words(session: Path) -> str:
    """How far putting a session back is; empty before the first round."""
    file = session / LEDGERS / f"backup-{_NAME}.db"
    if not file.exists():
        return ""
    with closing(BackupLedger(file, readonly=True)) as ledger:
        outage, whole = ledger.noted("outage"), ledger.noted("whole")
        failed = json.loads(ledger.noted("failed") or "{}")
    said = "not all of it yet"
    if whole:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(float(whole)))
        said = f"as it was at {when}"
    wrong = "".join(f"; {name}: {why}" for name, why in list(failed.items())[:1])
    return f"{said}{wrong}{f'; {outage}' if outage else ''}"


def remember_put_back(session: Path, place: Address | None) -> None:
    """Write down where a session is put back to, for when it goes on."""
    file = session / LEDGERS / _WHERE
    if place is None:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(file) as path:
        path.write_text(json.dumps({"place": str(place)}))
