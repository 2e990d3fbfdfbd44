"""`icestream facility people`, `member` and `project`: who is known, and who may know of what."""

from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.facility.withdrawing import withdraw
from icestream.cli.terminal import print_json, print_table
from icestream.facility.opened import open_facility
from icestream.facility.people.hiding import mark_cards
from icestream.facility.registry import people as rows
from icestream.facility.registry.sessions import sessions
from icestream.shown import printable

__all__ = ["member", "people", "project"]

STAFF = "staff"
"""What says of memberships that somebody of the staff has given them."""

Plain = Annotated[bool, Parameter(negative="")]


def people(*, json: Plain = False) -> None:
    """Say who is known, of which team, and of which projects.

    Parameters
    ----------
    json
        For programs.
    """
    with open_facility() as facility, facility.registry.read() as connection:
        known = rows.people(connection)
        theirs = {one.name: sorted(rows.projects_of(connection, one.name)) for one in known}
    if json:
        print_json([{**asdict(one), "projects": theirs[one.name]} for one in known])
    elif not known:
        print("nobody yet: people come with bookings, projects, logins and sessions")
    else:
        print_table(
            ("login", "name", "team", "e-mail", "projects"),
            [
                (
                    one.name,
                    printable(one.title) or "-",
                    printable(one.team) or "-",
                    printable(one.email) or "-",
                    ", ".join(theirs[one.name]) or "-",
                )
                for one in known
            ],
        )


def member(project: str, name: str, /, *, remove: Plain = False) -> int:
    """Let somebody be one of the people of a project, who see its sessions; or no more.

    Parameters
    ----------
    project
        Its code.
    name
        Login of the person.
    remove
        No more. Who is named by a booking system, a portal or a group is so again from there.
    """
    with open_facility() as facility, facility.registry.write() as connection:
        found = rows.project(connection, project)
        project = found.code
        if remove and name == found.pi:
            print(f"{name} is the principal investigator of {project}: name another one first")
            return 1
        if remove:
            rows.remove_member(connection, project, name)
        else:
            rows.add_member(connection, project, name, source=STAFF)
        now = rows.project(connection, project).people
    print(f"project {project}: {', '.join(now) or 'nobody'}")
    return 0


def project(
    code: str,
    /,
    *,
    title: str | None = None,
    team: str | None = None,
    pi: str | None = None,
    confidential: bool | None = None,
) -> None:
    """Say what a project is; one that is not there yet is written down.

    Parameters
    ----------
    code
        Its code.
    title
        What it is about.
    team
        Name of the team that it is of.
    pi
        Login of the principal investigator.
    confidential
        Only its people and administrators may know of its sessions. Links that were shared of them
        end; what was given out before and cannot be taken back is listed.
    """
    given: dict[str, Any] = {
        "title": title, "team": team, "pi": pi, "confidential": confidential,
    }  # fmt: skip
    told = {name: value for name, value in given.items() if value is not None}
    said: tuple[str, ...] = ()
    with open_facility() as facility:
        with facility.registry.write() as connection:
            if told:
                rows.keep_project(connection, rows.code_of(connection, code), **told)
            found = rows.project(connection, code)
        if confidential:
            mark_cards(facility, (found.code,))
            with facility.registry.read() as connection:
                hidden = sessions(connection, project=found.code)
            said = tuple(withdraw(facility, hidden))
    for name, value in asdict(found).items():
        if value not in (None, "", ()) and name != "id":
            shown = ", ".join(value) if isinstance(value, tuple) else value
            print(f"{name:<13} {printable(str(shown))}")
    for line in said:
        print(printable(line))
