"""Logging in with a real directory: Debian's slapd, with and without TLS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.login import LdapLogin, LoginUnavailable, Role
from icestream.login.ldap import Directory
from ldap_server import (
    BASE,
    PASSWORDS,
    READER,
    READER_PASSWORD,
    Directories,
    directory,
    group_without_members,
)

# The library asks Python 3.11 for a function that it brings itself for later ones.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")
LEA = PASSWORDS["lea"]


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directories]:
    with directory(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture
def given(slapd: Directories) -> dict[str, Any]:
    """Settings that fit."""
    return {
        "server": slapd.tls,
        "ca_file": slapd.ca_file,
        "base": f"ou=people,{BASE}",
        "bind_dn": READER,
        "bind_password": READER_PASSWORD,
        "roles": {f"CN=em-staff,ou=groups,{BASE}": "staff"},
    }


def test_the_right_password_tells_who_somebody_is(given: dict[str, Any]) -> None:
    found = Directory(LdapLogin(**given)).check("Lea", LEA)
    assert found is not None
    assert (found.name, found.full_name, found.source) == ("lea", "Lea Doe", "ldap")
    assert found.subject == f"uid=lea,ou=people,{BASE}"
    assert found.role is Role.STAFF
    assert found.first_role is None


def test_who_is_in_no_group_has_the_role_of_all_that_are_let_in(given: dict[str, Any]) -> None:
    found = Directory(LdapLogin(**given, admit="viewer")).check("max", PASSWORDS["max"])
    assert found is not None
    assert (found.role, found.first_role) == (None, Role.VIEWER)


@pytest.mark.parametrize("scheme", ["tls", "plain"])
def test_start_tls_does_as_well(given: dict[str, Any], slapd: Directories, scheme: str) -> None:
    settings = LdapLogin(**(given | {"server": getattr(slapd, scheme)}))
    assert Directory(settings).check("lea", LEA) is not None


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("lea", ""),  # an "unauthenticated" bind succeeds
        ("lea", "wrong"),
        ("lea", PASSWORDS["max"]),
        ("nobody", LEA),
        ("", LEA),
        ("*", LEA),
        ("l*", LEA),
        ("lea)(uid=*", LEA),
        ("lea)(|(uid=max", PASSWORDS["max"]),
        (f"uid=lea,ou=people,{BASE}", LEA),
        ("lea\x00", LEA),
    ],
)
def test_nothing_else_does(given: dict[str, Any], name: str, password: str) -> None:
    assert Directory(LdapLogin(**given)).check(name, password) is None


def test_letters_of_filters_are_letters_even_where_names_may_have_them(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The escape holds alone, too, without the check of names before it."""
    monkeypatch.setattr("icestream.login.ldap.account_name", lambda name: name)
    for name in ("*", "l*", "lea)(uid=*"):
        assert Directory(LdapLogin(**given)).check(name, LEA) is None


def test_two_people_of_one_name_are_nobody(given: dict[str, Any]) -> None:
    settings = LdapLogin(**(given | {"filter": "(|(uid={name})(objectClass=inetOrgPerson))"}))
    assert Directory(settings).check("lea", LEA) is None


def test_a_server_for_which_nobody_vouches_gets_no_password(
    given: dict[str, Any], tmp_path: Path
) -> None:
    import trustme

    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    for ca_file in (None, other):
        with pytest.raises(LoginUnavailable, match=r"\[login.ldap\]"):
            Directory(LdapLogin(**(given | {"ca_file": ca_file}))).check("lea", LEA)


def test_a_person_is_asked_about_again_without_a_password(
    given: dict[str, Any], slapd: Directories
) -> None:
    directory_ = Directory(LdapLogin(**given))
    lea = directory_.check("lea", LEA)
    assert lea is not None
    assert directory_.again(lea.subject) == lea
    assert directory_.again(f"uid=nobody,ou=people,{BASE}") is None
    assert directory_.again(f"ou=people,{BASE}") is None, "no person"
    shut = Directory(LdapLogin(**(given | {"filter": "(&(uid={name})(sn=Other))"})))
    assert shut.again(lea.subject) is None, "the filter lets them in no more"
    with group_without_members(slapd):
        again = directory_.again(lea.subject)
        assert again is not None
        assert (again.role, again.groups) == (None, ())
    assert directory_.again(lea.subject) == lea


def test_a_directory_that_cannot_say_who_is_there_says_so(given: dict[str, Any]) -> None:
    for change in ({"bind_password": "wrong"}, {"server": "ldaps://localhost:1"}):
        with pytest.raises(LoginUnavailable):
            Directory(LdapLogin(**(given | change))).again(f"uid=lea,ou=people,{BASE}")
    with pytest.raises(LoginUnavailable, match="cannot be asked: "):
        Directory(LdapLogin(**given)).again("no name of an entry")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bind_password": "wrong"}, "does not accept bind_dn"),
        ({"bind_password": {"file": "/nonexistent"}}, "/nonexistent"),
        ({"server": "ldaps://localhost:1"}, "cannot be asked"),
    ],
)
def test_a_directory_that_cannot_be_asked_says_why_and_no_secret(
    given: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    with pytest.raises(LoginUnavailable, match=words) as caught:
        Directory(LdapLogin(**(given | change))).check("lea", LEA)
    assert READER_PASSWORD not in str(caught.value)
    assert LEA not in str(caught.value)
