"""Staff are told over the channels that the facility file names."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from icestream.channels.message import Told
from icestream.facility.duties import letters as letters_module
from icestream.facility.duties.all import duties_of
from icestream.facility.duties.duty import Outage
from icestream.facility.duties.letters import letters_in
from icestream.facility.duties.telling import send_letters, tell_staff
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.sessions import Whose, keep_session


def test_a_message_reaches_the_channel(facility: Facility) -> None:
    told = Told(number=0, level="warning", key="facility.x", message="it is so", raised=time.time())
    assert tell_staff(facility, told)
    line = json.loads((facility.path.parent / "staff.log").read_text())
    assert line["session"] == "Ice & Co"
    assert "it is so" in line["text"]


def test_nobody_is_reached_where_no_channel_takes_it(facility: Facility) -> None:
    notice = Told(number=0, level="notice", key="facility.x", message="x", raised=time.time())
    assert not tell_staff(facility, notice)
    (facility.path.parent / "staff.log").mkdir()  # nothing can be written there
    worse = Told(number=0, level="critical", key="facility.x", message="x", raised=time.time())
    assert not tell_staff(facility, worse)


def test_a_confidential_session_is_not_named_whoever_writes_of_it(facility: Facility) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, "ACME", confidential=True)
        for project in ("ACME", "open"):
            keep_session(
                connection, project, Whose(project=project), name=f"{project}-001", began=1.0,
                place=f"/s/{project}/1", folder=f"/s/{project}/1/x", state="running",
            )  # fmt: skip
    told = Told(
        number=0, level="critical", key="x", raised=time.time(),
        message="session ACME-001: /s/ACME/1/raw is full; of project acme; open-001: /s/open/1",
    )  # fmt: skip
    assert tell_staff(facility, told)
    text = json.loads((facility.path.parent / "staff.log").read_text())["text"]
    assert "acme" not in text.casefold()
    assert "a confidential session: a confidential session is full" in text
    assert "open-001: /s/open/1" in text


@pytest.fixture
def two_channels(write_facility: Callable[[str], Path], tmp_path: Path) -> Iterator[Facility]:
    """A facility whose staff have a second channel, over which nothing goes for now."""
    path = write_facility("")
    path.write_text(path.read_text().replace('["staff"]', '["staff", "other"]'))
    settings = tmp_path / "settings.toml"
    other = f'[channels.other]\nkind = "log"\npath = "{tmp_path}/other.log"\n'
    settings.write_text(settings.read_text() + other)
    (tmp_path / "other.log").mkdir()
    with open_facility(path) as opened:
        yield opened


def _is_so(over: float | None = None) -> Told:
    return Told(
        number=0, level="critical", key="x", message="it is so", raised=time.time(), over=over
    )


def test_what_one_channel_does_not_take_is_told_when_it_does(two_channels: Facility) -> None:
    other = two_channels.path.parent / "other.log"
    assert tell_staff(two_channels, _is_so())
    assert tell_staff(two_channels, _is_so(over=time.time()))
    with pytest.raises(Outage, match=r"the channel other does not work: .*other.log"):
        send_letters(two_channels)
    other.rmdir()
    assert send_letters(two_channels) == "2 messages that had waited were sent"
    first, second = (json.loads(line)["text"] for line in other.read_text().splitlines())
    assert "it is so" in first
    assert "over since" in second
    (later,) = (one for one in duties_of(two_channels.file) if one.name == "staff")
    assert later.act(two_channels, threading.Event()) == "nothing waits"


def test_what_a_channel_does_not_take_for_a_day_is_given_up(
    two_channels: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tell_staff(two_channels, _is_so())
    now = time.time() + letters_module.KEPT
    monkeypatch.setattr("icestream.facility.duties.telling.time.time", lambda: now)
    assert send_letters(two_channels) == "nothing waits"
    with letters_in(two_channels.loaded.settings.state) as letters:
        assert letters.waiting() == {}


def test_where_no_channel_takes_it_whoever_tells_tries_again(facility: Facility) -> None:
    (facility.path.parent / "staff.log").mkdir()
    assert not tell_staff(facility, _is_so())
    assert send_letters(facility) == "nothing waits"
