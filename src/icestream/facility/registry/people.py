"""People, the teams that they are of, and the projects that they may see."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from icestream.facility.registry import tables as t
from icestream.facility.registry.records import KnownPerson, KnownProject, KnownTeam
from icestream.facility.registry.rows import keep, number_of

__all__ = [
    "UnknownProject",
    "add_member",
    "code_of",
    "keep_person",
    "keep_project",
    "keep_team",
    "people",
    "person_number",
    "project",
    "projects",
    "projects_of",
    "remove_member",
    "set_members",
    "set_projects",
    "teams",
]


class UnknownProject(LookupError):
    """The registry has no project of that code."""


def keep_team(connection: Connection, name: str, **values: str) -> int:
    """Write a team down, or what has changed of it; its number."""
    keep(connection, t.team, {"name": name}, values)
    found = number_of(connection, t.team, name=name)
    assert found is not None
    return found


def keep_person(
    connection: Connection, name: str, *, team: str | None = None, **values: str
) -> int:
    """Write a person down by the login, or what has changed; the number."""
    if team is not None:
        of = keep_team(connection, team) if team else None
        keep(connection, t.person, {"name": name}, {**values, "team_id": of})
    else:
        keep(connection, t.person, {"name": name}, values)
    found = number_of(connection, t.person, name=name)
    assert found is not None
    return found


def keep_project(
    connection: Connection,
    code: str,
    *,
    team: str | None = None,
    pi: str | None = None,
    **values: Any,
) -> int:
    """Write a project down by its code, or what has changed of it; its number.

    Its principal investigator may see it.
    """
    told = dict(values)
    if team is not None:
        told["team_id"] = keep_team(connection, team) if team else None
    if pi is not None:
        told["pi_id"] = keep_person(connection, pi) if pi else None
    keep(connection, t.project, {"code": code}, told)
    found = number_of(connection, t.project, code=code)
    assert found is not None
    if pi:
        key = {"project_id": found, "person_id": told["pi_id"]}
        keep(connection, t.membership, key, {"role": "pi"})
    return found


def code_of(connection: Connection, code: str) -> str:
    """The code of a project as the registry has it, whatever its capitals; as given if it has none.

    One that is written in another way must not become a second project, which would be of nobody
    and not confidential.
    """
    if not code or number_of(connection, t.project, code=code) is not None:
        return code
    known = connection.execute(select(t.project.c.code).order_by(t.project.c.id)).scalars()
    return next((one for one in known if one.casefold() == code.casefold()), code)


def set_members(
    connection: Connection, code: str, members: Mapping[str, str], *, source: str
) -> None:
    """Let those be of a project whom a source names, with their roles; others of it are no more.

    Whom another source or a person has named stays.
    """
    number = number_of(connection, t.project, code=code)
    if number is None:
        raise UnknownProject(f"the registry has no project {code!r}")
    numbers = {keep_person(connection, name): role for name, role in members.items()}
    gone = (
        (t.membership.c.project_id == number)
        & (t.membership.c.source == source)
        & t.membership.c.person_id.not_in(list(numbers))
    )
    connection.execute(delete(t.membership).where(gone))
    for person, role in numbers.items():
        key = {"project_id": number, "person_id": person}
        keep(connection, t.membership, key, {"role": role, "source": source}, once=("source",))


def add_member(connection: Connection, code: str, name: str, *, source: str) -> None:
    """Let somebody be of a project, whatever other sources say."""
    number = number_of(connection, t.project, code=code)
    if number is None:
        raise UnknownProject(f"the registry has no project {code!r}")
    key = {"project_id": number, "person_id": person_number(connection, name)}
    keep(connection, t.membership, key, {"role": "member", "source": source}, once=("role",))


def remove_member(connection: Connection, code: str, name: str) -> None:
    """Let somebody be of a project no more, whoever has said so."""
    project = number_of(connection, t.project, code=code)
    person = number_of(connection, t.person, name=name)
    of = (t.membership.c.project_id == project) & (t.membership.c.person_id == person)
    connection.execute(delete(t.membership).where(of))


def set_projects(connection: Connection, name: str, codes: Iterable[str], *, source: str) -> None:
    """Let somebody be of those projects that a source names; of others by it they are no more."""
    person = person_number(connection, name)
    numbers = [
        number_of(connection, t.project, code=code) or keep_project(connection, code)
        for code in codes
    ]
    gone = (
        (t.membership.c.person_id == person)
        & (t.membership.c.source == source)
        & t.membership.c.project_id.not_in(numbers)
    )
    connection.execute(delete(t.membership).where(gone))
    for number in numbers:
        key = {"project_id": number, "person_id": person}
        values = {"role": "member", "source": source}
        keep(connection, t.membership, key, values, once=("role", "source"))


def teams(connection: Connection) -> tuple[KnownTeam, ...]:
    """All teams, by name."""
    found = connection.execute(select(t.team).order_by(t.team.c.name))
    return tuple(KnownTeam(**row) for row in found.mappings())


def people(connection: Connection) -> tuple[KnownPerson, ...]:
    """Everybody, by login."""
    asked = (
        select(t.person, t.team.c.name.label("team"))
        .join(t.team, t.team.c.id == t.person.c.team_id, isouter=True)
        .order_by(t.person.c.name)
    )
    return tuple(
        KnownPerson(
            id=row.id,
            name=row.name,
            title=row.title,
            email=row.email,
            team=row.team or "",
            source=row.source,
        )
        for row in connection.execute(asked)
    )


def person_number(connection: Connection, name: str) -> int:
    """The number of a person, who is written down the first time."""
    return number_of(connection, t.person, name=name) or keep_person(connection, name)


def project(connection: Connection, code: str) -> KnownProject:
    """A project by its code, whatever its capitals.

    Raises
    ------
    UnknownProject
        If there is none.
    """
    found = _projects(connection, (code_of(connection, code),))
    if not found:
        raise UnknownProject(f"the registry has no project {code!r}: icestream facility projects")
    return found[0]


def projects(connection: Connection) -> tuple[KnownProject, ...]:
    """All projects, by code."""
    return _projects(connection, None)


def projects_of(connection: Connection, name: str) -> frozenset[str]:
    """Codes of the projects that a person may see."""
    asked = (
        select(t.project.c.code)
        .join(t.membership, t.membership.c.project_id == t.project.c.id)
        .join(t.person, t.person.c.id == t.membership.c.person_id)
        .where(t.person.c.name == name)
    )
    return frozenset(connection.execute(asked).scalars())


def _projects(connection: Connection, codes: Iterable[str] | None) -> tuple[KnownProject, ...]:
    pi = t.person.alias("pi")
    asked = (
        select(t.project, t.team.c.name.label("team"), pi.c.name.label("pi"))
        .join(t.team, t.team.c.id == t.project.c.team_id, isouter=True)
        .join(pi, pi.c.id == t.project.c.pi_id, isouter=True)
        .order_by(t.project.c.code)
    )
    members = (
        select(t.membership.c.project_id, t.person.c.name)
        .join(t.person, t.person.c.id == t.membership.c.person_id)
        .order_by(t.person.c.name)
    )
    if codes is not None:
        wanted = t.project.c.code.in_(list(codes))
        asked = asked.where(wanted)
        members = members.join(t.project, t.project.c.id == t.membership.c.project_id).where(wanted)
    named: dict[int, list[str]] = {}
    for number, name in connection.execute(members):
        named.setdefault(number, []).append(name)
    rows = connection.execute(asked)
    return tuple(_project(row, tuple(named.get(row.id, ()))) for row in rows)


def _project(row: Row[Any], members: tuple[str, ...]) -> KnownProject:
    return KnownProject(
        id=row.id,
        code=row.code,
        title=row.title,
        team=row.team or "",
        pi=row.pi or "",
        confidential=row.confidential,
        begins=row.begins,
        ends=row.ends,
        reference=row.reference,
        source=row.source,
        state=row.state,
        people=members,
    )
