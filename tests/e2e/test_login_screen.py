"""People log in on the screen: by a directory, and by a provider of OpenID Connect."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from accessible import serious
from icestream.login import Role
from icestream.server.people.doors import Doors
from icestream.server.people.visitors import Visitors
from icestream.settings import Loaded, load
from ldap_server import BASE, PASSWORDS, READER, READER_PASSWORD, Directories, directory
from oidc_provider import CLIENT, SECRET, Told, provider
from report_session import SampleSession
from served import free_port, served

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of both libraries
GRIDS = ("first", "second")


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directories]:
    with directory(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of two sessions."""
    folder = tmp_path_factory.mktemp("sessions")
    with ExitStack() as stack:
        for name in GRIDS:
            one = SampleSession(folder / name, start=time.time(), name=name, documents=False)
            stack.enter_context(closing(one.store))
            one.grow(3)
        yield folder


def by_directory(slapd: Directories, **given: Any) -> dict[str, Any]:
    return {
        "ldap": {
            "server": slapd.tls,
            "ca_file": slapd.ca_file,
            "base": f"ou=people,{BASE}",
            "bind_dn": READER,
            "bind_password": READER_PASSWORD,
            "roles": {f"cn=em-staff,ou=groups,{BASE}": "staff"},
            "admit": "viewer",
            "seconds": 2,
        }
        | given
    }


def by_provider(told: Told) -> dict[str, Any]:
    return {
        "oidc": {
            "issuer": told.issuer,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "ca_file": told.ca_file,
            "title": "the institute",
            "roles": {"em": "operator"},
            "seconds": 2,
        }
    }


@contextmanager
def screens(
    browser: Browser, root: Path, loaded: Loaded, port: int = 0
) -> Iterator[tuple[str, Page]]:
    """A server where people log in, and a page of nobody in particular."""
    with served(root, doors=Doors(login=True), loaded=loaded, port=port) as address:
        context = browser.new_context(ignore_https_errors=True)  # the provider vouches for itself
        yield address, context.new_page()
        context.close()


def ids(address: str, loaded: Loaded) -> dict[str, str]:
    """Of the sessions by their names, as an administrator sees them."""
    with closing(Visitors(loaded.settings.state, loaded.settings.login)) as visitors:
        visitors.accounts.add("ada", Role.ADMIN)
        cookie = visitors.logins.open("ada", address="127.0.0.1", agent="")
    asked = Request(f"{address}/api/sessions", headers={"Cookie": f"icestream_session={cookie}"})
    with urlopen(asked) as answer:
        return {one["name"]: one["id"] for one in json.load(answer)}


def log_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="You:").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page).to_have_url(re.compile("/login$"))


def test_a_directory_lets_people_in_and_says_what_they_may_see(
    browser: Browser, root: Path, slapd: Directories, tmp_path: Path
) -> None:
    loaded = load(state=tmp_path, login=by_directory(slapd))
    with screens(browser, root, loaded) as (address, page):
        page.goto(f"{address}/account?from=mail")
        expect(page).to_have_url(f"{address}/login")
        log_in(page, "lea", "a wrong password")
        said = page.get_by_role("alert")
        expect(said).to_contain_text("nobody has this name and password")
        assert serious(page) == []
        log_in(page, "lea", PASSWORDS["lea"])
        expect(page).to_have_url(f"{address}/account?from=mail")
        page.get_by_role("link", name="icestream: all sessions").click()
        for name in GRIDS:
            expect(page.get_by_role("link", name=name)).to_be_visible()
        expect(page.get_by_role("link", name="Administration")).to_be_visible()
        inside = page.request.get(f"{address}/api/sessions").json()
        log_out(page)
        assert page.request.get(f"{address}/api/me").status == 401
        log_in(page, "max", PASSWORDS["max"])
        expect(page.get_by_text("No session yet")).to_be_visible()
        expect(page.get_by_role("link", name="Administration")).to_be_hidden()
        page.goto(f"{address}/s/{inside[0]['id']}")
        expect(page.get_by_role("heading", name="No such session")).to_be_visible()


def test_a_directory_that_is_down_is_named(
    browser: Browser, root: Path, slapd: Directories, tmp_path: Path
) -> None:
    gone = f"ldaps://localhost:{free_port()}"
    loaded = load(state=tmp_path, login=by_directory(slapd, server=gone))
    with screens(browser, root, loaded) as (address, page):
        page.goto(address)
        log_in(page, "lea", PASSWORDS["lea"])
        said = page.get_by_role("alert")
        expect(said).to_contain_text(f"the directory {gone} cannot be asked")
        expect(said).to_contain_text("log in with a local account")


def test_a_provider_lets_people_in_to_the_page_that_they_wanted(
    browser: Browser, root: Path, tmp_path: Path
) -> None:
    port = free_port()
    with provider(f"http://127.0.0.1:{port}/api/login/oidc/callback", tmp_path) as told:
        loaded = load(state=tmp_path / "state", login=by_provider(told))
        with screens(browser, root, loaded, port) as (address, page):
            known = ids(address, loaded)
            wanted = f"{address}/s/{known['first']}/exposures?sort=number"
            page.goto(wanted)
            page.get_by_role("link", name="Log in with the institute").click()
            expect(page.get_by_role("heading", name="No such session")).to_be_visible()
            assert page.url == wanted
            (asked,) = told.requests
            assert asked["response_type"] == ["code"]
            visitors = Visitors(loaded.settings.state, loaded.settings.login)
            with closing(visitors):
                visitors.members.add(known["first"], "noa", "ada")
            page.goto(address)
            expect(page.get_by_role("link", name="first")).to_be_visible()
            expect(page.get_by_role("link", name="second")).to_be_hidden()
            log_out(page)
            page.get_by_role("link", name="Log in with the institute").click()
            expect(page.get_by_role("link", name="first")).to_be_visible()
            assert page.url == f"{address}/", "whoever is next begins at the first page"


def test_whom_a_provider_does_not_prove_or_nobody_admits_is_told_so(
    browser: Browser, root: Path, tmp_path: Path
) -> None:
    port = free_port()
    with provider(f"http://127.0.0.1:{port}/api/login/oidc/callback", tmp_path) as told:
        loaded = load(state=tmp_path / "state", login=by_provider(told))
        with screens(browser, root, loaded, port) as (address, page):
            way_in = page.get_by_role("link", name="Log in with the institute")
            said = page.get_by_role("alert")
            page.goto(f"{address}/new")
            told.user["groups"] = ["others"]
            way_in.click()
            expect(said).to_contain_text("noa is known to oidc, and has no account here")
            assert serious(page) == []
            told.user["groups"] = ["em"]
            told.changed["nonce"] = "of another login"
            way_in.click()
            expect(said).to_contain_text("the token answers another login than this one")
            told.changed.clear()
            way_in.click()
            expect(page).to_have_url(f"{address}/new")
            log_out(page)
            page.goto(f"{address}/login?failed")
            expect(way_in).to_be_visible()
            expect(said).to_be_hidden()  # an address alone says nothing
    with screens(browser, root, loaded, port) as (address, page):
        page.goto(address)
        way_in = page.get_by_role("link", name="Log in with the institute")
        way_in.click()
        expect(page.get_by_role("alert")).to_contain_text(
            f"the provider {told.issuer} does not answer"
        )
        expect(way_in).to_be_visible()
