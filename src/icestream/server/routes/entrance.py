"""Coming in and leaving: by password, by a provider, and who I am."""

import base64
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from icestream.facility.file import facility_file
from icestream.login import LoginUnavailable, NotProven, Role
from icestream.login.passwords import LONGEST, WeakPassword
from icestream.server.access import CurrentPerson, Viewer
from icestream.server.context import ThisServer
from icestream.server.errors import ErrorAnswer, Refused
from icestream.server.people.accounts import Account, NotAdmitted
from icestream.server.people.brake import TooMany
from icestream.server.people.come import Coming, cookie_name, csrf_for, login_cookie
from icestream.server.people.gate import address_of, visitors_of
from icestream.server.people.logins import OpenLogin
from icestream.server.people.secret_words import csrf_of
from icestream.server.people.visitors import Visitors, WrongPassword

__all__ = ["LoginMethod", "Me", "ThisVisitors", "router"]

router = APIRouter(tags=["who is here"])


def _visitors(server: ThisServer) -> Visitors:
    return visitors_of(server)


ThisVisitors = Annotated[Visitors, Depends(_visitors)]
"""A parameter of a route: who may come to this server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Whoever asks, as their own page needs it."""

    name: str
    full_name: str
    role: Role
    login_required: bool
    """Whether people have to log in here."""
    shared: bool
    """Whether it is a shared link that opened this page."""
    by_password: bool
    """Whether their password is kept here, so that they can change it."""
    csrf: str
    """What to say in X-CSRF-Token with whatever changes something."""
    facility: bool
    """Whether this machine is a facility's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginMethod:
    """A way of logging in."""

    name: str
    title: str
    url: str | None
    """Address to go to; None for a form with name and password."""


class Credentials(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(max_length=200)]
    password: Annotated[SecretStr, Field(max_length=LONGEST)]


class NewPassword(BaseModel):
    """The password of before, and the one from now on."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    old: Annotated[SecretStr, Field(max_length=LONGEST)]
    new: Annotated[SecretStr, Field(max_length=LONGEST)]


@router.get("/me")
def who_am_i(person: CurrentPerson, request: Request, server: ThisServer) -> Me:
    """Who asks, and what their page has to say with whatever changes something."""
    coming: Coming = request.state.coming
    local = coming.how == "cookie" and _visitors(server).accounts.get(person.name).source == "local"
    return Me(
        name=person.name,
        full_name=person.full_name or person.name,
        role=person.role,
        login_required=server.doors.login,
        shared=person.shared,
        by_password=local,
        csrf=csrf_for(coming),
        facility=facility_file().is_file(),
    )


@router.get("/login/methods")
def login_methods(server: ThisServer, visitors: ThisVisitors) -> list[LoginMethod]:
    """How people can log in; none where they need not."""
    if not server.doors.login:
        return []
    methods = []
    if visitors.by_password:
        methods.append(LoginMethod(name="password", title="Name and password", url=None))
    if visitors.provider is not None:
        title = visitors.provider.title
        methods.append(LoginMethod(name="oidc", title=title, url="/api/login/oidc/start"))
    return methods


@router.post("/login")
def log_in(
    given: Credentials,
    request: Request,
    response: Response,
    server: ThisServer,
    visitors: ThisVisitors,
) -> Me:
    """Log in by name and password."""
    try:
        account, cookie = visitors.log_in(
            given.name, given.password.get_secret_value(), **_from_where(request)
        )
    except WrongPassword as error:
        raise Refused(401, str(error), "try again; staff can give you another password") from None
    except NotAdmitted as error:
        raise Refused(403, str(error)) from None
    except TooMany as error:
        later = {"Retry-After": str(error.seconds)}
        raise Refused(429, str(error), headers=later) from None
    except LoginUnavailable as error:
        raise Refused(409, str(error)) from None
    _leave(request, server, visitors)
    _set_cookie(response, server, cookie, visitors)
    return Me(
        name=account.name,
        full_name=account.full_name,
        role=account.role,
        login_required=server.doors.login,
        shared=False,
        by_password=account.source == "local",
        csrf=csrf_of(cookie),
        facility=facility_file().is_file(),
    )


@router.post("/logout", status_code=204)
def log_out(
    _: Viewer, request: Request, response: Response, server: ThisServer, visitors: ThisVisitors
) -> None:
    """End the login of this browser; a shared link is forgotten, too."""
    _leave(request, server, visitors)
    for name in ("session", "share"):
        _forget(response, server, name)


@router.get("/login/oidc/start", include_in_schema=False)
def go_to_provider(request: Request, server: ThisServer, visitors: ThisVisitors) -> Response:
    """Send the browser to the provider of OpenID Connect."""
    try:
        address, key = visitors.send_away(_back(request, server))
    except LoginUnavailable as error:
        return _to_login(server, ErrorAnswer(message=str(error)))
    response = RedirectResponse(address, 303)
    # Lax, for it has to come along when the provider's page leads back here.
    response.set_cookie(
        cookie_name("oidc", server.doors), key, max_age=600, path="/",
        secure=server.doors.secure, httponly=True, samesite="lax",
    )  # fmt: skip
    return response


