"""Bringing a report to where others read it: by rsync, or by a program of the site.

A reader of the copy never meets a page whose files are not there yet: what the page shows next goes
first, the two files that tell it to do so last, and what nothing needs any more is removed after
that.
"""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from icestream.model import safe_file_name
from icestream.shown import printable
from icestream.whole import UNFINISHED

__all__ = ["BadTarget", "Target", "Unpublished", "read_target", "upload"]

LAST = ("index.html", "live.js")
"""Files that send the page to all the others."""
_REMOTE = re.compile(r"(?:[\w.+-]+@)?(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])::?[^\s:]\S*")
"""``host:path``, ``user@host:path`` or ``host::module/path``, as rsync reads it."""
_PASSWORD = re.compile(r"^([a-z]+://)?[^/:@\s]+:[^/@\s]*@")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_SECRETS = (
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/@\s]+@"), r"\1***@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+\S+"), r"\1 ***"),
    (
        re.compile(r"(?i)((?:password|passwd|token|secret|signature|api[_-]?key)\w*\s*[=:]\s*)\S+"),
        r"\1***",
    ),
)
"""What an error may repeat of what nobody else should read."""
_SECRET_NAME = re.compile(r"(?i)pass|token|secret|key")
_SHORTEST = 6
"""Characters of a value of the environment that is looked for in errors."""
_LONGEST = 200
"""Characters of the last words of an error."""
_SILENCE = 60
"""Seconds without a byte after which rsync gives up."""
_LOOK = 0.1
_SHELL = "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15"
"""Nobody is there to type a password."""
_FOLLOWS = ("rsync error:", "rsync: connection unexpectedly closed")
"""Lines of rsync that only follow from the one before."""
_VANISHED = 24
"""rsync's status when files went away while it read them: the next report has others."""
_GONE = ("--include=/pictures/", "--include=/pictures/[0-9]*", "--exclude=*")
"""What may be removed at the other end: the pictures of exposures, and never anything else."""


class BadTarget(ValueError):
    """A place to publish to that cannot be one; says what it may be."""


class Unpublished(Exception):
    """A report did not get to where it should; says who failed, and its last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where reports are published."""

    rsync: str = ""
    """Address as rsync takes it; empty where a program does it."""
    command: tuple[str, ...] = ()
    """Program and its arguments."""
    session: str = ""
    """Name of the session whose reports they are, where it is known."""

    def __str__(self) -> str:
        """What may be said of it: of a program its name alone, since arguments may be secret."""
        return self.rsync or Path(self.command[0]).name


def read_target(text: str, session: str = "") -> Target:
    """Where a report is to be published.

    Parameters
    ----------
    text
        ``user@host:/path/``, ``host::module/path``, ``rsync://host/module``, a folder, or a program
        with its arguments. ``{session}`` in it stands for the name of the session.
    session
        That name.

    Raises
    ------
    BadTarget
        If it is none of these, or what it needs is not installed here.
    """
    name = safe_file_name(session) if session else "session"
    asked = text.strip()
    if _PASSWORD.match(asked):
        raise BadTarget(
            "the address to publish to has a password in it, which everybody on this machine could "
            "read while rsync runs; leave it out, and give it in RSYNC_PASSWORD or use a key of ssh"
        )
    try:
        words = [word.replace("{session}", name) for word in shlex.split(asked)]
    except ValueError as error:
        raise BadTarget(f"the command to publish with cannot be read: {error}") from None
    if not words or not words[0]:
        raise BadTarget(f"there is no place to publish to in {text!r}; {_KINDS}")
    if len(words) == 1 and _is_place(words[0]):
        place = words[0]
        if shutil.which("rsync") is None:
            raise BadTarget(
                f"publishing to {place} needs rsync, which is not installed on this machine"
            )
        here = place.startswith(("/", "./", "../", "~"))
        place = str(Path(place).expanduser().absolute()) if here else place
        return Target(rsync=place, session=session)
    if _SCHEME.match(words[0]):
        raise BadTarget(f"nothing here brings files to {words[0]}; {_KINDS}")
    if words[0].startswith("-"):
        raise BadTarget(f"{words[0]} is an option, and no place to publish to; {_KINDS}")
    program = shutil.which(words[0])
    if program is None:
        there = Path(words[0]).exists()
        what = "cannot be run: it is no program" if there else "was not found"
        raise BadTarget(f"the program to publish with, {words[0]}, {what}; {_KINDS}")
    return Target(command=(str(Path(program).absolute()), *words[1:]), session=session)


