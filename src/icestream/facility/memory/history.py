"""The sessions of a microscope as its charts show them, and which of them may be compared."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sqlalchemy import Connection

from icestream.facility.memory.chart import JudgedValue, judge, share_worse
from icestream.facility.memory.figures import FIGURES, SessionFigure
from icestream.facility.memory.kinds import MemorySection
from icestream.facility.registry import figures as rows
from icestream.facility.registry.microscopes import occasions
from icestream.facility.registry.records import KnownFigure, KnownSession, MeasuredSession, Occasion
from icestream.facility.registry.sessions import sessions

__all__ = [
    "KINDS",
    "Chart",
    "ChartPoint",
    "FigureStanding",
    "RememberedSession",
    "charts",
    "remembered",
    "standings",
]

KINDS: dict[str, tuple[str, bool]] = {
    "service": ("service of the microscope", True),
    "realignment": ("realignment of the column", True),
    "camera": ("another camera, or work on the one there is", True),
    "gain": ("a new gain reference", True),
    "failure": ("something broke or stood still", False),
    "note": ("anything else that is worth knowing", False),
}
"""Kinds of occasions: what each is, and whether what is usual is learned anew after it."""
NOTE = KINDS["note"]
_ALIKE = 1.15
"""Pixel sizes that differ by no more than this factor are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedSession:
    """A session with its figures."""

    session: KnownSession
    measured: MeasuredSession
    figures: dict[str, KnownFigure]
    confidential: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPoint:
    """A session on a chart."""

    of: RememberedSession
    figure: KnownFigure
    judged: JudgedValue
    restart: bool = False
    """Whether what is usual is learned anew from here on."""

    @property
    def over(self) -> bool:
        """Whether the session will not change any more."""
        return self.of.measured.over


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One figure over sessions of a microscope that may be compared, the oldest first."""

    microscope: str
    figure: SessionFigure
    series: str
    """Which sessions: the same for as long as the registry lives."""
    title: str
    """The same in words."""
    points: tuple[ChartPoint, ...]
    reset: bool
    """Whether something was changed since the last of them."""

    @property
    def drifting(self) -> ChartPoint | None:
        """The last session that is over, where the figure has drifted as of it."""
        ended = [point for point in self.points if point.over]
        return ended[-1] if ended and ended[-1].judged.drifting and not self.reset else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureStanding:
    """Where a figure of a session lies among those of other sessions."""

    figure: SessionFigure
    value: float
    share: float | None
    """Of the others that are worse, or lower where no side is; None: too few others."""
    others: int
    judged: JudgedValue

    @property
    def words(self) -> str:
        """In a sentence without its end."""
        if self.share is None:
            return f"too few sessions to compare ({self.others})"
        word = {"lower": "better than", "higher": "better than", "": "higher than"}
        percent = 100.0 * self.share
        return f"{word[self.figure.better]} {percent:.0f} % of {self.others} others"


def remembered(connection: Connection, microscope: str) -> tuple[RememberedSession, ...]:
    """Sessions of a microscope that were measured, the oldest first."""
    known, figures = rows.measured(connection), rows.figures(connection)
    hidden = rows.confidential_sessions(connection)
    found = [
        RememberedSession(
            session=one,
            measured=known[one.id],
            figures=figures.get(one.id, {}),
            confidential=one.id in hidden,
        )
        for one in sessions(connection, microscope=microscope)
        if one.id in known
    ]
    return tuple(reversed(found))


def charts(
    connection: Connection, memory: MemorySection, microscope: str, names: Iterable[str] = FIGURES
) -> tuple[Chart, ...]:
    """The charts of a microscope: of each figure, one for each series of sessions.

    Sessions are compared that had the same detector, pixel sizes that differ by 15 % at most, and
    the same protocol to measure the figure; none with a tilted specimen or a phase plate.
    """
    history = remembered(connection, microscope)
    changes = [
        one for one in occasions(connection, microscope=microscope) if KINDS.get(one.kind, NOTE)[1]
    ]
    made = []
    for name in names:
        for series, title, members in _series(history, name):
            made.append(
                _chart(memory, microscope, FIGURES[name], (series, title), members, changes)
            )
    return tuple(made)


def _series(
    history: Sequence[RememberedSession], name: str
) -> list[tuple[str, str, list[RememberedSession]]]:
    """Sessions that may be compared in a figure; earlier ones are never sorted anew."""
    figure = FIGURES[name]
    found: list[tuple[tuple[str, str], float, list[RememberedSession]]] = []
    for one in history:
        value, pixel = one.figures.get(name), one.measured.pixel
        if value is None or pixel is None or one.measured.apart:
            continue
        if figure.rule.logarithmic and value.value <= 0:
            continue
        key = one.session.detector, value.by
        for of, first, members in found:
            if of == key and max(first, pixel) <= _ALIKE * min(first, pixel):
                members.append(one)
                break
        else:
            found.append((key, pixel, [one]))
    return [
        (
            "|".join((detector, by, f"{pixel:.6g}")),
            ", ".join(filter(None, (detector, f"{pixel:.3g} Å", by))),
            members,
        )
        for (detector, by), pixel, members in found
    ]


def _chart(
    memory: MemorySection,
    microscope: str,
    figure: SessionFigure,
    called: tuple[str, str],
    members: Sequence[RememberedSession],
    changes: Sequence[Occasion],
) -> Chart:
    restarts = [False] + [
        _between(changes, before.session.began, one.session.began)
        for before, one in pairwise(members)
    ]
    rule = replace(figure.rule, history=memory.history, least=memory.least)
    values = [one.figures[figure.name].value for one in members]
    judged = judge(values, restarts, rule)
    return Chart(
        microscope=microscope,
        figure=figure,
        series=called[0],
        title=called[1],
        points=tuple(
            ChartPoint(of=one, figure=one.figures[figure.name], judged=each, restart=restart)
            for one, each, restart in zip(members, judged, restarts, strict=True)
        ),
        reset=_between(changes, members[-1].session.began, time.time()),
    )


def _between(changes: Sequence[Occasion], first: float, last: float) -> bool:
    return any(first < one.at <= last for one in changes)


def standings(found: Iterable[Chart], session: int, least: int) -> tuple[FigureStanding, ...]:
    """Where the figures of a session lie among those of the others on its charts.

    Parameters
    ----------
    session
        Its number.
    least
        Others without which nothing is said.
    """
    told = []
    for chart in found:
        own = [point for point in chart.points if point.of.session.id == session]
        others = [point.figure.value for point in chart.points if point.of.session.id != session]
        for point in own:
            side = chart.figure.rule.side
            known = len(others) >= least
            share = share_worse(point.figure.value, others, side) if known else None
            told.append(
                FigureStanding(
                    figure=chart.figure,
                    value=point.figure.value,
                    share=share,
                    others=len(others),
                    judged=point.judged,
                )
            )
    return tuple(told)
