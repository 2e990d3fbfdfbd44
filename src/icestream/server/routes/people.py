"""People and programs: accounts, tokens, people of a session, shared links, and the audit log."""

import time
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from icestream.login import Role
from icestream.login.passwords import LONGEST, WeakPassword
from icestream.server.access import Admin, Operator, Staff, Viewer
from icestream.server.context import ThisServer
from icestream.server.errors import Refused
from icestream.server.people.accounts import Account, AccountExists
from icestream.server.people.audit import AuditEntry
from icestream.server.people.brake import TooMany, network_of
from icestream.server.people.come import share_cookie
from icestream.server.people.gate import address_of, visitors_of
from icestream.server.people.shares import ShareLink
from icestream.server.people.tokens import LONGEST_DAYS, ApiToken
from icestream.server.routes.entrance import ThisVisitors
from icestream.server.sessions import ThisSession

__all__ = ["router", "share_router"]

router = APIRouter(tags=["people"])
share_router = APIRouter(include_in_schema=False)

Title = Annotated[str, Field(min_length=1, max_length=200)]
Days = Annotated[float, Field(gt=0, le=LONGEST_DAYS)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Scope = Annotated[str, Field(max_length=200)]
Number = Annotated[int, InPath(ge=0, le=2**62)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewToken(_Asked):
    """A token that somebody wants."""

    title: Title
    """What it is for."""
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=50)]
    """One role, up to which it may do what its owner may, or metrics; and session/UID for each
    session that it is limited to."""
    days: Days
    """Days until it expires."""


class NewAccount(_Asked):
    """An account that somebody shall have."""

    name: Name
    role: Role
    full_name: Annotated[str, Field(max_length=200)] = ""
    password: Annotated[SecretStr, Field(max_length=LONGEST)] | None = None
    """For a local account."""
    source: Literal["local", "ldap", "oidc"] = "local"
    """What proves who they are."""


class AccountChange(_Asked):
    """What becomes different of an account; what is not given stays."""

    role: Role | None = None
    full_name: Annotated[str, Field(max_length=200)] | None = None
    disabled: bool | None = None
    password: Annotated[SecretStr, Field(max_length=LONGEST)] | None = None


class NewShare(_Asked):
    """A shared link that somebody wants."""

    title: Title
    """Whom it is for."""
    days: Annotated[float, Field(gt=0, le=90)] = 7.0
    """Days until it expires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A new token, this once."""

    token: str
    number: int
    title: str
    scopes: tuple[str, ...]
    expires: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeShare:
    """A new shared link, this once."""

    url: str
    number: int
    title: str
    expires: float


@router.get("/tokens")
def list_tokens(person: Viewer, visitors: ThisVisitors) -> list[ApiToken]:
    """The tokens of who asks; of everybody, for an administrator."""
    return visitors.tokens.of(None if person.role is Role.ADMIN else person.name)


@router.post("/tokens", status_code=201)
def make_token(
    given: NewToken, person: Viewer, request: Request, visitors: ThisVisitors
) -> MadeToken:
    """Make a token; it is shown this once."""
    if request.state.coming.how != "cookie":
        raise Refused(
            403,
            "a token is made by a person who has logged in",
            "where nobody has to log in none is needed",
        )
    made, secret = visitors.tokens.make(
        person.name, person.role, title=given.title, scopes=given.scopes, days=given.days
    )
    return MadeToken(
        token=secret, number=made.number, title=made.title, scopes=made.scopes,
        expires=made.expires,
    )  # fmt: skip


@router.delete("/tokens/{number}", status_code=204)
def revoke_token(number: Number, person: Viewer, visitors: ThisVisitors) -> None:
    """End a token."""
    visitors.tokens.revoke(number, None if person.role is Role.ADMIN else person.name)


@router.get("/users")
def list_accounts(_: Admin, visitors: ThisVisitors) -> list[Account]:
    """Every account."""
    return visitors.accounts.all()


@router.post("/users", status_code=201)
def add_account(given: NewAccount, _: Admin, visitors: ThisVisitors) -> Account:
    """Let somebody in from now on."""
    password = None if given.password is None else given.password.get_secret_value()
    if (password is None) == (given.source == "local"):
        raise Refused(422, "a local account has a password, one of a directory has none here")
    try:
        return visitors.accounts.add(
            given.name, given.role, full_name=given.full_name, password=password,
            source=given.source,
        )  # fmt: skip
    except WeakPassword as error:
        raise Refused(422, str(error)) from None
    except AccountExists as error:
        raise Refused(409, str(error)) from None


