"""Incidents: changes of several streams that began together, held until they are over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count, groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from icestream.model import MeasuredExposure
from icestream.processing.changes.detect import (
    FEWEST,
    Stream,
    find_change,
    grows,
    last_shown,
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
_WINDOW = 500
"""Exposures up to a moment that say what is usual at it."""
_CATCH_UP = 4
"""When very many are looked at at once, every fourth moment is looked at."""


@dataclass(slots=True, kw_only=True, eq=False)
class HeldChange:
    """A change of one stream that holds."""

    watched: Watched
    began: float
    """When the first exposure was taken that shows it."""
    before: Floats
    size: Floats
    score: float
    gradual: bool
    last: float | None = None
    """When the last exposure was taken that shows it; None: it holds."""


@dataclass(slots=True, kw_only=True, eq=False)
class Incident:
    """Changes that began together, and what is likely to have caused them."""

    key: str
    """What it is about, from its beginning to its end."""
    lead: HeldChange
    """The one that was found first; while another holds longer, the first of those that hold."""
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
    ended: float | None = None
    """When the last exposure was taken that shows it; None: it holds."""
    usual: bool = False
    """It has lasted so long that it is what is usual now."""
    known: bool = False
    """So many exposures were looked at that the cause stays what it is."""

    @property
    def holding(self) -> dict[str, HeldChange]:
        """The changes that hold."""
        return {name: one for name, one in self.findings.items() if one.last is None}


@dataclass(slots=True)
class _Seen:
    """The exposures that are known, in the order in which they were taken."""

    shots: Sequence[MeasuredExposure]
    taken: Floats
    streams: Mapping[str, tuple[Stream, Floats]]
    """The values of each stream, and when each was taken."""

    def count(self, moment: float) -> int:
        """Exposures up to a moment."""
        return int(np.searchsorted(self.taken, moment, "right"))

    def start(self, moment: float) -> float:
        """When the first exposure was taken that counts at a moment."""
        return float(self.taken[max(0, self.count(moment) - _WINDOW)])


@dataclass(slots=True)
class _State:
    """What is known of one stream."""

    looked: float | None = None
    """When the newest exposure was taken up to which it was looked at."""
    since: float = -np.inf
    """Earlier values no longer say what is usual."""
    passed: list[tuple[float, float]] = field(default_factory=list)
    """From when to when changes were that are over: they do not say what is usual."""
    finding: HeldChange | None = None


@dataclass(slots=True)
class Tracker:
    """Follows the streams of a session, exposure by exposure, and keeps what holds.

    Each new exposure is looked at in its turn, with those before it, so that it does not matter how
    many come at once: what began and ended between two looks is found as well. It can be made anew
    at any time: what the newest exposures show is found again.
    """

    sure: float = 5.6
    """Standard errors that make a change sure."""
    settled: int = 200
    """Exposures after which a change has become usual."""
    smallest: Mapping[str, float] = field(default_factory=dict)
    """Smallest changes by stream, where they are others than the stream's own."""
    many: int = 250
    """Of more than these at once, every fourth moment is looked at: after a restart, mostly."""
    incidents: list[Incident] = field(default_factory=list)
    """Those that hold."""
    over: list[Incident] = field(default_factory=list)
    """Those that ended with the newest look, or were found by it to have ended."""
    _states: dict[str, _State] = field(default_factory=dict)
    _kept: Sequence[MeasuredExposure] = ()
    """What is needed to look at a moment as if it were the newest."""

    def forget(self, streams: Sequence[str]) -> None:
        """Begin anew with streams whose values are now made otherwise."""
        for name in streams:
            for incident in list(self.incidents):
                incident.findings.pop(name, None)
                self._lead(incident)
                if not incident.holding:
                    self.incidents.remove(incident)
            self._states[name] = _State(looked=np.inf)

    def look(self, shots: Sequence[MeasuredExposure]) -> list[Incident]:
        """What holds after these exposures, which are the newest, in the order of being taken."""
        self.over = []
        seen = self._gather([*self._earlier(shots), *shots])
        for moment, steps in groupby(self._moments(seen), key=itemgetter(0)):
            for _, name, end in steps:
                self._step(STREAMS[name], seen, end)
            for incident in self.incidents:
                if not incident.known and seen.count(moment) >= _LOOKED + self._first(
                    incident, seen
                ):
                    self._weigh(incident, seen, moment)
                    incident.known = True
        for incident in self.incidents:
            self._weigh(incident, seen, float(seen.taken[-1]))
        self._kept = seen.shots[-_WINDOW:]
        return self.incidents

    def _earlier(self, shots: Sequence[MeasuredExposure]) -> list[MeasuredExposure]:
        """What was taken before these, of what was looked at before."""
        times = {shot.exposure: shot.taken for shot in shots}
        if any(times.get(shot.exposure, shot.taken) != shot.taken for shot in self._kept):
            # Another clock is the best that all of them have: no time of before means anything.
            self.forget(list(STREAMS))
            return []
        first = shots[0].taken
        return [shot for shot in self._kept if shot.taken < first and shot.exposure not in times]

    def _gather(self, shots: Sequence[MeasuredExposure]) -> _Seen:
        use = usable(shots)
        asked = all(shot.nominal_defocus is not None for shot in shots)
        streams = {}
        for watched in STREAMS.values():
            counted = np.ones(len(shots), dtype=bool) if watched.judged else use
            found = gather(watched, shots, counted, asked)
            if found is not None:
                streams[watched.name] = (found[0], np.array([shots[i].taken for i in found[1]]))
        return _Seen(shots, np.array([shot.taken for shot in shots]), streams)

    def _moments(self, seen: _Seen) -> list[tuple[float, str, int]]:
        """What is new, in order: when, of which stream, and how many values it has then."""
        order = {name: place for place, name in enumerate(STREAMS)}
        moments = []
        for name, (_, times) in seen.streams.items():
            state = self._states.setdefault(name, _State())
            if state.looked == np.inf:
                state.looked, state.since, state.finding = float(times[-1]), -np.inf, None
            begin = (
                FEWEST - 1
                if state.looked is None
                else int(np.searchsorted(times, state.looked, "right"))
            )
            state.looked = float(max(times[-1], state.looked or -np.inf))
            step = _CATCH_UP if len(times) - begin > self.many else 1
            ends = range(len(times), begin, -step)
            moments += [(float(times[end - 1]), name, end) for end in ends]
        return sorted(moments, key=lambda moment: (moment[0], order[moment[1]]))

    def _step(self, watched: Watched, seen: _Seen, end: int) -> None:
        """Look at a stream as it is with so many values."""
        state = self._states[watched.name]
        stream, times = seen.streams[watched.name]
        if state.finding is not None:
            self._end(state, watched, seen, end)
            return
        part, when = _usual(state, stream, times, end, seen.start(float(times[end - 1])))
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
            findings = {watched.name: finding}
            key = self._free_key(watched.name)
            self.incidents.append(Incident(key=key, lead=finding, findings=findings))
        else:
            joined.findings[watched.name] = finding

    def _free_key(self, name: str) -> str:
        """The name of the stream, with a number while an incident that began with it holds."""
        held = {incident.key for incident in self.incidents}
        names = chain([name], (f"{name} {number}" for number in count(2)))
        return next(key for key in names if key not in held)

    def _joins(self, finding: HeldChange, when: Floats) -> Incident | None:
        """The incident that a change is part of."""
        for incident in self.incidents:
            low, high = sorted((incident.lead.began, finding.began))
            apart = int(np.count_nonzero((when > low) & (when <= high)))
            either = incident.lead.gradual or finding.gradual
            both = incident.lead.gradual and finding.gradual
            # What has come at once is no part of what grows, but for ice: a new square shows it.
            of_ice = {incident.lead.watched.name, finding.watched.name} <= _BY_ICE
            grows = both or (either and of_ice)
            if apart <= (_GROWING if grows else _TOGETHER):
                return incident
        return None

    def _end(self, state: _State, watched: Watched, seen: _Seen, end: int) -> None:
        """Let a change end: all is as before, or it has become usual."""
        finding = state.finding
        assert finding is not None
        stream, times = seen.streams[watched.name]
        low = int(np.searchsorted(times, seen.start(float(times[end - 1]))))
        first = int(np.searchsorted(times, finding.began))
        if first <= low or end - first > self.settled:
            state.since = finding.began
            self._close(state, watched.name, seen, float(times[end - 1]), usual=True)
            return
        if end - first < _RECENT:
            return
        part = _cut(stream, slice(low, end))
        shift = newest_shift(part, first - low, finding.before, _RECENT)
        length = float(np.linalg.norm(finding.size))
        if float(shift @ finding.size) / length < _BACK * length:
            last = low + last_shown(part, first - low, finding.before, finding.size)
            state.passed = [*state.passed[-3:], (finding.began, float(times[last]))]
            self._close(state, watched.name, seen, float(times[last]), usual=False)

    def _close(self, state: _State, name: str, seen: _Seen, last: float, *, usual: bool) -> None:
        """A change of a stream is over, and so are incidents that have no other."""
        finding, state.finding = state.finding, None
        assert finding is not None
        finding.last = last
        for incident in list(self.incidents):
            if incident.findings.get(name) is not finding:
                continue
            self._lead(incident)
            if not incident.holding:
                self.incidents.remove(incident)
                incident.usual = usual
                incident.ended = max(one.last or last for one in incident.findings.values())
                self._weigh(incident, seen, incident.ended)
                self.over.append(incident)

    def _lead(self, incident: Incident) -> None:
        """What people read first: while some hold, one of them; else what was found first."""
        holding = list(incident.holding.values())
        if incident.findings and incident.lead not in holding:
            incident.lead = next(iter(holding or incident.findings.values()))

    def _first(self, incident: Incident, seen: _Seen) -> int:
        return int(np.searchsorted(seen.taken, incident.lead.began))

    def _weigh(self, incident: Incident, seen: _Seen, moment: float) -> None:
        """Say which exposures an incident is about, what changed with it, and the likely cause."""
        first, end = self._first(incident, seen), seen.count(moment)
        incident.began, incident.count = incident.lead.began, end - first
        incident.first = seen.shots[first].exposure
        incident.last = seen.shots[end - 1].exposure
        if incident.known:
            return
        changed, sizes = {}, {}
        for name in seen.streams:
            found = self._changed(incident, name, seen, moment)
            if found is not None:
                sizes[name] = found
                changed[name] = 1 if len(found) > 1 or found[0] > 0 else -1
        where = self._where(incident, seen, first, moment)
        gradual = incident.lead.gradual or self._grows(incident, changed, seen, moment)
        incident.evidence = Evidence(
            changed=changed,
            found=frozenset(incident.holding or incident.findings),
            where=where,
            gradual=gradual,
        )
        incident.sizes = sizes
        incident.cause = find_cause(incident.evidence)

    def _changed(self, incident: Incident, name: str, seen: _Seen, moment: float) -> Floats | None:
        """The change of a stream since an incident began, if there is one."""
        watched = STREAMS[name]
        finding = incident.findings.get(name)
        if finding is not None and (finding.last is None or not incident.holding):
            return finding.size
        stream, times = seen.streams[name]
        end = int(np.count_nonzero(times <= moment))
        part, when = _usual(self._states[name], stream, times, end, seen.start(moment))
        expected = watched.expected_with(self.smallest)
        begun, gradual = int(np.searchsorted(when, incident.began)), incident.lead.gradual
        shift, score = shift_since(part, expected, begun, gradual=gradual)
        if (
            score < (_GROWTH if gradual else _SUPPORT)
            or float(np.linalg.norm(shift)) < _PART * expected.smallest
        ):
            return None
        return shift

    def _grows(
        self, incident: Incident, changed: Mapping[str, int], seen: _Seen, moment: float
    ) -> bool:
        """Whether what shows the thickness of the ice grows, though a stream seems to have jumped.

        A new square is thicker at once when the ice has grown meanwhile.
        """
        if incident.lead.watched.name not in _BY_ICE:
            return False
        for name in _BY_ICE & changed.keys():
            stream, times = seen.streams[name]
            end = int(np.count_nonzero(times <= moment))
            part, when = _usual(self._states[name], stream, times, end, seen.start(moment))
            first = int(np.searchsorted(when, incident.began))
            if grows(part, STREAMS[name].expected_with(self.smallest), first):
                return True
        return False

    def _where(self, incident: Incident, seen: _Seen, first: int, moment: float) -> Where:
        """Whether one square or one group alone shows it."""
        incident.grid_square = incident.group = incident.foil_hole = None
        shots = seen.shots[: seen.count(moment)]
        since = shots[first:]
        squares = [shot.grid_square for shot in since]
        if squares and squares[-1] is not None:
            newest = squares[-1] if squares.count(squares[-1]) >= _ENOUGH else squares[0]
            start = next(i for i, shot in enumerate(shots) if shot.grid_square == newest)
            others = sum(1 for square in squares if square != newest)
            if abs(start - first) <= _NEAR and others <= _ENOUGH and newest is not None:
                incident.grid_square = newest
                return "square"
        stream, times = seen.streams[incident.lead.watched.name]
        part = _cut(stream, slice(0, int(np.count_nonzero(times <= moment))))
        group = _lone_group(part, int(np.searchsorted(times, incident.began)), incident.lead)
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


def _usual(
    state: _State, stream: Stream, times: Floats, end: int, start: float
) -> tuple[Stream, Floats]:
    """Values up to a moment without those that no longer say what is usual."""
    kept = np.arange(len(times)) < end
    kept &= times >= max(start, state.since)
    for low, high in state.passed:
        kept &= (times < low) | (times > high)
    return _cut(stream, kept), times[kept]


def _cut(stream: Stream, part: "slice | NDArray[np.bool_]") -> Stream:
    covariate = None if stream.covariate is None else stream.covariate[part]
    return Stream(
        values=stream.values[part],
        blocks=stream.blocks[part],
        groups=stream.groups[part],
        covariate=covariate,
    )
