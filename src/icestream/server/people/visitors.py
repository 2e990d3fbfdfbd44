"""Everybody who may come to a server: accounts, logins, tokens, shares and brakes in one place."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from icestream.facility.people.seeing import Seeing
from icestream.login import Login, LoginUnavailable
from icestream.login.identity import Identity, PeopleDirectory, account_name
from icestream.login.passwords import Passwords
from icestream.server.people.accounts import Account, Accounts, NotAdmitted, UnknownAccount
from icestream.server.people.audit import Audit
from icestream.server.people.brake import Brake, Bucket, TooMany, network_of
from icestream.server.people.database import Database
from icestream.server.people.logins import Logins
from icestream.server.people.members import SessionPeople
from icestream.server.people.shares import ShareLinks
from icestream.server.people.tokens import ApiTokens

if TYPE_CHECKING:
    from icestream.login.oidc import Provider, SentAway

__all__ = ["Visitors", "WrongPassword"]

_AWAY = 600.0
"""Seconds that a person may take at the provider."""
_MOST_AWAY = 2000
_UNNAMED = "(no account)"
"""What is logged in the place of a name that nobody has: people type passwords there."""


class WrongPassword(PermissionError):
    """Nobody has this name and password; which of the two is wrong is not said."""

    def __init__(self) -> None:
        super().__init__("nobody has this name and password")


class Visitors:
    """Who may come, and who is here.

    Parameters
    ----------
    folder
        State folder of the settings, in which the database is.
    login
        How people log in.
    seeing
        Says who sees which session, where a facility knows.
    welcome
        Is told who has logged in, and of which groups.
    """

    def __init__(
        self,
        folder: Path,
        login: Login,
        *,
        seeing: Callable[[], Seeing] = Seeing,
        welcome: Callable[[Identity], None] = lambda _: None,
    ) -> None:
        self.seeing = seeing
        self._welcome = welcome
        self.database = Database(folder)
        self.accounts = Accounts(self.database, Passwords(login.least_length, login.words))
        self.logins = Logins(
            self.database, lifetime=login.hours * 3600, idle=login.idle_minutes * 60
        )
        self.tokens = ApiTokens(self.database)
        self.members = SessionPeople(self.database)
        self.shares = ShareLinks(self.database)
        self.audit = Audit(self.database)
        self.writes = Bucket(60, 5.0)
        """Writes of one person: many at once, and a few a second in the long run."""
        self.questions = Bucket(120, 20.0)
        """Questions of one person that change nothing, such as what a slider asks for."""
        self.strangers = Bucket(60, 2.0)
        """What one network asks for before anybody there has said who they are."""
        self.provider = _provider(login)
        self._directories: list[PeopleDirectory] = []
        if login.ldap is not None:
            from icestream.login.ldap import Directory  # a tenth of a second

            self._directories.append(Directory(login.ldap))
        self._pair = Brake(5)
        self._name = Brake(20)
        self._network = Brake(30)
        self._away: OrderedDict[str, tuple[SentAway, float]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def by_password(self) -> bool:
        """Whether somebody could log in with a password."""
        return bool(self._directories) or any(one.source == "local" for one in self.accounts.all())

    def log_in(self, name: str, password: str, *, address: str, agent: str) -> tuple[Account, str]:
        """Let in whoever has this name and password; gives their account and the cookie.

        Raises
        ------
        WrongPassword
            If nobody has them.
        NotAdmitted
            If who has them has no account here.
        TooMany
            If too many were tried.
        LoginUnavailable
            If a directory has to be asked and does not answer.
        """
        known = account_name(name) or ""
        who = self._loggable(known)
        try:
            identity = self._proven(known, password, address)
            account = self.accounts.admit(identity)
        except (WrongPassword, NotAdmitted, TooMany, LoginUnavailable) as error:
            outcome = "wrong name or password" if isinstance(error, WrongPassword) else str(error)
            self.audit.add(who, "login", address=address, outcome=outcome)
            raise
        return account, self._opened(account, identity, address, agent)

    def open_to_links(self, session: str) -> bool:
        """Whether a shared link may open a session: none that is confidential, or may be."""
        hidden = self.seeing().hidden
        return hidden is not None and session not in hidden

    @property
    def by_directory(self) -> bool:
        """Whether a directory can be asked again about people."""
        return bool(self._directories)

    def ask_again(self) -> None:
        """Bring role, projects and team of those who are in to what their directory says now.

        Whom it does not have any more, or whom none of their groups lets in, is logged out and of
        no project by it.

        Raises
        ------
        LoginUnavailable
            If a directory does not answer; what was known of people holds on.
        """
        for account in self.accounts.all():
            subject = self.accounts.subject(account.name)
            if account.disabled or subject is None or not self._is_in(account.name):
                continue
            for directory in self._directories:
                if directory.source == account.source:
                    self._renew(account, subject, directory.again(subject))

    def _renew(self, account: Account, subject: str, found: Identity | None) -> None:
        why = "" if found is not None else f"{account.source} does not have them any more"
        if found is not None:
            try:
                self.accounts.admit(found, comes=False)
            except NotAdmitted as error:
                why = str(error)
        if found is None or why:
            found = Identity(account.name, account.full_name, account.source, subject)
        self._welcome(replace(found, name=account.name))
        if why and self.logins.end(account.name):
            self.audit.add(account.name, "logged out", outcome=why)

    def _is_in(self, name: str) -> bool:
        """Whether somebody, or a program of theirs, can see anything now."""
        return bool(self.logins.of(name) or self.tokens.of(name))

    def prove(self, name: str, password: str, *, address: str) -> None:
        """See to it that a local password is this person's, before something about them changes.

        Raises
        ------
        WrongPassword
            If it is not.
        TooMany
            If too many were tried.
        """
        try:
            self._proven(name, password, address)
        except (WrongPassword, TooMany):
            self.audit.add(name, "password asked again", address=address, outcome="wrong")
            raise

    def _proven(self, name: str, password: str, address: str) -> Identity:
        network = network_of(address)
        tries = [(self._network, network), (self._pair, f"{name} {network}")]
        if not self._is_here(name, network):
            # Whoever is logged in from there is not locked out by others who guess their name.
            tries.append((self._name, name))
        begun: list[tuple[Brake, str]] = []
        try:
            for brake, key in tries:
                brake.begin(key)
                begun.append((brake, key))
            identity = self._checked(name, password)
        except (TooMany, LoginUnavailable):
            for brake, key in begun:
                brake.take_back(key)
            raise
        if identity is None:
            raise WrongPassword
        self._network.take_back(network)
        for brake, key in tries[1:]:
            brake.forget(key)
        return identity

    def _checked(self, name: str, password: str) -> Identity | None:
        identity = self.accounts.check(name, password)
        if identity is not None or self._source(name) == "local":
            return identity
        for directory in self._directories:
            identity = directory.check(name, password)
            if identity is not None:
                return identity
        return None

    def _is_here(self, name: str, network: str) -> bool:
        return any(network_of(one.address) == network for one in self.logins.of(name))

    def _source(self, name: str) -> str | None:
        try:
            return self.accounts.get(name).source
        except UnknownAccount:
            return None

    def _loggable(self, name: str) -> str:
        return name if self._source(name) is not None else _UNNAMED

    def _opened(self, account: Account, identity: Identity, address: str, agent: str) -> str:
        cookie = self.logins.open(account.name, address=address, agent=agent)
        details = {"by": identity.source, "role": account.role}
        self.audit.add(account.name, "login", address=address, details=details)
        if identity.source != "local":
            self._welcome(replace(identity, name=account.name))
        return cookie

    def send_away(self, back: str) -> tuple[str, str]:
        """Send somebody to the provider: its address, and a cookie that they come back with.

        Raises
        ------
        LoginUnavailable
            If there is no provider, or it does not answer.
        """
        if self.provider is None:
            raise LoginUnavailable("no provider of OpenID Connect is in the settings")
        address, asked = self.provider.ask(back)
        key = secrets.token_urlsafe(32)
        with self._lock:
            now = time.monotonic()
            while self._away and (
                len(self._away) >= _MOST_AWAY or next(iter(self._away.values()))[1] < now - _AWAY
            ):
                self._away.popitem(last=False)
            self._away[key] = (asked, now)
        return address, key

    def come_back(
        self, came_back: str, key: str, back: str, *, address: str, agent: str
    ) -> tuple[Account, str]:
        """Let in whom the provider sends back; gives their account and the cookie.

        Raises
        ------
        NotProven
            If this browser was not sent there, or what the provider said proves nothing.
        NotAdmitted
            If they have no account here.
        LoginUnavailable
            If the provider does not answer.
        """
        from icestream.login.identity import NotProven

        with self._lock:
            asked, since = self._away.pop(key, (None, 0.0))
        try:
            if self.provider is None or asked is None or time.monotonic() - since > _AWAY:
                raise NotProven("this browser has not begun to log in, or too long ago")
            identity = self.provider.identify(came_back, asked, back)
            account = self.accounts.admit(identity)
        except (NotProven, NotAdmitted, LoginUnavailable) as error:
            self.audit.add("(by OpenID Connect)", "login", address=address, outcome=str(error))
            raise
        return account, self._opened(account, identity, address, agent)

    def close(self) -> None:
        """Give up the database."""
        self.database.close()


def _provider(login: Login) -> "Provider | None":
    if login.oidc is None:
        return None
    from icestream.login.oidc import Provider  # ten megabytes, of cryptography

    return Provider(login.oidc)
