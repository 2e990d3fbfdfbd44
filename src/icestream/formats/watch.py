"""Watching a folder by asking its directories when they changed, never every file.

Events of the kernel (inotify) do not see what another host writes over NFS or SMB, so polling is
the base. A poll asks each known directory for its time of change and lists only those that
changed; slowly, in turn, it also lists all others again, because network file systems keep old
answers for a while. New directories are found as their parents change.
"""

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from icestream.formats.kinds import COMPRESSED

__all__ = ["MOVIE_SUFFIXES", "FolderWatch", "file_system", "is_remote", "is_session"]

MOVIE_SUFFIXES = (".tif", ".tiff", ".mrc", ".mrcs", ".eer", ".st", ".stk")
_COMPRESSED = "|".join(re.escape(ending) for ending in COMPRESSED)
"""Behind one of them: they cannot be read, and it is said rather than seen by nobody."""
_OURS = ({"icestream.db"}, {"store.json", "coordinator.lock"})
"""A folder with these files holds a session of ours: results, not movies."""

_AGAIN = 5.0
"""Seconds after which a directory that could not be read is tried again."""
_REMOTE = re.compile(
    r"nfs|cifs|smb|gpfs|lustre|beegfs|ceph|gluster|afs|9p|panfs|pvfs|weka|fuse\.|ncp|orangefs"
)
_MAGIC = re.compile(r"[*?\[]")


@dataclass(slots=True)
class _Folder:
    """What is known of one directory."""

    path: str
    changed: int = -1
    """Its time of change (ns) when it was listed; -1 before."""
    listed: float = 0.0
    """When it was listed, seconds of the poll's clock."""
    cost: float = 0.0
    """Seconds that listing it took."""
    racy: bool = True
    """Listed so soon after its change that a later change may bear the same time."""
    names: set[str] = field(default_factory=set)


