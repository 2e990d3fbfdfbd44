"""Charts as SVG, which pages hold: no script, and colours that the page's style gives."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from markupsafe import Markup, escape

from icestream.facility.memory.figures import SessionFigure, figure_text
from icestream.facility.memory.history import Chart, ChartPoint
from icestream.facility.registry.records import Occasion

__all__ = ["RoundAxis", "chart_svg", "round_axis"]

WIDTH, HEIGHT = 600.0, 180.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 12.0, 20.0, 24.0
_DATES = 6
_LIMITS = 1.5
"""Limits are drawn as far beyond the values as so many times their range."""


@dataclass(frozen=True, slots=True)
class RoundAxis:
    """An axis with round numbers: its ends, and where its ticks are."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where a value lies, from 0 at the low end to 1 at the high one; never beyond."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def round_axis(low: float, high: float) -> RoundAxis:
    """An axis that covers two values, with four to eight round ticks."""
    span = max(high - low, 0.02 * max(abs(low), abs(high)), 1e-9)
    raw = span / 4.0
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    return RoundAxis(first * step, last * step, tuple(n * step for n in range(first, last + 1)))


def chart_svg(chart: Chart, occasions: Sequence[Occasion], zone: tzinfo) -> Markup:
    """A control chart: points in the order of sessions, the median, the limits, occasions.

    Parameters
    ----------
    occasions
        Of the microscope; those are drawn that lie among the sessions.
    zone
        In which dates are shown.
    """
    drawing = _Drawing(chart, zone)
    parts = [
        f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" '
        f'aria-label="{escape(drawing.summary)}">',
        *drawing.grid(),
        *drawing.limits(),
        *(mark for one in occasions for mark in drawing.occasion(one)),
        *drawing.points(),
        *drawing.dates(),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 - all text in it is escaped


class _Drawing:
    """The places of everything on one chart."""

    def __init__(self, chart: Chart, zone: tzinfo) -> None:
        self.chart, self.zone = chart, zone
        self.figure: SessionFigure = chart.figure
        self.axis = _axis(chart)
        self.span = (self.axis.high - self.axis.low) / self.figure.scale
        self.step = (WIDTH - LEFT - RIGHT) / max(1, len(chart.points))

    @property
    def summary(self) -> str:
        count = len(self.chart.points)
        last = figure_text(self.figure, self.chart.points[-1].figure.value, self.span)
        return f"{self.figure.title} of {count} sessions, {self.chart.title}; the last: {last}"

    def x(self, place: float) -> float:
        return LEFT + (place + 0.5) * self.step

    def y(self, value: float) -> float:
        """Of a value in the unit of the figure."""
        share = self.axis.share(value * self.figure.scale)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def grid(self) -> Iterator[str]:
        for tick in self.axis.ticks:
            y = self.y(tick / self.figure.scale)
            yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            text = f"{tick:,.10g}".replace("-", "−")
            yield f'<text x="{LEFT - 6}" y="{y + 3.5:.1f}" text-anchor="end">{text}</text>'

    def limits(self) -> Iterator[str]:
        """The band of what is usual, and the median, in steps: each session has its own."""
        run: list[tuple[int, ChartPoint]] = []
        for place, point in enumerate(self.chart.points):
            if point.judged.middle is None or point.restart:
                yield from self._band(run)
                run = []
            if point.judged.middle is not None:
                run.append((place, point))
        yield from self._band(run)

    def _band(self, run: Sequence[tuple[int, ChartPoint]]) -> Iterator[str]:
        if not run:
            return
        above, below, middle = [], [], []
        for place, point in run:
            judged = point.judged
            assert judged.low is not None and judged.high is not None and judged.middle is not None
            for x in (self.x(place - 0.5), self.x(place + 0.5)):
                above.append(f"{x:.1f},{self.y(judged.high):.1f}")
                below.append(f"{x:.1f},{self.y(judged.low):.1f}")
                middle.append(f"{x:.1f},{self.y(judged.middle):.1f}")
        yield f'<polygon class="band" points="{" ".join(above + below[::-1])}"/>'
        yield f'<polyline class="middle" points="{" ".join(middle)}"/>'

    def points(self) -> Iterator[str]:
        places = [(self.x(i), self.y(p.figure.value)) for i, p in enumerate(self.chart.points)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline class="run" points="{line}"/>'
        for point, (x, y) in zip(self.chart.points, places, strict=True):
            words = f"<title>{escape(self._words(point))}</title>"
            if point.judged.beyond:  # told by its shape, too
                d = f"M{x:.1f} {y - 5.5:.1f}l5.2 9h-10.4z"
                yield f'<path class="beyond" d="{d}">{words}</path>'
            elif point.judged.drifting:
                yield (
                    f'<rect class="drift" x="{x - 3.6:.1f}" y="{y - 3.6:.1f}" width="7.2" '
                    f'height="7.2">{words}</rect>'
                )
            else:
                kind = "value" if point.over else "value now"
                yield f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.4">{words}</circle>'

    def _words(self, point: ChartPoint) -> str:
        judged, session = point.judged, point.of.session
        value = figure_text(self.figure, point.figure.value, self.span)
        usual = ""
        if judged.low is not None and judged.high is not None:
            low, high = (
                figure_text(self.figure, one, self.span) for one in (judged.low, judged.high)
            )
            usual = f"; usual: {low} to {high}"
        state = "" if point.over else ", still running"
        told = "drifting" if judged.drifting else ""
        told = "outside of the limits" if judged.beyond else told
        began = datetime.fromtimestamp(session.began, self.zone)
        return (
            f"{session.name}, {began:%Y-%m-%d}: {value} of {point.figure.count} exposures{usual}"
            f"{f'; {told}' if told else ''}{state}"
        )

    def dates(self) -> Iterator[str]:
        count = len(self.chart.points)
        every = max(1, math.ceil(count / _DATES))
        for place in range(0, count, every):
            when = datetime.fromtimestamp(self.chart.points[place].of.session.began, self.zone)
            x = self.x(place)
            anchor = "end" if x > WIDTH - 40 else "middle"
            yield (
                f'<text x="{x:.1f}" y="{HEIGHT - 7}" text-anchor="{anchor}">{when:%Y-%m-%d}</text>'
            )

    def occasion(self, one: Occasion) -> Iterator[str]:
        """A line between the sessions before and after, with its kind above it."""
        before = sum(point.of.session.began < one.at for point in self.chart.points)
        x = self.x(before - 0.5)
        when = datetime.fromtimestamp(one.at, self.zone)
        words = f"{when:%Y-%m-%d} {one.kind}: {one.text}"
        anchor = "end" if x > WIDTH - 80 else "start"
        shift = -4 if anchor == "end" else 4
        yield (
            f'<g class="occasion"><title>{escape(words)}</title>'
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{HEIGHT - BOTTOM}"/>'
            f'<text x="{x + shift:.1f}" y="{TOP - 8}" text-anchor="{anchor}">'
            f"{escape(one.kind)}</text></g>"
        )


def _axis(chart: Chart) -> RoundAxis:
    """An axis that has all values on it, and the limits where they are not far beyond."""
    scale = chart.figure.scale
    values = [point.figure.value * scale for point in chart.points]
    low, high = min(values), max(values)
    room = _LIMITS * max(high - low, 0.02 * abs(high))
    ends = [
        end * scale
        for point in chart.points
        for end in (point.judged.low, point.judged.high)
        if end is not None and low - room <= end * scale <= high + room
    ]
    least, most = min([low, *ends]), max([high, *ends])
    if min(values) >= 0:
        least = max(least, 0.0)
    return round_axis(least, most)
