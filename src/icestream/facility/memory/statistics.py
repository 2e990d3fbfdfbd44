"""Sessions counted by time, microscope or team."""

import csv
import io
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from statistics import fmean, median
from typing import Literal

from icestream.facility.opened import Facility
from icestream.facility.registry import figures as rows
from icestream.facility.registry.records import KnownFigure, KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.shown import spreadsheet_text

__all__ = ["GROUPS", "Group", "SessionStatistics", "statistics", "statistics_csv"]

Group = Literal["month", "quarter", "year", "microscope", "team", "project"]
"""What sessions are counted by."""

GROUPS: tuple[Group, ...] = ("month", "quarter", "year", "microscope", "team", "project")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStatistics:
    """Sessions that were counted together.

    Resolution and astigmatism are the mean and the median of the sessions' medians, in Å; None
    where no session has one.
    """

    group: str
    sessions: int
    measured: int
    """Of how many the exposures are known."""
    exposures: int
    hours: float
    """From their beginning to their last movie, or to now where they run."""
    resolution_mean: float | None
    resolution_median: float | None
    astigmatism_mean: float | None
    astigmatism_median: float | None


def statistics(
    facility: Facility,
    by: Group,
    *,
    begins: float = float("-inf"),
    ends: float = float("inf"),
    confidential: bool = False,
) -> tuple[SessionStatistics, ...]:
    """Count sessions that began between two times, by what is asked for.

    Parameters
    ----------
    confidential
        Whether those count, too, that are confidential.
    """
    now = time.time()
    with facility.registry.read() as connection:
        hidden = frozenset() if confidential else rows.confidential_sessions(connection)
        known, figures = rows.measured(connection), rows.figures(connection)
        found = [
            one
            for one in sessions(connection, ends=ends)
            if begins <= one.began and one.id not in hidden
        ]
    name = _namer(facility, by)
    groups: dict[str, list[KnownSession]] = defaultdict(list)
    for one in reversed(found):
        groups[name(one)].append(one)
    made = []
    for group, members in groups.items():
        counts = [known[one.id].exposures if one.id in known else one.exposures for one in members]
        told = [count for count in counts if count is not None]
        resolution = _of(members, figures, "resolution")
        astigmatism = _of(members, figures, "astigmatism")
        made.append(
            SessionStatistics(
                group=group,
                sessions=len(members),
                measured=len(told),
                exposures=sum(told),
                hours=sum(_hours(one, now) for one in members),
                resolution_mean=fmean(resolution) if resolution else None,
                resolution_median=median(resolution) if resolution else None,
                astigmatism_mean=fmean(astigmatism) if astigmatism else None,
                astigmatism_median=median(astigmatism) if astigmatism else None,
            )
        )
    if by in ("microscope", "team", "project"):
        made.sort(key=lambda one: one.group)
    return tuple(made)


def _namer(facility: Facility, by: Group) -> Callable[[KnownSession], str]:
    def name(one: KnownSession) -> str:
        began = facility.local(one.began)
        if by == "month":
            return f"{began:%Y-%m}"
        if by == "quarter":
            return f"{began.year}-Q{(began.month + 2) // 3}"
        if by == "year":
            return f"{began.year}"
        named = {"microscope": one.microscope, "team": one.team, "project": one.project}
        return named[by] or "not known"

    return name


def _of(
    members: Sequence[KnownSession], figures: dict[int, dict[str, KnownFigure]], name: str
) -> list[float]:
    return [found[name].value for one in members if name in (found := figures.get(one.id, {}))]


def _hours(one: KnownSession, now: float) -> float:
    ended = one.ended
    if ended is None:
        ended = now if one.state == "running" else one.began
    elif one.taken is not None:  # what has waited was processed after it
        ended = min(ended, one.taken)
    return max(0.0, ended - one.began) / 3600.0


def statistics_csv(found: Sequence[SessionStatistics]) -> str:
    """Statistics as CSV, with a line of heads; what is not known is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [field.name for field in fields(SessionStatistics)]
    writer.writerow(names)
    for one in found:
        writer.writerow(["" if (v := getattr(one, name)) is None else _cell(v) for name in names])
    return out.getvalue()


def _cell(value: str | float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else spreadsheet_text(str(value))