class FolderWatch:
    """Finds files below a folder as they appear.

    Parameters
    ----------
    pattern
        A folder, or a path with ``*``, ``?``, ``[...]`` and ``**`` (any folders). A folder means
        every movie in it and below (.tif, .tiff, .mrc, .mrcs, .eer, .st, .stk, and these with the
        ending of a file that is compressed). What exists is meant as it is, brackets and all.
    exclude
        Patterns of names, or of paths relative to the fixed part of `pattern`, to be left out.
        Names that begin with a dot are always left out: rsync writes under such names. So are
        folders in which icestream keeps a session.
    also
        Patterns of names that are reported too, wherever they are and in any case: what stands
        beside movies.
    scan_every
        Seconds after which each directory is listed again although it seems unchanged.
    """

    def __init__(
        self,
        pattern: str,
        exclude: Sequence[str] = (),
        *,
        also: Sequence[str] = (),
        scan_every: float = 600.0,
    ) -> None:
        self.root, parts = _split_pattern(pattern)
        self.takes_all = not parts
        """A folder was given: every movie in it is meant."""
        self._depth = None if "**" in parts or not parts else len(parts) - 1
        suffixes = "|".join(re.escape(suffix) for suffix in MOVIE_SUFFIXES)
        # (?s: is left to re.escape; names may hold any byte but a slash.
        self._matches = re.compile(
            _regex("/".join(parts)) if parts else rf"(?i:.*(?:{suffixes})(?:{_COMPRESSED})?)",
            re.DOTALL,
        )
        self._excluded = [re.compile(_regex(glob), re.DOTALL) for glob in exclude]
        # In any case: programs of Windows' computers write .MDOC as well as .mdoc.
        wanted = "|".join(_regex(glob) for glob in also) or r"(?!)"
        self._also = re.compile(wanted, re.DOTALL | re.IGNORECASE)
        self._scan_every = scan_every
        self._folders: dict[str, _Folder] = {}
        self._unlisted: list[str] = []
        self._seen: dict[tuple[int, int], str] = {}
        self._remote: bool | None = None
        self._unreadable: dict[str, tuple[str, float]] = {}

    @property
    def unreadable(self) -> dict[Path, str]:
        """Directories that cannot be read now, with the reason; they are tried again."""
        return {Path(path): reason for path, (reason, _) in self._unreadable.items()}

    @property
    def folders(self) -> int:
        """Directories that are watched."""
        return len(self._folders)

    @property
    def is_caught_up(self) -> bool:
        """Every directory that is known has been listed."""
        return bool(self._folders) and not self._unlisted

    def interval(self) -> float:
        """Seconds until the next poll: 0.1 on a local disk, 2 on a network file system."""
        if self._remote is None:
            self._remote = is_remote(self.root)
        return 2.0 if self._remote else 0.1

    def poll(self, now: float | None = None, budget: float = 0.3) -> list[Path]:
        """New files that match the pattern, in the order of their names.

        Parameters
        ----------
        now
            Seconds since the epoch.
        budget
            Seconds that listing may take in this call; the rest is done in the next.
        """
        now = time.time() if now is None else now
        if str(self.root) not in self._folders and not self._add(str(self.root)):
            return []
        deadline = time.perf_counter() + budget
        self._try_again(now)
        paths: list[str] = []
        for folder in self._to_list(now):
            paths += self._list(folder, now)
            if time.perf_counter() > deadline:
                break
        while self._unlisted:
            path = self._unlisted.pop()
            if path in self._folders:
                paths += self._list(self._folders[path], now)
            if time.perf_counter() > deadline:
                break
        return [Path(path) for path in sorted(paths)]

    def _try_again(self, now: float) -> None:
        """Look again at what could not be read, every few seconds."""
        for path, (_, since) in list(self._unreadable.items()):
            if not 0.0 <= now - since < _AGAIN:
                del self._unreadable[path]
                self._add(path)

    def _fail(self, path: str, error: OSError, now: float) -> None:
        """Leave a directory for later; one that is gone is forgotten."""
        self._drop(path)
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            self._unreadable[path] = (error.strerror or str(error), now)

    def forget(self, path: Path) -> None:
        """Report `path` again when it is found again."""
        folder = self._folders.get(str(path.parent))
        if folder:
            folder.names.discard(path.name)
            folder.racy = True

    def _to_list(self, now: float) -> Iterator[_Folder]:
        """Directories that changed, then the newest three, then the one listed longest ago."""
        changed = []
        for folder in list(self._folders.values()):
            if folder.changed < 0:
                continue
            try:
                time_of_change = os.stat(folder.path).st_mtime_ns  # noqa: PTH116 - hot
            except OSError as error:
                self._fail(folder.path, error, now)
                continue
            if time_of_change != folder.changed or folder.racy:
                changed.append(folder)
        listed = [folder for folder in self._folders.values() if folder.changed >= 0]
        if self.interval() > 1.0:
            newest = sorted(listed, key=lambda folder: folder.changed)[-3:]
            changed += [folder for folder in newest if folder not in changed]
        # A directory of very many files is not listed more often than it can be.
        yield from (f for f in changed if now - f.listed >= 20.0 * f.cost or now < f.listed)
        oldest = min(listed, key=lambda folder: folder.listed, default=None)
        if oldest and now - oldest.listed > self._scan_every:
            yield oldest

    def _list(self, folder: _Folder, now: float) -> list[str]:
        """List one directory; return its new matching files."""
        start = time.perf_counter()
        paths = []
        inner = []
        names = set()
        try:
            before = os.stat(folder.path).st_mtime_ns  # noqa: PTH116 - hot
            with os.scandir(folder.path) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.name in folder.names:
                        names.add(entry.name)
                    elif _is(entry.is_dir):
                        inner.append(entry.path)
                    else:
                        names.add(entry.name)
                        paths.append(entry.path)
        except OSError as error:
            self._fail(folder.path, error, now)
            return []
        if _is_ours(names) and folder.path != str(self.root):
            # It may have been listed before it became a session, with folders of its own.
            for known in [below for below in self._folders if below.startswith(f"{folder.path}/")]:
                self._drop(known)
            self._drop(folder.path)
            return []
        for path in inner:
            self._add(path)
        self._unreadable.pop(folder.path, None)
        folder.changed = before
        # The clock of a network server may differ from ours: there a wide margin.
        folder.racy = abs(now - before * 1e-9) < (3.0 if self.interval() > 1.0 else 0.1)
        folder.listed = now
        folder.names = names
        folder.cost = time.perf_counter() - start
        return [path for path in paths if self._is_wanted(path)]

    def _add(self, path: str) -> bool:
        """Take a directory in, unless it is too deep, excluded, or known by another path."""
        if path in self._folders:
            return True
        inside = path[len(str(self.root)) :].strip("/")
        if self._depth is not None and inside and inside.count("/") + 1 > self._depth:
            return False
        if any(exclude.fullmatch(inside) for exclude in self._excluded):
            return False
        try:
            status = os.stat(path)  # noqa: PTH116 - hot
        except OSError as error:
            self._fail(path, error, time.time())
            return False
        identity = (status.st_dev, status.st_ino)
        if self._seen.setdefault(identity, path) != path:
            return False
        self._folders[path] = _Folder(path)
        self._unlisted.append(path)
        return True

    def _drop(self, path: str) -> None:
        self._folders.pop(path, None)
        self._seen = {identity: known for identity, known in self._seen.items() if known != path}

    def matches(self, path: Path) -> bool:
        """Whether `path` matches the pattern itself, not only one of `also`."""
        return bool(self._matches.fullmatch(str(path)[len(str(self.root)) :].strip("/")))

    def _is_wanted(self, path: str) -> bool:
        inside = path[len(str(self.root)) :].strip("/")
        name = inside.rpartition("/")[2]
        if not self._matches.fullmatch(inside) and not self._also.fullmatch(name):
            return False
        return not any(
            exclude.fullmatch(inside) or exclude.fullmatch(name) for exclude in self._excluded
        )


