"""Who somebody is: passwords, directories (LDAP) and providers (OpenID Connect), one interface."""

from icestream.login.identity import Identity, LoginUnavailable, NotProven, PasswordWay, Role
from icestream.login.kinds import LdapLogin, Login, OidcLogin

__all__ = [
    "Identity",
    "LdapLogin",
    "Login",
    "LoginUnavailable",
    "NotProven",
    "OidcLogin",
    "PasswordWay",
    "Role",
]
