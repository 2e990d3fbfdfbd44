"""Accounts: who may come in, and what each may do."""

import sqlite3
import time
from dataclasses import dataclass

from icestream.login import Identity, Role
from icestream.login.identity import account_name
from icestream.login.passwords import Passwords
from icestream.server.people.database import Database

__all__ = ["Account", "AccountExists", "Accounts", "BadName", "LastAdmin", "NotAdmitted",
           "UnknownAccount"]  # fmt: skip


class UnknownAccount(LookupError):
    """There is no account of that name."""


class AccountExists(ValueError):
    """There is an account of that name, or of that person."""


class BadName(ValueError):
    """A name that no account can have."""


class LastAdmin(ValueError):
    """Without this account nobody could look after the others."""


class NotAdmitted(PermissionError):
    """Somebody has proven who they are, and is not let in."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may come in."""

    name: str
    full_name: str
    role: Role
    source: str
    """What proves who they are: ``local`` (a password here), ``ldap`` or ``oidc``."""
    disabled: bool
    created: float
    seen: float | None
    """When they last logged in, seconds since the epoch."""


_COLUMNS = "name, full_name, role, source, disabled, created, seen"


class Accounts:
    """The accounts of a server.

    Parameters
    ----------
    database
        Where they are kept.
    passwords
        How the passwords of local accounts are kept.
    """

    source = "local"

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    def all(self) -> list[Account]:
        """Every account, by name."""
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM account ORDER BY name").fetchall()
        return [_account(row) for row in rows]

    def any(self) -> bool:
        """Whether there is an administrator who can come in."""
        return any(one.role is Role.ADMIN and not one.disabled for one in self.all())

    def get(self, name: str) -> Account:
        """The account of that name.

        Raises
        ------
        UnknownAccount
            If there is none.
        """
        with self._database.read() as connection:
            return _get(connection, name)

    def add(
        self,
        name: str,
        role: Role,
        *,
        full_name: str = "",
        password: str | None = None,
        source: str = "local",
    ) -> Account:
        """Let somebody in from now on.

        Parameters
        ----------
        name
            Name here; of a directory's or a provider's account, the name there.
        role
            What they may do.
        full_name
            What is shown of them.
        password
            For a local account; without one nobody can log in as it.
        source
            ``local``, ``ldap`` or ``oidc``.

        Raises
        ------
        BadName, AccountExists, WeakPassword
            If it cannot be.
        """
        known = account_name(name)
        if known is None:
            raise BadName(
                f"{name!r} cannot be a name here: small letters, digits and . _ @ + - are, the"
                " first a letter or a digit, 64 at most"
            )
        kept = None if password is None else self._passwords.keep(password, (known, full_name))
        try:
            with self._database.write() as connection:
                connection.execute(
                    "INSERT INTO account (name, full_name, role, source, password, created)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (known, full_name or known, role.value, source, kept, time.time()),
                )
        except sqlite3.IntegrityError:
            raise AccountExists(f"there is an account {known} already") from None
        return self.get(known)

    def change(
        self,
        name: str,
        *,
        role: Role | None = None,
        full_name: str | None = None,
        disabled: bool | None = None,
    ) -> Account:
        """Change what is not None; who is disabled is thrown out at once.

        Raises
        ------
        UnknownAccount
            If there is none of that name.
        LastAdmin
            If nobody would be left who can look after the accounts.
        """
        with self._database.write() as connection:
            now = _get(connection, name)
            after = role or now.role, now.disabled if disabled is None else disabled
            if after[0] is not Role.ADMIN or after[1]:
                _keep_an_admin(connection, now)
            connection.execute(
                "UPDATE account SET role = ?1, full_name = ?2, disabled = ?3,"
                " by_groups = by_groups AND ?4 WHERE name = ?5",
                (
                    after[0].value,
                    full_name or now.full_name,
                    after[1],
                    role is None,
                    now.name,
                ),
            )
            if after[1]:
                connection.execute("DELETE FROM login WHERE account = ?", (now.name,))
        return self.get(now.name)

    def set_password(self, name: str, password: str) -> None:
        """Give a local account another password, and end all its logins.

        Raises
        ------
        UnknownAccount
            If there is none of that name.
        BadName
            If its password is kept elsewhere.
        WeakPassword
            If it may not be one.
        """
        account = self.get(name)
        if account.source != "local":
            raise BadName(
                f"the password of {account.name} is not kept here but by {account.source}; change"
                " it there"
            )
        kept = self._passwords.keep(password, (account.name, account.full_name))
        with self._database.write() as connection:
            connection.execute(
                "UPDATE account SET password = ? WHERE name = ?", (kept, account.name)
            )
            connection.execute("DELETE FROM login WHERE account = ?", (account.name,))

    def remove(self, name: str) -> None:
        """Let somebody in no more; their logins and tokens end with that.

        Raises
        ------
        UnknownAccount
            If there is none of that name.
        LastAdmin
            If nobody would be left who can look after the accounts.
        """
        with self._database.write() as connection:
            account = _get(connection, name)
            _keep_an_admin(connection, account)
            connection.execute("DELETE FROM account WHERE name = ?", (account.name,))

    def check(self, name: str, password: str) -> Identity | None:
        """Who has this name and password here; as slow for a name that nobody has."""
        known = account_name(name)
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT name, full_name, password, disabled FROM account"
                " WHERE name = ? AND source = 'local'",
                (known or "",),
            ).fetchone()
        kept = None if row is None or row["disabled"] else row["password"]
        if not self._passwords.fits(kept, password) or kept is None:
            return None
        if self._passwords.outdated(kept):
            self._keep_anew(row["name"], kept, password)
        return Identity(row["name"], row["full_name"], self.source, row["name"])

    def _keep_anew(self, name: str, kept: str, password: str) -> None:
        again = self._passwords.again(password)
        with self._database.write() as connection:
            connection.execute(
                "UPDATE account SET password = ? WHERE name = ? AND password = ?",
                (again, name, kept),
            )

    def subject(self, name: str) -> str | None:
        """What their source calls somebody; None before they have come for the first time."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT subject FROM account WHERE name = ?", (name,)
            ).fetchone()
        return None if row is None else row["subject"]

    def admit(self, identity: Identity, *, comes: bool = True) -> Account:
        """The account of somebody who has proven who they are.

        Whom a directory or a provider lets in without having been added gets an account when they
        first come, and the role of their groups each time; a role that somebody gave here stays.
        An account belongs to what first proved it: the same name elsewhere is somebody else.
        Of somebody who does not come, and was only asked about, it is not written down that they
        have logged in.

        Raises
        ------
        NotAdmitted
            If they have no account and are given none, or theirs is disabled, or is another's.
        """
        with self._database.write() as connection:
            account = self._theirs(connection, identity)
            if account.disabled:
                raise NotAdmitted(f"the account {account.name} is disabled")
            role = self._role(connection, account, identity)
            connection.execute(
                "UPDATE account SET role = ?, full_name = ?, subject = ?, seen = ? WHERE name = ?",
                (
                    role.value,
                    identity.full_name,
                    identity.subject,
                    time.time() if comes else account.seen,
                    account.name,
                ),
            )
            return _get(connection, account.name)

    def _role(self, connection: sqlite3.Connection, account: Account, identity: Identity) -> Role:
        (by_groups,) = connection.execute(
            "SELECT by_groups FROM account WHERE name = ?", (account.name,)
        ).fetchone()
        role = identity.role or identity.first_role
        if not by_groups:
            return account.role
        if role is None:
            raise NotAdmitted(f"{account.name} is in no group of {identity.source} that is let in")
        return role

    def _theirs(self, connection: sqlite3.Connection, identity: Identity) -> Account:
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM account WHERE source = ? AND subject = ?",
            (identity.source, identity.subject),
        ).fetchone()
        if row is not None:
            return _account(row)
        named = connection.execute(
            f"SELECT {_COLUMNS}, subject FROM account WHERE name = ?", (identity.name,)
        ).fetchone()
        if named is not None:
            if named["source"] != identity.source or named["subject"] is not None:
                raise NotAdmitted(
                    f"the account {identity.name} is somebody else's, who logs in by"
                    f" {named['source']}"
                )
            return _account(named)
        role = identity.role or identity.first_role
        if role is None:
            raise NotAdmitted(
                f"{identity.name} is known to {identity.source}, and has no account here; an"
                f" administrator adds it with: icestream people add {identity.name} --from"
                f" {identity.source}"
            )
        connection.execute(
            "INSERT INTO account (name, full_name, role, source, subject, created, by_groups)"
            " VALUES (?, ?, ?, ?, ?, ?, 1)",
            (
                identity.name,
                identity.full_name,
                role.value,
                identity.source,
                identity.subject,
                time.time(),
            ),
        )
        return _get(connection, identity.name)


def _get(connection: sqlite3.Connection, name: str) -> Account:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM account WHERE name = ?", (account_name(name) or "",)
    ).fetchone()
    if row is None:
        raise UnknownAccount(f"there is no account {name!r}; icestream people list shows all")
    return _account(row)


def _account(row: sqlite3.Row) -> Account:
    return Account(
        name=row["name"],
        full_name=row["full_name"],
        role=Role(row["role"]),
        source=row["source"],
        disabled=bool(row["disabled"]),
        created=row["created"],
        seen=row["seen"],
    )


def _keep_an_admin(connection: sqlite3.Connection, account: Account) -> None:
    (others,) = connection.execute(
        "SELECT count(*) FROM account WHERE role = 'admin' AND NOT disabled AND name != ?",
        (account.name,),
    ).fetchone()
    if account.role is Role.ADMIN and not account.disabled and not others:
        raise LastAdmin(
            f"{account.name} is the last administrator; make somebody else one first: icestream"
            " people role NAME admin"
        )
