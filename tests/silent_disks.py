"""Disks that do not answer, as a hard mount of a machine that is down."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.facility import answering

__all__ = ["Hangs", "hangs"]


class Hangs:
    """Holds whoever asks what is below a folder, until it is over."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._over = threading.Event()

    def at(self, folder: Path) -> None:
        """Let all hang that ask for something there."""
        self._folder = folder
        self._over.clear()

    def over(self) -> None:
        """Let them go."""
        self._over.set()

    def wait(self, path: Any) -> None:
        """Hang, where a path is there."""
        if self._folder is None or not isinstance(path, str | os.PathLike):
            return
        if Path(path).is_relative_to(self._folder):
            self._over.wait()

    @staticmethod
    def eventually(holds: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until something holds."""
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, "it never came to hold"
            time.sleep(0.01)


@pytest.fixture
def hangs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hangs]:
    """Disks of which one can be made to hang; who asks waits for half a second, not for long."""
    made = Hangs()
    for name in ("statvfs", "stat", "scandir", "open", "listdir"):
        real = getattr(os, name)

        def asked(path: Any = ".", *rest: Any, real: Any = real, **named: Any) -> Any:
            made.wait(path)
            return real(path, *rest, **named)

        monkeypatch.setattr(os, name, asked)
    monkeypatch.setattr(answering, "_PATIENCE", 0.5)
    monkeypatch.setattr(answering, "_HOLDS", 0.0)
    try:
        yield made
    finally:
        made.over()
