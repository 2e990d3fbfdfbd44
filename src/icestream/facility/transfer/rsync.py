"""Running rsync on a list of files of our own, and reading what it says of each."""

import calendar
import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import IO

from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.names import asked_for, from_rsync
from icestream.protocol.executable import tied
from icestream.shown import printable

__all__ = ["Between", "Listed", "RsyncRun", "list_files", "reach", "run_rsync", "version"]

_SHELL = "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15"
"""Nobody is there to type a password."""
_SILENCE = 120
"""Seconds without a byte after which rsync gives up."""
_PARTIAL = 23
_VANISHED = 24
"""Statuses that say something of single files; all else failed as a whole."""
_FULL = re.compile(r"No space left on device|Disk quota exceeded")
_FILE = re.compile(r'"(?P<path>[^"]*)"(?: \(in [^)]*\))?(?: failed)?: (?P<why>[^()]*) \(\d+\)')
_GONE = re.compile(r'file has vanished: "(?P<path>[^"]*)"')
_SKIPPED = re.compile(r'skipping non-regular file "(?P<path>[^"]*)"')
_FOLLOWS = ("rsync error:", "rsync: connection unexpectedly closed", "rsync warning:")
_LONGEST = 300
_LOOK = 0.2


@dataclass(frozen=True, slots=True)
class Listed:
    """A file at the source."""

    name: str
    size: int
    modified: int
    """Nanoseconds since the epoch; in whole seconds where another machine told it."""


@dataclass(frozen=True, slots=True)
class Between:
    """From where to where; one of the two is on this machine."""

    source: Address
    target: Address

    @property
    def remote(self) -> Address | None:
        """The end that another machine has."""
        return next((one for one in (self.source, self.target) if one.folder is None), None)


@dataclass(slots=True)
class RsyncRun:
    """What one run of rsync came to."""

    done: dict[str, str | None] = field(default_factory=dict)
    """MD5 of files that were copied, by name, as the sender read them; None of those whose content
    was there already. When files are only compared, an MD5 or nothing stands for those that differ.
    """
    failed: dict[str, str] = field(default_factory=dict)
    """Why others were not copied, as rsync gives it; not every failure names its file."""


