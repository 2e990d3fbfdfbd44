"""Beam time of a period as one HTML page: by team, principal investigator, microscope and month."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from jinja2 import Environment, PackageLoader, StrictUndefined

import icestream
from icestream.facility.money.beamtime import BeamShare, By, beam_time, whole
from icestream.facility.money.calendar import Period
from icestream.facility.opened import Facility
from icestream.whole import written_whole

__all__ = ["beam_time_page", "write_beam_time"]

_TITLES = {
    "team": "Teams",
    "pi": "Principal investigators",
    "project": "Projects",
    "microscope": "Microscopes",
    "month": "Months",
}


def write_beam_time(
    facility: Facility,
    period: Period,
    out: Path,
    *,
    public: bool = False,
    sizes: bool = False,
    now: float | None = None,
) -> None:
    """Write the page of a period; `public` and `sizes` are those of `beam_time`."""
    found = {
        by: beam_time(facility, period, by, public=public, sizes=sizes, now=now)
        for by in get_args(By)
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(out) as unfinished:
        unfinished.write_text(beam_time_page(facility.file.facility.name, period, found), "utf-8")


def beam_time_page(name: str, period: Period, found: Mapping[By, tuple[BeamShare, ...]]) -> str:
    """The page itself, which needs nothing but itself."""
    made = Environment(
        loader=PackageLoader("icestream.facility.money", ""),
        autoescape=True,
        undefined=StrictUndefined,
    )
    tables = [_table(_TITLES[by], shares) for by, shares in found.items()]
    return made.get_template("beamtime.html.j2").render(
        facility=name,
        first=period.first.isoformat(),
        last=period.last.isoformat(),
        total=_row(whole(found["microscope"]), 0),
        tables=tables,
        version=icestream.__version__,
    )


def _table(title: str, shares: tuple[BeamShare, ...]) -> dict[str, Any]:
    most = max((max(each.booked, each.used) for each in shares), default=0)
    return {
        "title": title,
        "rows": [_row(each, most) for each in shares],
        "downtime": any(each.downtime is not None for each in shares),
        "bytes": any(each.bytes is not None for each in shares),
        "unknown": sum(each.unknown for each in shares),
    }


def _row(share: BeamShare, most: int) -> dict[str, Any]:
    return {
        "name": share.name,
        "booked": _hours(share.booked),
        "used": _hours(share.used),
        "downtime": "" if share.downtime is None else _hours(share.downtime),
        "sessions": f"{share.sessions:,}",
        "movies": f"{share.movies:,}",
        "bytes": "" if share.bytes is None else f"{share.bytes / 1e12:,.2f}",
        "booked_part": _part(share.booked, most),
        "used_part": _part(share.used, most),
    }


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:,.1f}"


def _part(seconds: int, most: int) -> str:
    return f"{100 * seconds / most:.1f}" if most else "0"
