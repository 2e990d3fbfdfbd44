"""Pages that need no server: a microscope's charts, statistics, the index of live reports."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader

import icestream
from icestream.facility.memory.draw import chart_svg
from icestream.facility.memory.figures import FIGURES, figure_text
from icestream.facility.memory.history import Chart, charts, standings
from icestream.facility.memory.remember import memory_of
from icestream.facility.memory.statistics import (
    GROUPS,
    SessionStatistics,
    statistics,
    statistics_csv,
)
from icestream.facility.opened import Facility
from icestream.facility.people.unsaid import unsaid
from icestream.facility.registry import figures as rows
from icestream.facility.registry.microscopes import microscopes, occasions
from icestream.facility.registry.records import KnownMicroscope, KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.model import safe_file_name
from icestream.report.numbers import number_text
from icestream.report.pictures import write_atomically

__all__ = ["shown_charts", "write_index", "write_pages"]

_DAY = 86400.0


def shown_charts(facility: Facility, microscope: str, *, confidential: bool) -> tuple[Chart, ...]:
    """The charts of a microscope, without the points of sessions that are confidential.

    Limits are made of all sessions.
    """
    memory = memory_of(facility)
    with facility.registry.read() as connection:
        found = charts(connection, memory, microscope)
    shown = []
    for chart in found:
        points = tuple(p for p in chart.points if confidential or not p.of.confidential)
        if points:
            shown.append(replace(chart, points=points))
    return tuple(shown)


def write_pages(facility: Facility, folder: Path, *, confidential: bool = False) -> int:
    """Write a page for each microscope, and one with statistics; how many files changed.

    Parameters
    ----------
    confidential
        Whether sessions are on them that are confidential.
    """
    with facility.registry.read() as connection:
        known = tuple(m for m in microscopes(connection) if m.retired is None)
    names = [(one.name, one.title or one.name) for one in known]
    changed = sum(
        _write(folder / f"{one.name}.html", _microscope(facility, one, names, confidential))
        for one in known
    )
    counted = {by: statistics(facility, by, confidential=confidential) for by in GROUPS}
    changed += sum(
        _write(folder / f"by-{by}.csv", statistics_csv(found)) for by, found in counted.items()
    )
    page = _render(
        facility,
        "memory",
        "Microscopes and sessions",
        microscopes=names,
        drifts=_drifts(facility, None),
        trends=list(_trends(facility, known, confidential)),
        groups=[(by, [_cells(one) for one in found]) for by, found in counted.items() if found],
        confidential=confidential,
    )
    return changed + _write(folder / "index.html", page)


def _microscope(
    facility: Facility,
    microscope: KnownMicroscope,
    names: Sequence[tuple[str, str]],
    confidential: bool,
) -> str:
    with facility.registry.read() as connection:
        happened = occasions(connection, microscope=microscope.name)
    drawn: dict[str, list[Any]] = {}
    for chart in shown_charts(facility, microscope.name, confidential=confidential):
        svg = chart_svg(chart, happened, facility.file.zone)
        drawn.setdefault(chart.figure.name, []).append((chart, svg, _last(facility, chart)))
    return _render(
        facility,
        "microscope",
        microscope.title or microscope.name,
        others=[one for one in names if one[0] != microscope.name],
        drifts=_drifts(facility, microscope.name),
        charts=[
            (FIGURES[name], sorted(found, key=lambda one: -len(one[0].points)))
            for name, found in drawn.items()
        ],
        occasions=[(f"{facility.local(one.at):%Y-%m-%d %H:%M}", one) for one in happened[::-1]],
    )


def _last(facility: Facility, chart: Chart) -> str:
    """The newest session of a chart in a sentence."""
    point = chart.points[-1]
    judged, figure = point.judged, chart.figure
    span = None if judged.high is None or judged.low is None else (judged.high - judged.low) / 4
    value = figure_text(figure, point.figure.value, span)
    standing = standings([chart], point.of.session.id, memory_of(facility).least)[0]
    usual = ""
    if judged.middle is not None:
        usual = f", usually {figure_text(figure, judged.middle, span)}"
    return f"{point.of.session.name}: {value}{usual}; {standing.words}."


def _drifts(facility: Facility, microscope: str | None) -> list[str]:
    with facility.registry.read() as connection:
        found, told = rows.drifts(connection, microscope=microscope), unsaid(connection)
    return [
        f"Since {facility.local(one.began):%Y-%m-%d %H:%M}: {told(one.message)}"
        for one in found
        if one.over is None
    ]


def _trends(
    facility: Facility, known: Sequence[KnownMicroscope], confidential: bool
) -> Iterator[tuple[str, Any]]:
    """Resolution and astigmatism against time, of each microscope's longest series."""
    for one in known:
        found = shown_charts(facility, one.name, confidential=confidential)
        with facility.registry.read() as connection:
            happened = occasions(connection, microscope=one.name)
        for name in ("resolution", "astigmatism"):
            of = [chart for chart in found if chart.figure.name == name]
            if of:
                chart = max(of, key=lambda chart: len(chart.points))
                heading = f"{one.title or one.name}: {chart.figure.title}, {chart.figure.unit}"
                yield heading, chart_svg(chart, happened, facility.file.zone)