_KINDS = "give user@host:/path/, a folder that ends with /, or a program with its arguments"


def _is_place(word: str) -> bool:
    if _SCHEME.match(word):
        return word.startswith("rsync://")
    if _REMOTE.fullmatch(word):
        return True
    return word.startswith(("/", "./", "../", "~")) and (word.endswith("/") or Path(word).is_dir())


def upload(
    target: Target,
    folder: Path,
    *,
    session: str = "",
    timeout: float = 600.0,
    remove: bool = True,
    stopped: threading.Event | None = None,
) -> None:
    """Bring what has changed in a report's folder to its target.

    Parameters
    ----------
    target
        Where to.
    folder
        The report's.
    session
        Name of the session, for a program, where the target does not know it.
    timeout
        Seconds that all of it may take.
    remove
        Remove the pictures that the report does not have any more, too.
    stopped
        Ends it early, as a failure.

    Raises
    ------
    Unpublished
        If it did not get there.
    """
    deadline = time.monotonic() + timeout
    stopped = stopped or threading.Event()
    if target.command:
        known = {
            "ICESTREAM_REPORT": str(folder.absolute()),
            "ICESTREAM_SESSION": target.session or session,
        }
        _run(target.command, str(target), folder, known, deadline, stopped)
        return
    # What the page reads first is kept as it is now: what is written meanwhile may need files that
    # this round has passed already.
    with tempfile.TemporaryDirectory(prefix="icestream-publish-") as held:
        for name in LAST:
            with contextlib.suppress(FileNotFoundError):
                shutil.copy2(folder / name, held)
        source, aim = f"{folder.absolute()}/", target.rsync.rstrip("/") + "/"
        common = ("rsync", "-rt", "--delay-updates", f"--timeout={_SILENCE}")
        first = (*(f"--exclude=/{name}" for name in LAST), f"--exclude={UNFINISHED}")
        rounds: list[Sequence[str]] = [
            (*common, *first, "--", source, aim),
            (*common, "--", f"{held}/", aim),
        ]
        if remove:
            gone = ("--delete", "--existing", "--ignore-existing", *_GONE)
            rounds.append(("rsync", "-r", *gone, f"--timeout={_SILENCE}", "--", source, aim))
        shell = {"RSYNC_RSH": os.environ.get("RSYNC_RSH", _SHELL)}
        for command in rounds:
            _run(command, "rsync", folder, shell, deadline, stopped)


def _run(
    command: Sequence[str],
    name: str,
    folder: Path,
    known: Mapping[str, str],
    deadline: float,
    stopped: threading.Event,
) -> None:
    """Run a program to its end; whatever it has started ends with it."""
    # A file instead of a pipe: what the program leaves behind may hold a pipe open for ever.
    with tempfile.TemporaryFile() as said:
        try:
            running = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=folder,
                env={**os.environ, **known},
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", "") or str(error)
            raise Unpublished(f"{name} cannot be started: {why}") from None
        began = time.monotonic()
        while (status := _ended(running)) is None:
            over = time.monotonic() > deadline
            if over or stopped.is_set():
                _end(running)
                took = time.monotonic() - began
                what = "had not ended" if over else "was told to end"
                raise Unpublished(f"{name} {what} after {took:.0f} s{_last_words(said)}")
        if status not in (0, _VANISHED if name == "rsync" else 0):
            raise Unpublished(f"{name} ended with status {status}{_last_words(said)}")


def _ended(running: "subprocess.Popen[bytes]") -> int | None:
    try:
        return running.wait(_LOOK)
    except subprocess.TimeoutExpired:
        return None


def _end(running: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def _last_words(said: IO[bytes]) -> str:
    """The last line that tells something, for after a sentence; without what is secret."""
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - 4096))
    lines = said.read().decode(errors="replace").splitlines()
    told = [line.strip() for line in lines if any(map(str.isalnum, line))]
    # rsync ends with where in its source it gave up; what went wrong stands before that.
    better = [line for line in told if not line.startswith(_FOLLOWS)]
    words = (better or told or [""])[-1]
    return f": {_without_secrets(words)}" if words else ""


def _without_secrets(text: str) -> str:
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST:
            text = text.replace(value, "***")
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    line = printable(" ".join(text.split()), lines=False)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
