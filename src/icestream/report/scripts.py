"""The data files beside the page, each written when what it tells of has changed."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from icestream.model import quality_of
from icestream.protocol import Registry
from icestream.report.agreement import Agreements
from icestream.report.clock import AcquisitionClock
from icestream.report.control import color_range
from icestream.report.decisions import decision_log
from icestream.report.follow import Follower
from icestream.report.limits import Limits
from icestream.report.live import is_finished
from icestream.report.pictures import write_script
from icestream.report.table import CHUNK, ExposureTable, plotted_qualities
from icestream.report.telling import Telling
from icestream.report.timeline import alert_bars, change_marks
from icestream.report.together import Together, group_key, shifts_of
from icestream.report.trends import rounded
from icestream.report.views.grid_map import squares_in_files
from icestream.report.where import shift_scale

__all__ = ["Scripts"]

_PAUSE = 15.0
"""Seconds between two versions of what tells of all exposures of a long session."""
_NEIGHBOURS = 2000
"""Exposures from which the scale of beam shifts is told: the newest."""


_FILES = ("trends", "steps", "where", "agreement", "timeline", "log")


class Scripts:
    """Writes the files that the page loads when their versions change.

    Parameters
    ----------
    folder
        The report's.
    registry
        Where the protocols come from.
    """

    def __init__(self, folder: Path, registry: Registry) -> None:
        self.chunks: list[int] = []
        """Versions of the files of exposures."""
        self._folder = folder
        self._registry = registry
        self._versions = dict.fromkeys(
            ("trends", "steps", "where", "agreement", "timeline", "log"), 0
        )
        self._written = 0.0
        self._known: tuple[int, int] = (0, 0)
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what was taken in: another follower has begun from the start."""
        self._telling = Telling(self._registry)
        self._agreements = Agreements()
        self._squares: Together | None = None
        self._groups: Together | None = None
        self._changed = True
        self._known = (0, 0)

    @property
    def versions(self) -> dict[str, int]:
        """What the page compares with what it has, by the name of the file; 0: there is none."""
        return dict(self._versions)

    @property
    def groups(self) -> int:
        """Exposure groups that were met so far."""
        return 0 if self._groups is None else len(self._groups)

    def limits_changed(self) -> None:
        """The trends have to be written anew."""
        self._changed = True

    def write(
        self, follower: Follower, titles: Mapping[str, str], limits: Limits, *, at_once: bool
    ) -> None:
        """Write what has changed.

        Parameters
        ----------
        follower
            What is known of the session.
        titles
            Of the steps.
        limits
            What is refused and what is warned of.
        at_once
            Leave nothing for the next time.
        """
        self._write_chunks(follower.table)
        self._write_overall(follower, limits)
        told = self._telling.update(follower, titles, at_once=at_once)
        if told is not None:
            self._put("steps", {"steps": told})
        patience = float("inf") if at_once else 1.0
        agreed = self._agreements.update(follower, titles, patience)
        if agreed is not None:
            self._put("agreement", {"steps": list(map(asdict, agreed))})
        self._write_history(follower)

    def _put(self, name: str, document: dict[str, Any]) -> None:
        self._versions[name] = _next(self._versions[name])
        path = self._folder / f"{name}.js"
        write_script(path, name, {"version": self._versions[name], **document})

    def _write_chunks(self, table: ExposureTable) -> None:
        if self._squares is None or self._groups is None:
            self._squares, self._groups = Together(table), Together(table)
        for order in table.take_news():
            self._squares.put(order, table.where.square[order])
            self._groups.put(order, group_key(table, order))
        for index in table.take_changed():
            while len(self.chunks) <= index:
                self.chunks.append(0)
            self.chunks[index] = _next(self.chunks[index])
            write_script(
                self._folder / f"exposures-{index + 1:04d}.js",
                "exposures",
                table.chunk(index, self.chunks[index]),
            )
            self._changed = True

    def _write_overall(self, follower: Follower, limits: Limits) -> None:
        """Trends, map and groups, which tell of all exposures."""
        table, now = follower.table, time.monotonic()
        pause = _PAUSE if len(table) > 2 * CHUNK and not is_finished(follower) else 0.0
        if not self._changed or (self._written and now - self._written < pause):
            return
        self._changed, self._written = False, now
        names = plotted_qualities(table)
        version = self._versions["trends"] = _next(self._versions["trends"])
        trends = table.trend_document(names, version, limits)
        write_script(self._folder / "trends.js", "trends", trends)
        assert self._squares is not None
        assert self._groups is not None
        self._put("where", _where(table, self._squares, self._groups))
        self._write_timeline(follower)

    def _write_history(self, follower: Follower) -> None:
        """Decisions and alerts, when there are others."""
        decided, alerted = self._known
        self._known = follower.decided, follower.alerted
        if decided != follower.decided:
            self._put("log", decision_log(follower.history))
        if self._versions["timeline"] and self._known != (decided, alerted):
            self._write_timeline(follower)

    def _write_timeline(self, follower: Follower) -> None:
        alerts = follower.all_alerts()
        ended = follower.session.changed if is_finished(follower) else time.time()
        clock = AcquisitionClock.of(follower.table)
        now = clock.now(ended)
        document = {
            "now": now,
            "written": ended,
            "tempo": follower.tempo.document(follower.table.time, clock),
            "alerts": alert_bars(alerts, follower.table.place_of, now, clock),
            "marks": change_marks(follower.history, ended, clock),
        }
        self._put("timeline", document)


def _where(table: ExposureTable, squares: Together, groups: Together) -> dict[str, Any]:
    """Squares and groups with their medians, and how beam shifts are drawn."""
    ranges = {}
    for name in plotted_qualities(table):
        ends = color_range(table.qualities[name].values)
        if ends is not None:
            ranges[name] = [rounded(end * quality_of(name).scale) for end in ends]
    places = squares_in_files(table)
    return {
        "ranges": ranges,
        "squares": [one | places[one["name"]] for one in squares.document()],
        "groups": groups.document(),
        "shift_scale": shift_scale(table.where[-_NEIGHBOURS:]),
        "shifts": shifts_of(table),
    }


def _next(version: int) -> int:
    """A number greater than the last one, also after a restart."""
    return max(version + 1, int(time.time()))