def _cells(one: SessionStatistics) -> tuple[str, ...]:
    return (
        one.group,
        f"{one.sessions:,}",
        f"{one.exposures:,}",
        number_text(one.hours, 0),
        number_text(one.resolution_mean),
        number_text(one.resolution_median),
        number_text(one.astigmatism_mean, 0),
        number_text(one.astigmatism_median, 0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """A session in the index of live reports."""

    name: str
    address: str
    microscope: str
    state: str
    began: str
    exposures: str
    resolution: str
    accepted: str
    rate: str


def write_index(facility: Facility, folder: Path, *, confidential: bool = False) -> int:
    """Write the index of live reports, the newest sessions first; 1 where it has changed.

    Parameters
    ----------
    confidential
        Whether sessions are in it that are confidential.
    """
    reports = memory_of(facility).reports
    days = 90.0 if reports is None else reports.days
    with facility.registry.read() as connection:
        hidden = frozenset() if confidential else rows.confidential_sessions(connection)
        known, figures = rows.measured(connection), rows.figures(connection)
        listed = sessions(connection, begins=time.time() - days * _DAY)
        titles = {one.name: one.title or one.name for one in microscopes(connection)}
    made = []
    for one in listed:
        if one.id in hidden or one.state == "gone":
            continue
        found = {name: figure.value for name, figure in figures.get(one.id, {}).items()}
        count = known[one.id].exposures if one.id in known else one.exposures
        resolution, accepted, rate = (
            figure_text(FIGURES[name], found.get(name))
            for name in ("resolution", "accepted", "rate")
        )
        made.append(
            _Report(
                name=one.name,
                address=_address(facility, one),
                microscope=titles.get(one.microscope, one.microscope),
                state=one.state,
                began=f"{facility.local(one.began):%Y-%m-%d %H:%M}",
                exposures="–" if count is None else f"{count:,}",
                resolution=resolution,
                accepted=accepted,
                rate=rate,
            )
        )
    page = _render(facility, "reports", "Live reports", rows=made)
    return _write(folder / "index.html", page)


def _address(facility: Facility, one: KnownSession) -> str:
    reports = memory_of(facility).reports
    if reports is None or not reports.address:
        return ""
    named = {"session": one.name, "microscope": one.microscope, "project": one.project}
    return reports.address.format(
        **{name: quote(safe_file_name(value), safe="") for name, value in named.items() if value},
        **{name: "-" for name, value in named.items() if not value},
    )


def _render(facility: Facility, name: str, title: str, **values: Any) -> str:
    def template(one: str) -> str:
        place = files("icestream.facility.memory") / "page" / one
        return place.read_text(encoding="utf-8")

    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=FunctionLoader(template)
    )
    return environment.get_template(f"{name}.html.j2").render(
        title=title,
        facility=facility.file.facility.name,
        software=f"{facility.file.facility.name} · icestream {icestream.__version__}",
        **values,
    )


def _write(path: Path, text: str) -> int:
    """Write a file where it is not that already; 1 where it was not."""
    content = text.encode()
    try:
        if path.read_bytes() == content:
            return 0
    except OSError:
        path.parent.mkdir(parents=True, exist_ok=True)  # it is new, or its folder is
    write_atomically(path, content)
    return 1
