"""A directory (LDAP) as a way of logging in: find the person's entry, then bind as it."""

import math
import ssl
import warnings
from typing import Any

from icestream.channels.receipt import Undelivered
from icestream.login.identity import Identity, LoginUnavailable, Role, account_name, highest
from icestream.login.kinds import LdapLogin

with warnings.catch_warnings():
    # The library asks pyasn1 for names that are kept for it, with a warning at each import.
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3
    from ldap3.core.exceptions import LDAPException
    from ldap3.utils.conv import escape_filter_chars

__all__ = ["Directory"]

_ANSWERS = (0, 4, 32)
"""Results of a search that say who is there: success, more than were asked for, no such entry."""


class Directory:
    """Names and passwords of an LDAP server.

    The password is never compared here: the directory is asked to let the person in.
    """

    source = "ldap"

    def __init__(self, settings: LdapLogin) -> None:
        self._settings = settings

    def check(self, name: str, password: str) -> Identity | None:
        if not password or account_name(name) is None:
            # A bind with an empty password is "unauthenticated" and succeeds (RFC 4513, 5.1.2).
            return None
        try:
            return self._check(name, password)
        except LDAPException as error:
            raise self._unavailable(_words(error)) from None

    def again(self, subject: str) -> Identity | None:
        """What the entry says now; None where it is gone, or `filter` lets nobody like it in."""
        anybody = self._settings.filter.replace("{name}", "*")
        try:
            entry = self._searched(subject, anybody, ldap3.BASE)
        except LDAPException as error:
            raise self._unavailable(_words(error)) from None
        return None if entry is None else self._identity(entry)

    def _unavailable(self, why: str) -> LoginUnavailable:
        return LoginUnavailable(
            f"the directory {self._settings.server} cannot be asked: {why}; look at"
            " [login.ldap] in the settings, or log in with a local account"
        )

    def _check(self, name: str, password: str) -> Identity | None:
        entry = self._found(name)
        if entry is None:
            return None
        connection = self._connected(entry["dn"], password)
        if connection is None:
            return None
        connection.unbind()
        return self._identity(entry)

    def _found(self, name: str) -> dict[str, Any] | None:
        """The one entry of this name; two would be somebody else's."""
        wanted = self._settings
        named = wanted.filter.replace("{name}", escape_filter_chars(name))
        return self._searched(wanted.base, named, ldap3.SUBTREE)

    def _searched(self, base: str, named: str, scope: str) -> dict[str, Any] | None:
        """The one entry there that the filter fits."""
        wanted = self._settings
        secret = self._bind_password()
        searcher = self._connected(wanted.bind_dn, secret)
        if searcher is None:
            raise LoginUnavailable(
                f"the directory {wanted.server} does not accept bind_dn and bind_password of"
                " [login.ldap]"
            )
        try:
            searcher.search(
                base,
                named,
                scope,
                attributes=self._attributes(searcher),
                size_limit=2,
                time_limit=max(1, round(wanted.seconds)),
            )
            if searcher.result["result"] not in _ANSWERS:
                raise self._unavailable(str(searcher.result["description"]))
            entries = [one for one in searcher.response or () if one["type"] == "searchResEntry"]
        finally:
            searcher.unbind()
        return entries[0] if len(entries) == 1 else None

    def _attributes(self, searcher: Any) -> list[str]:
        wanted = self._settings
        named = [wanted.name_attribute, wanted.full_name_attribute, wanted.groups_attribute]
        schema = searcher.server.schema
        if schema is None:
            return named
        # Without its overlay a server does not know memberOf, and a search for it would fail.
        return [one for one in named if one in schema.attribute_types]

    def _bind_password(self) -> str | None:
        secret = self._settings.bind_password
        try:
            return None if secret is None else secret.read()
        except Undelivered as error:
            raise LoginUnavailable(f"bind_password of [login.ldap]: {error}") from None

    def _connected(self, user: str | None, password: str | None) -> Any | None:
        """A connection as `user`; None if the password is not theirs."""
        wanted = self._settings
        tls = ldap3.Tls(
            validate=ssl.CERT_REQUIRED,
            version=ssl.PROTOCOL_TLS_CLIENT,
            ca_certs_file=None if wanted.ca_file is None else str(wanted.ca_file),
        )
        server = ldap3.Server(
            wanted.server, tls=tls, connect_timeout=wanted.seconds, get_info=ldap3.SCHEMA
        )
        connection = ldap3.Connection(
            server,
            user=user,
            password=password,
            authentication=ldap3.SIMPLE if user else ldap3.ANONYMOUS,
            receive_timeout=math.ceil(wanted.seconds),
            auto_referrals=False,  # a referral could send the password anywhere
            read_only=True,
        )
        bound = False
        try:
            connection.open()
            if wanted.server.startswith("ldap://") and wanted.start_tls:
                connection.start_tls()
            bound = connection.bind()
        finally:
            if not bound:
                lost = connection.socket  # the library forgets one whose certificate it refuses
                connection.strategy.close()
                if lost is not None:
                    lost.close()
        return connection if bound else None

    def _identity(self, entry: dict[str, Any]) -> Identity | None:
        wanted = self._settings
        # Servers may spell an attribute as they like: memberOf, memberof.
        found = {key.lower(): value for key, value in entry["attributes"].items()}
        name = account_name(_first(found.get(wanted.name_attribute.lower())))
        if name is None:
            return None
        groups = tuple(map(str, _all(found, wanted.groups_attribute)))
        return Identity(
            name,
            _first(found.get(wanted.full_name_attribute.lower())) or name,
            self.source,
            str(entry["dn"]).lower(),
            highest(groups, wanted.roles),
            None if wanted.admit is None else Role(wanted.admit),
            groups,
        )


def _all(found: dict[str, Any], attribute: str) -> list[Any]:
    value = found.get(attribute.lower()) or []
    return value if isinstance(value, list) else [value]


def _first(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    return str(value or "")


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
