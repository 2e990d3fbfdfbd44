"""Incidents: changes of several streams that began together, held until they are over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from icestream.model import MeasuredExposure
from icestream.processing.changes.detect import (
    FEWEST,
    Stream,
    find_change,
    grows,
    newest_shift,
    shift_since,
)
from icestream.protocols.causes import Cause, Evidence, Where, find_cause
from icestream.protocols.streams import STREAMS, Watched, gather, usable

__all__ = ["HeldChange", "Incident", "Tracker"]

Floats = NDArray[np.float64]

_RECENT = 8
"""Newest values that say whether a change is over."""
_BACK = 0.4
"""A change is over when so little of it is left, and was told when it was all there."""
_TOGETHER, _GROWING = 8, 100
"""Exposures between changes that began together: of sudden ones, and where one grows."""
_SUPPORT = 3.0
"""Standard errors by which a stream must have changed to be evidence of what another showed."""
_GROWTH = 1.8
"""The same where it grows: what grows slowly is seen late."""
_PART = 0.6
"""Part of the smallest change worth telling that is evidence."""
_BY_ICE = frozenset({"ice ring", "thickness", "dose", "resolution"})
"""Streams that change with the thickness of the ice."""
_LOOKED = 60
"""Exposures since a change that say what else changed."""
_NEAR = 4
"""Exposures by which the beginning of a change may be missed."""
_ENOUGH = 6
"""Exposures on a square, or in a group, that tell whether it has changed as well."""
_CATCH_UP = 4
"""When many are looked at at once, every fourth moment is looked at."""


@dataclass(slots=True, kw_only=True)
class HeldChange:
    """A change of one stream that holds."""

    watched: Watched
    began: float
    """When the first exposure was taken that shows it."""
    before: Floats
    size: Floats
    score: float
    gradual: bool


@dataclass(slots=True, kw_only=True)
class Incident:
    """Changes that began together, and what is likely to have caused them."""

    lead: HeldChange
    """The one that was found first."""
    findings: dict[str, HeldChange]
    evidence: Evidence = field(default_factory=lambda: Evidence(changed={}))
    sizes: dict[str, Floats] = field(default_factory=dict)
    """Change of each stream that is evidence."""
    cause: Cause | None = None
    first: str = ""
    last: str = ""
    count: int = 0
    began: float = 0.0
    grid_square: str | None = None
    foil_hole: str | None = None
    group: int | None = None


@dataclass(slots=True)
class _State:
    """What is known of one stream."""

    looked: float | None = None
    """When the newest exposure was taken up to which it was looked at."""
    since: float = -np.inf
    """Earlier values no longer say what is usual."""
    passed: list[tuple[float, float]] = field(default_factory=list)
    """Times of changes that are over: they do not say what is usual."""
    finding: HeldChange | None = None


@dataclass(slots=True)
class Tracker:
    """Follows the streams of a session, exposure by exposure, and keeps what holds.

    It can be made anew at any time: what the newest exposures show is found again.
    """

    sure: float = 5.6
    """Standard errors that make a change sure."""
    settled: int = 200
    """Exposures after which a change has become usual."""
    smallest: Mapping[str, float] = field(default_factory=dict)
    """Smallest changes by stream, where they are others than the stream's own."""
    incidents: list[Incident] = field(default_factory=list)
    _states: dict[str, _State] = field(default_factory=dict)

    def forget(self, streams: Sequence[str]) -> None:
        """Begin anew with streams whose values are now made otherwise."""
        for name in streams:
            self._drop(name)
            self._states[name] = _State(looked=np.inf)

    def look(self, shots: Sequence[MeasuredExposure]) -> list[Incident]:
        """What holds after these exposures, which are the newest, in the order of being taken."""
        use = usable(shots)
        asked = all(shot.nominal_defocus is not None for shot in shots)
        gathered = {}
        for watched in STREAMS.values():
            counted = np.ones(len(shots), dtype=bool) if watched.judged else use
            found = gather(watched, shots, counted, asked)
            if found is not None:
                times = np.array([shots[i].taken for i in found[1]])
                gathered[watched.name] = (found[0], times)
                self._follow(watched, found[0], times)
        for incident in self.incidents:
            self._weigh(incident, shots, gathered)
        return self.incidents

    def _follow(self, watched: Watched, stream: Stream, times: Floats) -> None:
        """Look at what is new of one stream, moment by moment."""
        state = self._states.setdefault(watched.name, _State())
        if state.looked == np.inf:
            state.looked, state.since = float(times[-1]), -np.inf
        begin = (
            FEWEST if state.looked is None else int(np.searchsorted(times, state.looked, "right"))
        )
        state.looked = float(max(times[-1], state.looked or 0.0))
        step = _CATCH_UP if len(times) - begin > 5 * _CATCH_UP else 1
        ends = range(len(times) - step * ((len(times) - begin - 1) // step), len(times) + 1, step)
        for end in ends if begin < len(times) else ():
            if state.finding is not None:
                self._end(state, watched, stream, times, end)
            else:
                self._begin(state, watched, stream, times, end)

    def _begin(
        self, state: _State, watched: Watched, stream: Stream, times: Floats, end: int
    ) -> None:
        """Look for a change up to a moment."""
        part, when = _usual(state, stream, times, end)
        change = find_change(part, watched.expected_with(self.smallest), self.sure)
        if change is None:
            return
        finding = HeldChange(
            watched=watched,
            began=float(when[change.first]),
            before=change.before,
            size=change.size,
            score=change.score,
            gradual=change.gradual,
        )
        state.finding = finding
        joined = self._joins(finding, when)
        if joined is None:
            self.incidents.append(Incident(lead=finding, findings={watched.name: finding}))
        else:
            joined.findings[watched.name] = finding

    def _joins(self, finding: HeldChange, when: Floats) -> Incident | None:
        """The incident that a change is part of."""
        for incident in self.incidents:
            low, high = sorted((incident.lead.began, finding.began))
            apart = int(np.count_nonzero((when > low) & (when <= high)))
            grows = incident.lead.gradual or finding.gradual
            if apart <= (_GROWING if grows else _TOGETHER):
                return incident
        return None

    def _end(
        self, state: _State, watched: Watched, stream: Stream, times: Floats, end: int
    ) -> None:
        """Let a change end: all is as before, or it has become usual."""
        finding = state.finding
        assert finding is not None
        first = int(np.searchsorted(times, finding.began))
        if first == 0 or end - first > self.settled:
            state.since = finding.began
            self._drop(watched.name)
            return
        part = _cut(stream, slice(0, end))
        if end - first < _RECENT:
            return
        shift = newest_shift(part, first, finding.before, _RECENT)
        length = float(np.linalg.norm(finding.size))
        if float(shift @ finding.size) / length < _BACK * length:
            state.passed = [*state.passed[-3:], (finding.began, float(times[end - _RECENT]))]
            self._drop(watched.name)

    def _drop(self, name: str) -> None:
        """A change of a stream is over, and so are incidents that have no other."""
        state = self._states.get(name)
        if state is not None:
            state.finding = None
        for incident in list(self.incidents):
            incident.findings.pop(name, None)
            if not incident.findings:
                self.incidents.remove(incident)
            elif incident.lead.watched.name == name:
                incident.lead = next(iter(incident.findings.values()))

    def _weigh(
        self,
        incident: Incident,
        shots: Sequence[MeasuredExposure],
        gathered: Mapping[str, tuple[Stream, Floats]],
    ) -> None:
        """Say which exposures an incident is about, what changed with it, and the likely cause."""
        taken = np.array([shot.taken for shot in shots])
        began = incident.lead.began
        first = int(np.searchsorted(taken, began))
        incident.began, incident.count = began, len(shots) - first
        incident.first, incident.last = shots[first].exposure, shots[-1].exposure
        if incident.count <= _LOOKED or incident.cause is None:
            changed, sizes = {}, {}
            for name, (stream, times) in gathered.items():
                found = self._changed(incident, name, stream, times, taken[first:])
                if found is not None:
                    sizes[name] = found
                    changed[name] = 1 if len(found) > 1 or found[0] > 0 else -1
            where = self._where(incident, shots, first, gathered)
            gradual = incident.lead.gradual or self._grows(incident, changed, gathered)
            incident.evidence = Evidence(
                changed=changed,
                found=frozenset(incident.findings),
                where=where,
                gradual=gradual,
            )
            incident.sizes = sizes
            incident.cause = find_cause(incident.evidence)

    def _changed(
        self, incident: Incident, name: str, stream: Stream, times: Floats, after: Floats
    ) -> Floats | None:
        """The change of a stream since an incident began, if there is one."""
        watched = STREAMS[name]
        finding = incident.findings.get(name)
        if finding is not None:
            return finding.size
        until = after[min(len(after), _LOOKED) - 1]
        part, when = _usual(
            self._states[name], stream, times, int(np.count_nonzero(times <= until))
        )
        expected = watched.expected_with(self.smallest)
        begun, gradual = int(np.searchsorted(when, after[0])), incident.lead.gradual
        shift, score = shift_since(part, expected, begun, gradual=gradual)
        if (
            score < (_GROWTH if gradual else _SUPPORT)
            or float(np.linalg.norm(shift)) < _PART * expected.smallest
        ):
            return None
        return shift

    def _grows(
        self,
        incident: Incident,
        changed: Mapping[str, int],
        gathered: Mapping[str, tuple[Stream, Floats]],
    ) -> bool:
        """Whether what shows the thickness of the ice grows, though a stream seems to have jumped.

        A new square is thicker at once when the ice has grown meanwhile.
        """
        if incident.lead.watched.name not in _BY_ICE:
            return False
        for name in _BY_ICE & changed.keys():
            stream, times = gathered[name]
            part, when = _usual(self._states[name], stream, times, len(times))
            first = int(np.searchsorted(when, incident.began))
            if grows(part, STREAMS[name].expected_with(self.smallest), first):
                return True
        return False

    def _where(
        self,
        incident: Incident,
        shots: Sequence[MeasuredExposure],
        first: int,
        gathered: Mapping[str, tuple[Stream, Floats]],
    ) -> Where:
        """Whether one square or one group alone shows it."""
        incident.grid_square = incident.group = incident.foil_hole = None
        since = shots[first:]
        squares = [shot.grid_square for shot in since]
        if squares and squares[-1] is not None:
            newest = squares[-1] if squares.count(squares[-1]) >= _ENOUGH else squares[0]
            start = next(i for i, shot in enumerate(shots) if shot.grid_square == newest)
            others = sum(1 for square in squares if square != newest)
            if abs(start - first) <= _NEAR and others <= _ENOUGH and newest is not None:
                incident.grid_square = newest
                return "square"
        stream, times = gathered[incident.lead.watched.name]
        group = _lone_group(stream, int(np.searchsorted(times, incident.began)), incident.lead)
        if group is not None:
            incident.group = group
            return "group"
        holes = {shot.foil_hole for shot in since}
        if len(holes) == 1:
            incident.foil_hole = since[0].foil_hole
        return "all"


def _lone_group(stream: Stream, first: int, finding: HeldChange) -> int | None:
    """The one exposure group that shows a change, where there are several and they tell."""
    length = float(np.linalg.norm(finding.size))
    shares = {}
    for group in np.unique(stream.groups):
        of = stream.groups == group
        before, since = stream.values[:first][of[:first]], stream.values[first:][of[first:]]
        if len(before) >= _ENOUGH and len(since) >= 2:
            shift = np.median(since, axis=0) - np.median(before, axis=0)
            shares[int(group)] = float(shift @ finding.size) / length**2
    showing = [group for group, share in shares.items() if share > 2 * _BACK]
    still = [group for group, share in shares.items() if share < _BACK]
    if len(shares) >= 3 and len(showing) == 1 and len(still) == len(shares) - 1:
        return showing[0]
    return None


def _usual(state: _State, stream: Stream, times: Floats, end: int) -> tuple[Stream, Floats]:
    """Values up to a moment without those that no longer say what is usual."""
    kept = np.arange(len(times)) < end
    kept &= times >= state.since
    for low, high in state.passed:
        kept &= (times < low) | (times >= high)
    return _cut(stream, kept), times[kept]


def _cut(stream: Stream, part: "slice | NDArray[np.bool_]") -> Stream:
    covariate = None if stream.covariate is None else stream.covariate[part]
    return Stream(
        values=stream.values[part],
        blocks=stream.blocks[part],
        groups=stream.groups[part],
        covariate=covariate,
    )
