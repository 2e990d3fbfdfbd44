"""Copying one session's files from the microscope, round by round, from what the ledger says."""

import contextlib
import json
import math
import os
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.arriving import ARRIVING, arrived, landed, put_in_place, whole
from icestream.facility.transfer.cleaning import clean_source
from icestream.facility.transfer.digest import Interrupted, from_disk
from icestream.facility.transfer.ledger import CopyEntry, CopyLedger
from icestream.facility.transfer.names import those_within, unnamed
from icestream.facility.transfer.share import BandwidthShare
from icestream.facility.transfer.source import Looked, is_movie
from icestream.facility.transfer.sources import source_of
from icestream.formats.gain_names import is_gain_name

__all__ = ["AFTER", "Copying", "OwnFiles", "Round", "Route", "Rules"]

AFTER = "it was written when the session was over, or another had its folder"

_MOST = 2000
"""Files in one run of rsync."""
_LOOKS = 2000
"""Files that are looked at in one round."""
_BACK = 200
"""Copied files that are looked at again in one round, in turn."""
_UNLIMITED = 4e9
"""Bytes of a batch where there is no limit."""
_BATCH = 60.0
"""Seconds that a batch should take: then shares are given out anew."""
_AGAIN, _LONGEST = 30.0, 3600.0
_ENOUGH = 30.0
"""Seconds of a round after which no new batch is begun: what is new meanwhile is found first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """From where to where the files of a session go."""

    session: str
    source: Address
    target: Path
    """Folder of the copy, which the session's import watches."""
    ledger: Path
    since: float = 0.0
    """Files that were last changed before are of another session, and left; seconds since the
    epoch."""
    within: str = ""
    """Pattern of the folders right below the source whose files are copied; empty for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How files are copied."""

    settle: float = 10.0
    """Seconds without a change that are asked for."""
    patience: float = 300.0
    """Seconds after which a movie that stays cut is copied as it is."""
    exclude: tuple[str, ...] = ()
    file_mode: int | None = None
    folder_mode: int | None = None
    clean_after: float | None = None
    """Seconds after which a verified file is removed at the source; None for never."""
    reserve: int = 0
    """Bytes that stay free on the disk of the copy."""


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """Which files of a folder that several sessions take are of one of them."""

    until: float = math.inf
    """Files that were last changed later are not; seconds since the epoch."""
    others: tuple[tuple[str, float], ...] = ()
    """Beginnings of names that are another session's, and since when."""

    def why_not(self, name: str, looked: Looked, since: float) -> str:
        """Why a file is none of the session's, which has those since then; empty where it is."""
        changed = looked.modified * 1e-9
        if changed < since:
            return "it is older than the session"
        taken = any(changed > began and name.startswith(start) for start, began in self.others)
        return AFTER if taken or changed > self.until else ""


@dataclass(slots=True)
class Round:
    """What one round came to."""

    found: int = 0
    copied: int = 0
    bytes: int = 0
    cleaned: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    """Why files failed in this round."""
    outage: str = ""
    """What keeps everything from being copied; empty where nothing does."""
    seconds: float = 0.0


