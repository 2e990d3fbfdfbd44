"""Where a run takes place: a disk, a session that is started again, a microscope, a person."""

import contextlib
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from nemesis.disk import Disk, FolderOnly
from nemesis.history import History

__all__ = ["MARK", "STEPS", "Role", "Service", "Stage", "environment", "processes", "role_of"]

MARK = "NEMESIS_RUN"
"""Variable by which all processes of a run are known."""
STEPS = ("align", "ctf", "pick")
"""Steps that make files."""
Role = str
"""coordinator, worker, report, guardian, server, person."""


def environment(folder: Path, state: Path) -> dict[str, str]:
    """Of all processes of a run, apart from the settings of who starts it."""
    tests = Path(__file__).parents[1]
    path = [str(tests / "nemesis" / "clock"), str(tests), *filter(None, sys.path)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ICESTREAM_")}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path)),
        "ICESTREAM_STATE": str(state),
        "ICESTREAM_SETTINGS": str(folder / "none.toml"),
        "ICESTREAM_WORKER_SILENCE": "5",
        "NEMESIS_CLOCK": str(folder / "clock"),
        MARK: str(folder),
    }


def processes(folder: Path) -> Iterator[psutil.Process]:
    """All processes of the run in a folder."""
    mark = f"{MARK}={folder}".encode()
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, psutil.Error):
            if int(place.name) != os.getpid() and mark in (place / "environ").read_bytes():
                found = psutil.Process(int(place.name))
                if found.status() != psutil.STATUS_ZOMBIE:
                    yield found


def role_of(process: psutil.Process) -> Role:
    """What a process of a run does."""
    words = " ".join(process.cmdline())
    signs = {
        "executors.worker": "worker", "end_programs": "guardian", "icestream report": "report",
        "icestream process": "coordinator", "icestream serve": "server",
        "nemesis.person": "person",
    }  # fmt: skip
    return next((role for sign, role in signs.items() if sign in words), "other")


class Service:
    """A process that is started again when it ends, as a service manager does."""

    def __init__(self, words: Sequence[str], stage: "Stage", name: str) -> None:
        self._words, self._stage, self._name = words, stage, name
        self.held = threading.Event()
        """Set: it is not started again."""
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self.log = stage.folder / f"{name}.log"
        self.done = False
        """Whether it ended well, and is not started again."""

    def start(self) -> None:
        """Start it, and again each time that it ends otherwise than well."""
        self.held.clear()
        self._thread = threading.Thread(target=self._keep, name=self._name, daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        while not self.held.is_set() and not self.done:
            with self.log.open("ab") as log:
                # Whoever runs this in the background ignores Ctrl-C, and would hand that on.
                self._process = subprocess.Popen(
                    ["env", "--default-signal=INT", *self._words],
                    env=self._stage.environment, cwd=self._stage.folder, start_new_session=True,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                )  # fmt: skip
            self._stage.history.note("started", name=self._name, pid=self._process.pid)
            status = self._process.wait()
            self._stage.history.note("ended", name=self._name, status=status)
            self.done = status == 0
            self.held.wait(0.5)

    def send(self, number: int) -> None:
        """Send it a signal."""
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, number)

    def hold(self, number: int, seconds: float) -> bool:
        """End it with a signal and do not start it again; whether it ended in that time."""
        self.held.set()
        until, told = time.monotonic() + seconds, None
        while self._thread is not None and self._thread.is_alive():
            if (
                self._process is not told
            ):  # once: a third Ctrl-C means something else than the first
                told = self._process
                self.send(number)
            self._thread.join(1.0)
            if time.monotonic() > until:
                return False
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended well."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self.done


@dataclass
class Stage:
    """All that faults can reach."""

    folder: Path
    """Of the run, beside the disk: what is written there is never lost."""
    disk: FolderOnly
    random: Random
    movies: Path
    history: History
    environment: dict[str, str]
    session: Path
    services: dict[str, Service] = field(default_factory=dict)
    rest: Callable[[float], None] = time.sleep
    """Waits while a fault lasts."""

    @property
    def mounted(self) -> Disk | None:
        """The disk, where it is one."""
        return self.disk if isinstance(self.disk, Disk) else None

    def those(self, *roles: Role) -> list[psutil.Process]:
        """Processes of the run that have one of these roles."""
        found = []
        for process in processes(self.folder):
            with contextlib.suppress(psutil.Error):
                if role_of(process) in roles:
                    found.append(process)
        return found

    def one(self, *roles: Role, seconds: float = 20.0) -> psutil.Process | None:
        """One of those, waited for a little."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = self.those(*roles)
            if found:
                return self.random.choice(found)
            time.sleep(0.1)
        return None

    def kill_all(self) -> int:
        """Kill every process of the run, until none is left; how many there were."""
        count = 0
        until = time.monotonic() + 60.0
        while found := list(processes(self.folder)):
            for process in found:
                with contextlib.suppress(psutil.Error):
                    process.kill()
                    count += 1
            time.sleep(0.05)
            if time.monotonic() > until:
                raise TimeoutError(f"{found} do not end")
        return count

    def all_held(self) -> list[Service]:
        """Kill everything and start nothing again; the services that ran."""
        running = [one for one in self.services.values() if not one.done]
        for service in running:
            service.held.set()  # all of them, before the first is ended
        self.kill_all()
        for service in running:
            service.hold(signal.SIGKILL, 60.0)
        return running

    def files(self) -> list[Path]:
        """Files that steps have made."""
        return sorted(
            path
            for step in STEPS
            for folder in self.session.glob(f"{step}*")
            for path in folder.glob("FoilHole*")
        )

    def move_clock(self, seconds: float) -> None:
        """Let all clocks of the run jump."""
        with (self.folder / "clock").open("r+b") as file:
            file.write(struct.pack("d", seconds))

    def away(self, seconds: float) -> None:
        """Let the movies be away as an unmounted share is: their folder is there, and empty."""
        aside = self.movies.with_name("away")
        self.movies.rename(aside)
        self.movies.mkdir()
        try:
            self.rest(seconds)
        finally:
            shutil.rmtree(self.movies)
            aside.rename(self.movies)
