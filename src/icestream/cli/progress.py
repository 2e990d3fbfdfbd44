"""How far a session has come, for people: bars on a terminal, lines elsewhere."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from icestream.store import queries
from icestream.store.open import NoStore, Store, open_store

__all__ = ["Standing", "Watcher", "read_standing"]

_BARS = ("item", "consensus", "selection", "trigger")
"""Kinds of steps that do one task for each exposure."""
_STYLES = {"notice": "cyan", "warning": "yellow", "critical": "bold red"}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a session stands at one moment."""

    found: int
    """Exposures taken in."""
    behind: int
    """Exposures that have not been through all steps."""
    rejected: int
    failed: int
    steps: tuple[tuple[str, int, int], ...]
    """(name, exposures that ended there, of which failed)."""
    particles: int
    snapshots: int
    """Results of steps that work on batches."""
    alerts: tuple[tuple[str, str], ...]
    """(level, message) of those that hold."""
    state: str
    reason: str

    def line(self) -> str:
        """All of it in one line."""
        parts = [f"found {self.found}"]
        parts += [f"{name} {ended}" for name, ended, _ in self.steps]
        parts += [f"particles {self.particles}", f"class updates {self.snapshots}"]
        parts.append(f"behind by {self.behind}")
        if self.rejected:
            parts.append(f"rejected {self.rejected}")
        if self.failed:
            parts.append(f"failed {self.failed}")
        parts.append(f"alerts {len(self.alerts)}")
        return "  ".join(parts)


def read_standing(store: Store) -> Standing:
    """Read where the session stands now."""
    exposures = queries.count_exposures(store)
    steps = queries.steps(store)
    session = queries.session(store)
    return Standing(
        found=sum(exposures.values()),
        behind=exposures["going"],
        rejected=exposures["rejected"],
        failed=exposures["failed"],
        steps=tuple(
            (step.name, step.counts.ended, step.counts.failed)
            for step in steps
            if step.kind in _BARS
        ),
        particles=queries.particles(store),
        snapshots=sum(step.counts.done for step in steps if step.kind == "batch"),
        alerts=tuple((alert.level, alert.message) for alert in queries.alerts(store)),
        state=session.state,
        reason=session.reason,
    )


class Watcher:
    """Shows the progress of a session while a ``with`` block runs it.

    Parameters
    ----------
    session
        Folder of the session; its store need not exist yet.
    console
        Where to show it: bars if it is a terminal, otherwise a line when something changed.
    every
        Seconds between two looks.
    """

    def __init__(self, session: Path, console: Console, *, every: float = 0.5) -> None:
        self._session = session
        self._every = every if console.is_terminal else max(every, 2.0)
        self._ended = threading.Event()
        self._screen: _Bars | _Lines = _Bars(console) if console.is_terminal else _Lines(console)
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)

    def __enter__(self) -> "Watcher":
        self._screen.open()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._screen.close()

    def _watch(self) -> None:
        store: Store | None = None
        try:
            while not self._ended.wait(self._every):
                store = store or _opened(self._session)
                if store is not None:
                    _show(store, self._screen.show)
            store = store or _opened(self._session)
            if store is not None:
                _show(store, self._screen.show)
        finally:
            if store is not None:
                store.close()


def _opened(session: Path) -> Store | None:
    try:
        return open_store(session, readonly=True)
    except NoStore:
        return None


def _show(store: Store, show: Callable[[Standing], None]) -> None:
    """Show where it stands, unless the store is being made just now."""
    try:
        standing = read_standing(store)
    except SQLAlchemyError:
        return
    show(standing)


class _Lines:
    """One line each time something has changed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""
        self._told: set[str] = set()
        self._started = time.monotonic()

    def open(self) -> None:
        """Nothing to prepare."""

    def close(self) -> None:
        """Nothing to put away."""

    def show(self, standing: Standing) -> None:
        """Print the line, and each new alert once."""
        for level, message in standing.alerts:
            if message not in self._told:
                self._told.add(message)
                self._console.print(f"{level}: {message}", markup=False)
        line = standing.line()
        if line != self._last:
            self._last = line
            passed = time.monotonic() - self._started
            self._console.print(f"{passed:6.0f} s  {line}", markup=False)


class _Bars:
    """A bar for each step, below them what else matters."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            TextColumn("{task.description}", justify="right"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            expand=True,
        )
        self._rows: dict[str, TaskID] = {}
        self._live = Live(self._bars, console=console, refresh_per_second=4, redirect_stdout=False)

    def open(self) -> None:
        """Begin to draw."""
        self._live.start()

    def close(self) -> None:
        """Leave the last state on the terminal."""
        self._live.stop()

    def show(self, standing: Standing) -> None:
        """Move the bars."""
        self._row("found", standing.found, standing.found, "")
        for name, ended, failed in standing.steps:
            self._row(name, ended, standing.found, f"{failed} failed" if failed else "")
        behind = (
            f"behind by {standing.behind}  particles {standing.particles}  "
            f"class updates {standing.snapshots}  rejected {standing.rejected}  "
            f"failed {standing.failed}  alerts {len(standing.alerts)}"
        )
        below = [Text(behind)]
        if standing.state in ("paused", "held", "draining"):
            below.append(Text(f"{standing.state}: {standing.reason}", style="yellow"))
        below += [
            Text(f"{level}: {message}", style=_STYLES[level], overflow="ellipsis", no_wrap=True)
            for level, message in standing.alerts[-3:]
        ]
        self._live.update(Group(self._bars, *below))

    def _row(self, name: str, done: int, total: int, note: str) -> None:
        if name not in self._rows:
            self._rows[name] = self._bars.add_task(name, total=max(total, 1), note=note)
        self._bars.update(self._rows[name], completed=done, total=max(total, 1), note=note)