class Copying:
    """The copy of one session; `round` again and again brings what is new.

    Parameters
    ----------
    route
        Where from, and where to.
    rules
        How.
    share
        The bandwidth and the streams that all sessions have together.
    """

    bounds = OwnFiles()
    """What of the source is the session's; whoever knows of other sessions sets it."""

    def __init__(self, route: Route, rules: Rules, share: BandwidthShare | None = None) -> None:
        self.route, self.rules = route, rules
        self.ledger = CopyLedger(route.ledger)
        self._share = share or BandwidthShare(1)
        self._source = source_of(route.source, rules.exclude, max(rules.settle, 5.0))
        self._back = 0
        self._staging = route.target / ARRIVING
        for entry in self.ledger.of_state("copying", most=10**9):
            # Who copied it was killed: how far that got is not known.
            self.ledger.put(entry, state="settling", due=0)

    def close(self) -> None:
        """Give the ledger up."""
        self.ledger.close()

    def round(self, now: float | None = None, stopped: threading.Event | None = None) -> Round:
        """Find what is new, copy what has settled, and remove at the source what may be.

        Nothing that happens to files or machines is raised: it is in what comes back, and in the
        ledger.
        """
        began = time.monotonic()
        now = time.time() if now is None else now
        ended = Round()
        stopped = stopped or threading.Event()
        try:
            if not self.route.target.is_dir():
                raise Outage(f"the folder of the copy, {self.route.target}, is not there")
            names = those_within(self._source.find(now), self.route.within)
            ended.found = self.ledger.see(((name, is_movie(name)) for name in names), now)
            self.ledger.note("problems", json.dumps(self._source.problems))
            self._settle(now)
            self._look_back(names, now)
            self._copy(now, ended, stopped)
            if self.rules.clean_after is not None and not stopped.is_set():
                ended.cleaned = clean_source(
                    self.ledger, self._source, self.route.target, self.rules.clean_after, now
                )
        except Outage as error:
            ended.outage = str(error)
        except Interrupted:
            pass
        except OSError as error:
            ended.outage = f"{error.filename or self.route.target}: {error.strerror or error}"
        self.ledger.note("outage", ended.outage)
        self.ledger.note("round", f"{now:.3f}")
        ended.seconds = time.monotonic() - began
        return ended

    # -- what has settled ---------------------------------------------------------------

    def _settle(self, now: float) -> None:
        """Look at what is not copied yet: what has not changed for a while is ready."""
        with self.ledger.writing():
            for entry in self.ledger.due(("seen", "settling", "failed"), now, _LOOKS):
                self._look(entry, now)

    def _look(self, entry: CopyEntry, now: float) -> None:
        if wrong := unnamed(entry.name):
            self.ledger.put(entry, state="failed", why=wrong, due=float("inf"))
            return
        looked = self._source.look(entry.name)
        if looked is None:
            why = "it went away at the source before it was copied"
            self.ledger.put(entry, state="gone", why=why, due=float("inf"))
            return
        if looked.problem:
            self._fail(entry, looked.problem, now)
            return
        if why := self.bounds.why_not(entry.name, looked, self.route.since):
            self.ledger.put(entry, state="older", why=why, size=looked.size, due=float("inf"))
            return
        lands_whole = self._source.lands_whole
        if _differs(entry, looked):
            self.ledger.put(
                entry,
                state="ready" if lands_whole else "settling",
                why="" if lands_whole else "it may still be written",
                rested=now,
                due=0 if lands_whole else now + self.rules.settle,
                size=looked.size,
                modified=looked.modified,
                changed=looked.changed,
            )
            return
        quiet = self._source.as_of(now) - entry.rested
        if quiet < self.rules.settle and not lands_whole:
            self.ledger.put(entry, due=max(now + 1.0, entry.rested + self.rules.settle))
            return
        path, why = self._source.path(entry.name), ""
        if path is not None and entry.movie:
            may, why = whole(path, self.rules.settle, quiet, self.rules.patience)
            if not may:
                self.ledger.put(entry, state="settling", why=why, due=now + self.rules.settle)
                return
        self.ledger.put(entry, state="ready", why=why, due=0)

    def _look_back(self, names: Sequence[str], now: float) -> None:
        """Look at some copied files again: one that has changed at the source is copied again."""
        turn = self.ledger.of_state("verified", self._back, _BACK)
        self._back = turn[-1].id if turn else 0
        listed = [self.ledger.get(name) for name in names[:_LOOKS]]
        known = {entry.id: entry for entry in (*turn, *self.ledger.newest_copied(20))}
        known |= {e.id: e for e in listed if e is not None and e.state == "verified"}
        for entry in known.values():
            looked = self._source.look(entry.name)
            if looked is None or looked.problem or not _differs(entry, looked):
                continue
            if self.bounds.why_not(entry.name, looked, self.route.since):
                continue  # what is written later is another session's
            if (looked.size, looked.modified) == (entry.size, entry.modified):
                self.ledger.put(entry, changed=looked.changed)  # renamed, or its permissions
            elif entry.movie and looked.size < entry.size:
                why = (
                    f"it changed at the source after it was copied, from {entry.size} to "
                    f"{looked.size} bytes: the copy is kept as it is"
                )
                self.ledger.put(entry, why=why)
            else:
                why = "it changed at the source after it was copied"
                self.ledger.put(entry, state="settling", why=why, rested=now, due=now)

    # -- copying ------------------------------------------------------------------------

    def _copy(self, now: float, ended: Round, stopped: threading.Event) -> None:
        """Copy what is ready: what tells about movies, gain references, movies, batch by batch.

        One run of rsync has an order of its own, and a movie is processed as soon as it is there.
        """
        until = time.monotonic() + _ENOUGH
        for movies, gains in ((False, False), (True, True), (True, False)):
            while not stopped.is_set() and time.monotonic() < until:
                with self._share.stream(stopped) as limit:
                    if limit is None:
                        return
                    ready = [
                        one
                        for one in self.ledger.ready(movies=movies, most=_MOST)
                        if (movies and is_gain_name(one.name)) == gains
                    ]
                    size = min(limit * _BATCH or _UNLIMITED, _room(self.route, self.rules))
                    batch = _batch(self._as_they_were(ready, now), size)
                    if not batch:
                        break
                    wanted = sum(entry.size for entry in batch)
                    _require_room(self.route, wanted, _room(self.route, self.rules))
                    self._run(batch, limit, ended, now, stopped)

    def _run(
        self,
        batch: list[CopyEntry],
        limit: float,
        ended: Round,
        now: float,
        stopped: threading.Event,
    ) -> None:
        self._staging.mkdir(mode=0o700, exist_ok=True)
        with self.ledger.writing():
            for entry in batch:
                self.ledger.put(entry, state="copying")
        left = {entry.name: entry for entry in batch}
        try:
            for entry in batch:
                if self._is_there(entry, ended, now, stopped):
                    del left[entry.name]
            self._bring(left, limit, ended, now, stopped)
        finally:
            # What is left was not reached: it has its turn when what kept it away is over.
            with self.ledger.writing():
                for entry in left.values():
                    self.ledger.put(entry, state="ready")
            _remove_empty(self._staging)

    def _bring(
        self,
        left: dict[str, CopyEntry],
        limit: float,
        ended: Round,
        now: float,
        stopped: threading.Event,
    ) -> None:
        """Let files come, and take each into its place; it leaves `left` when dealt with."""

        def told(name: str, md5: str | None) -> None:
            # It may be told of before the last byte is written and it has its name.
            entry = left.get(name)
            if not md5 or entry is None or not landed(self._staging / name, _expected(entry)):
                return
            if self._arrive(entry, md5, ended, now, stopped):
                del left[name]

        if not left:
            return
        run = self._source.bring(self._staging, list(left), limit=limit, told=told, stopped=stopped)
        if stopped.is_set():
            return
        # What an earlier run had brought whole: both ends are read.
        there = [name for name in left if run.done.get(name, "") is None]
        compared = self._source.digest_is(self._staging, there, stopped) if there else {}
        for name, entry in list(left.items()):
            why = compared.get(name, run.failed.get(name, ""))
            if why:
                _discard(self._staging / name)
                self._fail(entry, why, now, ended)
            elif not self._arrive(entry, run.done.get(name) or "", ended, now, stopped):
                return
            del left[name]

    def _is_there(
        self, entry: CopyEntry, ended: Round, now: float, stopped: threading.Event
    ) -> bool:
        """Whether a file is in the copy from before it was in the ledger; true if dealt with.

        One that holds the same is taken, another one of that name is kept.
        """
        place = self.route.target / entry.name
        if entry.copied_size >= 0 or not os.path.lexists(place):
            return False
        why = "another file of that name is in the copy already, and is kept"
        if place.is_file() and not place.is_symlink():
            with contextlib.suppress(OSError):
                same = place.stat().st_size == entry.size
                asked = (self.route.target, [entry.name], stopped)
                if same and not self._source.digest_is(*asked).get(entry.name):
                    self._note(entry, from_disk(place, stopped).digest, ended)
                    return True
        self._fail(entry, why, now, ended)
        return True

    def _arrive(
        self, entry: CopyEntry, md5: str, ended: Round, now: float, stopped: threading.Event
    ) -> bool:
        """Bring a file that rsync has brought into its place, or say why not; false if stopped."""
        staged = self._staging / entry.name
        try:
            came = arrived(staged, _expected(entry), md5, stopped)
        except Interrupted:
            return False
        why = ""
        if not came.wrong and entry.movie and self._source.path(entry.name) is None:
            # Only now can this machine look into it. What is there of it stays: the rest is added.
            quiet = self._source.as_of(now) - entry.rested
            rest = 0.0 if self._source.lands_whole else self.rules.settle
            may, why = whole(staged, rest, quiet, self.rules.patience)
            if not may:
                self.ledger.put(entry, state="settling", why=why, due=now + self.rules.settle)
                return True
        if came.later:
            self.ledger.put(entry, state="settling", why=came.wrong, due=now, rested=now)
        elif came.wrong:
            _discard(staged)
            self._fail(entry, came.wrong, now, ended)
        else:
            modes = (self.rules.file_mode, self.rules.folder_mode)
            try:
                put_in_place(staged, self.route.target / entry.name, *modes)
            except OSError as error:
                self._fail(entry, f"the copy: {error.strerror or error}", now, ended)
                return True
            self._note(replace(entry, why=why or entry.why), came.digest, ended)
        return True

    def _note(self, entry: CopyEntry, made: str, ended: Round) -> None:
        why = entry.why if entry.why.startswith("it is not whole at the source") else ""
        self.ledger.put(
            entry, state="verified", why=why, digest=made, copied_size=entry.size, tries=0, due=0
        )
        ended.copied += 1
        ended.bytes += entry.size

    def _fail(self, entry: CopyEntry, why: str, now: float, ended: Round | None = None) -> None:
        due = now + min(_LONGEST, _AGAIN * 2.0**entry.tries)
        self.ledger.put(entry, state="failed", why=why, tries=entry.tries + 1, due=due)
        if ended is not None:
            ended.failed[entry.name] = why

    def _as_they_were(self, ready: list[CopyEntry], now: float) -> Iterator[CopyEntry]:
        """Files that are still what they were when they were found to be ready."""
        for entry in ready:
            looked = self._source.look(entry.name)
            if looked is not None and not looked.problem and not _differs(entry, looked):
                yield entry
            else:
                self.ledger.put(entry, state="settling", why="it changed while it waited", due=now)


