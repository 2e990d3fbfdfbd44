"""Every screen can be used by everybody, and at the width of a phone.

The screens are those of the application's own list, with the parts that a navigation of a screen
leads to: nobody has to think of a new one here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accessible import overflow, serious
from icestream.report.writer import write_report
from icestream.server.people.doors import Doors
from icestream.server.people.visitors import Visitors
from icestream.settings import load
from people_of_tests import add_people
from served import served
from whole_session import complete, grown

SCREENS = Path(__file__).parents[2] / "frontend" / "src" / "screens"
LISTED = (SCREENS.parent / "app" / "screens.ts").read_text("utf-8")
WIDE, PHONE = (1440, 900), (390, 844)
LOOKS = (("light", WIDE), ("dark", WIDE), ("light", PHONE))


def addresses() -> list[str]:
    """Of all screens; S is the session."""
    of_session, others = LISTED.split("OTHER_SCREENS", 1)
    paths = re.compile(r'\bpath: "([^"]*)"')
    ours = [f"S/{path}".rstrip("/") for path in paths.findall(of_session)]
    return ours + [path.removesuffix("/*") for path in paths.findall(others)]


def test_each_screen_that_is_written_is_in_the_list_and_is_looked_at() -> None:
    written = sorted(page.parent.name for page in SCREENS.glob("*/index.tsx"))
    assert written == sorted(re.findall(r'import\("@/screens/([^"]+)"\)', LISTED))
    assert len(addresses()) == len(written)


@dataclass(frozen=True)
class Site:
    """A server where people log in, with one session."""

    address: str
    session: str
    """Address of the session's first screen."""
    inside: BrowserContext
    """A browser in which an administrator has logged in."""
    outside: BrowserContext
    """One in which nobody has."""

    def place(self, screen: str) -> str:
        return re.sub("^S", self.session, screen) if screen[0] == "S" else self.address + screen

    def opened(self, screen: str) -> Page:
        """The screen, for whoever it is: an administrator, or who has yet to log in."""
        for context in (self.inside, self.outside):
            page = context.new_page()
            page.goto(self.place(screen))
            page.wait_for_load_state("networkidle")
            if page.url == self.place(screen) or urlsplit(page.url).path == screen:
                return page
            page.close()
        raise AssertionError(f"{screen} leads elsewhere for everybody")


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("screens")
    with pytest.MonkeyPatch.context() as patch, grown(folder / "sessions") as sample:
        complete(sample)
        sample.add_branch("fine")
        write_report(sample.store)
        patch.setenv("ICESTREAM_SETTINGS", str(folder / "none.toml"))
        loaded = load(state=folder / "state")
        visitors = Visitors(loaded.settings.state, loaded.settings.login)
        add_people(visitors)
        cookie = visitors.logins.open("ada", address="127.0.0.1", agent="")
        visitors.close()
        with served(folder / "sessions", doors=Doors(login=True), loaded=loaded) as address:
            inside, outside = browser.new_context(), browser.new_context()
            inside.add_cookies([{"name": "icestream_session", "value": cookie, "url": address}])
            (only,) = inside.request.get(f"{address}/api/sessions").json()
            yield Site(address, f"{address}/s/{only['id']}", inside, outside)
            inside.close()
            outside.close()


def faults(page: Page, looks: tuple[tuple[str, tuple[int, int]], ...] = LOOKS) -> list[str]:
    """All that keeps somebody from using a page, in the light, in the dark and on a phone."""
    found = []
    for scheme, (width, height) in looks:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.locator(f"html[data-mantine-color-scheme={scheme}]").wait_for()
        found += [f"{scheme}, {width} px: {fault}" for fault in serious(page)]
        if overflow(page):
            found.append(f"{width} px: {overflow(page)} px too wide")
    return found


@pytest.mark.parametrize("screen", addresses())
def test_nothing_keeps_anybody_out(site: Site, screen: str) -> None:
    page = site.opened(screen)
    expect(page.get_by_role("heading", level=1)).to_be_attached()
    assert faults(page) == []
    own = re.escape(urlsplit(site.place(screen)).path.rstrip("/"))
    parts = page.locator("main nav a").evaluate_all("all => all.map((one) => one.pathname)")
    for part in sorted(set(parts)):
        if re.match(f"{own}/.", part):
            page.goto(site.address + part)
            page.wait_for_load_state("networkidle")
            assert faults(page, LOOKS[1:]) == [], part
    page.close()


@pytest.mark.parametrize("heading", ["fine against main", "Values"])
def test_nothing_keeps_anybody_from_what_lies_below_a_screen(site: Site, heading: str) -> None:
    if heading == "Values":
        page = site.opened("S/exposures")
        page.get_by_role("button", name="Limits").click()
        expect(page.get_by_role("heading", name="Limits")).to_be_visible()
        assert faults(page) == []
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        page.get_by_role("button", name="FoilHole").first.click()
    else:
        page = site.opened("S/branches/fine")
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert faults(page) == []
    page.close()


def test_who_cannot_log_in_is_told_why(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, doors=Doors(login=True), loaded=load(state=tmp_path)) as address:
        page = browser.new_page()
        page.goto(address)
        expect(page.get_by_text("Nobody can log in here yet")).to_be_visible()
        assert faults(page) == []
        page.close()
