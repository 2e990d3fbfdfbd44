"""Sessions of one exposure, by which people see whether their parameters are right."""

import shutil
import time
import uuid
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from icestream.engine.machine.lock import holder
from icestream.server.context import Server
from icestream.starting.begin import Started, last_words
from icestream.starting.trial import TRIALS
from icestream.store import queries
from icestream.store.open import NoStore, open_store

__all__ = ["TrialSession", "Trials"]

_KEPT = 20
"""Trials whose results are kept; the oldest are removed."""
_MOST = 2
"""Trials that run at once: each takes cores from the sessions that run."""


@dataclass(slots=True)
class TrialSession:
    """One of them."""

    folder: Path
    started: Started
    began: float = field(default_factory=time.time)

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self.started.process.poll() is None

    @property
    def failure(self) -> str:
        """Why it ended without results; empty while it runs, and when it has some."""
        if self.runs or self.exposure is not None:
            return ""
        return last_words(self.started.log)

    @property
    def exposure(self) -> str | None:
        """Name of its exposure, once it was taken in."""
        with suppress(NoStore, LookupError), closing(open_store(self.folder, readonly=True)) as s:
            return next((one.name for one in queries.exposures(s, limit=1)), None)
        return None


class Trials:
    """Those of one server."""

    def __init__(self, server: Server) -> None:
        self._folder = server.loaded.settings.state / TRIALS
        self._known: dict[str, TrialSession] = {}

    @property
    def full(self) -> bool:
        """Whether as many run as may at once."""
        return sum(trial.runs for trial in self._known.values()) >= _MOST

    def new_folder(self) -> Path:
        """A folder for another one; what is too old is removed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        there = sorted(self._folder.iterdir(), key=lambda path: path.name)
        for old in there[: max(0, len(there) - _KEPT + 1)]:
            if not holder(old):
                shutil.rmtree(old, ignore_errors=True)
                self._known.pop(old.name, None)
        folder = self._folder / f"{int(time.time())}-{uuid.uuid4().hex[:8]}"
        folder.mkdir()
        return folder

    def add(self, trial: TrialSession) -> str:
        """Remember one that was started; returns its id."""
        self._known[trial.folder.name] = trial
        return trial.folder.name

    def get(self, name: str) -> TrialSession | None:
        """The trial of an id; None where this server did not start it."""
        return self._known.get(name)

    def close(self) -> None:
        """End those that run: nobody can ask for them any more."""
        for trial in self._known.values():
            if trial.runs:
                trial.started.process.terminate()
