"""Bring movies in from a folder, as the microscope writes them."""

import os
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from icestream.formats.arrivals import TakenFiles, fingerprint
from icestream.formats.completeness import Bad, Growing, Whole, judge
from icestream.formats.errors import FormatError
from icestream.formats.exposure_names import ExposureNames
from icestream.formats.gain_names import is_gain_name
from icestream.formats.movie import MovieFacts, holds_one_image, movie_facts
from icestream.formats.pending import Pending
from icestream.formats.sidecars import Sidecars
from icestream.model import Movie, shown_name, source_key
from icestream.protocol import Cursor, Discovery, ProtocolError, Refusal, SourceProtocol
from icestream.protocols.acquisition import Acquisition, NotKnown
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.intake import Intake

__all__ = ["ImportMovies", "ImportParameters"]

_REST = 5.0
"""Seconds of quiet after which the header of a file is believed."""
_NUMBER = re.compile(r"[-_. ]?(frame|fr)?[-_. ]?\d+$", re.IGNORECASE)


class ImportMovies(SourceProtocol[ImportParameters]):
    """Take movies in as soon as they are whole, with what their metadata say about them."""

    name = "movies.import"
    title = "Import movies"
    item = Movie

    def __init__(self, parameters: ImportParameters | None = None) -> None:
        super().__init__(parameters)
        self._intake: Intake | None = None
        self._acquisition = Acquisition(self.parameters)
        self._names = ExposureNames()
        self._taken = TakenFiles()
        self._frames: Counter[int] = Counter()
        self._images: dict[Path, None] = {}
        """Files of one image, which are no movies."""

    def discover(self, cursor: Cursor) -> Discovery:
        """Look for new files, and take those that are whole."""
        now = cursor.now
        intake = self._start(cursor) if self._intake is None else self._intake
        for path, asked in intake.arrivals(now):
            self._notice(intake, path, now, asked=asked)
        intake.look(now, self._look, lambda path: self._acquisition.sidecars(path).found)
        self._warn_of_changes()
        closed = intake.is_closed(now)
        alerts = (*self._acquisition.alerts, *intake.alerts(now))
        state = {**self._acquisition.document(), "names": self._names.document()}
        items, refused = intake.hand_over()
        return Discovery(
            items=items,
            refused=refused,
            alerts=alerts,
            state=state,
            waiting=len(intake),
            closed=closed and not items and not refused,
        )

    def _start(self, cursor: Cursor) -> Intake:
        """Begin to watch, when all that was given is there."""
        wanted = self.parameters
        self._intake = intake = Intake(wanted, "movies")
        for what, path in (("gain reference", wanted.gain), ("defects", wanted.defects)):
            if path is not None and not path.is_file():
                self._intake = None
                raise ProtocolError(
                    f"the file of the {what}, {path}, is not there", advice="check its path"
                )
        state = cursor.state or {}
        self._names = ExposureNames(state.get("names"))
        self._acquisition = Acquisition(wanted, state)
        for path in intake.others():
            self._acquisition.notice(path)
        return intake

    def _notice(self, intake: Intake, path: Path, now: float, *, asked: bool) -> None:
        """Sort a new file: a movie, or what tells about movies."""
        if not asked or (is_gain_name(path.name) and self._is_reference(path)):
            self._acquisition.notice(path)
        else:
            self._acquisition.notice_movie(path)
            intake.join(path, now)

    def _is_reference(self, path: Path) -> bool:
        """Whether a file that is called like a gain reference is surely one.

        Movies are hardly ever of real numbers. Behind one image of integers more may still come.
        """
        try:
            facts = movie_facts(path)
        except (FormatError, OSError):
            return False
        return self.parameters.frames != 1 and facts.frames == 1 and facts.dtype.kind == "f"

    def _look(self, path: Path, file: Pending, now: float) -> Movie | Refusal | None:
        """Take a file, refuse it, or leave it for later."""
        assert self._intake is not None
        intake = self._intake
        try:
            status = os.stat(path)  # noqa: PTH116 - hot
        except FileNotFoundError:
            return intake.look_at_nothing(path, now)
        file.note(status, now, watched=self.parameters.watch)
        start = time.perf_counter()
        beside = self._acquisition.sidecars(path)
        quiet = now - file.changed
        verdict = self._judge(path, beside, quiet)
        # A large file that grows is looked at less often than a small one.
        file.next_look = now + min(20.0 * (time.perf_counter() - start), 5.0)
        if self._is_no_movie(path, verdict, rests=quiet >= _REST):
            intake.leave(path)
            return None
        if isinstance(verdict, Bad) or beside.problem:
            unlike = f"it is not whole: {beside.problem}"
            return intake.refuse(path, verdict.told if isinstance(verdict, Bad) else unlike)
        intake.to_the_end(path)
        if isinstance(verdict, Growing):
            return None
        file.whole = now if file.whole is None else file.whole
        since = file.whole if self.parameters.watch else min(file.whole, file.changed)
        if self._waits_for_metadata(beside, waited=now - since):
            return None
        return self._take(intake, path, verdict.facts, beside, status)

    def _judge(self, path: Path, beside: Sidecars, quiet: float) -> Whole | Growing | Bad:
        """Whether a file is whole, by itself, by its metadata and by the movies before it."""
        return judge(
            path,
            expected_frames=self.parameters.frames or beside.frames,
            usual_frames=self._frames.most_common(1)[0][0] if self._frames else None,
            quiet=quiet,
            patience=self.parameters.patience,
        )

    def _is_no_movie(self, path: Path, verdict: Whole | Growing | Bad, *, rests: bool) -> bool:
        """Whether a file is a picture or a reference: one image, where movies are asked for."""
        if self.parameters.frames == 1 or isinstance(verdict, Bad):
            return False
        is_sum = self._acquisition.is_sum(path)
        if not (is_sum or rests or isinstance(verdict, Whole)) or not holds_one_image(path):
            return False
        if is_gain_name(path.name):
            self._acquisition.notice(path)
        elif not is_sum:
            self._tell_of_image(path)
        return True

    def _tell_of_image(self, path: Path) -> None:
        """Files of one image are never passed over without a word."""
        self._images[path] = None
        bases = {(each.parent, _NUMBER.sub("", each.stem)) for each in self._images}
        count = len(self._images)
        series = f" (in {len(bases)} numbered series)" if count > 2 * len(bases) else ""
        first = shown_name(next(iter(self._images)).name)
        files = f"{count} files hold" if count > 1 else "1 file holds"
        self._acquisition.notices.replace(
            "import.images",
            "notice" if len(self._taken) else "warning",
            f"{files} one image each, such as {first}{series}, and are not taken for movies. If "
            "they are the frames of movies, join those of each movie into one stack first; if they "
            "are micrographs, import them with micrographs.import; if they are movies of one "
            "frame, give --frames 1",
        )

    def _waits_for_metadata(self, beside: Sidecars, waited: float) -> bool:
        """Whether metadata are still to come for a movie that has been whole for so long."""
        if beside.found or waited >= self.parameters.metadata_wait:
            return False
        return bool(beside.unreadable) or self._acquisition.expects_metadata()

    def _take(
        self,
        intake: Intake,
        path: Path,
        facts: MovieFacts,
        beside: Sidecars,
        status: os.stat_result,
    ) -> Movie | Refusal | None:
        """Make the item of a whole movie."""
        try:
            content = fingerprint(path)
            if self._is_taken(path, content):
                intake.leave(path)
                return None
            name = self._names.of(path)
            movie = self._acquisition.describe(name, path, facts, beside, status)
        except NotKnown as error:
            return intake.refuse(path, str(error), lacking=True, name=self._names.of(path))
        except FormatError as error:
            return intake.refuse(path, str(error), name=self._names.of(path))
        except OSError:
            return None  # it went away, or cannot be read now: the next look tells
        self._names.take(path)
        self._taken.take(path, name, content, status)
        self._frames[facts.frames] += 1
        intake.leave(path)
        return movie

    def _is_taken(self, path: Path, content: bytes) -> bool:
        """Whether this movie was taken under another name; it is told."""
        notices = self._acquisition.notices
        same = self._taken.copy_of(path, content)
        if same is not None:
            said = f"{shown_name(path.name)} (of {shown_name(str(same))})"
            if same.exists():
                message = "copies of movies that were taken before are skipped: {}"
                notices.listed("import.copies", "notice", said, message)
            else:
                message = "movies that were taken before have other names now: {}"
                notices.listed("import.renamed", "warning", said, message)
            return True
        other = self._names.beside(path)
        if other is not None:
            said = f"{shown_name(path.name)} ({shown_name(other.name)} was taken)"
            message = "one exposure is there as two movies, of which the second is skipped: {}"
            notices.listed("import.twice", "warning", said, message)
        return other is not None

    def _warn_of_changes(self) -> None:
        """Say which movies were changed after they were taken."""
        for change in self._taken.look_back():
            self._acquisition.warn(
                f"import.changed.{change.exposure}",
                "warning",
                f"the movie of {change.exposure} was changed after it was taken ({change.sizes}); "
                "its results are those of the old content",
            )

    def interval(self) -> float:
        """As often as the file system bears it."""
        return self.every if self._intake is None else self._intake.interval()

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
