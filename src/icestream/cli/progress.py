"""How far a session has come, for people: bars on a terminal, lines elsewhere."""

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from icestream.engine.progress import Progress, StepProgress
from icestream.model import Alert
from icestream.model.states import shown_state
from icestream.shown import Aside, printable
from icestream.store.severity import LEVELS

__all__ = ["Watcher", "progress_line"]

_PER_EXPOSURE = ("item", "consensus", "selection", "trigger")
"""Kinds of steps that do one task for each exposure."""
_GATHERED = ("batch", "group")
"""Kinds of steps that do one task for many."""
_PAUSE = 2.0
"""Least seconds between two lines."""
_ALERTS = 3
"""Alerts that are shown below the bars."""
_STYLES = {"notice": "cyan", "warning": "yellow", "critical": "bold red"}


class Watcher:
    """Shows the progress of a session that is run in a ``with`` block.

    Parameters
    ----------
    console
        Where to show it: bars if it is a terminal, otherwise a line when something changed.
    """

    def __init__(self, console: Console) -> None:
        self._screen: _Bars | _Lines = _Bars(console) if console.is_terminal else _Lines(console)
        self._last = Progress()
        self._aside = Aside()

    def __enter__(self) -> "Watcher":
        self._aside.run(self._screen.open)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # nobody looks any more: that is not how the session ended
            self._aside.run(self._close)

    def _close(self) -> None:
        self._screen.show(self._last, at_once=True)
        self._screen.close()

    def tell(self, progress: Progress) -> None:
        """Take in how far it is; called by the engine, many times a second.

        Whoever stops a terminal (Ctrl-S) to read it does not stop the session.
        """
        self._last = progress
        self._aside.run(lambda: self._screen.show(progress))


def progress_line(progress: Progress, before: Progress | None = None) -> str:
    """What has changed since `before` in one line; all that there is where nothing was before."""
    old = _parts(before) if before is not None else _parts(Progress())
    return "  ".join(text for key, text in _parts(progress).items() if old.get(key) != text)


def _parts(progress: Progress) -> dict[str, str]:
    """What can be told, by what it is about; of what has not begun, nothing."""
    parts = {"found": f"{progress.taken.many} found {progress.found}"}
    if progress.waiting:
        parts["waiting"] = f"{progress.waiting} not whole yet"
    for step in progress.steps:
        if step.kind == "monitor":
            continue
        notes = _notes(step)
        if step.kind == "source":
            text = f"({notes})" if notes else ""
        elif step.kind in _GATHERED:
            text = _gathered(step, progress)
        else:
            text = f"{step.counts.done}" + (f" ({notes})" if notes else "")
        begun = step.counts.done or (step.kind in _GATHERED and step.counts.running)
        if text and (notes or begun):
            parts[f"step {step.name}"] = f"{step.name} {text}"
    parts["behind"] = f"behind by {progress.behind}"
    if progress.outlook:
        parts["outlook"] = f"({progress.outlook})"
    if progress.alerts:
        parts["alerts"] = f"alerts {len(progress.alerts)}"
    return parts


def _notes(step: StepProgress) -> str:
    counts = step.counts
    notes = [
        f"{count} {what}"
        for count, what in (
            (counts.rejected, "rejected"),
            (counts.failed, "failed"),
            (counts.skipped, "skipped"),
        )
        if count
    ]
    if step.state in ("paused", "failed"):
        notes.append(f"{step.state}: {step.reason}" if step.reason else step.state)
    return ", ".join(notes)


def _gathered(step: StepProgress, progress: Progress) -> str:
    """How many batches or groups are done, and whether the last batch is being done."""
    notes = [_notes(step)] if _notes(step) else []
    if step.kind == "group":
        said = f" ({notes[0]})" if notes else ""
        return f"{_many(step.counts.done, 'group', 'groups')}{said}"
    others = (step for step in progress.steps if step.kind in ("source", *_PER_EXPOSURE))
    if step.counts.running:
        last = all(step.state == "done" for step in others)
        notes.append("the last one runs" if last else "one runs")
    said = f" ({', '.join(notes)})" if notes else ""
    return f"{_many(step.counts.done, 'batch', 'batches')}{said}"


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _standstill(progress: Progress) -> str:
    """Why nothing moves; empty while it does."""
    if progress.state not in ("paused", "held", "draining"):
        return ""
    state = shown_state(progress.state)
    return f"{state}: {progress.reason}" if progress.reason else state