@router.get("/login/oidc/callback", include_in_schema=False)
def back_from_provider(request: Request, server: ThisServer, visitors: ThisVisitors) -> Response:
    """Let in whom the provider sends back."""
    name = cookie_name("oidc", server.doors)
    back = _back(request, server)
    came = f"{back}?{request.url.query}"
    try:
        _, cookie = visitors.come_back(
            came, request.cookies.get(name, ""), back, **_from_where(request)
        )
    except NotProven as error:
        return _to_login(server, ErrorAnswer(message=str(error), advice="try again"))
    except (NotAdmitted, LoginUnavailable) as error:
        return _to_login(server, ErrorAnswer(message=str(error)))
    _leave(request, server, visitors)
    # The page of the login knows where this person wanted to go.
    response = _to_login(server)
    _set_cookie(response, server, cookie, visitors)
    return response


@router.get("/login/failure")
def why_not(request: Request, server: ThisServer) -> ErrorAnswer | None:
    """Why the provider did not let this browser in just now; nothing where it did."""
    kept = request.cookies.get(cookie_name("failure", server.doors), "")
    try:
        return ErrorAnswer.model_validate_json(base64.urlsafe_b64decode(kept)) if kept else None
    except ValueError:  # a browser may send anything
        return None


@router.get("/me/logins")
def where_i_am(person: Viewer, visitors: ThisVisitors) -> list[OpenLogin]:
    """Where this person is logged in."""
    return visitors.logins.of(person.name)


@router.delete("/me/logins", status_code=204)
def leave_everywhere(
    person: Viewer,
    visitors: ThisVisitors,
    number: Annotated[
        int | None,
        Query(ge=0, lt=1 << 63, description="The one to end; all of them when not given."),
    ] = None,
) -> None:
    """End one login of this person, or all."""
    visitors.logins.end(person.name, number)


@router.put("/me/password")
def change_my_password(
    given: NewPassword,
    person: Viewer,
    request: Request,
    response: Response,
    server: ThisServer,
    visitors: ThisVisitors,
) -> Me:
    """Change one's own password; every other login of this person ends."""
    old, new = given.old.get_secret_value(), given.new.get_secret_value()
    where = _from_where(request)
    if request.state.coming.how != "cookie":
        raise Refused(403, "a password is changed by whoever has logged in with it")
    try:
        visitors.prove(person.name, old, address=where["address"])
    except WrongPassword:
        raise Refused(403, "the old password is not this person's") from None
    except TooMany as error:
        raise Refused(429, str(error), headers={"Retry-After": str(error.seconds)}) from None
    try:
        visitors.accounts.set_password(person.name, new)
    except WeakPassword as error:
        raise Refused(422, str(error)) from None
    account: Account = visitors.accounts.get(person.name)
    cookie = visitors.logins.open(account.name, **where)
    _set_cookie(response, server, cookie, visitors)
    return Me(
        name=account.name,
        full_name=account.full_name,
        role=account.role,
        login_required=server.doors.login,
        shared=False,
        by_password=True,
        csrf=csrf_of(cookie),
        facility=facility_file().is_file(),
    )


def _from_where(request: Request) -> dict[str, str]:
    return {"address": address_of(request.scope), "agent": request.headers.get("user-agent", "")}


def _leave(request: Request, server: ThisServer, visitors: Visitors) -> None:
    """End the login of before: a cookie that somebody else knows or planted opens nothing."""
    before = request.cookies.get(login_cookie(server.doors))
    if before is not None:
        visitors.logins.close(before)


def _back(request: Request, server: ThisServer) -> str:
    """Where the provider sends people back to."""
    scheme = "https" if server.doors.secure else "http"
    return f"{scheme}://{request.headers['host']}/api/login/oidc/callback"


def _to_login(server: ThisServer, failure: ErrorAnswer | None = None) -> Response:
    """Send a browser that comes from the provider to the page of the login.

    Why it was not let in is in a cookie: an address could have any words of somebody else.
    """
    response = RedirectResponse("/login" if failure is None else "/login?failed", 303)
    _forget(response, server, "oidc")
    if failure is None:
        _forget(response, server, "failure")
        return response
    told = failure.model_copy(update={"message": failure.message[:1000]}).model_dump_json()
    response.set_cookie(
        cookie_name("failure", server.doors), base64.urlsafe_b64encode(told.encode()).decode(),
        max_age=60, path="/", secure=server.doors.secure, httponly=True, samesite="strict",
    )  # fmt: skip
    return response


def _set_cookie(response: Response, server: ThisServer, cookie: str, visitors: Visitors) -> None:
    response.set_cookie(
        login_cookie(server.doors), cookie, max_age=round(visitors.logins.lifetime), path="/",
        secure=server.doors.secure, httponly=True, samesite="strict",
    )  # fmt: skip


def _forget(response: Response, server: ThisServer, name: str) -> None:
    response.delete_cookie(
        cookie_name(name, server.doors), path="/", secure=server.doors.secure, httponly=True,
        samesite="strict",
    )  # fmt: skip
