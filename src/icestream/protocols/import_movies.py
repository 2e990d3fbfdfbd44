"""Bring movies in from a folder, as the microscope writes them."""

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from icestream.formats.arrivals import Arrivals, fingerprint
from icestream.formats.completeness import Bad, Growing, judge
from icestream.formats.errors import FormatError
from icestream.formats.movie import MovieFacts
from icestream.formats.mrc import read_mrc_header
from icestream.formats.sidecars import SIDECARS, Sidecars, is_gain_name
from icestream.formats.statements import exposure_name
from icestream.formats.watch import FolderWatch
from icestream.model import Alert, Movie, content_key, source_key
from icestream.protocol import Cursor, Discovery, ProtocolError, Refusal, SourceProtocol
from icestream.protocols.acquisition import Acquisition, NotKnown
from icestream.protocols.import_parameters import ImportParameters

__all__ = ["ImportMovies", "ImportParameters"]


_LATE = 10.0
"""Seconds without a change after which it is said that a file is waited for."""
_REST = 5.0
"""Seconds of quiet after which the header of a file is believed."""


@dataclass(slots=True)
class _Pending:
    """A file that was seen and is not taken yet; times are those of the cursor."""

    changed: float
    """When it was last seen to change."""
    size: int = -1
    modified: int = -1
    whole: float | None = None
    """When it was first judged whole."""
    next_look: float = 0.0
    lacking: bool = False
    """It was refused because no metadata were there."""


