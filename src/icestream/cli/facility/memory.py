"""`icestream facility memory`: how microscopes do over sessions."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.alike import meant
from icestream.cli.terminal import print_json, print_table
from icestream.facility.memory.figures import FIGURES, figure_text
from icestream.facility.memory.history import Chart, FigureStanding, standings
from icestream.facility.memory.pages import shown_charts, write_pages
from icestream.facility.memory.remember import memory_of, remember_sessions, tell_drift
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry import figures as rows
from icestream.facility.registry.microscopes import microscope_number, microscopes
from icestream.facility.registry.sessions import UnknownPlace, session

__all__ = ["memory"]

_BARS = "▁▂▃▄▅▆▇█"
_NEWEST = 24
"""Sessions in a line of bars."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class AskedMemory:
    """What is to be shown."""

    microscope: str | None = None
    """One of them; all by default."""
    figure: str | None = None
    """One figure: resolution, astigmatism, gain_residual …; all by default."""
    session: str | None = None
    """A session by name or folder: where each of its figures lies among those of other sessions."""
    confidential: Annotated[bool, Parameter(negative="")] = False
    """Show sessions, too, that are confidential."""
    json: Annotated[bool, Parameter(negative="")] = False
    """For programs."""


def memory(
    asked: AskedMemory | None = None,
    *,
    html: Path | None = None,
    once: Annotated[bool, Parameter(negative="")] = False,
    again: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Say how microscopes do over sessions: each figure, what is usual, what drifts.

    Parameters
    ----------
    html
        Write a page for each microscope, and one with statistics, into this folder. They need no
        server.
    once
        First do what the duty does: measure sessions that run or went on, and tell staff what
        drifts.
    again
        First measure all sessions that can be read, whatever is known of them.
    """
    asked = asked or AskedMemory()
    if asked.figure is not None and asked.figure not in FIGURES:
        hint = meant(asked.figure, FIGURES) or f"there are {', '.join(FIGURES)}"
        raise ValueError(f"there is no figure {asked.figure!r}; {hint}")
    with open_facility() as facility:
        if once or again:
            _measure(facility, again)
        if html is not None:
            count = write_pages(facility, html, confidential=asked.confidential)
            print(f"{html / 'index.html'}: {count} files changed", file=sys.stderr)
        if asked.session is not None:
            _session(facility, asked.session, asked)
        elif html is None or asked.json:
            _microscopes(facility, asked)


def _measure(facility: Facility, again: bool) -> None:
    count, unread = remember_sessions(facility, again=again)
    drifting = tell_drift(facility)
    print(
        f"{count} {'session' if count == 1 else 'sessions'} measured, {len(drifting)} drifting",
        file=sys.stderr,
    )
    for name, why in unread.items():
        print(f"{name} cannot be read: {why}", file=sys.stderr)


def _microscopes(facility: Facility, asked: AskedMemory) -> None:
    with facility.registry.read() as connection:
        if asked.microscope is not None:
            microscope_number(connection, asked.microscope)
        names = [one.name for one in microscopes(connection, retired=False)]
    found = [
        chart
        for name in ([asked.microscope] if asked.microscope else names)
        for chart in shown_charts(facility, name, confidential=asked.confidential)
        if asked.figure in (None, chart.figure.name)
    ]
    if asked.json:
        print_json([_document(chart) for chart in found])
    elif not found:
        print(_without_figures(facility))
    else:
        heads = ("microscope", "figure", "sessions of", "last", "usual", "state", "over sessions")
        print_table(heads, [_line(chart) for chart in found])


def _without_figures(facility: Facility) -> str:
    with facility.registry.read() as connection:
        count = len(rows.measured(connection))
    if not count:
        return "no session has figures yet: icestream facility memory --once measures them"
    return (
        f"{count} measured, and no session has figures to show: each figure takes "
        f"{memory_of(facility).exposures} exposures (exposures of [memory]), and confidential "
        "sessions are shown with --confidential"
    )


def _line(chart: Chart) -> tuple[str, ...]:
    last, figure = chart.points[-1].judged, chart.figure
    usual = "–"
    if last.low is not None and last.high is not None and last.middle is not None:
        span = (last.high - last.low) / 4
        ends = (figure_text(figure, end, span) for end in (last.low, last.middle, last.high))
        usual = "{1} ({0} to {2})".format(*ends)
    state = f"learning ({last.known})" if last.middle is None else "as usual"
    state = "outside of limits" if last.beyond else state
    state = "DRIFTS" if chart.drifting else state
    return (
        chart.microscope,
        figure.title,
        f"{chart.title} ({len(chart.points)})",
        figure_text(figure, last.value),
        usual,
        state,
        _bars([point.figure.value for point in chart.points]),
    )


def _bars(values: list[float]) -> str:
    """Values as a line of bars, the newest last."""
    shown = values[-_NEWEST:]
    low, high = min(shown), max(shown)
    steps = len(_BARS) - 1
    return "".join(
        _BARS[round(steps * (value - low) / (high - low))] if high > low else _BARS[steps // 2]
        for value in shown
    )


def _document(chart: Chart) -> dict[str, Any]:
    return {
        "microscope": chart.microscope,
        "figure": chart.figure.name,
        "title": chart.figure.title,
        "unit": chart.figure.unit,
        "better": chart.figure.better or None,
        "series": chart.title,
        "drifting": chart.drifting is not None,
        "sessions": [
            {
                "session": point.of.session.name,
                "began": point.of.session.began,
                "value": point.figure.value,
                "spread": point.figure.spread,
                "exposures": point.figure.count,
                "low": point.judged.low,
                "usual": point.judged.middle,
                "high": point.judged.high,
                "outside": point.judged.beyond,
                "drifting": point.judged.drifting,
                "over": point.over,
            }
            for point in chart.points
        ],
    }


def _session(facility: Facility, name: str, asked: AskedMemory) -> None:
    with facility.registry.read() as connection:
        found = session(connection, name)
        hidden = rows.confidential_sessions(connection)
        known = rows.measured(connection).get(found.id)
    if found.id in hidden and not asked.confidential:
        raise UnknownPlace(
            f"session {found.name} is confidential: --confidential shows it to staff"
        )
    told: list[FigureStanding] = []
    if found.microscope:
        own = shown_charts(facility, found.microscope, confidential=True)
        told = [
            one
            for one in standings(own, found.id, memory_of(facility).least)
            if asked.figure in (None, one.figure.name)
        ]
    if asked.json:
        print_json([_standing(one) for one in told])
    elif known is not None and known.apart:
        print(f"{found.name} is compared with no other session: {known.apart}")
    elif not told:
        print(f"{found.name} has no figures yet: icestream facility memory --once measures them")
    else:
        lines = [
            (
                one.figure.title,
                figure_text(one.figure, one.value),
                figure_text(one.figure, one.judged.middle),
                one.words,
                "outside of limits" if one.judged.beyond else "",
            )
            for one in told
        ]
        print_table(("figure", found.name, "usual", "among its microscope's sessions", ""), lines)


def _standing(one: FigureStanding) -> dict[str, Any]:
    share = None if one.share is None else round(100.0 * one.share, 1)
    return {
        "figure": one.figure.name,
        "unit": one.figure.unit,
        "value": one.value,
        "percentile": share,
        "better": one.figure.better or None,
        "others": one.others,
        "usual": one.judged.middle,
        "low": one.judged.low,
        "high": one.judged.high,
        "outside": one.judged.beyond,
    }
