"""What becomes of files that were put aside: they are brought back, or removed for good."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from icestream.facility.keep.aside import (
    MANIFEST,
    Busy,
    Moved,
    alone_in,
    folder_of,
)
from icestream.facility.keep.copies import BackupCopies, KnownCopies
from icestream.facility.keep.inside import Inside
from icestream.facility.keep.known import Layout
from icestream.facility.keep.manifest import ManifestLine, read_lines
from icestream.facility.keep.rules import Copy
from icestream.facility.opened import Facility
from icestream.facility.registry import holds as hold_rows
from icestream.facility.registry import removals as rows
from icestream.facility.registry.records import KnownSession, Removal
from icestream.facility.registry.sessions import change_session
from icestream.store.open import FILE
from icestream.store.removed import note_restored

__all__ = ["TooLate", "bring_back", "remove_for_good"]

_LOOK = 200


class TooLate(RuntimeError):
    """The files of a removal cannot be brought back any more, or are back already."""


def bring_back(
    facility: Facility, session: KnownSession, layout: Layout, removal: Removal, who: str
) -> Moved:
    """Undo a removal: every file is where it was, with its permissions and times.

    A file whose name has been taken meanwhile stays aside, and is named. What came back is held,
    until that is released: otherwise it would be removed again.

    Raises
    ------
    TooLate
        If the files are gone for good, or are back already.
    Busy
        If another process moves files of the place.
    """
    if removal.state in ("gone", "purging"):
        raise TooLate(
            f"the files of removal {removal.id} were removed for good on "
            f"{facility.local(removal.ended or removal.until):%Y-%m-%d}; its manifest, which says "
            f"where copies are, is {layout.place / folder_of(removal.id) / MANIFEST}"
        )
    if removal.state == "undone":
        raise TooLate(f"removal {removal.id} was undone already: its files are where they were")
    outcome, back = Moved(removal.id), []
    with alone_in(layout), Inside(layout.place) as inside:
        _change(facility, removal, state="undoing")
        _hold(facility, removal, who)
        for line in read_lines(layout.place / folder_of(removal.id) / MANIFEST):
            aside = f"{folder_of(removal.id)}/files/{line.path}"
            if not inside.exists(aside):
                continue
            try:
                inside.put_back(aside, line.path)
            except FileExistsError:
                outcome.left.append((line.path, "something else is in its place now"))
            except OSError as error:
                outcome.left.append((line.path, f"it cannot be moved: {error.strerror}"))
            else:
                back.append(line)
        inside.prune(f"{folder_of(removal.id)}/files")
    with contextlib.suppress(FileNotFoundError):  # the session's folder
        _restored(layout, removal)
    outcome.files, outcome.bytes = len(back), sum(line.size for line in back)
    state = "removed" if outcome.left else "undone"
    ended = {} if outcome.left else {"ended": time.time()}
    _change(facility, removal, state=state, said=outcome.said(), **ended)
    if any(layout.place / line.path == layout.folder / FILE for line in back):
        with facility.registry.write() as connection:
            change_session(connection, session.id, state="done")
    return outcome


def remove_for_good(
    facility: Facility, layout: Layout, removal: Removal, copies: KnownCopies | None = None
) -> Moved:
    """Remove for good what was put aside, and keep the manifest.

    It is looked again whether what needs a copy has one, and whether anybody has written to the
    file since: then it stays aside.

    Raises
    ------
    Busy
        If somebody holds the data, or another process moves files of the place.
    """
    if held := _who_holds(facility, removal):
        raise Busy(held)
    outcome = Moved(removal.id)
    manifest = layout.place / folder_of(removal.id) / MANIFEST
    with alone_in(layout), Inside(layout.place) as inside:
        verified = (copies or BackupCopies()).of(layout)
        _change(facility, removal, state="purging")
        purge = _Purge(inside, removal, layout, verified)
        for count, line in enumerate(read_lines(manifest) if manifest.exists() else ()):
            if count % _LOOK == 0 and (held := _who_holds(facility, removal)):
                purge.left.append((line.path, held))
                break
            purge.remove(line)
        if not purge.left:
            inside.prune(f"{folder_of(removal.id)}/files")
    outcome.files, outcome.bytes, outcome.left = purge.files, purge.bytes, purge.left
    ended = {} if purge.left else {"state": "gone", "ended": time.time()}
    # What is left can still be brought back.
    _change(facility, removal, **{"state": "removed", "said": outcome.said(), **ended})
    return outcome


@dataclass(slots=True)
class _Purge:
    inside: Inside
    removal: Removal
    layout: Layout
    verified: Mapping[str, Sequence[Copy]]
    files: int = 0
    bytes: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)

    def remove(self, line: ManifestLine) -> None:
        aside = f"{folder_of(self.removal.id)}/files/{line.path}"
        try:
            status = self.inside.status(aside)
        except (FileNotFoundError, NotADirectoryError):
            return
        if not line.is_of(status):
            self.left.append((line.path, "it was written to after it was put aside"))
        elif not self._has_copy(line):
            self.left.append((line.path, "its backup has no verified copy any more"))
        else:
            try:
                self.inside.remove(aside)
            except OSError as error:
                self.left.append((line.path, f"it cannot be removed: {error.strerror}"))
            else:
                self.files += 1
                self.bytes += line.size

    def _has_copy(self, line: ManifestLine) -> bool:
        if not line.copies:  # none was needed
            return True
        inside = self.layout.in_session(line.path)
        if inside in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
            return bool(self.verified.get(line.path.removesuffix("-wal").removesuffix("-shm")))
        known = self.verified.get(line.path, ())
        return any((one.size, one.modified) == (line.size, line.modified) for one in known)


def _who_holds(facility: Facility, removal: Removal) -> str:
    now = time.time()
    with facility.registry.read() as connection:
        for one in hold_rows.holds(connection, removal.session):
            if one.holds(removal.kind, now):
                return f"held by {one.who}: {one.why}"
    return ""


def _hold(facility: Facility, removal: Removal, who: str) -> None:
    why = f"removal {removal.id} was undone"
    with facility.registry.write() as connection:
        there = hold_rows.holds(connection, removal.session)
        if not any(one.kind == removal.kind and one.why == why for one in there):
            hold_rows.add_hold(connection, removal.session, kind=removal.kind, why=why, who=who)


def _restored(layout: Layout, removal: Removal) -> None:
    manifest = layout.place / folder_of(removal.id) / MANIFEST
    paths: list[Path] = [layout.place / line.path for line in read_lines(manifest)]
    note_restored(layout.folder, [path for path in paths if path.exists()])


def _change(facility: Facility, removal: Removal, **values: object) -> None:
    with facility.registry.write() as connection:
        rows.change_removal(connection, removal.id, **values)
