"""Watch what is measured for lasting changes, and say their likely cause."""

import math
import time
from collections.abc import Iterator, Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from icestream.model import Alert, Extent
from icestream.protocol import Advanced, Monitor, Parameters, Window
from icestream.protocols.causes import UNCLEAR
from icestream.protocols.incidents import Incident, Tracker
from icestream.protocols.late import Backlog
from icestream.protocols.streams import STREAMS, Watched
from icestream.units import Angstrom, Micrometre, Unit, Usual

__all__ = ["ChangeLimits", "MonitorChanges"]

_MISSED = 12
"""Exposures that had to wait, of which fewer show no change."""

Percent = Annotated[float, Unit("%")]


class ChangeLimits(Parameters):
    """How large and how sure a change must be to be told."""

    astigmatism: Annotated[Angstrom, Gt(0), Usual(10.0, 20000.0)] = 200.0
    """Smallest lasting change of the astigmatism, in size or direction."""

    defocus: Annotated[Micrometre, Gt(0), Usual(0.01, 10.0)] = 0.15
    """Smallest lasting change of the distance from the defocus that was asked for."""

    resolution: Annotated[Percent, Gt(0)] = 25.0
    """Smallest lasting change of the CTF fit resolution."""

    ice: Annotated[Percent, Gt(0)] = 25.0
    """Smallest lasting change of the ice ring and of the thickness of the ice."""

    motion: Annotated[Percent, Gt(0)] = 50.0
    """Smallest lasting change of the motion."""

    dose: Annotated[Percent, Gt(0)] = 7.0
    """Smallest lasting change of the dose rate."""

    interval: Annotated[Percent, Gt(0)] = 40.0
    """Smallest lasting change of the time between two exposures."""

    particles: Annotated[Percent, Gt(0)] = 70.0
    """Smallest lasting change of the number of particles picked: by a factor, 70 % for 1.7."""

    sure: Annotated[float, Gt(3), Advanced] = 5.6
    """Standard errors by which a sudden change must exceed nothing."""

    settled: Annotated[int, Ge(20), Advanced] = 200
    """Exposures after which a change that lasts has become what is usual."""

    def smallest(self) -> dict[str, float]:
        """Smallest changes by stream, in the units in which they are compared."""
        return {
            "astigmatism": self.astigmatism,
            "defocus": 1e4 * self.defocus,
            "resolution": math.log1p(self.resolution / 100.0),
            "ice ring": math.log1p(self.ice / 100.0),
            "thickness": math.log1p(self.ice / 100.0),
            "motion": math.log1p(self.motion / 100.0),
            "early motion": math.log1p(self.motion / 100.0),
            "dose": self.dose / 100.0,
            "interval": math.log1p(self.interval / 100.0),
            "particles": math.log1p(self.particles / 100.0),
        }


class MonitorChanges(Monitor[ChangeLimits]):
    """Warn of lasting changes of what is measured, with the moment, the place and a likely cause.

    Looks at the motion, the astigmatism, the defocus against the one that was asked for, the fit
    resolution, the ice, the dose rate, the fixed pattern of the camera, the particles, and the
    time between exposures. What squares and exposure groups have of their own, cycles of the
    defocus, single bad exposures and slow drifts are no change. Each exposure is looked at in its
    turn: a change that began and ended since the last inspection is told as one that was, and so is
    one of exposures that had to wait, once they are processed. A step whose parameters are changed
    is looked at anew, from its new results alone.
    """

    name = "monitor.changes"
    title = "Changes and causes"
    every = 15.0
    cites = ("Lai (1995) J. R. Statist. Soc. B 57, 613, doi:10.1111/j.2517-6161.1995.tb02052.x",)
    measures = frozenset(name for watched in STREAMS.values() for name in watched.qualities) | {
        "micrograph.score"
    }

    def __init__(self, parameters: ChangeLimits | None = None) -> None:
        super().__init__(parameters)
        self._tracker = self._begin()
        self._revisions: Mapping[str, int] = {}
        self._backlog = Backlog()

    def inspect(self, window: Window) -> Iterator[Alert]:  # type: ignore[type-arg]
        # A bare Window says that no one step feeds this monitor: it looks at what all report.
        before, self._revisions = self._revisions, window.revisions
        anew = {
            name
            for name, revision in window.revisions.items()
            if before.get(name, revision) != revision
        }
        self._tracker.forget(
            [one.name for one in STREAMS.values() if anew.intersection(one.qualities)]
        )
        if not window.exposures:
            return
        holding = self._tracker.look(window.exposures)
        for incident in (*self._tracker.over, *holding, *self._missed(window)):
            yield _alert(incident)

    def _begin(self) -> Tracker:
        wanted = self.parameters
        return Tracker(sure=wanted.sure, settled=wanted.settled, smallest=wanted.smallest())

    def _missed(self, window: Window) -> Iterator[Incident]:  # type: ignore[type-arg]
        """What is over and was not seen in its turn, once a session that was behind has caught up.

        While it is behind, the newest exposures are processed first: when those between come, newer
        ones were looked at already.
        """
        reach = self._backlog.note(window.exposures, window.waiting)
        late, about = self._backlog.late(window.earlier(reach) if reach else ())
        if len(late) < _MISSED:
            return
        again = self._begin()
        again.look(about)
        for incident in again.over:
            ended = incident.ended or incident.began
            during = sum(1 for shot in late if incident.began <= shot.taken <= ended)
            if 2 * during > incident.count:
                yield incident


