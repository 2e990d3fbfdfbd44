"""Accounts: added, changed, removed; whose they are, and that one can look after them."""

import pytest

from icestream.login import Identity, Role
from icestream.login.passwords import WeakPassword
from icestream.server.people.accounts import (
    AccountExists,
    BadName,
    LastAdmin,
    NotAdmitted,
    UnknownAccount,
)
from icestream.server.people.visitors import Visitors
from people_of_tests import GOOD

LDAP = Identity("lea", "Lea L", "ldap", "uid=lea,ou=people", None)


def test_an_account_is_found_by_its_name_in_any_capitals(visitors: Visitors) -> None:
    assert visitors.accounts.get("Ada").name == "ada"
    assert [one.name for one in visitors.accounts.all()] == ["ada", "oli", "sam", "vic"]
    with pytest.raises(UnknownAccount, match="'eve'"):
        visitors.accounts.get("eve")


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65, "a'; DROP TABLE account--"])
def test_odd_names_are_refused(visitors: Visitors, name: str) -> None:
    with pytest.raises(BadName):
        visitors.accounts.add(name, Role.VIEWER, password=GOOD)


def test_a_name_is_taken_once_whatever_its_capitals(visitors: Visitors) -> None:
    with pytest.raises(AccountExists):
        visitors.accounts.add("ADA", Role.VIEWER, password=GOOD)


def test_the_password_decides_and_is_nowhere_in_the_file(visitors: Visitors) -> None:
    identity = visitors.accounts.check("Vic", GOOD)
    assert identity is not None
    assert (identity.name, identity.source) == ("vic", "local")
    assert visitors.accounts.check("vic", GOOD + "x") is None
    assert visitors.accounts.check("eve", GOOD) is None
    written = b"".join(file.read_bytes() for file in visitors.database.file.parent.iterdir())
    assert GOOD.encode() not in written


def test_an_account_without_a_password_lets_nobody_in(visitors: Visitors) -> None:
    visitors.accounts.add("bot", Role.VIEWER)
    assert visitors.accounts.check("bot", "") is None


def test_a_new_password_ends_all_logins_and_the_old_one(visitors: Visitors) -> None:
    cookie = visitors.logins.open("vic", address="", agent="")
    with pytest.raises(WeakPassword):
        visitors.accounts.set_password("vic", "short")
    assert visitors.logins.find(cookie) is not None
    visitors.accounts.set_password("vic", "another horse battery unstable")
    assert visitors.logins.find(cookie) is None
    assert visitors.accounts.check("vic", GOOD) is None


def test_who_is_disabled_is_out_at_once(visitors: Visitors) -> None:
    cookie = visitors.logins.open("vic", address="", agent="")
    _, token = visitors.tokens.make("vic", Role.VIEWER, title="t", scopes=["viewer"], days=1)
    visitors.accounts.change("vic", disabled=True)
    assert visitors.logins.find(cookie) is None
    assert visitors.tokens.find(token) is None
    assert visitors.accounts.check("vic", GOOD) is None


def test_who_is_removed_leaves_nothing_that_opens(visitors: Visitors) -> None:
    cookie = visitors.logins.open("vic", address="", agent="")
    _, token = visitors.tokens.make("vic", Role.VIEWER, title="t", scopes=["viewer"], days=1)
    visitors.members.add("aa", "vic", "ada")
    visitors.accounts.remove("vic")
    visitors.accounts.add("vic", Role.VIEWER, password=GOOD)  # somebody else of that name
    assert visitors.logins.find(cookie) is None
    assert visitors.tokens.find(token) is None
    assert visitors.members.of("aa") == []


@pytest.mark.parametrize("how", ["remove", "role", "disable"])
def test_the_last_administrator_stays(visitors: Visitors, how: str) -> None:
    with pytest.raises(LastAdmin, match="ada"):
        if how == "remove":
            visitors.accounts.remove("ada")
        elif how == "role":
            visitors.accounts.change("ada", role=Role.STAFF)
        else:
            visitors.accounts.change("ada", disabled=True)
    visitors.accounts.change("oli", role=Role.ADMIN)
    visitors.accounts.remove("ada")
    assert visitors.accounts.any()


def test_whom_nobody_added_and_no_group_lets_in_stays_out(visitors: Visitors) -> None:
    with pytest.raises(NotAdmitted, match="icestream people add lea --from ldap"):
        visitors.accounts.admit(LDAP)


def test_the_role_of_a_group_follows_the_group(visitors: Visitors) -> None:
    def come(role: Role | None, first: Role | None = None) -> Role:
        return visitors.accounts.admit(
            Identity("lea", "Lea L", "ldap", "uid=lea,ou=people", role, first)
        ).role

    assert come(Role.STAFF) is Role.STAFF
    assert come(Role.VIEWER) is Role.VIEWER
    assert come(None, Role.VIEWER) is Role.VIEWER
    with pytest.raises(NotAdmitted, match="no group"):
        come(None)
    visitors.accounts.change("lea", role=Role.OPERATOR)
    assert come(Role.ADMIN) is Role.OPERATOR  # a role that was given here stays


def test_a_name_of_one_source_is_not_that_of_another(visitors: Visitors) -> None:
    """Whoever is called ada elsewhere is not our administrator."""
    with pytest.raises(NotAdmitted, match="somebody else's"):
        visitors.accounts.admit(Identity("ada", "Ada", "ldap", "uid=ada", Role.VIEWER))
    visitors.accounts.add("lea", Role.OPERATOR, source="ldap")
    assert visitors.accounts.admit(LDAP).role is Role.OPERATOR
    impostor = Identity("lea", "Lea M", "ldap", "uid=lea,ou=guests", Role.ADMIN)
    with pytest.raises(NotAdmitted, match="somebody else's"):
        visitors.accounts.admit(impostor)


def test_a_password_that_is_kept_elsewhere_cannot_be_set_here(visitors: Visitors) -> None:
    visitors.accounts.add("lea", Role.OPERATOR, source="ldap")
    with pytest.raises(BadName, match="ldap"):
        visitors.accounts.set_password("lea", GOOD)


def test_a_password_kept_in_an_older_way_is_kept_anew(visitors: Visitors) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(GOOD)
    with visitors.database.write() as connection:
        connection.execute("UPDATE account SET password = ? WHERE name = 'vic'", (old,))
    assert visitors.accounts.check("vic", GOOD) is not None
    with visitors.database.read() as connection:
        (kept,) = connection.execute("SELECT password FROM account WHERE name='vic'").fetchone()
    assert "m=47104" in kept
    assert visitors.accounts.check("vic", GOOD) is not None
