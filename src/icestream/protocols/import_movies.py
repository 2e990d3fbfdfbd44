"""Bring movies in from a folder, as the microscope writes them."""

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from icestream.formats.arrivals import TakenFiles, fingerprint
from icestream.formats.completeness import Bad, Growing, Whole, judge
from icestream.formats.epu import epu_session_files
from icestream.formats.errors import FormatError
from icestream.formats.movie import MovieFacts
from icestream.formats.mrc import is_one_image
from icestream.formats.pending import WaitingLine
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


class ImportMovies(SourceProtocol[ImportParameters]):
    """Take movies in as soon as they are whole, with what their metadata say about them."""

    name = "movies.import"
    title = "Import movies"
    item = Movie

    def __init__(self, parameters: ImportParameters | None = None) -> None:
        super().__init__(parameters)
        self._watches: list[FolderWatch] = []
        """Of the movies, and of the other folder of metadata if there is one."""
        self._line = WaitingLine()
        self._acquisition = Acquisition(self.parameters)
        self._arrivals = TakenFiles()
        self._frames: Counter[int] = Counter()
        self._active: float | None = None
        """When something was last taken or refused; None before the first look."""

    def discover(self, cursor: Cursor) -> Discovery:
        """Look for new files, and take those that are whole."""
        now = cursor.now
        if self._active is None:
            self._start(cursor)
            self._active = now
        self._notice_new_files(now)
        self._line.look_again(now, lambda path: self._acquisition.sidecars(path).found)
        looks = [self._look(path, now) for path in self._line.due(now)]
        self._warn_of_changes()
        items = [look for look in looks if isinstance(look, Movie)]
        refused = [look for look in looks if isinstance(look, Refusal)]
        if items or refused:
            self._active = now
        return Discovery(
            items=items,
            refused=refused,
            alerts=(*self._acquisition.alerts, *self._waited_for(now)),
            state=self._acquisition.document(),
            waiting=len(self._line),
            closed=self._is_closed(now, self._active),
        )

    def _start(self, cursor: Cursor) -> None:
        """Begin to watch, when all that was given is there."""
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
        for path in epu_session_files(self._watches[0].root):
            self._acquisition.notice(path)

    def _notice_new_files(self, now: float) -> None:
        """Sort new files: movies, and what tells about movies."""
        for watch in self._watches:
            for path in watch.poll(now):
                movies = watch is self._watches[0] and watch.matches(path)
                if movies and not is_gain_name(path.name):
                    self._line.join(path, now)
                else:
                    self._acquisition.notice(path)

    def _look(self, path: Path, now: float) -> Movie | Refusal | None:
        """Take a file, refuse it, or leave it for later."""
        file = self._line[path]
        try:
            status = os.stat(path)  # noqa: PTH116 - hot
        except OSError:
            return self._look_at_nothing(path, now)
        file.note(status, now, watched=self.parameters.watch)
        start = time.perf_counter()
        beside = self._acquisition.sidecars(path)
        verdict = self._judge(path, beside, quiet=now - file.changed)
        # A large file that grows is looked at less often than a small one.
        file.next_look = now + min(20.0 * (time.perf_counter() - start), 5.0)
        if isinstance(verdict, Bad) or beside.problem:
            unlike = f"it is not whole: {beside.problem}"
            return self._refuse(path, verdict.told if isinstance(verdict, Bad) else unlike)
        self._line.to_the_end(path)
        rests = now - file.changed >= _REST
        if self._watches[0].takes_all and rests and is_one_image(path):
            self._line.leave(path)  # a folder holds other images than movies, too
            return None
        if isinstance(verdict, Growing):
            return None
        file.whole = now if file.whole is None else file.whole
        since = file.whole if self.parameters.watch else min(file.whole, file.changed)
        if self._waits_for_metadata(beside, waited=now - since):
            return None
        return self._take(path, verdict.facts, beside, status)

    def _look_at_nothing(self, path: Path, now: float) -> Refusal | None:
        """A name without a file: it was used only while copying, or links to what is away."""
        file = self._line[path]
        if not path.is_symlink():
            self._line.leave(path)
            self._watches[0].forget(path)
            return None
        if now - file.changed < self.parameters.patience and self.parameters.watch:
            file.next_look = now + 1.0
            return None
        return self._refuse(path, f"it is a link to {path.readlink()}, which is not there")

    def _judge(self, path: Path, beside: Sidecars, quiet: float) -> Whole | Growing | Bad:
        """Whether a file is whole, by itself, by its metadata and by the movies before it."""
        return judge(
            path,
            expected_frames=self.parameters.frames or beside.frames,
            usual_frames=self._frames.most_common(1)[0][0] if self._frames else None,
            quiet=quiet,
            patience=self.parameters.patience,
        )

    def _waits_for_metadata(self, beside: Sidecars, waited: float) -> bool:
        """Whether metadata are still to come for a movie that has been whole for so long."""
        if beside.found or waited >= self.parameters.metadata_wait:
            return False
        return bool(beside.unreadable) or self._acquisition.expects_metadata()

    def _take(
        self, path: Path, facts: MovieFacts, beside: Sidecars, status: os.stat_result
    ) -> Movie | Refusal | None:
        """Make the item of a whole movie."""
        name = exposure_name(path)
        try:
            content = fingerprint(path)
            reason = self._arrivals.copy_of(path, name, content)
            if reason:
                self._line.leave(path)
                return Refusal(path, reason, f"{name}_copy_{content_key(str(path))[:8]}")
            movie = self._acquisition.describe(path, facts, beside, status)
        except NotKnown as error:
            return self._refuse(path, str(error), lacking=True)
        except FormatError as error:
            return self._refuse(path, str(error))
        except OSError:
            return None  # it went away, or cannot be read now: the next look tells
        self._arrivals.take(path, name, content, status)
        self._frames[facts.frames] += 1
        self._line.leave(path)
        return movie

    def _refuse(self, path: Path, reason: str, *, lacking: bool = False) -> Refusal:
        self._line.give_up(path, lacking=lacking)
        return Refusal(path, reason, exposure_name(path))

    def _warn_of_changes(self) -> None:
        """Say which movies were changed after they were taken."""
        for change in self._arrivals.look_back():
            self._acquisition.warn(
                f"import.changed.{change.exposure}",
                "warning",
                f"the movie of {change.exposure} was changed after it was taken ({change.sizes}); "
                "its results are those of the old content",
            )

    def _waited_for(self, now: float) -> Iterator[Alert]:
        """What is waited for, and for how long at most, when it takes longer than a copy does."""
        late = self._line.late(now, _LATE)
        if late:
            until = max(file.changed for file in late.values()) + self.parameters.patience
            clock = time.strftime("%H:%M", time.localtime(until + 60.0))
            more = f" and {len(late) - 1} more are" if len(late) > 1 else " is"
            yield Alert(
                key="import.waiting",
                level="notice",
                message=f"{min(late).name}{more} not whole yet: waiting until {clock} at most, "
                "while nothing is added (the import's patience)",
            )
        if self.parameters.watch and not self._watches[0].folders:
            yield Alert(
                key="import.no-folder",
                level="warning",
                message=f"the folder {self._watches[0].root} is not there yet; waiting for it",
            )

    def _is_closed(self, now: float, active: float) -> bool:
        """Whether nothing more will come."""
        wanted = self.parameters
        if len(self._line):
            return False
        if wanted.watch:
            return 0 < wanted.idle_timeout < now - active
        if not self._watches[0].folders:
            raise ProtocolError(
                f"the folder {self._watches[0].root} is not there",
                advice="check its path, or wait for it with --watch",
                code="no-folder",
            )
        return all(watch.is_caught_up or not watch.folders for watch in self._watches)

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
