"""What all sources do that bring in files of a folder."""

import os
import re
import time
from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from icestream.formats.arrivals import TakenFiles, fingerprint
from icestream.formats.completeness import Bad, Growing, Whole
from icestream.formats.errors import FormatError
from icestream.formats.exposure_names import ExposureNames, exposure_name
from icestream.formats.movie import MovieFacts
from icestream.formats.pending import Pending
from icestream.formats.renamed import Former
from icestream.formats.sidecars import Sidecars
from icestream.model import Movie, source_key
from icestream.protocol import Cursor, Discovery, SourceProtocol
from icestream.protocols.acquisition import Acquisition, NotKnown
from icestream.protocols.earlier_files import EarlierFiles
from icestream.protocols.folder_parameters import FolderParameters
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.intake import Intake
from icestream.protocols.option_words import option_words

__all__ = ["FolderSource"]

_DATED = re.compile(r"(19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d[-_. ][0-2]\d[-_.]?[0-5]\d")

F = TypeVar("F", bound=FolderParameters)


class FolderSource(SourceProtocol[F]):
    """Takes files of one kind in as soon as they are whole, with what is known of them."""

    called: ClassVar[str]
    """What the files are, in words: ``movies``."""
    needed: ClassVar[tuple[str, ...]]
    """What has to be given, so that nobody waits for metadata."""

    def __init__(self, parameters: F | None = None) -> None:
        super().__init__(parameters)
        self._intake: Intake | None = None
        self._acquisition = Acquisition(self.wanted())
        self._names = ExposureNames()
        self._taken = TakenFiles()
        self._earlier = EarlierFiles()
        self._former: dict[Path, Former] = {}
        """What files were that have another name now."""
        self._foreign: list[Path] = []
        """Files of other formats, in which there may be what is looked for."""
        self._lacked: dict[Path, Sidecars] = {}
        """All that was known of files for which it was too little."""

    @abstractmethod
    def wanted(self) -> ImportParameters:
        """The parameters, as those of movies."""

    @abstractmethod
    def judge(self, path: Path, beside: Sidecars, quiet: float) -> Whole | Growing | Bad:
        """Whether a file is whole, of which nothing has changed for `quiet` seconds."""

    @abstractmethod
    def is_other(
        self, path: Path, verdict: Whole | Growing | Bad, beside: Sidecars, quiet: float
    ) -> bool:
        """Whether a file is none of those asked for, whole or not; it is told where it matters."""

    @abstractmethod
    def describe(
        self, name: str, path: Path, facts: MovieFacts, beside: Sidecars, status: os.stat_result
    ) -> Any:
        """The item; NotKnown or FormatError when it cannot be made."""

    def lacks(self, path: Path, facts: MovieFacts, beside: Sidecars) -> bool:
        """Whether metadata of a whole file name another that is not there, and may still come."""
        return False

    def is_known(self, path: Path) -> bool:
        """Whether a new file is seen at once to be none of those asked for, but to tell of them."""
        return False

    def discover(self, cursor: Cursor) -> Discovery:
        """Look for new files, and take those that are whole."""
        now = cursor.now
        intake = self._begin(cursor) if self._intake is None else self._intake
        new = []
        for path, asked in intake.arrivals(now):
            if asked and not self.is_known(path):
                self._acquisition.notice_movie(path)
                new.append(path)
            else:
                self._acquisition.notice(path)
                self._foreign += [path] if intake.is_foreign(path) else []
        self._earlier.tell(new, self._taken, self._names)
        for path, later in self._earlier.in_turn(new):
            intake.join(path, now, later=later)
        intake.look(now, self._look, self._has_new_metadata)
        self._warn_of_changes()
        self._tell_of_foreign()
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

    def _begin(self, cursor: Cursor) -> Intake:
        """Begin to watch."""
        intake = Intake(self.parameters, self.called)
        state = cursor.state or {}
        self._names = ExposureNames(state.get("names"))
        self._acquisition = Acquisition(self.wanted(), state)
        for path in intake.others():
            self._acquisition.notice(path)
        self._intake = intake
        self._earlier = EarlierFiles(cursor.earlier())
        return intake

    def _look(self, intake: Intake, path: Path, file: Pending, now: float) -> Any:
        """Take a file, refuse it, or leave it for later: an item, a refusal, or None."""
        watched = self.parameters.watch
        try:
            status = os.stat(path)  # noqa: PTH116 - hot
        except FileNotFoundError:
            return intake.look_at_nothing(path, now)
        file.note(status, now, watched=watched)
        start = time.perf_counter()
        beside = self._acquisition.sidecars(path)
        quiet = now - file.changed
        verdict = self.judge(path, beside, quiet)
        # A large file that grows is looked at less often than a small one.
        file.next_look = now + min(20.0 * (time.perf_counter() - start), 5.0)
        if self.is_other(path, verdict, beside, quiet):
            intake.leave(path)
            return None
        if isinstance(verdict, Bad) or beside.problem:
            unlike = f"it is not whole: {beside.problem}"
            return intake.refuse(path, verdict.told if isinstance(verdict, Bad) else unlike)
        intake.to_the_end(path)
        if isinstance(verdict, Growing):
            return None
        file.whole = now if file.whole is None else file.whole
        since = file.whole if watched else min(file.whole, file.changed)
        if self._waits_for_metadata(beside, waited=now - since):
            return None
        waits = watched and now - since < self.parameters.metadata_wait
        if waits and self.lacks(path, verdict.facts, beside):
            return None
        return self._take(intake, path, verdict.facts, beside, status)

    def _waits_for_metadata(self, beside: Sidecars, waited: float) -> bool:
        """Whether metadata are still to come for a file that has been whole for so long."""
        if beside.found or waited >= self.parameters.metadata_wait:
            return False
        return bool(beside.unreadable) or self._acquisition.expects_metadata(*self.needed)

    def _has_new_metadata(self, path: Path) -> bool:
        """Whether more is known of a file than when too little was."""
        return self._acquisition.sidecars(path) != self._lacked.get(path)

    def _take(
        self,
        intake: Intake,
        path: Path,
        facts: MovieFacts,
        beside: Sidecars,
        status: os.stat_result,
    ) -> Any:
        """Make the item of a whole file."""
        try:
            content = fingerprint(path)
            if self._is_twice(path, content):
                intake.leave(path)
                return None
            former = self._before(path, content, status)
            name = self._names.of(path) if former is None else former.exposure
            item = _with_content(self.describe(name, path, facts, beside, status), content)
        except NotKnown as error:
            self._lacked[path] = beside
            return intake.refuse(path, str(error), lacking=True, name=self._names.of(path))
        except FormatError as error:
            return intake.refuse(path, str(error), name=self._names.of(path))
        except OSError:
            return None  # it went away, or cannot be read now: the next look tells
        self._lacked.pop(path, None)
        if former is None:
            self._names.take(path)
            _tell_of_twin(self._acquisition, path, name)
        self._taken.take(path, name, content, status)
        intake.leave(path)
        return item

    def _is_twice(self, path: Path, content: bytes) -> bool:
        """Whether this exposure was taken from another file, which is there too; it is told."""
        notices = self._acquisition.notices
        same = self._taken.copy_of(path, content)
        if same is not None and same.exists():
            message = f"copies of {self.called} that were taken before are skipped: {{}}"
            notices.listed("import.copies", "notice", f"{path.name} (of {same!s})", message)
            return True
        other = None if same is not None else self._names.beside(path)
        if other is not None:
            said = f"{path.name} ({other.name} was taken)"
            message = "one exposure is there as two files, of which the second is skipped: {}"
            notices.listed("import.twice", "warning", said, message)
        return other is not None

    def _before(self, path: Path, content: bytes, status: os.stat_result) -> Former | None:
        """What a file was that was taken under another name, in this run or before; it is told.

        It is the same exposure, which is known already, or is taken again with other parameters.
        """
        same = self._taken.copy_of(path, content)
        if same is not None:
            former = self._former.get(same, Former(same, self._taken.exposure_of(same)))
        else:
            found = self._earlier.gone.before(path, status)
            if found is None:
                return None
            former = found
        self._former[path] = former
        self._acquisition.notices.listed(
            "import.renamed",
            "warning",
            f"{path.name} (was {former.path!s})",
            f"{self.called} that were taken before have other names now: {{}}; what is still to be "
            "made of them is made under the new names",
        )
        return former

    def _tell_of_foreign(self) -> None:
        """Files of formats that are not read are never passed over without a word."""
        if not self._foreign:
            return
        first, count = min(self._foreign).name, len(self._foreign)
        those = f"{first} is" if count == 1 else f"{count} files, such as {first}, are"
        self._acquisition.notices.replace(
            "import.formats",
            "notice" if len(self._taken) else "warning",
            f"{those} of a format that is not read, and not taken. If they hold {self.called}, "
            "take them out of their archive, or convert them to MRC or TIFF, which loses nothing "
            "(IMOD's dm2mrc does it for DM3 and DM4)",
        )

    def _warn_of_changes(self) -> None:
        """Say which files were changed after they were taken."""
        for change in self._taken.look_back():
            self._acquisition.warn(
                f"import.changed.{change.exposure}",
                "warning",
                f"the file of {change.exposure} was changed after it was taken ({change.sizes}); "
                "its results are those of the old content",
            )

    def interval(self) -> float:
        """As often as the file system bears it."""
        return self.every if self._intake is None else self._intake.interval()

    def waits(self) -> bool:
        """Only while files are waited for."""
        return self.parameters.watch

    def key(self, item: Any) -> str:
        """Key of an item: the name that its file had first, its size and time of change."""
        former = self._former.get(item.path)
        name = (item.path if former is None else former.path).name
        try:
            status = os.stat(item.path)  # noqa: PTH116 - hot
        except OSError:
            return source_key(name, getattr(item, "size", 0), 0)
        return source_key(name, status.st_size, status.st_mtime_ns)


def _with_content(item: Any, content: bytes) -> Any:
    """An item that says what is in its file, where its kind can."""
    return replace(item, content=content.hex()) if isinstance(item, Movie) else item


def _tell_of_twin(acquisition: Acquisition, path: Path, name: str) -> None:
    """Names with a date and a time are of one shot; another file of that name is told."""
    if name != exposure_name(path) and _DATED.search(name):
        acquisition.notices.listed(
            "import.twins",
            "warning",
            name,
            "files in several folders are called as one exposure, of one time, and are taken "
            "as several: {}; if one is made of the other, leave its folder out with "
            f"{option_words('exclude')}",
        )