@router.patch("/users/{name}")
def change_account(
    name: str, given: AccountChange, person: Admin, visitors: ThisVisitors
) -> Account:
    """Change an account; whoever is disabled or gets another password is logged out."""
    if given.password is not None:
        try:
            visitors.accounts.set_password(name, given.password.get_secret_value())
        except WeakPassword as error:
            raise Refused(422, str(error)) from None
        visitors.audit.add(person.name, "password given", name)
    return visitors.accounts.change(
        name, role=given.role, full_name=given.full_name, disabled=given.disabled
    )


@router.delete("/users/{name}", status_code=204)
def remove_account(name: str, _: Admin, visitors: ThisVisitors) -> None:
    """Let somebody in no more."""
    visitors.accounts.remove(name)


@router.delete("/users/{name}/logins", status_code=204)
def throw_out(name: str, _: Admin, visitors: ThisVisitors) -> None:
    """End every login of somebody."""
    visitors.logins.end(visitors.accounts.get(name).name)


@router.get("/sessions/{id}/people")
def people_of(entry: ThisSession, _: Viewer, visitors: ThisVisitors) -> list[str]:
    """Who sees this session, beside staff."""
    return visitors.members.of(entry.key)


@router.put("/sessions/{id}/people/{name}", status_code=204)
def add_person(entry: ThisSession, name: str, person: Staff, visitors: ThisVisitors) -> None:
    """Let somebody see this session."""
    visitors.members.add(entry.key, visitors.accounts.get(name).name, person.name)


@router.delete("/sessions/{id}/people/{name}", status_code=204)
def remove_person(entry: ThisSession, name: str, _: Staff, visitors: ThisVisitors) -> None:
    """Let somebody see this session no more."""
    if not visitors.members.remove(entry.key, name.lower()):
        raise Refused(404, f"{name} is none of the people of this session")


@router.get("/sessions/{id}/shares")
def list_shares(entry: ThisSession, _: Operator, visitors: ThisVisitors) -> list[ShareLink]:
    """The shared links of this session."""
    return visitors.shares.of(entry.key)


@router.post("/sessions/{id}/shares", status_code=201)
def share_session(
    entry: ThisSession,
    given: NewShare,
    person: Operator,
    request: Request,
    server: ThisServer,
    visitors: ThisVisitors,
) -> MadeShare:
    """Make a link that opens this session to whoever has it, to look; it is shown this once."""
    if not server.doors.login:
        raise Refused(
            409,
            "this server is for this machine alone, and whoever is here sees all",
            "for people elsewhere start it with --host, see docs/how-to/let-people-in.md",
        )
    if not visitors.open_to_links(entry.key):
        raise Refused(
            409,
            "this session is confidential, or it is not known whether it is",
            "make whoever is to see it one of its people",
        )
    made, secret = visitors.shares.make(
        entry.key, who=person.name, title=given.title, days=given.days
    )
    scheme = "https" if server.doors.secure else "http"
    return MadeShare(
        url=f"{scheme}://{request.headers['host']}/share/{secret}",
        number=made.number,
        title=made.title,
        expires=made.expires,
    )


@router.delete("/sessions/{id}/shares/{number}", status_code=204)
def revoke_share(entry: ThisSession, number: Number, _: Operator, visitors: ThisVisitors) -> None:
    """End a shared link."""
    visitors.shares.revoke(entry.key, number)


@router.get("/audit")
def read_audit(
    _: Admin,
    visitors: ThisVisitors,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    who: Annotated[str | None, Query(max_length=200)] = None,
    what: Annotated[str, Query(max_length=200)] = "",
) -> list[AuditEntry]:
    """Who did what, the newest first."""
    return visitors.audit.entries(limit=limit, before=before, who=who, what=what)


@share_router.get("/share/{secret}")
def open_share(secret: str, request: Request, server: ThisServer) -> Response:
    """Open a shared session."""
    visitors = visitors_of(server)
    address = address_of(request.scope)
    try:
        visitors.strangers.take(network_of(address))
    except TooMany as error:
        raise Refused(429, str(error), headers={"Retry-After": str(error.seconds)}) from None
    link = visitors.shares.find(secret, opening=True)
    if link is None or not visitors.open_to_links(link.session):
        return RedirectResponse("/login?share=over", 303)
    visitors.audit.add(
        f"link {link.number} of {link.who}", "shared link opened", link.session, address=address
    )
    response = RedirectResponse(f"/s/{link.session}", 303)
    response.set_cookie(
        share_cookie(server.doors), secret, path="/", max_age=round(link.expires - time.time()),
        secure=server.doors.secure, httponly=True, samesite="strict",
    )  # fmt: skip
    return response
