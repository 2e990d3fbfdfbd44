"""Putting files of a session aside, where they can be brought back from for a time.

Nothing is copied: each file is given another name on its file system, in the folder
``.icestream-removed/NUMBER/files`` of its place, under the path that it had. Where a file is tells
what became of it, so that whoever is killed at any moment leaves nothing in doubt.
"""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from icestream.engine.machine.lock import SessionBusy, hold
from icestream.facility.keep.inside import Inside, is_ordinary
from icestream.facility.keep.known import TRASH, Layout
from icestream.facility.keep.manifest import ManifestHead, ManifestLine, read_lines, write_manifest
from icestream.facility.keep.planning import RemovalPlan
from icestream.facility.keep.rules import DAY
from icestream.facility.opened import Facility
from icestream.facility.registry import holds as hold_rows
from icestream.facility.registry import removals as rows
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import change_session
from icestream.store.open import FILE
from icestream.store.removed import RemovedFile, note_removed, note_restored

__all__ = ["MANIFEST", "Busy", "Moved", "alone_in", "folder_of", "put_aside", "settle"]

MANIFEST = "manifest.jsonl"
_LOOK = 200
"""Files after which it is asked again whether somebody holds them."""


class Busy(RuntimeError):
    """Something else is done with the session, or its removals, at this moment."""


@dataclass(slots=True)
class Moved:
    """What became of a removal, or of its undoing."""

    number: int
    files: int = 0
    bytes: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    """Files that stayed where they were, and why."""

    def said(self) -> str:
        """What could not be done, in a line; empty where all was."""
        if not self.left:
            return ""
        path, why = self.left[0]
        more = f" and {len(self.left) - 1} more" if self.left[1:] else ""
        return f"{path}{more}: {why}"


def folder_of(number: int) -> str:
    """Folder of a removal in its place."""
    return f"{TRASH}/{number}"


def put_aside(facility: Facility, plan: RemovalPlan, who: str) -> Moved | None:
    """Put the files of a plan aside; None where there are none.

    A hold that comes meanwhile ends it at once. What has changed since it was planned stays.

    Raises
    ------
    Busy
        If the session runs now, or another removal is under way in its place.
    OSError
        If not even the manifest can be written: then nothing was moved.
    """
    if not plan.lines:
        return None
    layout, kind = plan.layout, plan.decision.kind
    with _undisturbed(layout), Inside(layout.place) as inside:
        number = _begin(facility, plan, who)
        outcome = Moved(number)
        moved: list[ManifestLine] = []
        try:
            _write(inside, plan, number, who)
            paths = [layout.place / line.path for line in plan.lines]
            note_removed(layout.folder, paths, RemovedFile(number, kind, time.time()))
            for count, line in enumerate(plan.lines):
                if count % _LOOK == 0 and (why := _held(facility, plan)):
                    outcome.left += ((one.path, why) for one in plan.lines[count:])
                    break
                why = _move(inside, line, number)
                if why:
                    outcome.left.append((line.path, why))
                else:
                    moved.append(line)
        finally:
            _end(facility, plan.session, layout, number, moved, outcome)
    return outcome


def settle(facility: Facility, session: KnownSession, layout: Layout) -> list[int]:
    """Write down what became of removals of a session whose process was killed; their numbers.

    What was moved by then is put aside, what was not stays, and is looked at anew like all else.

    Raises
    ------
    Busy
        If the session runs now, or a removal is under way in its place.
    """
    with facility.registry.read() as connection:
        broken = rows.removals(connection, session=session.id, states=("moving",))
    if not broken:
        return []
    with _undisturbed(layout), Inside(layout.place) as inside:
        for one in broken:
            outcome = Moved(one.id)
            moved = []
            manifest = layout.place / folder_of(one.id) / MANIFEST
            for line in read_lines(manifest) if manifest.exists() else ():
                if inside.exists(_aside(one.id, line.path)):
                    moved.append(line)
                else:
                    outcome.left.append((line.path, "its removal was interrupted"))
            _end(facility, session, layout, one.id, moved, outcome)
    return [one.id for one in broken]


@contextlib.contextmanager
def alone_in(layout: Layout) -> Iterator[None]:
    """Be the only one who puts aside or brings back files of a place.

    Raises
    ------
    Busy
        If another process does.
    """
    folder = layout.place / TRASH
    folder.mkdir(mode=0o700, exist_ok=True)
    number = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"another process removes or brings back files of {layout.place}") from None
        yield
    finally:
        os.close(number)


