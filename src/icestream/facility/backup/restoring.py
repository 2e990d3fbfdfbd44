"""From a backup to a session that goes on as the original did, in any folder."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from icestream.documents import read_json
from icestream.facility.backup.ledger import BackedFile, BackupLedger
from icestream.facility.backup.parts import MOVIES, PROCESSING
from icestream.facility.backup.relocating import relocate
from icestream.facility.backup.sealing import CARD, LEDGER
from icestream.facility.backup.target import BackupVolume, volume_of
from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.carry import carry
from icestream.facility.transfer.digest import from_disk
from icestream.facility.transfer.manner import Manner
from icestream.facility.transfer.rsync import Between
from icestream.facility.transfer.session import route_of, write_route
from icestream.model import safe_file_name

__all__ = ["BackedUp", "NotRestored", "Restored", "backed_up", "restore"]

_MOST = 2000
_MARK = ".restoring"
"""In a place that is being restored: it says from what."""


class NotRestored(RuntimeError):
    """A session cannot be restored; says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A session that a backup holds."""

    session: str
    processing: Path
    """Where it was."""
    movies: Path | None
    place: Path | None
    """Where the session's place was."""
    at: float
    """As of when, seconds since the epoch."""
    backup: str
    volume: str
    files: int
    bytes: int


@dataclass(slots=True)
class Restored:
    """What restoring came to."""

    place: Path
    processing: Path
    raw: Path
    files: int = 0
    bytes: int = 0
    wrong: dict[str, str] = field(default_factory=dict)
    """Files that are not what was backed up, with what is wrong."""
    elsewhere: dict[str, int] = field(default_factory=dict)
    """Files that are on other disks of the backup, by disk: restore from those too."""
    rewritten: int = 0
    """Values of the store in which paths were changed."""


def backed_up(target: Address, session: str) -> BackedUp:
    """What a backup says of a session.

    Raises
    ------
    Outage
        If the backup is not there.
    NotRestored
        If it holds no such session, or never had all of it.
    """
    with tempfile.TemporaryDirectory(prefix="icestream-restore-") as made:
        _fetch(target.below(safe_file_name(session)), Path(made), [CARD], session)
        return _read_card(Path(made) / CARD)