def version() -> str:
    """The version of the rsync on this machine; empty where there is none."""
    try:
        said = subprocess.run(["rsync", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    words = said.stdout.split()
    return words[2] if len(words) > 2 and words[0] == "rsync" else ""


def run_rsync(
    between: Between,
    names: Sequence[str],
    options: Sequence[str] = (),
    *,
    limit: float = 0.0,
    told: Callable[[str, str | None], None] | None = None,
    stopped: threading.Event | None = None,
) -> RsyncRun:
    """Copy files, or compare them, as the options say.

    Parameters
    ----------
    between
        Folders.
    names
        Files, relative to both.
    options
        Of rsync, beside those that are always given: ``-t``, ``-L``.
    limit
        Bytes per second; 0 for as fast as it goes.
    told
        Is called with the name of each file when rsync is through with it, and its MD5.
    stopped
        Ends it early; what was copied so far is kept.

    Raises
    ------
    Outage
        If it failed as a whole; says whose fault it was. What was told before that has happened.
    """
    # Times are compared to the nanosecond: what was written twice within a second is not the same.
    options = [
        *options,
        "-ii",
        "--modify-window=-1",
        "--files-from=-",
        "--from0",
        "--out-format=%i|%C|%n",
    ]
    options.append("--checksum-choice=md5")
    if limit:
        options.append(f"--bwlimit={max(1, round(limit / 1024))}")
    ended = RsyncRun()

    def line(said: bytes) -> None:
        item, _, rest = said.partition(b"|")
        if item[1:2] != b"f" or item[:1] not in (b">", b"<", b"."):
            return
        checksum, _, name = rest.partition(b"|")
        came = checksum.strip().decode("ascii") if item[:1] != b"." else None
        ended.done[from_rsync(name)] = came
        if told is not None:
            told(from_rsync(name), came)

    # A daemon without a root of its own takes files below a folder of a module for vanished.
    root, below = between.source.module or ("", "")
    if below:
        between = Between(replace(between.source, text=root), between.target)
    _run(between, options, asked_for(names, below), line, ended, stopped)
    return ended


def list_files(source: Address, stopped: threading.Event | None = None) -> list[Listed]:
    """All files below a folder of another machine; links are left out.

    Raises
    ------
    Outage
        If it cannot be listed.
    """
    found: list[Listed] = []

    def line(said: bytes) -> None:
        parts = said.split(b"|", 3)
        if len(parts) == 4 and parts[0][1:2] == b"f":
            when = time.strptime(parts[2].decode("ascii"), "%Y/%m/%d-%H:%M:%S")
            modified = calendar.timegm(when) * 10**9
            found.append(Listed(from_rsync(parts[3]), int(parts[1]), modified))

    with tempfile.TemporaryDirectory(prefix="icestream-list-") as nothing:
        options = ["-r", "--dry-run", "--exclude=.*", "--out-format=%i|%l|%M|%n"]
        _run(Between(source, Address(nothing)), options, b"", line, RsyncRun(), stopped)
    return found


def reach(address: Address) -> None:
    """See that a place answers, and is a folder.

    Raises
    ------
    Outage
        If not; says why.
    """
    with tempfile.TemporaryDirectory(prefix="icestream-reach-") as nothing:
        between = Between(address, Address(nothing))
        _run(between, ["--dry-run", "-d"], b"", lambda _: None, RsyncRun(), None)


def _run(
    between: Between,
    options: Sequence[str],
    given: bytes,
    line: Callable[[bytes], None],
    ended: RsyncRun,
    stopped: threading.Event | None,
) -> None:
    command = [
        *("rsync", "-t", "--no-motd", "--outbuf=L", f"--timeout={_SILENCE}"),
        *options,
        *("--", f"{between.source.text}/", f"{between.target.text}/"),
    ]
    # An hour that clocks show twice in autumn would be taken for the other one.
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC0"}
    if (remote := between.remote) is not None:
        environment["RSYNC_RSH"] = remote.shell or os.environ.get("RSYNC_RSH", _SHELL)
        if remote.password:
            environment["RSYNC_PASSWORD"] = remote.password
    if shutil.which("rsync", path=environment.get("PATH")) is None:
        raise Outage("rsync cannot be started: it is not installed, or not on the PATH")
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as errors:
        asked.write(given)
        asked.seek(0)
        try:
            running = subprocess.Popen(
                tied(tuple(command)),  # one that went on would write where the next one does
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise Outage(f"rsync cannot be started: {error.strerror or error}") from None
        assert running.stdout is not None
        with _ended_when(stopped, running), running.stdout as said:
            for each in _lines(said):
                if skipped := _SKIPPED.search(each.decode(errors="surrogateescape")):
                    ended.failed[from_rsync(os.fsencode(skipped["path"]))] = "is no file"
                else:
                    line(each)
        status = running.wait()
        _judge(status, errors, ended, (between, given), stopped)


def _lines(said: IO[bytes]) -> Iterator[bytes]:
    for each in said:
        yield each.rstrip(b"\n")


@contextlib.contextmanager
def _ended_when(
    stopped: threading.Event | None, running: "subprocess.Popen[bytes]"
) -> Iterator[None]:
    """Kill it when told to stop, and whatever happens leave nothing behind."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK):
            if stopped is not None and stopped.is_set():
                _signal(running, signal.SIGTERM)
                return

    watching = threading.Thread(target=watch, name="rsync", daemon=True)
    watching.start()
    try:
        yield
    except BaseException:
        _signal(running, signal.SIGKILL)
        raise
    finally:
        over.set()


def _signal(running: "subprocess.Popen[bytes]", number: int) -> None:
    if running.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, number)


def _judge(
    status: int,
    errors: IO[bytes],
    ended: RsyncRun,
    asked: tuple[Between, bytes],
    stopped: threading.Event | None,
) -> None:
    """Note which files failed; raise when all of it did."""
    (between, given), source = asked, asked[0].source
    asked_names = (name.removeprefix(b"./") for name in given.split(b"\0") if name)
    names = [os.fsdecode(name.rpartition(b"/./")[2]) for name in asked_names]
    errors.seek(0)
    lines = [each for each in errors.read().decode(errors="surrogateescape").splitlines() if each]
    for each in lines:
        if _FULL.search(each):
            raise Outage(f"the disk of {between.target} is full")
        gone = _GONE.search(each)
        if found := gone or _FILE.search(each):
            why = "it went away meanwhile" if gone else found["why"].strip()
            named = from_rsync(os.fsencode(found["path"]))
            # Each end names files in its own way, with its own folder or module before them.
            fits = [name for name in names if named == name or named.endswith(f"/{name}")]
            if fits:
                ended.failed.setdefault(max(fits, key=len), why)
    if status != 0 and not ended.done and _is_away(source):
        raise Outage(f"{source} is not there")
    if status in (0, _PARTIAL, _VANISHED) or (stopped is not None and stopped.is_set()):
        return
    told = [each for each in lines if not each.startswith(_FOLLOWS)] or lines or [""]
    words = printable(" ".join(told[-1].split()), lines=False)[:_LONGEST]
    ends = f"rsync from {source} to {between.target} ended with status {status}"
    raise Outage(f"{ends}: {words}" if words else ends)


def _is_away(source: Address) -> bool:
    return source.folder is not None and not source.folder.is_dir()
