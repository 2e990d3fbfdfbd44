"""Settings, microscopes and channels are changed in the browser, in their files."""

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from accessible import overflow, serious
from post_office import Sink
from served import served

Open = Callable[..., Page]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
SETTINGS = """\
cores = 2  # of four
roots = ["/nowhere/at/all"]

# in the cellar
[microscopes.krios1]
voltage = 300

[channels.pager]
kind = "command"
command = ["/opt/page"]
"""
SECTIONS = {
    "settings": "worker_silence",
    "microscopes": "krios1",
    "channels": "pager",
    "folders": "/nowhere/at/all",
}


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the settings; it is there before the server starts."""
    made = tmp_path / "settings.toml"
    made.write_text(SETTINGS)
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(made))
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    return made


@pytest.fixture
def site(file: Path, tmp_path: Path) -> Iterator[str]:
    """Address of a server without a session."""
    root = tmp_path / "sessions"
    root.mkdir()
    with served(root) as address:
        yield address


def said(file: Path, *name: str) -> Any:
    inside: Any = tomllib.loads(file.read_text())
    for part in name:
        inside = inside.get(part, {})
    return inside


def test_a_channel_is_added_tried_changed_and_removed(opened: Open, site: str, file: Path) -> None:
    page = opened(f"{site}/admin/channels")
    with Sink() as sink:
        page.get_by_role("button", name="Add").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("room")
        dialog.get_by_label("Kind").select_option("webhook")
        dialog.get_by_role("button", name="Try it").click()
        expect(dialog.get_by_text("Field required")).to_be_visible()
        dialog.get_by_label("Url", exact=True).fill(sink.url)
        dialog.get_by_label("Token", exact=True).fill("t0psecret")
        dialog.get_by_role("button", name="Try it").click()
        expect(dialog.get_by_text("A trial got through")).to_be_visible()
        assert file.read_text() == SETTINGS
        dialog.get_by_role("button", name="Add", exact=True).click()
        expect(dialog).to_be_hidden()
        expect(page.get_by_role("listitem").filter(has_text="room")).to_be_visible()
        assert said(file, "channels", "room") == {
            "kind": "webhook", "url": sink.url, "token": "t0psecret",
        }  # fmt: skip
        # What is set is not shown, and stays when something else is changed.
        page.get_by_role("button", name="Change room").click()
        expect(dialog.get_by_label("Token", exact=True)).to_have_value("")
        assert "t0psecret" not in page.content()
        assert sink.url not in page.content()
        dialog.get_by_label("warning").uncheck()
        dialog.get_by_label("Quiet", exact=True).fill("never")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_text("no hours such as 22:00-07:00")).to_be_visible()
        dialog.get_by_label("Quiet", exact=True).fill("22:00-07:00")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_be_hidden()
        expect(page.get_by_role("listitem").filter(has_text="not from 22:00 to")).to_be_visible()
        assert said(file, "channels", "room")["levels"] == ["critical"]
        assert said(file, "channels", "room")["token"] == "t0psecret"
        page.get_by_role("button", name="Try room").click()
        expect(page.get_by_text(f"{sink.host} took the message")).to_be_visible()
        assert [one["Authorization"] for one in sink.headers] == ["Bearer t0psecret"] * 2
    page.get_by_role("button", name="Remove room").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("listitem").filter(has_text="room")).to_have_count(0)
    assert file.read_text() == SETTINGS
    page.get_by_role("button", name="Change pager").click()
    expect(page.get_by_text("It names a program that this machine runs")).to_be_visible()


def test_a_setting_is_changed_by_keyboard_alone_and_taken_back(
    opened: Open, site: str, file: Path
) -> None:
    page = opened(f"{site}/admin/settings")
    change = page.get_by_role("button", name="Change cores")
    change.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    box = dialog.get_by_role("textbox", name="Cores")
    expect(box).to_have_value("2")
    for _ in range(10):
        if box.evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("at least 1").first).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("cores: 2 → 3")).to_be_visible()
    assert file.read_text() == SETTINGS.replace("cores = 2", "cores = 3")
    change.click()
    dialog.get_by_role("button", name="Back to the default").click()
    expect(page.get_by_text("cores: 3 → not said")).to_be_visible()
    assert "cores" not in said(file)
    assert "# in the cellar" in file.read_text()


def test_somebody_else_s_change_is_not_lost(opened: Open, site: str, file: Path) -> None:
    page = opened(f"{site}/admin/settings")
    page.get_by_role("button", name="Change cores").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="Cores")).to_have_value("2")
    file.write_text(SETTINGS.replace("cores = 2", "cores = 4"))
    dialog.get_by_role("textbox", name="Cores").fill("3")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("have changed since they were read")).to_be_visible()
    assert said(file, "cores") == 4


def test_a_microscope_is_added_with_what_is_wrong_at_its_field(
    opened: Open, site: str, file: Path
) -> None:
    page = opened(f"{site}/admin/microscopes")
    page.get_by_role("button", name="Add").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("glacios")
    dialog.get_by_role("textbox", name="Voltage").fill("200")
    dialog.get_by_role("textbox", name="Spherical aberration").fill("2700")
    dialog.get_by_label("Gain inverse", exact=True).select_option("yes")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_text("did you mean 2.7 mm")).to_be_visible()
    dialog.get_by_role("textbox", name="Spherical aberration").fill("2.7")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_be_hidden()
    assert said(file, "microscopes", "glacios") == {
        "voltage": 200, "spherical_aberration": 2.7, "gain_inverse": True,
    }  # fmt: skip
    page.get_by_role("button", name="Remove krios1").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("row").filter(has_text="krios1")).to_have_count(0)
    assert list(said(file, "microscopes")) == ["glacios"]


def test_a_folder_is_taken_away(opened: Open, site: str, file: Path) -> None:
    page = opened(f"{site}/admin/folders")
    page.get_by_role("button", name="Take away /nowhere/at/all").click()
    page.get_by_role("dialog").get_by_role("button", name="Take it away").click()
    expect(page.get_by_role("row").filter(has_text="/nowhere/at/all")).to_have_count(0)
    assert said(file, "roots") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_keeps_anybody_out(
    opened: Open, site: str, scheme: Literal["light", "dark"]
) -> None:
    page = opened(f"{site}/admin/settings", color_scheme=scheme)
    for section, shown in SECTIONS.items():
        page.goto(f"{site}/admin/{section}")
        expect(page.get_by_text(shown).first).to_be_visible()
        assert serious(page) == [], section
        button = {"settings": "Change cores", "folders": "Take away"}.get(section, "Add")
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_visible()
        page.wait_for_timeout(400)  # until it has faded in
        assert serious(page) == [], f"{section}: its dialog"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_on_a_new_session(
    opened: Open, site: str, scheme: Literal["light", "dark"]
) -> None:
    page = opened(f"{site}/new", color_scheme=scheme)
    expect(page.get_by_role("heading", name="New session")).to_be_visible()
    page.wait_for_timeout(500)
    assert serious(page) == []


def test_a_phone_shows_all_of_it_without_scrolling_sideways(opened: Open, site: str) -> None:
    page = opened(f"{site}/new", **PHONE)
    expect(page.get_by_role("heading", name="New session")).to_be_visible()
    assert overflow(page) == 0
    for section, shown in SECTIONS.items():
        page.goto(f"{site}/admin/{section}")
        expect(page.get_by_text(shown).first).to_be_visible()
        assert overflow(page) == 0, section
    page.get_by_role("button", name="Take away").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert overflow(page) == 0