def _read_card(path: Path) -> BackedUp:
    try:
        said = read_json(path.read_bytes())
        return BackedUp(
            session=str(said["session"]),
            processing=Path(said["processing"]),
            movies=Path(said["movies"]) if said["movies"] else None,
            place=Path(said["place"]) if said.get("place") else None,
            at=float(said["at"]),
            backup=str(said["backup"]),
            volume=str(said["volume"]),
            files=sum(map(int, said["files"].values())),
            bytes=sum(map(int, said["bytes"].values())),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotRestored(
            f"{path.name} of the backup is not what icestream wrote ({error!r}): restore from "
            "another disk of the backup, or have it backed up again"
        ) from None


def restore(
    target: Address,
    session: str,
    place: Path,
    *,
    parts: tuple[str, ...] = (MOVIES, PROCESSING),
    told: Callable[[int, int], None] | None = None,
) -> Restored:
    """Bring a session back from a backup.

    It may be interrupted and called again with the same place: what is there and right is not
    copied again. Each file is read back and compared with the digest of when it was backed up. Of
    a backup on several disks the one that was written last comes first: it says what there is, and
    the others only bring what is on them.

    Parameters
    ----------
    target
        Where the backup is.
    session
        Its name.
    place
        A folder that is not there yet, or is empty: the session's place from now on. What the
        session is like in it, is said in its store.
    parts
        What is brought back: ``movies``, ``processing``.
    told
        Is called with the bytes that are done, and those of all.

    Raises
    ------
    Outage
        If the backup is away, or the disk is full.
    NotRestored
        If it cannot be done.
    """
    place = place.absolute()
    volume = volume_of(None, target)
    folder = target.below(safe_file_name(session))
    known = _begin(place, folder, session)
    done = Restored(
        place,
        place / _below(known.processing, known.place, PROCESSING),
        place / _below(known.movies, known.place, "raw"),
    )
    roots = {MOVIES: done.raw, PROCESSING: done.processing}
    ledger = BackupLedger(place / _MARK / LEDGER, readonly=True)
    try:
        wanted = list(_wanted(ledger, parts))
        _refuse_through_links(wanted)
        _require_room(place, roots, wanted)
        total = sum(kept.size for kept in wanted)
        for batch in _batches(wanted, volume, done):
            _bring(folder, roots, batch, done)
            if told is not None:
                told(done.bytes, total)
    finally:
        ledger.close()
    if done.wrong or done.elsewhere:
        return done
    if PROCESSING in parts:
        _take_ledger(place / _MARK / LEDGER, done.processing, known)
        moved = [(known.processing, done.processing)]
        if known.place is not None:
            moved.append((known.place, place))
        if known.movies is not None and done.raw.is_dir():  # the backup may hold none of them
            moved.append((known.movies, done.raw))
        done.rewritten = relocate(done.processing, moved)
        route = route_of(done.processing)
        if route is not None and done.raw.is_dir():
            # Movies of after the backup are copied beside those that it had.
            write_route(done.processing, replace(route, copy=str(done.raw)))
    shutil.rmtree(place / _MARK, ignore_errors=True)
    return done


def _below(folder: Path | None, place: Path | None, otherwise: str) -> Path:
    """Where a folder was in a session's place; under a name of its own where it was not in it."""
    if folder is None or place is None or not folder.is_relative_to(place):
        return Path(otherwise)
    return folder.relative_to(place)


def _fetch(folder: Address, into: Path, names: Sequence[str], session: str) -> None:
    try:
        run = carry(Between(folder, Address(str(into))), names)
    except Outage:
        if folder.folder is not None and not folder.folder.is_dir():
            raise NotRestored(f"{folder} is not there: the backup has no {session!r}") from None
        raise
    for name in names:
        if name not in run.done:
            why = run.failed.get(name, "it is not there")
            raise NotRestored(
                f"{folder}/{name} cannot be read ({why}): the backup has no session {session!r}, "
                "or was never brought to an end"
            )


def _begin(place: Path, folder: Address, session: str) -> BackedUp:
    """Take a folder for a session, or the one that was begun before; what is brought back."""
    mark = place / _MARK
    begun = _read_card(mark / CARD) if (mark / CARD).is_file() else None
    empty = not place.exists() or (place.is_dir() and not any(place.iterdir()))
    if begun is None and not empty and not (mark.is_dir() and len(list(place.iterdir())) == 1):
        raise NotRestored(
            f"{place} is there and not empty: give a folder that is not, so that nothing is "
            "written over"
        )
    with tempfile.TemporaryDirectory(prefix="icestream-restore-") as made:
        _fetch(folder, Path(made), [LEDGER, CARD], session)
        known = _read_card(Path(made) / CARD)
        if begun is not None and (begun.session, begun.backup) != (known.session, known.backup):
            raise NotRestored(f"{begun.session} is being restored into {place}: give another")
        if begun is not None and begun.at >= known.at:
            return begun  # of another disk, or as it was when it was begun
        mark.mkdir(parents=True, exist_ok=True)
        for name in (LEDGER, CARD):  # the card last: it says that all is there
            shutil.copyfile(Path(made) / name, mark / f"{name}.part")
            (mark / f"{name}.part").replace(mark / name)
    return known


def _wanted(ledger: BackupLedger, parts: tuple[str, ...]) -> Iterator[BackedFile]:
    for part in (MOVIES, PROCESSING):
        if part in parts:
            for kept in ledger.every(f"{part}/"):
                if ".." in PurePosixPath(kept.name).parts or "\0" in kept.name:
                    raise _leads_out(kept.name)
                yield kept


def _refuse_through_links(wanted: list[BackedFile]) -> None:
    """Refuse files below what the same backup calls a link: they would be written elsewhere."""
    links = {kept.name for kept in wanted if kept.link}
    for kept in wanted:
        if links.intersection(map(str, PurePosixPath(kept.name).parents)):
            raise _leads_out(kept.name)


def _leads_out(name: str) -> NotRestored:
    return NotRestored(
        f"the backup names a file {name!r}, which leads out of the session: icestream writes no "
        "such backup, and nothing of it is restored"
    )


def _require_room(place: Path, roots: dict[str, Path], wanted: list[BackedFile]) -> None:
    missing = sum(kept.size for kept in wanted if not os.path.lexists(_path(roots, kept.name)))
    free = shutil.disk_usage(place).free
    if missing > free:
        raise Outage(f"the disk of {place} is full: {missing} bytes are to be copied, {free} free")


def _path(roots: dict[str, Path], name: str) -> Path:
    part, _, rest = name.partition("/")
    return roots[part] / rest


def _batches(
    wanted: list[BackedFile], volume: BackupVolume, done: Restored
) -> Iterator[list[BackedFile]]:
    """What is to be brought from this disk, in parts."""
    batch: list[BackedFile] = []
    for kept in wanted:
        roots = {MOVIES: done.raw, PROCESSING: done.processing}
        path, root = _path(roots, kept.name), roots[kept.name.partition("/")[0]]
        # A link of the backup may lead anywhere; nothing is written through it.
        if not path.parent.resolve().is_relative_to(root.resolve()):
            raise _leads_out(kept.name)
        if kept.link:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(path):
                path.symlink_to(kept.link)
            continue
        if kept.volume != volume.id:
            if not _is_there(path, kept):
                done.elsewhere[kept.volume] = done.elsewhere.get(kept.volume, 0) + 1
            continue
        part = kept.name.partition("/")[0]
        if batch and (len(batch) >= _MOST or not batch[0].name.startswith(f"{part}/")):
            yield batch
            batch = []
        batch.append(kept)
    if batch:
        yield batch


def _is_there(path: Path, kept: BackedFile) -> bool:
    try:
        return path.stat().st_size == kept.size
    except OSError:
        return False


def _bring(
    folder: Address, roots: dict[str, Path], batch: list[BackedFile], done: Restored
) -> None:
    part = batch[0].name.partition("/")[0]
    roots[part].mkdir(parents=True, exist_ok=True)
    names = {kept.name.partition("/")[2]: kept for kept in batch}
    between = Between(folder.below(part), Address(str(roots[part])))
    run = carry(between, list(names), Manner(resumes=True))
    for name, kept in names.items():
        path = roots[part] / name
        if name not in run.done:
            done.wrong[kept.name] = run.failed.get(name, "it is not in the backup")
            continue
        try:
            same = not kept.digest or from_disk(path).digest == kept.digest
        except OSError as error:
            done.wrong[kept.name] = f"it cannot be read: {error.strerror or error}"
            continue
        if not same:
            done.wrong[kept.name] = "it holds something else than what was backed up"
            path.unlink()
            continue
        # A movie is known by its time, too, which not every disk keeps to the nanosecond.
        os.utime(path, ns=(kept.modified, kept.modified))
        done.files += 1
        done.bytes += kept.size


def _take_ledger(ledger: Path, processing: Path, known: BackedUp) -> None:
    """Let the restored session go on with the backup that it came from."""
    folder = processing / ".facility"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ledger, folder / f"backup-{known.backup}.db")
