"""Bringing files between a folder of this machine and a place in a bucket, several at once."""

import contextlib
import errno
import hashlib
import os
import posixpath
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

from icestream.facility.duties.duty import Outage
from icestream.facility.objects.bucket import AT_ONCE, ListedObject, ObjectBucket
from icestream.facility.objects.byte_limit import ByteLimit
from icestream.facility.objects.etag import (
    ObjectDigest,
    blocks,
    checksum_says,
    is_encrypted,
    parts_of,
)
from icestream.facility.objects.opened import opened
from icestream.facility.objects.troubles import ObjectTrouble
from icestream.facility.transfer.digest import Interrupted
from icestream.facility.transfer.manner import Manner, Told
from icestream.facility.transfer.rsync import Between, RsyncRun

__all__ = ["carry_objects", "fetch_objects"]

PARTIAL = ".partial"
"""Folder of the target where objects are until they are whole."""
_STALE = 2 * 86400.0
"""Seconds after which what came of an object is no use: it is another one by now."""
_TRIES = 5
"""Times that a connection may break in one object while something came before it did."""
_LOOK = 0.2
_ASKED = 1 << 20
"""Bytes from which on it is asked first whether an object is there already."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What those who carry share."""

    bucket: ObjectBucket
    folder: Path
    manner: Manner
    pace: ByteLimit
    halt: threading.Event
    """Is set when told to stop, or when the store is away."""


def carry_objects(
    between: Between,
    names: Sequence[str],
    manner: Manner,
    *,
    limit: float = 0.0,
    told: Told | None = None,
    stopped: threading.Event | None = None,
) -> RsyncRun:
    """Bring files into a bucket or out of it, or compare them; see `carry`.

    Raises
    ------
    Outage
        If the store is away or refuses, or the disk is full.
    """
    source, target = between.source, between.target
    address, folder = source.objects or target.objects, target.folder or source.folder
    if address is None or folder is None:
        raise Outage(f"nothing is copied from {source} to {target}: one must be a folder here")
    with opened(address) as bucket:
        work = _Work(bucket, folder, manner, ByteLimit(limit), threading.Event())
        if manner.compares:
            return _each(work, names, lambda name: _compare(work, name), told, stopped)
        if source.objects is not None:
            return _fetch(work, names, {}, told, stopped)
        return _each(work, names, lambda name: _put(work, name), told, stopped)


def fetch_objects(
    bucket: ObjectBucket,
    folder: Path,
    known: Mapping[str, tuple[ListedObject, int]],
    *,
    limit: float = 0.0,
    told: Told | None = None,
    stopped: threading.Event | None = None,
) -> RsyncRun:
    """Bring objects that were listed into a folder.

    Parameters
    ----------
    known
        Objects by their names, with the time that their files get, in nanoseconds.
    limit, told, stopped
        As of `carry`.

    Raises
    ------
    Outage
        If the store is away or refuses, or the disk is full.
    """
    work = _Work(bucket, folder, Manner(resumes=True), ByteLimit(limit), threading.Event())
    return _fetch(work, list(known), known, told, stopped)


def _fetch(
    work: _Work,
    names: Sequence[str],
    known: Mapping[str, tuple[ListedObject, int]],
    told: Told | None,
    stopped: threading.Event | None,
) -> RsyncRun:
    try:
        return _each(work, names, lambda name: _get(work, name, known.get(name)), told, stopped)
    finally:
        _tidy(work.folder / PARTIAL)


def _each(
    work: _Work,
    names: Sequence[str],
    act: Callable[[str], str | None],
    told: Told | None,
    stopped: threading.Event | None,
) -> RsyncRun:
    """Do something with each file, several at once; who is told is told one by one."""
    ended, away = RsyncRun(), None
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="objects") as pool:
        left: dict[Future[str | None], str] = {pool.submit(_do, work, act, n): n for n in names}
        try:
            while left:
                done, _ = wait(left, _LOOK, FIRST_COMPLETED)
                if stopped is not None and stopped.is_set():
                    work.halt.set()
                for one in done:
                    name = left.pop(one)
                    try:
                        ended.done[name] = one.result()
                    except Interrupted:
                        continue
                    except ObjectTrouble as error:
                        ended.failed[name] = str(error)
                        continue
                    except Outage as error:
                        away = away or error
                        work.halt.set()
                        continue
                    if told is not None:
                        told(name, ended.done[name])
        finally:
            work.halt.set()
    if away is not None:
        raise away
    return ended


def _do(work: _Work, act: Callable[[str], str | None], name: str) -> str | None:
    if work.halt.is_set():
        raise Interrupted
    try:
        return act(name)
    except UnicodeEncodeError:
        raise ObjectTrouble("its name is no text, and a key has to be one") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Outage(f"the disk of {work.folder} is full") from None
        raise ObjectTrouble(f"{error.strerror or error}") from None


# -- out of a bucket --------------------------------------------------------------------


