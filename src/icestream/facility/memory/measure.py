"""The figures of a session, from its own store, which is only read."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from icestream.engine.machine.lock import as_it_is
from icestream.facility.memory.figures import FIGURES
from icestream.facility.registry.records import KnownFigure
from icestream.model import Gain
from icestream.model.arrivals import pause_after, usual_interval
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.measures import MeasuredColumns, measuring_revisions
from icestream.store.newest import newest_gain, newest_taken
from icestream.store.open import Store, open_store
from icestream.store.standing import reruns

__all__ = ["FiguresOfSession", "measure", "measure_store"]

_MAD = 1.4826
"""Times the median absolute deviation: the standard deviation of a normal distribution."""
_TILTED = 5.0
"""Degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresOfSession:
    """What is remembered of a session."""

    figures: tuple[KnownFigure, ...]
    exposures: int
    pixel: float | None
    """Å, of a frame as it is read; None: no movie was taken in."""
    apart: str
    """Why it is compared with no other session; empty: it is."""
    ends: bool
    """Whether it is over, as it stands."""
    changed: float
    """When the session last changed its state, seconds since the epoch."""


def measure(folder: Path, least: int) -> FiguresOfSession:
    """The figures of the session in a folder.

    Parameters
    ----------
    folder
        The session's.
    least
        Exposures without which a figure is not known.

    Raises
    ------
    NoStore, OtherSchema, BadPointer, OSError
        If it cannot be read.
    """
    with closing(open_store(folder, readonly=True)) as store, store.held():
        return measure_store(store, least)


def measure_store(store: Store, least: int) -> FiguresOfSession:
    """The figures of a session whose store is open."""
    session = as_it_is(queries.session(store), store.folder)
    shots = _shots(store)
    taken = newest_taken(store)[1]
    found = [
        *_medians(store),
        *_defocus_spread(store, shots),
        *_of_gain(newest_gain(store, reruns(store).standing)),
        *_of_times(shots),
        *_accepted(store),
    ]
    return FiguresOfSession(
        figures=tuple(one for one in found if one.count >= least and np.isfinite(one.value)),
        exposures=len(shots),
        pixel=None if taken is None else taken.optics.pixel_size,
        apart=_apart(shots),
        ends=session.state in ("done", "stopped"),
        changed=session.changed,
    )


def _robust(name: str, values: NDArray[np.float64], by: str = "") -> KnownFigure:
    """The median of values, one at least, and their spread."""
    middle = float(np.median(values))
    spread = _MAD * float(np.median(np.abs(values - middle)))
    return KnownFigure(name=name, value=middle, spread=spread, count=len(values), by=by)


def _medians(store: Store) -> Iterator[KnownFigure]:
    with store.read() as connection:
        ranked = measuring_revisions(connection, None, reruns(store).standing)
        columns = MeasuredColumns(connection, ranked)
        for figure in FIGURES.values():
            if figure.quality:
                values = _column(connection, columns, figure.quality)
                if values:
                    by = _measured_by(connection, ranked, figure.quality)
                    yield _robust(figure.name, np.asarray(list(values.values())), by)


def _column(connection: Connection, columns: MeasuredColumns, name: str) -> dict[int, float]:
    """Finite values of a quality by exposure."""
    column = columns.column(name)
    if column is None:
        return {}
    rows = connection.execute(select(column.c.subject_id, column.c.value))
    return {row.subject_id: row.value for row in rows if np.isfinite(row.value)}


def _measured_by(connection: Connection, ranked: Sequence[int], name: str) -> str:
    """The protocol that measured a quality: that of the deepest step, whose values are taken."""
    for revision in ranked:
        one = select(t.quality.c.id).where(
            t.quality.c.revision_id == revision, t.quality.c.name == name
        )
        if connection.execute(one.limit(1)).first() is not None:
            asked = select(t.revision.c.protocol).where(t.revision.c.id == revision)
            return str(connection.execute(asked).scalar_one())
    return ""


def _shots(store: Store) -> dict[int, dict[str, Any]]:
    """What metadata say of each exposure, by its number."""
    with store.read() as connection:
        rows = connection.execute(select(t.exposure.c.id, t.exposure.c.details))
        return {row.id: json.loads(row.details or "{}") for row in rows}


def _defocus_spread(store: Store, shots: dict[int, dict[str, Any]]) -> Iterator[KnownFigure]:
    with store.read() as connection:
        ranked = measuring_revisions(connection, None, reruns(store).standing)
        measured = _column(connection, MeasuredColumns(connection, ranked), "ctf.defocus")
        asked = {number: shot.get("nominal_defocus") for number, shot in shots.items()}
        off = np.asarray(
            [
                value - wanted
                for number, value in measured.items()
                if (wanted := asked.get(number)) is not None
            ]
        )
        by = _measured_by(connection, ranked, "ctf.defocus") if len(off) else ""
    if len(off):
        spread = _robust("defocus_spread", off).spread
        assert spread is not None
        yield KnownFigure(name="defocus_spread", value=spread, spread=None, count=len(off), by=by)


def _of_gain(gain: Gain | None) -> Iterator[KnownFigure]:
    if gain is None:
        return
    yield KnownFigure(
        name="gain_residual",
        value=gain.residual,
        spread=gain.residual_error,
        count=gain.movies,
        by="gain.estimate",
    )
    doses = np.asarray(gain.dose, dtype=np.float64)
    doses = doses[np.isfinite(doses) & (doses > 0)]
    if len(doses):
        yield _robust("dose", doses, "gain.estimate")


def _of_times(shots: dict[int, dict[str, Any]]) -> Iterator[KnownFigure]:
    """Rate and uptime, by when exposures were taken.

    When they were found says nothing of the microscope: a folder may have held those of a day.
    """
    for clock in ("acquired", "written"):
        said = [shot[clock] for shot in shots.values() if shot.get(clock) is not None]
        if said and len(said) == len(shots):
            times = sorted(datetime.fromisoformat(one).timestamp() for one in said)
            break
    else:
        return
    usual = usual_interval(times)
    if usual is None:
        return
    gaps = [later - earlier for earlier, later in pairwise(times)]
    running = [gap for gap in gaps if gap <= pause_after(usual)]
    if not sum(running):
        return
    rate = 3600.0 * len(running) / sum(running)
    uptime = sum(running) / sum(gaps)
    for name, value in (("rate", rate), ("uptime", uptime)):
        yield KnownFigure(name=name, value=value, spread=None, count=len(times))


def _accepted(store: Store) -> Iterator[KnownFigure]:
    counts = queries.count_exposures(store)
    settled = counts["done"] + counts["rejected"] + counts["failed"]
    if settled:
        share = counts["done"] / settled
        yield KnownFigure(name="accepted", value=share, spread=None, count=settled)


def _apart(shots: dict[int, dict[str, Any]]) -> str:
    """Why figures of the session are not those of others."""
    tilts = [abs(shot["tilt"]) for shot in shots.values() if shot.get("tilt") is not None]
    if tilts and float(np.percentile(tilts, 75)) > _TILTED:
        return "the specimen was tilted"
    plates = [shot["phase_plate"] for shot in shots.values() if shot.get("phase_plate")]
    if 2 * len(plates) > len(shots):
        return "a phase plate was in"
    return ""
