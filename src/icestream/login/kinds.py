"""How people log in, as the settings have it: ``[login]``, ``[login.ldap]``, ``[login.oidc]``."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from icestream.channels.secret import Secret

__all__ = ["LdapLogin", "Login", "OidcLogin"]

RoleName = Literal["viewer", "operator", "staff", "admin"]
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def _checked_filter(given: str) -> str:
    if given.count("{name}") < 1 or not given.startswith("("):
        raise ValueError("a filter of LDAP with {name} in it, such as (uid={name})")
    return given


class _Table(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


class LdapLogin(_Table):
    """A directory that knows names and passwords."""

    server: str
    """Address: ldaps://ldap.example.org, or ldap:// with `start_tls`."""
    start_tls: bool = True
    """Encrypt a connection of ldap:// before anything is said; only on this machine it may be
    false."""
    ca_file: Path | None = None
    """Certificates that vouch for the server; those of the system when not given."""
    base: Annotated[str, Field(min_length=3)]
    """Where people are looked for: ou=people,dc=example,dc=org."""
    filter: Annotated[str, AfterValidator(_checked_filter)] = "(uid={name})"
    """What an entry has to match; {name} stands for the name that was given."""
    bind_dn: str | None = None
    """Entry that may search; nobody in particular when not given."""
    bind_password: Secret | None = None
    """Its password: text, { file = "/path" } or { env = "NAME" }."""
    name_attribute: str = "uid"
    """Attribute that becomes the name here; sAMAccountName in Active Directory."""
    full_name_attribute: str = "cn"
    """Attribute with the name that is shown."""
    groups_attribute: str = "memberOf"
    """Attribute that lists a person's groups."""
    roles: dict[str, RoleName] = {}
    """Role of each group, by its name as the directory writes it."""
    admit: RoleName | None = None
    """Role of those whom no group gives one; when not given, only those who were added come in."""
    seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    """Time after which a directory that does not answer is given up."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        parts = urlsplit(self.server)
        if parts.scheme not in {"ldap", "ldaps"} or not parts.hostname:
            raise ValueError("server: ldaps://host, or ldap://host")
        if parts.scheme == "ldap" and not self.start_tls and parts.hostname not in LOOPBACK:
            raise ValueError(
                "passwords would cross the network in clear text: use ldaps:// or start_tls = true"
            )
        if (self.bind_dn is None) != (self.bind_password is None):
            raise ValueError("bind_dn and bind_password go together")
        return self


class OidcLogin(_Table):
    """A provider of OpenID Connect, such as a university's single sign-on."""

    issuer: str
    """Address of the provider; its /.well-known/openid-configuration says the rest."""
    client_id: Annotated[str, Field(min_length=1)]
    """Name under which this server is registered there."""
    client_secret: Secret | None = None
    """Secret that was given with it; a public client has none."""
    ca_file: Path | None = None
    """Certificates that vouch for the provider; those of the system when not given."""
    title: str = "Single sign-on"
    """What the button on the login page says."""
    scope: str = "openid profile"
    """What is asked for."""
    name_claim: str = "preferred_username"
    """Claim that becomes the name here; it has to be one that people cannot change themselves."""
    groups_claim: str = "groups"
    """Claim that lists a person's groups."""
    roles: dict[str, RoleName] = {}
    """Role of each group."""
    admit: RoleName | None = None
    """Role of those whom no group gives one; when not given, only those who were added come in."""
    seconds: Annotated[float, Field(gt=0, le=60)] = 10.0
    """Time after which a provider that does not answer is given up."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        parts = urlsplit(self.issuer)
        if not parts.hostname or parts.query or parts.fragment:
            raise ValueError("issuer: https://host/path")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("issuer: what proves people's identity has to come by https://")
        return self


class Login(_Table):
    """How people log in, and for how long."""

    hours: Annotated[float, Field(gt=0, le=24 * 30)] = 12.0
    """Hours after which a person has to log in again, whatever they do."""
    idle_minutes: Annotated[float, Field(gt=0, le=60 * 24 * 30)] = 120.0
    """Minutes without any sign of an open page after which a person has to log in again."""
    least_length: Annotated[int, Field(ge=8, le=64)] = 12
    """Characters that a password must have at least."""
    words: tuple[str, ...] = ()
    """Words of the site that passwords may not be made of: its name, its microscopes."""
    ldap: LdapLogin | None = None
    """A directory that knows names and passwords, [login.ldap]."""
    oidc: OidcLogin | None = None
    """A provider of OpenID Connect, [login.oidc]."""