def _get(work: _Work, name: str, known: tuple[ListedObject, int] | None) -> str | None:
    """Bring an object; its MD5, or None where the file is there already."""
    if known is None:
        found = work.bucket.look(name)
        if found is None:
            raise ObjectTrouble("it is not there")
        looked, times = found
        known = looked, round(looked.modified) * 10**9 if times is None else times
    looked, modified = known
    if looked.archived:
        raise ObjectTrouble("it is in an archive, and has to be brought out of it first")
    place = work.folder / name
    if not work.manner.anew and _stands(place, looked.size, modified):
        return None
    place.parent.mkdir(parents=True, exist_ok=True)
    part = _part_of(work, looked)
    digest = _receive(work, looked, part)
    if wrong := _wrong(work, looked, part, digest):
        part.unlink()
        raise ObjectTrouble(wrong)
    os.utime(part, ns=(modified, modified))
    part.replace(place)
    return digest.md5


def _stands(place: Path, size: int, modified: int) -> bool:
    try:
        status = place.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (size, modified)


def _part_of(work: _Work, looked: ListedObject) -> Path:
    """Where an object is until it is whole: of another content it is another file."""
    address = work.bucket.address
    which = f"{address.bucket}\0{address.key(looked.name)}\0{looked.etag}\0{looked.size}"
    named = hashlib.blake2b(which.encode(errors="surrogatepass"), digest_size=16).hexdigest()
    folder = work.folder / PARTIAL
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / named


def _receive(work: _Work, looked: ListedObject, part: Path) -> ObjectDigest:
    """Let the rest of an object come."""
    in_parts = parts_of(looked.etag)
    digest = ObjectDigest(work.bucket.first_part(looked.name) if in_parts else 0)
    with part.open("ab", buffering=0) as file:
        part.chmod(0o600)
        if file.tell() > looked.size:
            file.truncate(0)
        for data in blocks(part, work.halt):
            digest.update(data)
        tries = 0
        while digest.size < looked.size:
            before = digest.size
            try:
                for data in work.bucket.read(looked.name, looked.etag, before):
                    file.write(data)
                    digest.update(data)
                    work.pace.take(len(data), work.halt)
                    if work.halt.is_set():
                        raise Interrupted
            except Outage:
                tries += 1
                if digest.size == before or tries > _TRIES:
                    raise
            else:
                if digest.size == before:
                    raise ObjectTrouble("it is shorter than the store says")
    return digest


def _wrong(work: _Work, looked: ListedObject, path: Path, digest: ObjectDigest) -> str:
    """Why bytes are not those of an object; empty where they are.

    Where the store says nothing by which that could be known, the object is read a second time.
    """
    if digest.size != looked.size:
        return f"{digest.size} bytes are here, and {looked.size} in the bucket"
    if digest.etag == looked.etag:
        return ""
    head = work.bucket.head(looked.name, ChecksumMode="ENABLED")
    if head is None or head["ETag"].strip('"') != looked.etag:
        return "it changed while it was copied"
    agrees = checksum_says(path, head, work.halt)
    if agrees is None and not parts_of(looked.etag) and not is_encrypted(head):
        agrees = False
    if agrees is None:
        again = hashlib.md5(usedforsecurity=False)
        for data in work.bucket.read(looked.name, looked.etag):
            again.update(data)
            work.pace.take(len(data), work.halt)
            if work.halt.is_set():
                raise Interrupted
        agrees = again.hexdigest() == digest.md5
    return "" if agrees else "what is here is not what the bucket has"


def _tidy(folder: Path) -> None:
    """Remove what came of objects that nobody asked for since."""
    with contextlib.suppress(OSError):
        for each in folder.iterdir():
            if each.stat().st_mtime < time.time() - _STALE:
                each.unlink()
        folder.rmdir()


# -- into a bucket, and beside it -------------------------------------------------------


def _put(work: _Work, name: str) -> str | None:
    """Put a file; its MD5, or None where the bucket has it already."""
    path, manner = work.folder / name, work.manner
    status = path.stat()
    if manner.aside or status.st_size >= _ASKED:
        there = work.bucket.look(name)
        if there is not None:
            same = (there[0].size, there[1]) == (status.st_size, status.st_mtime_ns)
            if same and not manner.anew:
                return None
            if manner.aside and not manner.anew:
                _keep(work, name)
    md5 = work.bucket.put(path, name, work.halt)
    work.pace.take(status.st_size, work.halt)
    return md5


def _keep(work: _Work, name: str) -> None:
    """Let the store keep what is replaced under another name."""
    address = work.bucket.address
    prefix = posixpath.normpath(posixpath.join(address.prefix, work.manner.aside))
    whole = work.bucket.below(replace(address, prefix=""))
    whole.copy(address.key(name), f"{prefix}/{name}")


def _compare(work: _Work, name: str) -> str | None:
    """Compare a file with its object: None where they are the same, else its MD5."""
    found = work.bucket.look(name)
    if found is None:
        raise ObjectTrouble("it is not in the bucket")
    looked, path = found[0], work.folder / name
    digest = ObjectDigest(work.bucket.first_part(name) if parts_of(looked.etag) else 0)
    for data in blocks(path, work.halt):
        digest.update(data)
    return digest.md5 if _wrong(work, looked, path, digest) else None
