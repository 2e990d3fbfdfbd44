"""A provider of OpenID Connect for the tests: pyop, behind a small server on loopback."""

import functools
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme

CLIENT = "icestream"
SECRET = "the secret of the client"


@dataclass
class Told:
    """What a provider is told to do, and what it has seen."""

    issuer: str
    ca_file: Path
    """Who vouches for it."""
    user: dict[str, Any] = field(
        default_factory=lambda: {"preferred_username": "Noa", "name": "Noa N", "groups": ["em"]}
    )
    """Claims of whoever logs in."""
    requests: list[dict[str, list[str]]] = field(default_factory=list)
    """Each request for a code."""
    about: dict[str, Any] = field(default_factory=dict)
    """What is put into the answer of the address that tells about a person."""
    apart: bool = False
    """Say claims at that address alone, not in the token."""
    changed: dict[str, Any] = field(default_factory=dict)
    """What is put into the token behind the provider's back, signed anew."""
    key: Any = None
    """Key to sign that with; the provider's own when None."""
    pem: bytes = b""
    """The provider's own key."""
    plain: bool = False
    """Send a token without a signature."""


@contextmanager
def provider(back: str, folder: Path) -> Iterator[Told]:
    """Run a provider at which this server, with that address to come back to, is registered."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "provider-ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    told = Told(f"https://127.0.0.1:{httpd.server_port}", folder / "provider-ca.pem")
    httpd.told = told  # type: ignore[attr-defined]
    httpd.op = _pyop(told, back)  # type: ignore[attr-defined]
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join(10)


def _pyop(told: Told, back: str) -> Any:
    from jwkest.jwk import RSAKey
    from pyop.authz_state import AuthorizationState
    from pyop.provider import Provider
    from pyop.subject_identifier import HashBasedSubjectIdentifierFactory
    from pyop.userinfo import Userinfo

    secret = _secret()
    told.pem = secret.export_key()
    key = RSAKey(key=secret, alg="RS256", kid="one")
    return Provider(
        key,
        {
            "issuer": told.issuer,
            "authorization_endpoint": f"{told.issuer}/authorize",
            "token_endpoint": f"{told.issuer}/token",
            "jwks_uri": f"{told.issuer}/keys",
            "userinfo_endpoint": f"{told.issuer}/userinfo",
            "scopes_supported": ["openid", "profile"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
        },
        AuthorizationState(HashBasedSubjectIdentifierFactory("salt")),
        {
            CLIENT: {
                "redirect_uris": [back],
                "response_types": ["code"],
                "client_secret": SECRET,
                "token_endpoint_auth_method": "client_secret_basic",
                "subject_type": "public",
            }
        },
        Userinfo({"noa": told.user}),
        extra_scopes={},
    )


@functools.cache
def _secret() -> Any:
    """The provider's key, made once for all tests."""
    from Cryptodome.PublicKey import RSA

    return RSA.generate(2048)


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        told, op = self.server.told, self.server.op
        if parts.path == "/.well-known/openid-configuration":
            self._json(op.provider_configuration.to_dict())
        elif parts.path == "/userinfo":
            answer = op.handle_userinfo_request("", dict(self.headers)).to_dict()
            self._json(answer | told.about)
        elif parts.path == "/keys":
            self._json(op.jwks)
        elif parts.path == "/authorize":
            told.requests.append(parse_qs(parts.query))
            asked = op.parse_authentication_request(parts.query)
            claims = {} if told.apart else dict(told.user)
            answer = op.authorize(asked, "noa", extra_id_token_claims=claims)
            self.send_response(303)
            self.send_header("Location", answer.request(asked["redirect_uri"]))
            self.end_headers()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        from pyop.exceptions import InvalidClientAuthentication, OAuthError

        told, op = self.server.told, self.server.op
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            claims = {} if told.apart else dict(told.user)
            answer = op.handle_token_request(
                body, dict(self.headers), extra_id_token_claims=claims
            ).to_dict()
        except InvalidClientAuthentication:
            self._json({"error": "invalid_client"}, 401)
            return
        except OAuthError as error:
            self._json({"error": error.oauth_error}, 400)
            return
        answer["id_token"] = self._forged(answer["id_token"])
        self._json(answer)

    def _forged(self, token: str) -> str:
        from joserfc import jwt
        from joserfc.jwk import RSAKey

        told = self.server.told
        if not (told.changed or told.key or told.plain):
            return token
        own = RSAKey.import_key(told.pem)
        claims = jwt.decode(token, own, algorithms=["RS256"]).claims | told.changed
        if told.plain:
            import base64

            parts = ({"alg": "none"}, claims)
            coded = (base64.urlsafe_b64encode(json.dumps(one).encode()) for one in parts)
            return ".".join(one.decode().rstrip("=") for one in coded) + "."
        header = {"alg": "RS256", "kid": "one"}
        return jwt.encode(header, claims, told.key or own, algorithms=["RS256"])

    def _json(self, said: Any, status: int = 200) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""
