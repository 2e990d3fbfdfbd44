"""A provider of OpenID Connect: the code flow with PKCE, and what its token proves."""

import hmac
import secrets
import ssl
from dataclasses import dataclass
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from httpx2 import HTTPError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from icestream.channels.receipt import Undelivered
from icestream.login.identity import (
    Identity,
    LoginUnavailable,
    NotProven,
    Role,
    account_name,
    highest,
)
from icestream.login.kinds import OidcLogin

__all__ = ["Provider", "SentAway"]

_SIGNED_BY = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Signatures with a public key alone: neither ``none`` nor a secret that the client shares."""
_LEEWAY = 120
"""Seconds by which the clocks of this server and the provider may differ."""


@dataclass(frozen=True, slots=True)
class SentAway:
    """What was sent along with a person to the provider, and has to come back."""

    state: str
    nonce: str
    verifier: str


class Provider:
    """Somebody else who knows who people are.

    Parameters
    ----------
    settings
        Where the provider is, and under which name this server is registered there.
    """

    source = "oidc"

    def __init__(self, settings: OidcLogin) -> None:
        self._settings = settings
        self._document: dict[str, Any] | None = None

    @property
    def title(self) -> str:
        """What people know it by."""
        return self._settings.title

    def ask(self, back: str) -> tuple[str, SentAway]:
        """Where to send a person, and what to keep until they come back.

        Parameters
        ----------
        back
            Address of this server to which the provider sends them.

        Raises
        ------
        LoginUnavailable
            If the provider does not answer.
        """
        # Asked anew: nobody is sent to a provider that is away, or to where it was before.
        self._document = None
        asked = SentAway(*(secrets.token_urlsafe(48) for _ in range(3)))
        with self._client(back) as client:
            address, _ = client.create_authorization_url(
                self._said()["authorization_endpoint"],
                state=asked.state,
                nonce=asked.nonce,
                code_verifier=asked.verifier,
            )
        return str(address), asked

    def identify(self, came_back: str, asked: SentAway, back: str) -> Identity:
        """Who came back.

        Parameters
        ----------
        came_back
            The whole address with which the person's browser came back.
        asked
            What `ask` said.
        back
            As it was given to `ask`.

        Raises
        ------
        NotProven
            If it is not the answer to what was asked, or not the provider's, or names nobody.
        LoginUnavailable
            If the provider does not answer.
        """
        with self._client(back) as client:
            try:
                token = client.fetch_token(
                    self._said()["token_endpoint"],
                    authorization_response=came_back,
                    state=asked.state,
                    code_verifier=asked.verifier,
                )
                keys = client.request("GET", self._said()["jwks_uri"], withhold_token=True)
                keys.raise_for_status()
                claims = self._claims(token, keys.json(), asked.nonce)
                return self._identity(self._completed(claims, client))
            except AuthlibBaseError as error:
                said = error.description or error.error
                raise NotProven(f"the login was not completed: {said}") from None
            except HTTPError as error:
                raise self._silent(error) from None
            except JoseError as error:
                raise NotProven(f"the provider's token is not valid: {error}") from None
            except (KeyError, TypeError, ValueError) as error:
                raise NotProven(f"the provider's answer cannot be read: {error!r}") from None

    def _claims(self, token: dict[str, Any], keys: Any, nonce: str) -> dict[str, Any]:
        if "id_token" not in token:
            raise NotProven("the provider sent no id_token; its scope has to have openid in it")
        read = jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=_SIGNED_BY)
        jwt.JWTClaimsRegistry(
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._said()["issuer"]},
            aud={"essential": True, "value": self._settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        ).validate(read.claims)
        claims: dict[str, Any] = read.claims
        if not hmac.compare_digest(str(claims.get("nonce")), nonce):
            raise NotProven("the token answers another login than this one")
        if claims.get("azp", self._settings.client_id) != self._settings.client_id:
            raise NotProven("the token was made for another client")
        return claims

    def _completed(self, claims: dict[str, Any], client: OAuth2Client) -> dict[str, Any]:
        """The claims, with those that the provider says at an address of their own."""
        address = self._said().get("userinfo_endpoint")
        if self._settings.name_claim in claims or address is None:
            return claims
        answer = client.get(address)
        answer.raise_for_status()
        more: dict[str, Any] = answer.json()
        if more.get("sub") != claims["sub"]:
            raise NotProven("the provider tells about somebody else than its token")
        return more | claims

    def _identity(self, claims: dict[str, Any]) -> Identity:
        wanted = self._settings
        name = account_name(str(claims.get(wanted.name_claim) or ""))
        if name is None:
            raise NotProven(
                f"the provider's claim {wanted.name_claim!r} is no name; ask for another one with"
                " name_claim in [login.oidc]"
            )
        said = claims.get(wanted.groups_claim) or []
        groups = tuple(map(str, [said] if isinstance(said, str) else said))
        role = highest(groups, wanted.roles)
        subject = f"{claims['iss']} {claims['sub']}"
        first = None if wanted.admit is None else Role(wanted.admit)
        full_name = str(claims.get("name") or name)
        return Identity(name, full_name, self.source, subject, role, first, groups)

    def _said(self) -> dict[str, Any]:
        """What the provider says of itself."""
        if self._document is not None:
            return self._document
        issuer = self._settings.issuer
        with self._client("") as client:
            try:
                answer = client.request(
                    "GET",
                    issuer.rstrip("/") + "/.well-known/openid-configuration",
                    withhold_token=True,
                )
                answer.raise_for_status()
                document: dict[str, Any] = answer.json()
                said = document["issuer"]
                needed = [document[f"{one}_endpoint"] for one in ("authorization", "token")]
            except (HTTPError, ValueError, KeyError, TypeError) as error:
                raise self._silent(error) from None
        if said.rstrip("/") != issuer.rstrip("/"):
            raise LoginUnavailable(
                f"the provider {issuer} calls itself {said}; write that as issuer of [login.oidc]"
            )
        plain = [one for one in needed if issuer.startswith("https:") and one[:6] != "https:"]
        if plain:
            raise LoginUnavailable(f"the provider {issuer} would use {plain[0]}, without TLS")
        self._document = document
        return document

    def _client(self, back: str) -> OAuth2Client:
        secret = self._settings.client_secret
        try:
            known = None if secret is None else secret.read()
        except Undelivered as error:
            raise LoginUnavailable(f"client_secret of [login.oidc]: {error}") from None
        return OAuth2Client(
            self._settings.client_id,
            known,
            token_endpoint_auth_method="client_secret_basic" if known else "none",
            scope=self._settings.scope,
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=self._settings.seconds,
            verify=self._trusted(),
            follow_redirects=False,
        )

    def _trusted(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._settings.ca_file)
        except OSError as error:
            raise LoginUnavailable(
                f"ca_file of [login.oidc], {self._settings.ca_file}: {error}"
            ) from None

    def _silent(self, error: Exception) -> LoginUnavailable:
        return LoginUnavailable(
            f"the provider {self._settings.issuer} does not answer as one: {error}; look at"
            " [login.oidc] in the settings, or log in with a local account"
        )
