"""Parts of a facility that are processes: started, watched, killed, and started again."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from icestream.engine.machine.lock import holder

__all__ = ["Part", "coordinator", "icestream", "killed", "own_children", "until"]


def icestream(*words: str) -> list[str]:
    """A command of icestream."""
    return [sys.executable, "-P", "-m", "icestream", *words]


def until(holds: Callable[[], object], what: str, seconds: float = 300.0) -> float:
    """Wait until something holds; how long that was.

    Raises
    ------
    TimeoutError
        Saying what did not come about.
    """
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.05)
    return time.monotonic() - began


@dataclass
class Part:
    """A process that is started again when it ends, as a service manager does."""

    name: str
    words: list[str]
    environment: dict[str, str]
    log: Path
    pause: float = 1.0
    """Seconds before it is started again."""
    starts: int = 0
    _process: "subprocess.Popen[bytes] | None" = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _keeping: threading.Thread | None = None

    def start(self) -> None:
        self._keeping = threading.Thread(target=self._keep, name=self.name)
        self._keeping.start()

    def _keep(self) -> None:
        with self.log.open("ab") as log:
            while not self._stop.is_set():
                self._run(log)
                self._stop.wait(self.pause)

    def _run(self, log: IO[bytes]) -> None:
        self._process = subprocess.Popen(
            self.words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            cwd=self.log.parent, start_new_session=True,
        )  # fmt: skip
        self.starts += 1
        self._process.wait()

    @property
    def pid(self) -> int:
        """Of the process; 0 while there is none."""
        running = self._process
        return running.pid if running is not None and running.poll() is None else 0

    def kill(self) -> None:
        """Kill it as the kernel would."""
        until(lambda: self.pid, f"{self.name} does not run")
        os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End it, and leave it so."""
        self._stop.set()
        with contextlib.suppress(ProcessLookupError):
            if self.pid:
                os.kill(self.pid, signal.SIGTERM)
        if self._keeping is not None:
            self._keeping.join(30)
            if self._keeping.is_alive() and self.pid:
                os.kill(self.pid, signal.SIGKILL)
                self._keeping.join()


def coordinator(folder: Path) -> int:
    """The process that runs a session; 0 where none does."""
    found = re.match(r"process (\d+) ", holder(folder))
    return int(found[1]) if found else 0


def own_children(pid: int) -> Iterator[psutil.Process]:
    """All processes below one."""
    with contextlib.suppress(psutil.Error):
        yield from psutil.Process(pid).children(recursive=True)


def killed(pid: int) -> bool:
    """Kill a process; whether it was there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
