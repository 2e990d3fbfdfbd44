"""Files of a watched folder: every one is looked at until it is taken, refused or passed over."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from icestream.formats.epu import epu_session_files
from icestream.formats.exposure_names import exposure_name, in_order_of_age
from icestream.formats.gain_names import is_gain_name
from icestream.formats.kinds import FOREIGN
from icestream.formats.pending import Pending, WaitingLine
from icestream.formats.sidecars import SIDECARS
from icestream.formats.watch import FolderWatch
from icestream.model import Alert
from icestream.protocol import ProtocolError, Refusal
from icestream.protocols.folder_parameters import FolderParameters
from icestream.protocols.option_words import option_words

__all__ = ["Intake", "Look"]

_LATE = 10.0
"""Seconds without a change after which it is said that a file is waited for."""

Look = Callable[["Intake", Path, Pending, float], Any]
"""Takes the intake, a path, what is known of the file, and the time; gives an item or a refusal."""


class Intake:
    """The watch of a folder, the line of files that wait, and what has come of them.

    Parameters
    ----------
    wanted
        Where the files are, and how long to wait for what.
    what
        They are, in words: ``movies``.
    """

    def __init__(self, wanted: FolderParameters, what: str) -> None:
        self._wanted = wanted
        self._what = what
        self._line = WaitingLine()
        self._ready: list[Any] = []
        """Items and refusals that have not been handed over: no trouble in between loses them."""
        self._active: float | None = None
        """When something was last taken or refused; None before the first look."""
        self._refused_folders: set[Path] = set()
        self._older = 0
        """Files that are of before what is wanted."""
        if not wanted.pattern:
            raise ProtocolError(
                f"no folder of {what} is given",
                advice="give a folder, or a pattern such as '/data/session/**/*_fractions.tiff'",
                code="no-pattern",
            )
        also = (*SIDECARS, *(f"*{ending}" for ending in FOREIGN))
        self._watches = [
            FolderWatch(wanted.pattern, wanted.exclude, also=also, scan_every=wanted.scan_every)
        ]
        if wanted.metadata:
            elsewhere = str(Path(wanted.metadata) / "**" / "*.xml")
            self._watches.append(FolderWatch(elsewhere, also=SIDECARS))

    def __len__(self) -> int:
        return len(self._line)

    def is_foreign(self, path: Path) -> bool:
        """Whether a file that is not asked for may hold what the person wants, in another format.

        Only where a whole folder is to be taken: a pattern says what is meant.
        """
        foreign = path.suffix.lower() in FOREIGN and not is_gain_name(path.name)
        return foreign and self._watches[0].takes_all

    def others(self) -> list[Path]:
        """Files that lie above the folder and tell about it."""
        return epu_session_files(self._watches[0].root)

    def arrivals(self, now: float) -> Iterator[tuple[Path, bool]]:
        """New files, each with whether it is what the pattern asks for.

        What only tells about others comes first, so that nothing is looked at without it.
        """
        for watch in self._watches:
            found = watch.poll(now)
            asked = [path for path in found if watch is self._watches[0] and watch.matches(path)]
            wanted = set(asked)
            yield from ((path, False) for path in found if path not in wanted)
            asked = [path for path in asked if not self._is_older(path)]
            # A movie comes before links to it: its name is that which its metadata know.
            asked.sort(key=os.path.islink)
            yield from ((path, True) for path in in_order_of_age(asked))

    def _is_older(self, path: Path) -> bool:
        """Whether a file is of before what is wanted."""
        if not self._wanted.since:
            return False
        try:
            older = path.stat().st_mtime < self._wanted.since
        except OSError:  # whoever looks at it says what is wrong with it
            return False
        self._older += older
        return older

    def join(self, path: Path, now: float, *, later: bool = False) -> None:
        """Take a file into the line; `later`: the others in it go first."""
        self._line.join(path, now, later=later)

    def look(self, now: float, look: Look, has_metadata: Callable[[Path], bool]) -> None:
        """Look at files that it is time to look at.

        Whatever a file makes its readers raise is the trouble of that file: it is refused, and
        the others are looked at.
        """
        self._active = now if self._active is None else self._active
        self._line.look_again(now, lambda path: _answer(has_metadata, path))
        for path in self._line.due(now):
            try:
                found = look(self, path, self._line[path], now)
            except ProtocolError:
                raise
            except Exception as error:
                reason = str(error) or type(error).__name__
                found = self.refuse(path, f"it cannot be read: {type(error).__name__}: {reason}")
            if found is not None:
                self._ready.append(found)
                self._active = now

    def hand_over(self) -> tuple[list[Any], list[Refusal]]:
        """Items and refusals that are ready."""
        ready, self._ready = self._ready, []
        items = [each for each in ready if not isinstance(each, Refusal)]
        return items, [each for each in ready if isinstance(each, Refusal)]

    def leave(self, path: Path) -> None:
        """Forget a file: it was taken, or is none to be taken."""
        self._line.leave(path)

    def to_the_end(self, path: Path) -> None:
        """Let all others be looked at before this one is again."""
        self._line.to_the_end(path)

    def refuse(self, path: Path, reason: str, *, lacking: bool = False, name: str = "") -> Refusal:
        """Put a file aside until it changes; `lacking`: or until its metadata come."""
        if path in self._line:
            self._line.give_up(path, lacking=lacking)
        return Refusal(path, reason, name or exposure_name(path))

    def look_at_nothing(self, path: Path, now: float) -> Refusal | None:
        """A name without a file: it was used only while copying, or links to what is away."""
        file = self._line[path]
        if not path.is_symlink():
            self._line.leave(path)
            self._watches[0].forget(path)
            return None
        if now - file.changed < self._wanted.patience and self._wanted.watch:
            file.next_look = now + 1.0
            return None
        return self.refuse(path, f"it is a link to {path.readlink()}, which is not there")

    def alerts(self, now: float) -> Iterator[Alert]:
        """What is waited for, and what cannot be read."""
        waiting = self._line.late(now, _LATE)
        # Those that are whole wait for their metadata, and not for long.
        late = {path: file for path, file in waiting.items() if file.whole is None}
        if late:
            until = max(file.changed for file in late.values()) + self._wanted.patience
            clock = time.strftime("%H:%M", time.localtime(until + 60.0))
            more = f" and {len(late) - 1} more are" if len(late) > 1 else " is"
            yield Alert(
                key="import.waiting",
                level="notice",
                message=f"{min(late).name}{more} not whole yet: waiting until {clock} "
                "at most, while nothing is added (the import's patience)",
            )
        if self._older:
            since = time.strftime("%Y-%m-%d %H:%M", time.localtime(self._wanted.since))
            yield Alert(
                key="import.older",
                level="notice",
                message=f"{self._older} {self._what} in {self._watches[0].root} were last changed "
                f"before {since} and are left (the import's since)",
            )
        if self._wanted.watch and not self._watches[0].folders and not self._unreadable():
            yield Alert(
                key="import.no-folder",
                level="warning",
                message=f"the folder {self._watches[0].root} is not there yet; waiting for it",
            )
        for path, reason in self._unreadable().items():
            yield Alert(
                key=f"import.unreadable.{path!s}",
                level="warning",
                message=f"the folder {path!s} cannot be read ({reason}): what is in "
                "it is not taken; it is looked at again",
            )

    def _refuse_unreadable(self) -> Iterable[Refusal]:
        """Folders that cannot be read, once each, when nothing else is to come."""
        for path, reason in self._unreadable().items():
            if path not in self._refused_folders:
                self._refused_folders.add(path)
                name = f"{path.name} (folder)"
                yield Refusal(path, f"the folder cannot be read: {reason}", name)

    def is_closed(self, now: float) -> bool:
        """Whether nothing more will come."""
        wanted = self._wanted
        if len(self._line) or self._ready:
            return False
        if wanted.watch:
            return 0 < wanted.idle_timeout < now - (now if self._active is None else self._active)
        self._ready += self._refuse_unreadable()
        if self._ready:
            return False
        if not self._watches[0].folders and not self._unreadable():
            raise ProtocolError(
                f"the folder {self._watches[0].root} is not there",
                advice=f"check its path, or wait for it with {option_words('watch')}",
                code="no-folder",
            )
        return all(watch.is_caught_up or not watch.folders for watch in self._watches)

    def interval(self) -> float:
        """Seconds until the next look: as often as the file system bears it."""
        return max(watch.interval() for watch in self._watches)

    def _unreadable(self) -> dict[Path, str]:
        return {p: reason for watch in self._watches for p, reason in watch.unreadable.items()}


def _answer(has_metadata: Callable[[Path], bool], path: Path) -> bool:
    """The answer; no where asking fails: what was said of the file holds."""
    try:
        return has_metadata(path)
    except Exception:
        return False