@contextlib.contextmanager
def _undisturbed(layout: Layout) -> Iterator[None]:
    """Nobody else moves files of the place, and nobody runs the session."""
    with alone_in(layout):
        try:
            with hold(layout.folder):
                yield
        except SessionBusy as error:
            raise Busy(str(error)) from None


def _begin(facility: Facility, plan: RemovalPlan, who: str) -> int:
    now = time.time()
    with facility.registry.write() as connection:
        return rows.add_removal(
            connection, plan.session.id, plan.decision.kind,
            rule=_rule(plan), who=who, at=now,
            until=now + _undo(facility) * DAY, files=len(plan.lines), bytes=plan.bytes,
        )  # fmt: skip


def _undo(facility: Facility) -> float:
    return facility.file.keep.undo if facility.file.keep is not None else 14.0


def _rule(plan: RemovalPlan) -> str:
    rule = plan.decision.rule
    assert rule is not None
    return f"keep.{plan.decision.kind}: after {rule.after:g} d, needs {rule.needs}"


def _write(inside: Inside, plan: RemovalPlan, number: int, who: str) -> None:
    session, folder = plan.session, folder_of(number)
    inside.make(f"{folder}/files")
    head = ManifestHead(
        removal=number,
        session=session.name,
        key=session.key,
        place=str(plan.layout.place),
        kind=plan.decision.kind,
        rule=_rule(plan),
        who=who,
        at=time.time(),
    )
    write_manifest(inside.root / folder / MANIFEST, head, plan.lines)
    inside.sync(folder)


def _held(facility: Facility, plan: RemovalPlan) -> str:
    """Who has begun to hold the files meanwhile; empty where nobody has."""
    now = time.time()
    with facility.registry.read() as connection:
        for one in hold_rows.holds(connection, plan.session.id):
            if one.holds(plan.decision.kind, now):
                return f"held by {one.who}: {one.why}"
    return ""


def _aside(number: int, path: str) -> str:
    return f"{folder_of(number)}/files/{path}"


def _move(inside: Inside, line: ManifestLine, number: int) -> str:
    """Put one file aside; why it stays, or nothing."""
    aside = _aside(number, line.path)
    try:
        status = inside.status(line.path)
        if not is_ordinary(status) or not line.is_of(status):
            return "it has changed since it was looked at"
        inside.move(line.path, aside)
        if line.is_of(inside.status(aside)):
            return ""
        inside.put_back(aside, line.path)  # written to, or replaced, at this very moment
    except OSError as error:
        return _reason(error)
    return "it has changed since it was looked at"


def _reason(error: OSError) -> str:
    if error.errno == errno.EXDEV:
        return "it is on another file system than its place, and cannot be put aside there"
    if error.errno == errno.ENOENT:
        return "it is not there any more"
    return f"it cannot be moved: {error.strerror}"


def _end(
    facility: Facility,
    session: KnownSession,
    layout: Layout,
    number: int,
    moved: list[ManifestLine],
    outcome: Moved,
) -> None:
    """Write down what was moved, and what was not."""
    if outcome.left or not moved:
        gone = {line.path for line in moved}
        manifest = layout.place / folder_of(number) / MANIFEST
        lines = read_lines(manifest) if manifest.exists() else iter(())
        stays = [layout.place / line.path for line in lines if line.path not in gone]
        with contextlib.suppress(FileNotFoundError):  # the session's folder
            note_restored(layout.folder, [path for path in stays if path.exists()])
    outcome.files, outcome.bytes = len(moved), sum(line.size for line in moved)
    with facility.registry.write() as connection:
        rows.change_removal(
            connection, number,
            state="removed" if moved else "undone",
            files=outcome.files, bytes=outcome.bytes, said=outcome.said(),
            **({} if moved else {"ended": time.time()}),
        )  # fmt: skip
    _archive(facility, session, moved)


def _archive(facility: Facility, session: KnownSession, moved: list[ManifestLine]) -> None:
    """A session without its store has no results here any more."""
    store = Path(session.folder) / FILE
    place = Path(session.place)
    if any(place / line.path == store for line in moved):
        with facility.registry.write() as connection:
            change_session(connection, session.id, state="archived")
