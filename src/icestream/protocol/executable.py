"""A program on the machine: where it is, which version it is, and whether that will do.

A version is part of the key of every result that the program makes, so it is asked of the program
itself, by running it with a `Probe`. A program that does not answer is ended after a while, and
has no version then. What was found is handed to the workers, which ask nothing.
"""

import hashlib
import json
import os
import re
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

__all__ = [
    "FoundProgram",
    "Probe",
    "Program",
    "end_group",
    "interpreter_of",
    "tell_places",
    "tied",
]

_PLACES = "ICESTREAM_PROGRAM_PLACES"
"""In the environment, so that every worker of this process looks where this one does."""

_STUB = """\
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    os._exit(137)
try:
    os.execvp(sys.argv[2], sys.argv[2:])
except OSError as error:
    print(f"{sys.argv[2]} cannot be run: {error.strerror}", file=sys.stderr, flush=True)
    os._exit(127)
"""
"""Asks the kernel to kill the program when this process dies, and becomes the program."""

_CANNOT_RUN = 127
_MOST = 64 * 1024
"""Bytes of a probe's output that are looked at."""


@dataclass(frozen=True, slots=True)
class Probe:
    """How a program is asked for its version."""

    arguments: tuple[str, ...] = ("--version",)
    pattern: str = r"\d+(?:\.\d+)+[\w.+-]*"
    """Regular expression searched in what it prints, on either stream and with any exit status;
    its first group, where it has one, is the version."""
    timeout: float = 10.0
    """Seconds after which it is ended."""
    checksum: bool = False
    """For a program that does not tell its version, such as one whose help lists its options: the
    version is a checksum of what was found, so that a program with other options has another. One
    that is late, and may have printed a part, has none."""
    interpreter: bool = False
    """The arguments are for the interpreter that the program is run by (`interpreter_of`): a Python
    program that does not tell its version is one of a package that does."""

    def asked(self, path: Path) -> tuple[str, ...]:
        """The command line by which the program `path` is asked."""
        runs = interpreter_of(path) if self.interpreter else (str(path),)
        return (*runs, *self.arguments)


@dataclass(frozen=True, slots=True)
class Program:
    """A program that a protocol needs on the machine."""

    executable: str
    """Name on the PATH, or a path."""
    package: str = ""
    """Where to get it: ``Debian: relion``."""
    probe: Probe | None = Probe()
    """How to ask for its version; None for a program that must not be asked."""
    minimum: str = ""
    """Least version that will do: ``4.0``."""
    known: tuple[str, ...] = ()
    """Versions whose arguments and output the protocol knows, by how they begin: ``("1.4", "1.5")``
    takes 1.4.7, and not 1.40. Empty: all from `minimum` on."""
    licence: str = ""
    """On which terms it may be used: ``BSD-3-Clause``, or ``free for academic use``."""
    cites: tuple[str, ...] = ()
    """What its users are to cite."""

    def find(self) -> Path | None:
        """Where the program is, by the setting `programs` or else the PATH; None: nowhere."""
        path = shutil.which(self._place() or self.executable)
        return Path(path) if path else None

    def found(self) -> "FoundProgram | None":
        """The program as it is on this machine now; None when it is not installed."""
        path = self.find()
        if path is None:
            return None
        try:
            return FoundProgram(path.absolute(), self.version(), *_stamp(path))
        except OSError:  # it went away meanwhile
            return None

    def version(self) -> str:
        """What the installed program says of its version; empty when it cannot be told.

        It is asked once, and again when its file has changed.
        """
        return self._answer()[0]

    def _answer(self) -> tuple[str, str]:
        """The version, and all that the program said when it was asked."""
        path = self.find()
        if path is None or self.probe is None:
            return "", ""
        try:
            return _ask(path.absolute(), *_stamp(path), self.probe)
        except OSError:
            return "", ""

    def lacking(self) -> str:
        """What keeps the program from being used here, and what to do; empty when nothing does.

        A version that cannot be told is held against a program of which `minimum` or `known` say
        which versions will do.
        """
        path = self.find()
        where = f"install it ({self.package or 'see its documentation'})"
        name = f"the program {self.executable!r}"
        if path is None:
            elsewhere = f"; or say where it is: programs.{self.executable} in the settings"
            named = "/" not in self.executable
            return f"{name} is not installed: {self._looked()}; {where}{elsewhere if named else ''}"
        if self.probe is None or not (self.minimum or self.known):
            return ""
        version, printed = self._answer()
        if not version:
            try:
                asked = shlex.join(self.probe.asked(path))
            except OSError as error:  # it may be run, and not be read
                asked = f"{path} ({error.strerror})"
            said = f"it printed {printed[:200]!r}" if printed.strip() else "it printed nothing"
            return (
                f"{name} does not say which version it is: asked by `{asked}`, {said}, and "
                f"{self._wanted()} is needed; run that command by hand (a library, a licence or a "
                f"GPU may be missing), or {where}"
            )
        if _numbers(version) < _numbers(self.minimum):
            return (
                f"{name} is too old: {path} is version {version}, and "
                f"{self._wanted()} is needed; {where}"
            )
        if self.known and not any(_begins(version, beginning) for beginning in self.known):
            return (
                f"{name} is of a version that is not known here: {path} is version {version}, and "
                f"{self._wanted()} is needed; install one of these, or a newer release of the "
                "plugin that runs it"
            )
        return ""

    def words(self) -> str:
        """What is run, which versions of it, from where, on which terms; for people."""
        versions = self._wanted() if self.known or self.minimum else "any version"
        said = (self.executable, versions, self.package, self.licence)
        return "; ".join(filter(None, said))

    def _wanted(self) -> str:
        """The versions that will do."""
        if self.known:
            return " or ".join(f"{beginning}.x" for beginning in self.known)
        return f"{self.minimum} or newer"

    def _place(self) -> str:
        """Where the settings say it is; empty where they do not."""
        return str(json.loads(os.environ.get(_PLACES) or "{}").get(self.executable, ""))

    def _looked(self) -> str:
        """Where it was looked for."""
        if place := self._place():
            return f"the settings say {place}, where no file is that can be run"
        if os.path.dirname(self.executable):  # noqa: PTH120 - as shutil.which decides
            return "there is no file of this name that can be run"
        folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
        return f"it is in no folder of the PATH ({', '.join(folders) or 'which is empty'})"


