"""A program on the machine: where it is, which version it is, and whether that will do.

A version is part of the key of every result that the program makes, so it is asked of the program
itself, by running it with a `Probe`. A program that does not answer is ended after a while, and
has no version then.
"""

import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

__all__ = ["Probe", "Program", "end_group", "tied"]

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

    def find(self) -> Path | None:
        """Where the program is; None when it is not installed."""
        path = shutil.which(self.executable)
        return Path(path) if path else None

    def version(self) -> str:
        """What the installed program says of its version; empty when it cannot be told.

        It is asked once, and again when its file has changed.
        """
        path = self.find()
        if path is None or self.probe is None:
            return ""
        try:
            status = path.stat()
        except OSError:
            return ""
        return _ask(path.absolute(), status.st_mtime_ns, status.st_size, self.probe)

    def lacking(self) -> str:
        """What keeps the program from being used here, and what to do; empty when nothing does.

        A version that cannot be told is not held against the program.
        """
        path = self.find()
        where = f"install it ({self.package or 'see its documentation'})"
        if path is None:
            return f"the program {self.executable!r} is not installed: {self._looked()}; {where}"
        version = self.version() if self.minimum else ""
        if version and _numbers(version) < _numbers(self.minimum):
            return (
                f"the program {self.executable!r} is too old: {path} is version {version}, and "
                f"{self.minimum} or newer is needed; {where}"
            )
        return ""

    def _looked(self) -> str:
        """Where it was looked for."""
        if os.path.dirname(self.executable):  # noqa: PTH120 - as shutil.which decides
            return "there is no file of this name that can be run"
        folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
        return f"it is in no folder of the PATH ({', '.join(folders) or 'which is empty'})"


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
def _ask(path: Path, _modified: int, _size: int, probe: Probe) -> str:
    """Run a probe; the time and size of the program's file are there for the cache."""
    with tempfile.TemporaryDirectory(prefix="icestream-probe-") as folder:
        process = subprocess.Popen(
            tied((str(path), *probe.arguments)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
        )
        try:
            printed = _listen(process, time.monotonic() + probe.timeout)
        finally:
            end_group(process)
            status = process.wait()
            if process.stdout is not None:
                process.stdout.close()
    if status == _CANNOT_RUN:
        return ""
    match = re.search(probe.pattern, printed.decode(errors="replace"))
    if match is None:
        return ""
    return str(match[1] if match.re.groups else match[0] or "").strip()[:100]


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
