"""`icestream people`: who may use the server, and as what."""

import getpass
import sys
import time
from typing import Annotated, Literal

from cyclopts import App, Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.engine.machine.naming import person_here
from icestream.log import configure
from icestream.login import Role
from icestream.server.people.accounts import Account
from icestream.server.people.visitors import Visitors
from icestream.settings import load

__all__ = ["NoPassword", "add_first_admin", "app", "read_password"]

app = App(name="people", help="Say who may use the server, and as what.")

Source = Literal["local", "ldap", "oidc"]


class NoPassword(ValueError):
    """No password was typed, or two different ones."""


def _visitors() -> Visitors:
    configure(level="warning")  # what is done is said by the command itself
    settings = load().settings
    return Visitors(settings.state, settings.login)


@app.command(name="list")
def list_(*, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List who may use the server.

    Parameters
    ----------
    json
        For programs.
    """
    visitors = _visitors()
    try:
        accounts = visitors.accounts.all()
    finally:
        visitors.close()
    if json:
        print_json([_as_json(one) for one in accounts])
        return
    if not accounts:
        print("nobody yet: icestream people add NAME --role admin")
        return
    print_table(
        ("name", "full name", "role", "logs in by", "last login"),
        [
            (
                one.name,
                one.full_name,
                f"{one.role} (disabled)" if one.disabled else str(one.role),
                {"local": "password"}.get(one.source, one.source),
                _moment(one.seen),
            )
            for one in accounts
        ],
    )


@app.command
def add(
    name: str,
    /,
    *,
    role: Role = Role.VIEWER,
    full_name: str = "",
    from_: Annotated[Source, Parameter(name="--from")] = "local",
) -> None:
    """Let somebody use the server; their password is asked for, or read from standard input.

    Parameters
    ----------
    name
        Name to log in with; of a directory's or a provider's account, the name there.
    role
        What they may do: viewer (look at the sessions that list them), operator (start and steer
        those, too), staff (all sessions), admin (people and settings, too).
    full_name
        Name that is shown.
    from_
        What proves who they are: local (a password kept here), ldap or oidc, as the settings have
        them.
    """
    password = read_password(name) if from_ == "local" else None
    visitors = _visitors()
    try:
        account = visitors.accounts.add(
            name, role, full_name=full_name, password=password, source=from_
        )
        _write_down(visitors, "account added", account.name, role=account.role)
    finally:
        visitors.close()
    print(f"{account.name} may use the server as {account.role}")


@app.command(name="role")
def role_(name: str, role: Role, /) -> None:
    """Say what somebody may do from now on.

    Parameters
    ----------
    name
        Of the account.
    role
        viewer, operator, staff or admin.
    """
    visitors = _visitors()
    try:
        account = visitors.accounts.change(name, role=role)
        _write_down(visitors, "role given", account.name, role=account.role)
    finally:
        visitors.close()
    print(f"{account.name} is {account.role}")


@app.command
def password(name: str, /) -> None:
    """Give somebody another password, and end their logins; it is asked for.

    Parameters
    ----------
    name
        Of the account.
    """
    visitors = _visitors()
    try:
        visitors.accounts.get(name)
        visitors.accounts.set_password(name, read_password(name))
        _write_down(visitors, "password given", name.lower())
    finally:
        visitors.close()
    print(f"{name} has another password, and has to log in again")


@app.command
def remove(name: str, /) -> None:
    """Let somebody use the server no more.

    Parameters
    ----------
    name
        Of the account.
    """
    visitors = _visitors()
    try:
        visitors.accounts.remove(name)
        _write_down(visitors, "account removed", name.lower())
    finally:
        visitors.close()
    print(f"{name} may use the server no more")


def add_first_admin(visitors: Visitors, name: str) -> None:
    """Add an administrator where there is none; their password is asked for.

    Raises
    ------
    NoPassword, WeakPassword, AccountExists, BadName
        If that cannot be.
    """
    if visitors.accounts.any():
        return
    account = visitors.accounts.add(name, Role.ADMIN, password=read_password(name))
    _write_down(visitors, "account added", account.name, role=account.role)


def read_password(name: str) -> str:
    """A password from the terminal, twice; or the first line of standard input.

    Raises
    ------
    NoPassword
        If there is none, or the second is not the first.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        given = "" if sys.stdin is None else sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise NoPassword(
                f"the password of {name} is asked for on a terminal, or read from standard input;"
                " it is never an argument, which every user of this machine could read"
            )
        return given
    given = getpass.getpass(f"Password of {name}: ")
    if not given:
        raise NoPassword("no password was typed")
    if getpass.getpass("The same again: ") != given:
        raise NoPassword("the two passwords differ; nothing was changed")
    return given


def _write_down(visitors: Visitors, what: str, about: str, **details: str) -> None:
    visitors.audit.add(person_here(), what, about, address="command line", details=details)


def _as_json(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "full_name": account.full_name,
        "role": str(account.role),
        "source": account.source,
        "disabled": account.disabled,
        "created": account.created,
        "seen": account.seen,
    }


def _moment(when: float | None) -> str:
    return "never" if when is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(when))