def _alert(incident: Incident) -> Alert:
    """An incident as what people are told."""
    cause = incident.cause or UNCLEAR
    lead = incident.lead
    grows = lead.gradual and incident.ended is None
    what = _what(lead.watched, lead.size, gradual=grows)
    also = [
        _what(STREAMS[name], size, gradual=grows)
        for name, size in incident.sizes.items()
        if name != lead.watched.name
    ]
    together = f" (with it: {', '.join(also)})" if also else ""
    better = not incident.evidence.gradual and lead.watched.expected_with({}).is_better(lead.size)
    return Alert(
        key=f"changes.{incident.key.replace(' ', '-')}",
        level="notice" if better else "warning",
        message=f"{what} {_moment(incident)}, {_where(incident)}: {cause.words}{together}. "
        f"{_end(incident)}What to do: {cause.advice}",
        exposure=incident.first,
        began=incident.began,
        extent=Extent(
            first=incident.first,
            last=incident.last,
            count=incident.count,
            ended=incident.ended,
            grid_square=incident.grid_square,
            foil_hole=incident.foil_hole,
            group=incident.group,
        ),
        cause=cause.words,
    )


def _moment(incident: Incident) -> str:
    """``at 03:12``, ``since 03:12`` of what grows, ``from 03:12 to 03:40`` of what is over."""
    began = _clock(incident.began)
    if incident.ended is not None and not incident.usual:
        return f"from {began} to {_clock(incident.ended)}"
    return f"since {began}" if incident.lead.gradual else f"at {began}"


def _end(incident: Incident) -> str:
    if incident.ended is None:
        return ""
    if incident.usual:
        return f"It has lasted for {incident.count} exposures, and is taken as usual now. "
    return f"It is over, after {incident.count} exposures. "


def _clock(when: float) -> str:
    return time.strftime("%H:%M", time.localtime(when))


def _what(watched: Watched, size: NDArray[np.float64], *, gradual: bool) -> str:
    """``astigmatism jumped by 900 Å``, ``dose rate fell by 12 %``; ``falls`` while it does."""
    if len(size) > 1:
        verb = "drifts" if gradual else "jumped"
        return f"{watched.title} {verb} by {_round(float(np.linalg.norm(size)))} {watched.unit}"
    change = float(size[0])
    verb = ("grows" if change > 0 else "falls") if gradual else ("rose" if change > 0 else "fell")
    if watched.unit == "µm":
        return f"{watched.title} {verb} by {abs(change) * 1e-4:.2f} µm"
    ratio = math.exp(change)
    if ratio >= 1.5:
        return f"{watched.title} {verb} to {ratio:.1f} times what it was"
    return f"{watched.title} {verb} by {100.0 * abs(ratio - 1.0):.0f} %"


def _where(incident: Incident) -> str:
    if incident.grid_square is not None:
        so_far = "" if incident.ended is not None else " so far"
        return f"on grid square {incident.grid_square} alone{so_far}"
    if incident.group is not None:
        return f"in exposure group {incident.group} alone"
    return "in all exposure groups"


def _round(value: float) -> str:
    """Two digits that mean something."""
    digits = max(0, math.floor(math.log10(max(value, 1.0))) - 1)
    return f"{round(value, -digits):.0f}"
