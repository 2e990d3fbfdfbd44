"""Sessions that were begun for somebody: where they are, whose, and how they stand."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, update

from icestream.facility.registry import tables as t
from icestream.facility.registry.microscopes import detector_number, microscope_number
from icestream.facility.registry.people import code_of, keep_project, person_number
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.rows import keep, number_of

__all__ = [
    "UnknownPlace",
    "Whose",
    "change_session",
    "count_sessions",
    "keep_session",
    "session",
    "sessions",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """What a session belongs to, by names; empty where nobody knows."""

    microscope: str = ""
    """One that is there already."""
    detector: str = ""
    project: str = ""
    """Written down where it is not there."""
    operator: str = ""
    """Login; written down where it is not there."""
    booking: tuple[str, str] | None = None
    """Source and reference of the booking that it is for."""


class UnknownPlace(LookupError):
    """The registry has no session of that name or folder."""


def keep_session(
    connection: Connection,
    key: str,
    whose: Whose | None = None,
    **values: Any,
) -> int:
    """Write a session down by its own identity, or what has changed of it; its number.

    Parameters
    ----------
    key
        The session's identity.
    whose
        What it belongs to; as it was where not given.
    values
        The other columns of the table.
    """
    told = {**values, **({} if whose is None else _numbers(connection, whose))}
    keep(connection, t.session, {"key": key}, told)
    found = number_of(connection, t.session, key=key)
    assert found is not None
    return found


def count_sessions(connection: Connection, project: str) -> int:
    """How many sessions a project has had; of those without one where it is empty."""
    s = t.session.c
    asked = select(func.count()).select_from(t.session)
    if project:
        asked = asked.join(t.project, t.project.c.id == s.project_id)
        asked = asked.where(t.project.c.code == project)
    else:
        asked = asked.where(s.project_id.is_(None))
    return int(connection.execute(asked).scalar() or 0)


def _numbers(connection: Connection, whose: Whose) -> dict[str, Any]:
    microscope = microscope_number(connection, whose.microscope) if whose.microscope else None
    detector = None
    if microscope is not None and whose.detector:
        detector = detector_number(connection, microscope, whose.detector)
    project = None
    if whose.project:
        code = code_of(connection, whose.project)
        project = number_of(connection, t.project, code=code) or keep_project(connection, code)
    booking = None
    if whose.booking is not None:
        source, reference = whose.booking
        booking = number_of(connection, t.booking, source=source, reference=reference)
    return {
        "microscope_id": microscope,
        "detector_id": detector,
        "project_id": project,
        "operator_id": person_number(connection, whose.operator) if whose.operator else None,
        "booking_id": booking,
    }


def change_session(connection: Connection, number: int, **values: Any) -> None:
    """Change columns of a session."""
    connection.execute(update(t.session).where(t.session.c.id == number).values(**values))


def session(connection: Connection, name: str) -> KnownSession:
    """A session by its name, its folder, its place or its key.

    Raises
    ------
    UnknownPlace
        If there is none.
    """
    s = t.session.c
    plain = name.rstrip("/") or name
    asked = _asked().where(
        (s.name == plain) | (s.folder == plain) | (s.place == plain) | (s.key == plain)
    )
    row = connection.execute(asked).mappings().first()
    if row is None:
        raise UnknownPlace(
            f"the registry has no session {name!r}: icestream session list shows those it has"
        )
    return KnownSession(**row)


def sessions(
    connection: Connection,
    *,
    microscope: str | None = None,
    project: str | None = None,
    state: str | None = None,
    begins: float = float("-inf"),
    ends: float = float("inf"),
) -> tuple[KnownSession, ...]:
    """Sessions that ran between two times, the newest first."""
    s = t.session.c
    asked = _asked().where(s.began < ends, func.coalesce(s.ended, 1e300) > begins)
    if microscope is not None:
        asked = asked.where(t.microscope.c.name == microscope)
    if project is not None:
        asked = asked.where(t.project.c.code == project)
    if state is not None:
        asked = asked.where(s.state == state)
    found = connection.execute(asked.order_by(s.began.desc(), s.id.desc()))
    return tuple(KnownSession(**row) for row in found.mappings())


def _asked() -> Select[Any]:
    s = t.session
    own, other = t.team.alias("own"), t.team.alias("other")
    return (
        select(
            *(s.c[name] for name in _OWN),
            # All sessions of a confidential project are so, whenever it became that.
            or_(s.c.confidential, func.coalesce(t.project.c.confidential, False)).label(
                "confidential"
            ),
            s.c.booking_id.label("booking"),
            func.coalesce(t.microscope.c.name, "").label("microscope"),
            func.coalesce(t.detector.c.name, "").label("detector"),
            func.coalesce(t.project.c.code, "").label("project"),
            func.coalesce(own.c.name, other.c.name, "").label("team"),
            func.coalesce(t.person.c.name, "").label("operator"),
        )
        .join(t.microscope, t.microscope.c.id == s.c.microscope_id, isouter=True)
        .join(t.detector, t.detector.c.id == s.c.detector_id, isouter=True)
        .join(t.project, t.project.c.id == s.c.project_id, isouter=True)
        .join(t.person, t.person.c.id == s.c.operator_id, isouter=True)
        .join(own, own.c.id == t.project.c.team_id, isouter=True)
        .join(other, other.c.id == t.person.c.team_id, isouter=True)
    )


_OWN = (
    "id", "name", "place", "folder", "key", "workflow", "sample", "began", "ended", "state",
    "taken", "reason", "exposures", "revived", "revivals", "note",
)  # fmt: skip