def _room(route: Route, rules: Rules) -> int:
    return max(0, shutil.disk_usage(route.target).free - rules.reserve)


def _require_room(route: Route, wanted: int, free: int) -> None:
    """See that there is room for a batch; it has one file at least."""
    if wanted > free:
        raise Outage(
            f"the disk of {route.target} is full: {wanted} bytes are to be copied, and "
            f"{free} are free"
        )


def _discard(staged: Path) -> None:
    with contextlib.suppress(OSError):
        staged.unlink()


def _expected(entry: CopyEntry) -> Looked:
    return Looked(entry.size, entry.modified, entry.changed)


def _differs(entry: CopyEntry, looked: Looked) -> bool:
    known = (entry.size, entry.modified, entry.changed)
    return known != (looked.size, looked.modified, looked.changed)


def _batch(ready: Iterable[CopyEntry], size: float) -> list[CopyEntry]:
    """The first files of a list that together are no more than so many bytes; one at least."""
    taken: list[CopyEntry] = []
    total = 0
    for entry in ready:
        total += entry.size
        if taken and total > size:
            break
        taken.append(entry)
    return taken


def _remove_empty(folder: Path) -> None:
    """Remove folders in which nothing is left; those with parts of files stay."""
    for path, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            Path(path).rmdir()
