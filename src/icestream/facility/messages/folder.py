"""The watched folder: files that are laid there become requests, and are moved aside.

A file is read when it is whole, which its sender says best by renaming it into the folder. It is
entered into the ledger before it is moved, so that a process that is killed in between finds it
again and moves it then. Its answers are written beside it.
"""

import contextlib
import errno
import hashlib
import json
import os
import pwd
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from icestream.facility.messages.documents import UnreadableRequest, parsed
from icestream.facility.messages.inbox import ArrivedMessage
from icestream.facility.messages.kinds import MessagesSection
from icestream.whole import written_whole

__all__ = ["ASIDE", "FolderFile", "RequestFolder", "write_answers"]

TAKEN = "taken"
REFUSED = "refused"
ASIDE = (TAKEN, REFUSED)
"""Folders within it into which files are moved."""
_UNFINISHED = (".part", ".partial", ".tmp", ".swp", "~")
"""Endings under which programs write files that they rename when they are whole."""
_ANSWERS = ".answers.json"
_NAME_MOST = 255
_READ_ONLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFile:
    """A file that is ready to be entered."""

    path: Path
    arrived: ArrivedMessage | None
    """What it asks; None: nothing that can be read."""
    problems: tuple[str, ...] = ()
    """Why it is refused at once."""


@dataclass(slots=True)
class _Seen:
    size: int
    changed: int
    since: float
    """Since when it has been so, by a clock that nobody sets."""


@dataclass(slots=True)
class RequestFolder:
    """A folder that is looked into again and again.

    Raises
    ------
    OSError
        By `look`, if it cannot be read.
    """

    section: MessagesSection
    folder: Path
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def make(self) -> None:
        """Make it, and where files are moved to; it belongs to those who may start sessions."""
        for one in (self.folder, *(self.folder / aside for aside in ASIDE)):
            one.mkdir(mode=0o770, parents=True, exist_ok=True)

    def look(self) -> Iterator[FolderFile]:
        """Files that are whole, or never will be, in the order in which they were written."""
        found: dict[str, _Seen] = {}
        ready: list[tuple[int, str, bool]] = []
        now = time.monotonic()
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if _passed_over(entry.name):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    facts = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(facts.st_mode):
                        continue
                    seen = self._seen.get(entry.name)
                    same = seen and (seen.size, seen.changed) == (facts.st_size, facts.st_mtime_ns)
                    if seen is None or not same:
                        seen = _Seen(facts.st_size, facts.st_mtime_ns, now)
                    found[entry.name] = seen
                    quiet = self._quiet(facts, seen, now)
                    if quiet >= self.section.settle:
                        # By our own clock as well: that of a file server may be another.
                        own = now - seen.since
                        late = quiet >= self.section.patience and own >= self.section.settle
                        ready.append((facts.st_mtime_ns, entry.name, late))
        self._seen = found
        for _, name, late in sorted(ready):
            if (file := self._read(name, late=late)) is not None:
                yield file

    def _quiet(self, facts: os.stat_result, seen: _Seen, now: float) -> float:
        """Seconds since it was changed: as the file says, where its clock can be believed."""
        by_file = time.time() - max(facts.st_mtime, facts.st_ctime)
        return max(now - seen.since, by_file)

    def _read(self, name: str, *, late: bool) -> FolderFile | None:
        """What a file says; None: it may become whole yet."""
        path = self.folder / name
        try:
            body, owner = _content(path, self.section.largest)
            document = parsed(body)
        except FileNotFoundError:
            return None
        except UnreadableRequest as error:
            return FolderFile(path=path, arrived=None, problems=error.problems) if late else None
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.EFBIG, errno.EINVAL) and not late:
                return None
            return FolderFile(path=path, arrived=None, problems=(_why(error),))
        return FolderFile(path=path, arrived=_arrived(name, body, document, owner))

    def aside(self, path: Path, *, refused: bool = False) -> Path:
        """A place that is free for a file that is moved aside."""
        folder = self.folder / (REFUSED if refused else TAKEN)
        for number in range(1, 1_000_000):
            mark = "" if number == 1 else f".{number}"
            place = folder / (_cut(path.stem, len(mark) + len(path.suffix)) + mark + path.suffix)
            if not os.path.lexists(place):
                return place
        raise FileExistsError(errno.EEXIST, "too many files of this name", str(folder))

    def put(self, path: Path, place: Path) -> None:
        """Move a file aside; nothing where it was moved before."""
        with contextlib.suppress(FileNotFoundError):
            path.rename(place)
            self._seen.pop(path.name, None)


def write_answers(path: Path, answers: list[dict[str, Any]]) -> Path:
    """Write what was answered to a request beside its file, whole or not at all; the place."""
    stem = path.name.removesuffix(".json")
    if len(os.fsencode(stem)) + len(_ANSWERS) > _NAME_MOST - 30:  # of a name as long as may be
        mark = hashlib.sha256(os.fsencode(stem)).hexdigest()[:16]
        stem = f"{_cut(stem, 100)}.{mark}"
    place = path.with_name(stem + _ANSWERS)
    text = json.dumps({"version": 1, "answers": answers}, indent=2, ensure_ascii=False)
    with written_whole(place) as unfinished:
        unfinished.write_text(text + "\n", encoding="utf-8", errors="replace")
    return place


def _cut(text: str, room: int) -> str:
    """The beginning of a name, which leaves room for so many bytes."""
    return os.fsdecode(os.fsencode(text)[: _NAME_MOST - room])


def _passed_over(name: str) -> bool:
    """Whether a name is one of something unfinished or hidden, or of no request."""
    lower = name.lower()
    return name.startswith(".") or lower.endswith(_UNFINISHED) or not lower.endswith(".json")


def _content(path: Path, most: int) -> tuple[bytes, str]:
    """Content and owner of a plain file; no link is followed, and nothing waited for."""
    handle = os.open(path, _READ_ONLY)
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        if facts.st_size > most:
            raise OSError(errno.EFBIG, f"it has {facts.st_size} bytes, and may have {most}")
        return file.read(most + 1), _person(facts.st_uid)


def _person(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _why(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is a link: lay the file itself there"
    return (error.strerror or str(error)).lower()


def _arrived(name: str, body: bytes, document: Any, owner: str) -> ArrivedMessage:
    digest = hashlib.sha256(body).hexdigest()
    plain = isinstance(document, dict)
    if plain and "steps" in document and "action" not in document:
        # A workflow file has no id: its name and its content are what makes it the same.
        called = hashlib.sha256(os.fsencode(name) + b"\0" + body).hexdigest()
        identity, kind = f"workflow:{called}", "workflow"
    else:
        given = document.get("id") if plain else None
        identity = f"id:{given}" if isinstance(given, str) and given else f"content:{digest}"
        kind = "request"
    headers = {"file": os.fsencode(name).decode("utf-8", "backslashreplace")}
    return ArrivedMessage(
        identity=identity, digest=digest, kind=kind, source="folder", body=body,
        headers=headers, who=owner,
    )  # fmt: skip
