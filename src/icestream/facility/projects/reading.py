"""Reading projects into the registry: all by their titles, those with bookings in full."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from icestream.facility.asking import SourceError
from icestream.facility.opened import Facility
from icestream.facility.projects.kinds import NoProjects, ProjectsSection
from icestream.facility.projects.opening import project_source
from icestream.facility.projects.project import Project
from icestream.facility.registry import bookings as rows
from icestream.facility.registry.people import (
    keep_person,
    keep_project,
    keep_team,
    people,
    projects,
    set_members,
)
from icestream.facility.registry.records import KnownPerson

__all__ = ["ReadProjects", "projects_name", "read_projects"]

_DAY = 86400.0
_BACK, _AHEAD = 7 * _DAY, 60 * _DAY
"""Bookings whose projects are asked for in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProjects:
    """What came of reading the projects."""

    there: int = 0
    new: int = 0
    gone: int = 0
    unknown: tuple[str, ...] = ()
    """Codes in the titles of bookings that the source does not have."""

    def __str__(self) -> str:
        said = [f"{self.there} project{'' if self.there == 1 else 's'}"]
        said += [f"{self.new} new"] if self.new else []
        said += [f"{self.gone} gone"] if self.gone else []
        said += [f"unknown to it: {', '.join(self.unknown)}"] if self.unknown else []
        return ", ".join(said)


def projects_name(section: ProjectsSection) -> str:
    """How the source is called in the registry."""
    return f"projects.{section.kind}"


def read_projects(facility: Facility, *, now: float | None = None) -> ReadProjects:
    """Read all projects, and those in full that somebody has booked for.

    One that the source does not have any more is gone, never deleted.

    Parameters
    ----------
    now
        Seconds since the epoch.

    Raises
    ------
    SourceError
        If the source does not tell.
    """
    section = facility.file.projects
    if section is None or isinstance(section, NoProjects):
        return ReadProjects()
    now = time.time() if now is None else now
    source = project_source(section, facility.file.facility.time_zone)
    assert source is not None
    own = projects_name(section)
    wanted = _booked(facility, now)
    try:
        listed = {one.code.casefold(): one for one in source.projects()}
        for code in wanted.keys() & listed.keys():
            listed[code] = source.project(listed[code].code) or listed[code]
    except SourceError as error:
        with facility.registry.write() as connection:
            rows.keep_source(connection, own, problem=str(error))
        raise
    with facility.registry.write() as connection:
        before = {one.code: one for one in projects(connection)}
        codes = {code.casefold(): code for code in before}
        there = people(connection)
        for key, one in listed.items():
            _keep(connection, one, codes.get(key, one.code), own, there)
        gone = [
            one.code
            for one in before.values()
            if one.source == own and one.state != "gone" and one.code.casefold() not in listed
        ]
        for code in gone:
            keep_project(connection, code, state="gone")
        rows.keep_source(connection, own, read=now)
    return ReadProjects(
        there=len(listed),
        new=len(listed.keys() - codes.keys()),
        gone=len(gone),
        unknown=tuple(sorted(wanted[code] for code in wanted.keys() - listed.keys())),
    )


def _booked(facility: Facility, now: float) -> dict[str, str]:
    """Codes of the projects of bookings, by themselves in small letters."""
    with facility.registry.read() as connection:
        around = rows.bookings(connection, begins=now - _BACK, ends=now + _AHEAD)
    return {one.project.casefold(): one.project for one in around if one.project}


def _keep(
    connection: Connection,
    one: Project,
    code: str,
    source: str,
    there: Sequence[KnownPerson],
) -> None:
    """Write down what is known of a project; what is not stays as it was."""
    logins = {each.email.casefold(): each.name for each in there if each.email}
    # What another source or a person has said of somebody is not changed.
    others = {each.name for each in there if each.source not in ("", source)}

    def login(name: str) -> str:
        return logins.get(name.casefold(), name)

    pi = None if one.pi is None else login(one.pi)
    team = pi if one.team is not None and one.team == one.pi else one.team
    told: dict[str, Any] = {
        "title": one.title,
        "state": one.state,
        "source": source,
        **_known(
            confidential=one.confidential,
            begins=one.begins,
            ends=one.ends,
            reference=one.reference,
        ),
    }
    if team:
        title = one.pi_name if team == pi else ""
        paying = _known(institution=one.institution, address=one.address)
        keep_team(connection, team, **paying, **({"title": title} if title else {}))
    keep_project(connection, code, team=team or None, pi=pi, **told)
    if pi and pi not in others:
        _keep_person(connection, pi, (one.pi_name, one.pi_email), source)
    if one.people is not None:
        named = {login(name): title for name, title in one.people.items()}
        members = {name: "member" for name in named if name != pi}
        set_members(connection, code, members, source=source)
        for name, title in named.items():
            if name in others:
                continue
            _keep_person(connection, name, (title, name if "@" in name else ""), source)


def _keep_person(connection: Connection, name: str, told: tuple[str, str], source: str) -> None:
    title, email = told
    values = {key: value for key, value in (("title", title), ("email", email)) if value}
    keep_person(connection, name, **values, **({"source": source} if values else {}))


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