@dataclass(frozen=True, slots=True)
class FoundProgram:
    """A program as it was found on the machine, and asked for its version."""

    path: Path
    version: str
    """Empty when it cannot be told."""
    modified: int = 0
    """When its file was changed, in nanoseconds of the epoch."""
    size: int = 0
    """Bytes of its file."""

    def is_still_there(self) -> bool:
        """Whether the file is the one that was asked."""
        try:
            return _stamp(self.path) == (self.modified, self.size)
        except OSError:
            return False


def tell_places(places: Mapping[str, Path]) -> None:
    """Look for these programs where `places` say, in this process and all that it starts."""
    os.environ[_PLACES] = json.dumps({name: str(path) for name, path in places.items()})


def interpreter_of(path: Path) -> tuple[str, ...]:
    """Words that run what a script is written for, as its first line says.

    The script that pip writes for a package's command names the Python that the package is
    installed for: here, or in a second line where the path is too long for the first. A file that
    is no script is its own interpreter, so that a Python may stand for all that is installed for
    it.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as file:
        beginning = file.read(_MOST)
    if not beginning.startswith(b"#!"):
        return (str(path),)
    first, _, rest = beginning.decode(errors="replace").partition("\n")
    words = first.removeprefix("#!").split()
    second = rest.partition("\n")[0]
    if second.startswith("'''exec' "):  # to a shell exec, to Python the beginning of a text
        with suppress(ValueError):  # a quotation that does not end: it is written otherwise
            words = shlex.split(second.removeprefix("'''exec'"))[:1]
    return tuple(words) or (str(path),)


def tied(argv: tuple[str, ...]) -> list[str]:
    """The command line that runs `argv` as a child which dies when this process dies."""
    # Isolated: Python would look for modules in the scratch folder first.
    return [sys.executable, "-I", "-S", "-c", _STUB, str(os.getpid()), *argv]


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Ask the program's group to stop, then make it."""
    for signal_ in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, signal_)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            time.sleep(0.02)


@lru_cache(maxsize=64)
def _ask(path: Path, _modified: int, _size: int, probe: Probe) -> tuple[str, str]:
    """The version, and what was printed; time and size of the file are there for the cache."""
    with tempfile.TemporaryDirectory(prefix="icestream-probe-") as folder:
        process = subprocess.Popen(
            tied(probe.asked(path)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
        )
        try:
            printed = _listen(process, time.monotonic() + probe.timeout)
            is_whole = _has_ended(process)
        finally:
            end_group(process)
            status = process.wait()
            if process.stdout is not None:
                process.stdout.close()
    text = printed.decode(errors="replace")
    match = None if status == _CANNOT_RUN else re.search(probe.pattern, text)
    if match is None:
        return "", text
    said = str(match[1] if match.re.groups else match[0] or "").strip()
    if probe.checksum:
        # Half of what it prints has another checksum, and would pass for another program.
        if not (is_whole and said):
            return "", text
        return f"sha256 {hashlib.sha256(said.encode()).hexdigest()[:12]}", text
    return said[:100], text


def _stamp(path: Path) -> tuple[int, int]:
    """What tells whether a file was changed."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _listen(process: "subprocess.Popen[bytes]", deadline: float) -> bytes:
    """What a program prints until it has ended, is late, or has printed enough."""
    printed, more = b"", process.stdout is not None
    with selectors.DefaultSelector() as waiting:
        if process.stdout is not None:
            waiting.register(process.stdout, selectors.EVENT_READ)
        while len(printed) < _MOST and time.monotonic() < deadline:
            if more and process.stdout is not None and waiting.select(0.02):
                read = os.read(process.stdout.fileno(), _MOST)
                more = bool(read)
                printed += read
            elif _has_ended(process):  # its children may hold the output open
                break
            elif not more:
                time.sleep(0.02)
    return printed


def _has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Whether it has, without letting its number be given to another process yet."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, to compare by: 3.1.4-beta -> (3, 1, 4)."""
    match = re.search(r"\d+(?:\.\d+)*", version)
    parts = [int(part) for part in match[0].split(".")] if match else []
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _begins(version: str, beginning: str) -> bool:
    """Whether a version begins with these numbers: 1.4.7 with 1.4, and 1.40 does not."""
    wanted = [int(part) for part in re.findall(r"\d+", beginning)]
    match = re.search(r"\d+(?:\.\d+)*", version)
    found = [int(part) for part in match[0].split(".")] if match else []
    return (found + [0] * len(wanted))[: len(wanted)] == wanted
