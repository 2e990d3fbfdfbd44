"""Reading projects into the registry: all by their titles, those with bookings in full."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection

from icestream.facility.asking import SourceError
from icestream.facility.opened import Facility
from icestream.facility.people.hiding import mark_cards
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
    teams,
)
from icestream.facility.registry.records import KnownPerson, KnownProject, KnownTeam

__all__ = ["ReadProjects", "projects_name", "read_projects"]

_DAY = 86400.0
_BACK, _AHEAD = 7 * _DAY, 60 * _DAY
"""Bookings whose projects are asked for in full."""
_NAMED = 5
"""Unknown codes that are told one by one."""
_BATCH = 50
"""Projects that are written at once; others may write between two batches."""


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
        if self.unknown:
            more = len(self.unknown) - _NAMED
            rest = f" and {more} more" if more > 0 else ""
            said.append(f"unknown to it: {', '.join(self.unknown[:_NAMED])}{rest}")
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
            if listed[code].people is not None:
                continue  # the list says all
            listed[code] = source.project(listed[code].code) or listed[code]
    except SourceError as error:
        with facility.registry.write() as connection:
            rows.keep_source(connection, own, problem=str(error))
        raise
    with facility.registry.read() as connection:
        there = _There.of(connection, own)
    codes = {code.casefold(): code for code in there.projects}
    changed = [
        (codes.get(key, one.code), one)
        for key, one in listed.items()
        if not there.has(codes.get(key, ""), one)
    ]
    gone = [
        one.code
        for one in there.projects.values()
        if one.source == own and one.state != "gone" and one.code.casefold() not in listed
    ]
    for batch in range(0, len(changed), _BATCH):
        with facility.registry.write() as connection:
            for code, one in changed[batch : batch + _BATCH]:
                _keep(connection, one, code, there)
    with facility.registry.write() as connection:
        for code in gone:
            keep_project(connection, code, state="gone")
        rows.keep_source(connection, own, read=now)
    mark_cards(facility, [code for code, one in changed if one.confidential])
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


@dataclass(frozen=True, slots=True)
class _There:
    """What the registry has already, so that only what is new is written."""

    source: str
    projects: Mapping[str, KnownProject]
    people: Mapping[str, KnownPerson]
    teams: Mapping[str, KnownTeam]
    logins: Mapping[str, str]
    """By e-mail addresses in small letters."""

    @classmethod
    def of(cls, connection: Connection, source: str) -> Self:
        everybody = people(connection)
        return cls(
            source,
            {one.code: one for one in projects(connection)},
            {one.name: one for one in everybody},
            {one.name: one for one in teams(connection)},
            {one.email.casefold(): one.name for one in everybody if one.email},
        )

    def login(self, name: str) -> str:
        """Who is meant by a login, or by an e-mail address that may be one."""
        return self.logins.get(name.casefold(), name)

    def others(self, name: str) -> bool:
        """Whether another source or a person has said of somebody what there is to say."""
        known = self.people.get(name)
        return known is not None and known.source not in ("", self.source)

    def team(self, one: Project) -> str | None:
        """The team of a project; that of its principal investigator is called by the login."""
        return self.login(one.team) if one.team and one.team == one.pi else one.team

    def has(self, code: str, one: Project) -> bool:
        """Whether all that is told of a project is written down."""
        known = self.projects.get(code)
        if known is None or known.source != self.source:
            return False
        pi = None if one.pi is None else self.login(one.pi)
        team = self.teams.get(known.team)
        pairs: list[tuple[object, object]] = [
            (one.title, known.title),
            (one.state, known.state),
            (one.confidential, known.confidential),
            (one.begins, known.begins),
            (one.ends, known.ends),
            (one.reference, known.reference),
            (pi, known.pi),
            (self.team(one) or None, known.team),
            (one.institution, team.institution if team else None),
            (one.address, team.address if team else None),
        ]
        named = {pi: one.pi_name} if pi else {}
        if one.people is not None:
            named |= {self.login(name): title for name, title in one.people.items()}
            pairs.append((set(named), set(known.people)))
        pairs += [
            (title or None, self.people[name].title)
            for name, title in named.items()
            if name in self.people and not self.others(name)
        ]
        return all(told is None or told == had for told, had in pairs)


def _keep(connection: Connection, one: Project, code: str, there: _There) -> None:
    """Write down what is known of a project; what is not stays as it was."""
    pi = None if one.pi is None else there.login(one.pi)
    team = there.team(one)
    told: dict[str, Any] = {
        "title": one.title,
        "state": one.state,
        "source": there.source,
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
    if pi:
        _keep_person(connection, pi, (one.pi_name, one.pi_email), there)
    if one.people is not None:
        named = {there.login(name): title for name, title in one.people.items()}
        members = {name: "member" for name in named if name != pi}
        set_members(connection, code, members, source=there.source)
        for name, title in named.items():
            _keep_person(connection, name, (title, name if "@" in name else ""), there)


def _keep_person(connection: Connection, name: str, told: tuple[str, str], there: _There) -> None:
    title, email = told
    values = {key: value for key, value in (("title", title), ("email", email)) if value}
    if values and not there.others(name):
        keep_person(connection, name, **values, source=there.source)


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
