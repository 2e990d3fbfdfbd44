"""A server asks its directory again about those who are in, while it runs."""

import threading
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from icestream.login import LoginUnavailable
from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.log_lines import LogLines
from icestream.server.people import asked_again
from icestream.server.people.gate import visitors_of
from icestream.settings import load


class Asked:
    """Counts; fails at first."""

    def __init__(self) -> None:
        self.times = 0
        self.enough = threading.Event()

    def __call__(self) -> None:
        self.times += 1
        if self.times == 1:
            raise LoginUnavailable("the directory is away")
        if self.times == 2:
            raise ZeroDivisionError("x")
        self.enough.set()


def test_it_is_asked_until_the_server_ends_whatever_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked_again, "EVERY", 0.01)
    server, asked = Server([tmp_path], load()), Asked()
    visitors = visitors_of(server)
    monkeypatch.setattr(type(visitors), "by_directory", True)
    monkeypatch.setattr(visitors, "ask_again", asked)
    with TestClient(create_app(server)):
        assert asked.enough.wait(60.0)
        texts = [one.text for one in server.one(LogLines, lambda _: LogLines()).newest(10)]
    assert any("not known: the directory is away" in text for text in texts)
    assert any("ZeroDivisionError" in text for text in texts)
    times = asked.times
    time.sleep(0.1)
    assert asked.times == times


def test_without_a_directory_nobody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked_again, "EVERY", 0.0)
    server, asked = Server([tmp_path], load()), Asked()
    monkeypatch.setattr(visitors_of(server), "ask_again", asked)
    with TestClient(create_app(server)):
        time.sleep(0.1)
    assert asked.times == 0
