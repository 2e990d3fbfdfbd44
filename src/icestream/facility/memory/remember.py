"""Keeping figures of sessions in the registry, and telling staff what drifts between them."""

import threading
import time
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from icestream.channels.message import Told
from icestream.facility.duties.telling import tell_staff
from icestream.facility.memory.figures import figure_text
from icestream.facility.memory.history import Chart, ChartPoint, charts
from icestream.facility.memory.kinds import MemorySection
from icestream.facility.memory.measure import measure
from icestream.facility.opened import Facility
from icestream.facility.registry import figures as rows
from icestream.facility.registry.microscopes import microscopes
from icestream.facility.registry.records import KnownDrift, KnownSession, MeasuredSession
from icestream.facility.registry.sessions import sessions
from icestream.store.migrate import OtherSchema
from icestream.store.open import NoStore
from icestream.store.pointer import BadPointer

__all__ = ["memory_of", "remember_sessions", "tell_drift"]

_log = structlog.get_logger(__name__)

_RUNS = ("new", "running")
_AWAY = ("archived", "gone")


def memory_of(facility: Facility) -> MemorySection:
    """What the facility file says of the memory; what it would say where it says nothing."""
    return facility.file.memory or MemorySection()


def remember_sessions(
    facility: Facility, stop: threading.Event | None = None, *, again: bool = False
) -> tuple[int, dict[str, str]]:
    """Bring the figures in the registry to what the sessions say; how many were measured.

    Those are measured that run, that were never measured, and that went on since they were. With
    `again`, all that can be read.

    Returns
    -------
    measured
        How many.
    unread
        Why others could not be, by their names.
    """
    with facility.registry.read() as connection:
        known = rows.measured(connection)
        listed = sessions(connection)
    count, unread = 0, {}
    for one in listed:
        if stop is not None and stop.is_set():
            break
        if one.state in _AWAY or not (again or _is_due(one, known.get(one.id))):
            continue
        try:
            facility.disks.require(Path(one.folder))
            _remember(facility, one)
            count += 1
        except (NoStore, OtherSchema, BadPointer, OSError, SQLAlchemyError) as error:
            unread[one.name] = str(error)
    return count, unread


def _is_due(session: KnownSession, known: MeasuredSession | None) -> bool:
    if known is None or not known.over or session.state in _RUNS:
        return True
    return session.ended is not None and session.ended > known.at


def _remember(facility: Facility, session: KnownSession) -> None:
    now = time.time()
    found = measure(Path(session.folder), memory_of(facility).exposures)
    about = {
        "at": now,
        "over": found.ends,
        "exposures": found.exposures,
        "pixel": found.pixel,
        "apart": found.apart,
    }
    with facility.registry.write() as connection:
        rows.keep_figures(connection, session.id, about, found.figures)


def tell_drift(facility: Facility) -> tuple[KnownDrift, ...]:
    """Write down what drifts and what does no more, and tell staff of each once; what drifts now.

    Who could not be reached is told the next time.
    """
    memory = memory_of(facility)
    with facility.registry.write() as connection:
        for microscope in microscopes(connection):
            # Nothing drifts any more at one that is retired.
            watched = memory.watched if microscope.retired is None else ()
            found = charts(connection, memory, microscope.name, watched)
            drifting = {
                (chart.figure.name, chart.series): (chart, point)
                for chart in found
                if (point := chart.drifting) is not None
            }
            open_ = {
                (one.figure, one.series): one
                for one in rows.drifts(connection, microscope=microscope.name)
                if one.over is None
            }
            for key, (chart, point) in drifting.items():
                if key not in open_:
                    rows.begin_drift(connection, microscope.name, **_values(chart, point))
            for key, one in open_.items():
                if key not in drifting:
                    rows.change_drift(connection, one.id, over=time.time())
    with facility.registry.read() as connection:
        untold = rows.drifts(connection, over=False)
    for one in untold:
        _tell(facility, one)
    return tuple(one for one in untold if one.over is None)


def _values(chart: Chart, point: ChartPoint) -> dict[str, object]:
    return {
        "figure": chart.figure.name,
        "series": chart.series,
        "session_id": point.of.session.id,
        "began": time.time(),
        "message": _message(chart, point),
    }


def _message(chart: Chart, point: ChartPoint) -> str:
    """What drifted, in sentences; a confidential session is not named."""
    figure, judged = chart.figure, point.judged
    name = "a confidential session" if point.of.confidential else f"session {point.of.session.name}"
    assert judged.middle is not None
    span = abs(judged.value - judged.middle)
    value, usual = (figure_text(figure, one, span) for one in (judged.value, judged.middle))
    way = "worse" if figure.better else "other"
    return (
        f"{chart.microscope}: {figure.title} has been {way} than usual over several sessions "
        f"({chart.title}): {value} in {name}, {usual} usually. If something was changed, say so: "
        f"icestream facility occasion {chart.microscope} service|realignment|camera|gain TEXT"
    )


def _tell(facility: Facility, drift: KnownDrift) -> None:
    """Tell staff what they do not know of a drift yet."""
    told = Told(
        number=0,
        level="warning",
        key=f"memory.{drift.microscope}.{drift.figure}",
        message=drift.message,
        raised=drift.began,
        over=drift.over,
    )
    over = drift.over is not None
    if (drift.told is not None and not over) or (over and drift.told is None):
        if over:  # nobody was told that it began
            _keep(facility, drift, told_over=drift.over)
        return
    if tell_staff(facility, told):
        _keep(facility, drift, **{"told_over" if over else "told": time.time()})
    else:
        _log.warning(f"staff could not be told: {drift.message}")


def _keep(facility: Facility, drift: KnownDrift, **values: object) -> None:
    with facility.registry.write() as connection:
        rows.change_drift(connection, drift.id, **values)