class ImportMovies(SourceProtocol[ImportParameters]):
    """Take movies in as soon as they are whole, with what their metadata say about them."""

    name = "movies.import"
    title = "Import movies"
    item = Movie

    def __init__(self, parameters: ImportParameters | None = None) -> None:
        super().__init__(parameters)
        self._watches: list[FolderWatch] = []
        self._pending: dict[Path, _Pending] = {}
        self._acquisition = Acquisition(self.parameters)
        self._given_up: dict[Path, _Pending] = {}
        self._arrivals = Arrivals()
        self._frames: Counter[int] = Counter()
        self._active: float | None = None

    def interval(self) -> float:
        """As often as the file system bears it."""
        return max((watch.interval() for watch in self._watches), default=self.every)

    def waits(self) -> bool:
        """Only while movies are waited for."""
        return self.parameters.watch

    def key(self, item: Movie) -> str:
        """Key of a movie: its name, size and time of change."""
        try:
            status = os.stat(item.path)  # noqa: PTH116 - hot
        except OSError:
            return source_key(item.path.name, item.size, 0)
        return source_key(item.path.name, status.st_size, status.st_mtime_ns)

    def discover(self, cursor: Cursor) -> Discovery:
        """Look for new files, and take those that are whole."""
        now = cursor.now
        if self._active is None:
            self._start(cursor)
            self._active = now
        for watch in self._watches:
            for path in watch.poll(now):
                self._notice(path, watch, now)
        items: list[Movie] = []
        refused: list[Refusal] = []
        self._look_again(now)
        for path in self._due(now):
            outcome = self._look(path, now)
            if isinstance(outcome, Movie):
                items.append(outcome)
            elif outcome is not None:
                refused.append(outcome)
        for exposure, change in self._arrivals.look_back():
            self._acquisition.warn(
                f"import.changed.{exposure}",
                "warning",
                f"the movie of {exposure} was changed after it was taken ({change}); "
                "its results are those of the old content",
            )
        if items or refused:
            self._active = now
        return Discovery(
            items=items,
            refused=refused,
            alerts=(*self._acquisition.alerts, *self._waiting(now)),
            state=self._acquisition.document(),
            waiting=len(self._pending),
            closed=self._is_closed(now),
        )

    def summarize(self, items: Sequence[Movie]) -> str:
        """How many movies, and how they were taken."""
        if not items:
            return ""
        first = items[-1]
        dose = median(movie.dose for movie in items)
        return (
            f"{len(items)} movies of {first.frames} frames of {first.shape[1]} x {first.shape[0]} "
            f"pixels were taken at {first.optics.voltage:g} kV with {first.optics.pixel_size:.4g} "
            f"Å per pixel and {dose:.3g} e/Å²."
        )

    def _start(self, cursor: Cursor) -> None:
        wanted = self.parameters
        if not wanted.pattern:
            raise ProtocolError(
                "no folder of movies is given",
                advice="give a folder, or a pattern such as '/data/session/**/*_fractions.tiff'",
                code="no-pattern",
            )
        for what, path in (("gain reference", wanted.gain), ("defects", wanted.defects)):
            if path is not None and not path.is_file():
                raise ProtocolError(
                    f"the file of the {what}, {path}, is not there", advice="check its path"
                )
        self._watches = [
            FolderWatch(wanted.pattern, wanted.exclude, also=SIDECARS, scan_every=wanted.scan_every)
        ]
        if wanted.metadata:
            elsewhere = str(Path(wanted.metadata) / "**" / "*.xml")
            self._watches.append(FolderWatch(elsewhere, also=SIDECARS))
        self._acquisition = Acquisition(wanted, cursor.state)
        for folder in list(self._watches[0].root.parents)[:3]:
            # EPU keeps the gain reference at the top of its session.
            if (folder / "EpuSession.dm").is_file():
                for path in folder.iterdir():
                    self._acquisition.notice(path)

    def _is_closed(self, now: float) -> bool:
        wanted = self.parameters
        if self._pending:
            return False
        if wanted.watch:
            return 0 < wanted.idle_timeout < now - (self._active or now)
        if not self._watches[0].folders:
            raise ProtocolError(
                f"the folder {self._watches[0].root} is not there",
                advice="check its path, or wait for it with --watch",
                code="no-folder",
            )
        return all(watch.is_caught_up or not watch.folders for watch in self._watches)

    def _waiting(self, now: float) -> Iterator[Alert]:
        """What is waited for, and for how long at most, when it takes longer than a copy does."""
        looked_at = {path: one for path, one in self._pending.items() if one.size >= 0}
        late = {path: one for path, one in looked_at.items() if now - one.changed > _LATE}
        if late:
            until = max(one.changed for one in late.values()) + self.parameters.patience
            clock = time.strftime("%H:%M", time.localtime(until + 60.0))
            more = f" and {len(late) - 1} more are" if len(late) > 1 else " is"
            yield Alert(
                key="import.waiting",
                level="notice",
                message=f"{min(late).name}{more} not whole yet: waiting until {clock} at most, "
                "while nothing is added (the import's patience)",
            )
        if self.parameters.watch and self._watches and not self._watches[0].folders:
            yield Alert(
                key="import.no-folder",
                level="warning",
                message=f"the folder {self._watches[0].root} is not there yet; waiting for it",
            )

    def _notice(self, path: Path, watch: FolderWatch, now: float) -> None:
        """Sort a new file: a movie, or something that tells about movies."""
        movies = watch is self._watches[0] and watch.matches(path)
        if movies and not is_gain_name(path.name):
            self._pending.setdefault(path, _Pending(now))
            return
        self._acquisition.notice(path)

    def _due(self, now: float) -> Iterator[Path]:
        """Pending files that it is time to look at, for at most half a second."""
        deadline = time.perf_counter() + 0.5
        for path, pending in list(self._pending.items()):
            if pending.next_look <= now:
                yield path
                if time.perf_counter() > deadline:
                    return

    def _look(self, path: Path, now: float) -> Movie | Refusal | None:
        """Take a file, refuse it, or leave it for later."""
        pending = self._pending[path]
        try:
            status = os.stat(path)  # noqa: PTH116 - hot
        except OSError:
            return self._look_at_nothing(path, now)
        if (status.st_size, status.st_mtime_ns) != (pending.size, pending.modified):
            first = pending.size < 0
            pending.size, pending.modified = status.st_size, status.st_mtime_ns
            pending.changed, pending.whole = now, None
            if first and not self.parameters.watch:
                # Nobody is said to be writing: an old file is judged by its own time.
                pending.changed = min(now, status.st_mtime)
        start = time.perf_counter()
        beside = self._acquisition.sidecars(path)
        verdict = judge(
            path,
            expected_frames=self.parameters.frames or beside.frames,
            usual_frames=self._frames.most_common(1)[0][0] if self._frames else None,
            quiet=now - pending.changed,
            patience=self.parameters.patience,
        )
        # A large file that grows is looked at less often than a small one.
        pending.next_look = now + min(20.0 * (time.perf_counter() - start), 5.0)
        if isinstance(verdict, Bad) or beside.problem:
            reason = verdict.reason if isinstance(verdict, Bad) else beside.problem
            return self._refuse(path, f"it is not whole: {reason}")
        self._pending[path] = self._pending.pop(path)  # to the end of the line
        quiet = now - pending.changed
        if self._watches[0].takes_all and quiet >= _REST and _is_image(path):
            del self._pending[path]  # a folder holds other images than movies, too
            return None
        if isinstance(verdict, Growing):
            return None
        pending.whole = now if pending.whole is None else pending.whole
        since = pending.whole if self.parameters.watch else min(pending.whole, pending.changed)
        return self._take(path, verdict.facts, beside, waited=now - since, status=status)

    def _look_at_nothing(self, path: Path, now: float) -> Refusal | None:
        """A name without a file: it was used only while copying, or links to what is away."""
        pending = self._pending[path]
        if not path.is_symlink():
            del self._pending[path]
            self._watches[0].forget(path)
            return None
        if now - pending.changed < self.parameters.patience and self.parameters.watch:
            pending.next_look = now + 1.0
            return None
        return self._refuse(path, f"it is a link to {path.readlink()}, which is not there")

    def _take(
        self,
        path: Path,
        facts: MovieFacts,
        beside: Sidecars,
        *,
        waited: float,
        status: os.stat_result,
    ) -> Movie | Refusal | None:
        """Make the item of a whole movie, unless its metadata are still to come."""
        name = exposure_name(path)
        if (
            not beside.found
            and waited < self.parameters.metadata_wait
            and (beside.unreadable or self._acquisition.expects_metadata())
        ):
            return None
        try:
            content = fingerprint(path)
            reason = self._arrivals.copy_of(path, name, content)
            if reason:
                return self._refuse(path, reason, copy=True)
            movie = self._acquisition.describe(path, facts, beside, status)
        except NotKnown as error:
            self._pending[path].lacking = True
            return self._refuse(path, str(error))
        except FormatError as error:
            return self._refuse(path, str(error))
        except OSError:
            return None  # it went away, or cannot be read now: the next look tells
        self._arrivals.take(path, name, content, status)
        self._frames[facts.frames] += 1
        del self._pending[path]
        return movie

    def _refuse(self, path: Path, reason: str, *, copy: bool = False) -> Refusal:
        pending = self._pending.pop(path)
        name = exposure_name(path)
        if copy:
            name = f"{name}_copy_{content_key(str(path))[:8]}"
        else:
            self._given_up[path] = pending
        return Refusal(path, reason, name)

    def _look_again(self, now: float) -> None:
        """Look at one refused file, in turn: a transfer may go on after an outage."""
        for path in list(self._given_up)[:1]:
            known = self._given_up.pop(path)
            try:
                status = os.stat(path)  # noqa: PTH116 - hot
            except OSError:
                if path.is_symlink():
                    self._given_up[path] = known
                continue
            changed = (status.st_size, status.st_mtime_ns) != (known.size, known.modified)
            if changed or (known.lacking and self._acquisition.sidecars(path).found):
                self._pending[path] = _Pending(now)
            else:
                self._given_up[path] = known  # to the end of the line


def _is_image(path: Path) -> bool:
    """Whether a file is a single MRC image, not a movie."""
    try:
        return path.suffix.lower() == ".mrc" and read_mrc_header(path).shape[0] == 1
    except (FormatError, OSError):
        return False