def is_session(folder: Path) -> bool:
    """Whether a folder is that of a session, with results of ours instead of movies."""
    return any(all((folder / name).is_file() for name in names) for names in _OURS)


def _is_ours(names: set[str]) -> bool:
    return any(ours <= names for ours in _OURS)


def _split_pattern(pattern: str) -> tuple[Path, list[str]]:
    """The fixed folder at the front, and the parts of the pattern below it."""
    whole = Path(pattern).expanduser().absolute()
    if _is(whole.is_file):
        return whole.parent, [_literally(whole.name)]
    # Brackets in the name of a folder that is there, or above the working folder, are no pattern.
    own = len(Path(pattern).expanduser().parts)
    parts = list(whole.parts)
    first = len(parts) - own
    while first < len(parts):
        if _MAGIC.search(parts[first]) and not _is(Path(*parts[: first + 1]).exists):
            return Path(*parts[:first]), parts[first:]
        first += 1
    return whole, []


def _is(question: Callable[[], bool]) -> bool:
    """The answer about a path; no for one that cannot be asked about, as a link to itself."""
    try:
        return question()
    except OSError:
        return False


def _literally(name: str) -> str:
    """A name as a pattern of itself."""
    return _MAGIC.sub(r"[\g<0>]", name)


def _regex(pattern: str) -> str:
    """A glob pattern as a regular expression; ``**`` stands for any number of folders."""
    regex = ""
    for part in pattern.split("/"):
        if part == "**":
            regex += "(?:[^/]+/)*"
            continue
        for piece in re.findall(r"\[!?\]?[^\]]*\]|[*]|[?]|[^*?\[]+|\[", part):
            if piece == "*":
                regex += "[^/]*"
            elif piece == "?":
                regex += "[^/]"
            elif len(piece) > 1 and piece[0] == "[" and piece[-1] == "]":
                inside = piece[1:-1].replace("\\", r"\\").replace("[", r"\[")
                regex += "[" + ("^" + inside[1:] if inside[0] == "!" else inside) + "]"
            else:
                regex += re.escape(piece)
        regex += "/"
    return regex.removesuffix("/") if not pattern.endswith("**") else regex + "[^/]+"


def file_system(path: Path | str) -> str:
    """Type of the file system that holds `path`, as Linux calls it: ``ext4``, ``nfs4``.

    Empty where it cannot be told.
    """
    real = os.path.realpath(path)
    best, kind = "", ""
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        words = line.split()
        if len(words) < 3:
            continue
        mount = words[1].replace("\\040", " ")
        inside = real == mount or real.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, words[2]
    return kind


def is_remote(path: Path | str) -> bool:
    """Whether other hosts may write to the file system that holds `path`."""
    return bool(_REMOTE.match(file_system(path)))