class _Lines:
    """A line of what has changed, each time that something has."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._printed_at = -_PAUSE
        self._last: Progress | None = None
        self._told: set[str] = set()

    def open(self) -> None:
        """Nothing to prepare."""

    def close(self) -> None:
        """Nothing to put away."""

    def show(self, progress: Progress, *, at_once: bool = False) -> None:
        """Print the line, and before it each alert that is new."""
        now = time.monotonic()
        if not at_once and now - self._printed_at < _PAUSE:
            return
        for alert in _worst_first(progress.alerts):
            self._once(f"{alert.level}: {alert.message}")
        self._once(_standstill(progress))
        line = progress_line(progress, self._last)
        self._last = progress
        if line:
            self._printed_at = now
            self._print(f"{now - self._started:6.0f} s  {line}")

    def _once(self, text: str) -> None:
        # An alert's numbers may change while it holds; those within names tell names apart.
        said = re.sub(r"(?<![\w/.-])\d[\d.,]*(?![\w/-])", "#", text)
        if text and said not in self._told:
            self._told.add(said)
            self._print(text)

    def _print(self, text: str) -> None:
        self._console.print(printable(text, lines=False), markup=False, highlight=False)


class _Bars:
    """A bar for each step, below them what else matters."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            TextColumn("{task.description}", justify="right", markup=False),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            expand=True,
        )
        self._rows: dict[str, TaskID] = {}
        self._live = Live(self._bars, console=console, refresh_per_second=4)

    def open(self) -> None:
        """Begin to draw."""
        self._live.start()

    def close(self) -> None:
        """Leave the last state on the terminal."""
        self._live.stop()

    def show(self, progress: Progress, *, at_once: bool = False) -> None:
        """Move the bars; they are drawn four times a second."""
        waiting = f"{progress.waiting} not whole yet" if progress.waiting else ""
        self._row(f"{progress.taken.many} found", progress.found, progress.found, waiting)
        below = []
        for step in progress.steps:
            if step.kind in _PER_EXPOSURE:
                self._row(step.name, step.counts.done, progress.found, _notes(step))
            elif step.kind in _GATHERED:
                below.append(f"{step.name}: {_gathered(step, progress)}")
            elif step.kind == "source" and _notes(step):
                below.append(f"{step.name}: {_notes(step)}")
        outlook = f" ({progress.outlook})" if progress.outlook else ""
        below += [f"behind by {progress.behind}{outlook}", f"alerts {len(progress.alerts)}"]
        lines = [Text(printable("  ".join(below), lines=False))]
        if standstill := _standstill(progress):
            lines.append(Text(printable(standstill, lines=False), style="yellow"))
        lines += [_alert_line(alert) for alert in _worst_first(progress.alerts)[:_ALERTS]]
        self._live.update(Group(self._bars, *lines), refresh=at_once)

    def _row(self, name: str, done: int, total: int, note: str) -> None:
        note = printable(note, lines=False)
        if name not in self._rows:
            self._rows[name] = self._bars.add_task(name, total=max(total, 1), note=note)
        self._bars.update(self._rows[name], completed=done, total=max(total, 1), note=note)


def _worst_first(alerts: Sequence[Alert]) -> list[Alert]:
    """The worst first; of the same level the newest, as they are told in the order of raising."""
    newest = enumerate(alerts)
    ordered = sorted(newest, key=lambda pair: (LEVELS.index(pair[1].level), -pair[0]))
    return [alert for _, alert in ordered]


def _alert_line(alert: Alert) -> Text:
    text = printable(f"{alert.level}: {alert.message}", lines=False)
    return Text(text, style=_STYLES[alert.level], overflow="ellipsis", no_wrap=True)
