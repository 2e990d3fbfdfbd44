"""Settings of logging in that would be unsafe are refused."""

import pytest
from pydantic import ValidationError

from icestream.login import LdapLogin, Login, OidcLogin


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"server": "ldap://ldap.example.org", "start_tls": False}, "clear text"),
        ({"server": "ldap.example.org"}, "ldaps://host"),
        ({"server": "ldaps://x", "filter": "(uid=*)"}, "name"),
        ({"server": "ldaps://x", "bind_dn": "cn=reader"}, "go together"),
        ({"server": "ldaps://x", "roles": {"staff": "root"}}, "viewer"),
    ],
)
def test_a_directory_that_would_be_unsafe_is_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        LdapLogin(base="ou=people,dc=example", **given)  # type: ignore[arg-type]


def test_a_directory_on_this_machine_may_speak_plainly() -> None:
    settings = LdapLogin(server="ldap://127.0.0.1:3890", start_tls=False, base="dc=example")
    assert settings.filter == "(uid={name})"


@pytest.mark.parametrize("issuer", ["http://id.example.org", "id.example.org", "https://x/?a=b"])
def test_a_provider_without_https_is_refused(issuer: str) -> None:
    with pytest.raises(ValidationError, match="https"):
        OidcLogin(issuer=issuer, client_id="icestream")


def test_secrets_are_not_in_what_is_shown_of_the_settings() -> None:
    login = Login(
        ldap=LdapLogin(
            server="ldaps://x",
            base="dc=x",
            bind_dn="cn=r",
            bind_password="geheim",  # type: ignore[arg-type]
        )
    )
    assert "geheim" not in f"{login!r} {login.model_dump_json()}"


def test_passwords_are_never_shorter_than_eight_characters() -> None:
    with pytest.raises(ValidationError):
        Login(least_length=4)
