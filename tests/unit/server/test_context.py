"""What a server keeps is made once and closed with it."""

from pathlib import Path

from icestream.server.context import Server
from icestream.settings import load


def test_one_of_each_kind_the_newest_closed_first(tmp_path: Path) -> None:
    closed: list[str] = []

    class First:
        def close(self) -> None:
            closed.append("first")

    class Second:
        def close(self) -> None:
            closed.append("second")

    server = Server([tmp_path], load())
    first = server.one(First, lambda _: First())
    server.one(Second, lambda _: Second())
    assert server.one(First, lambda _: First()) is first
    server.close()
    assert closed == ["second", "first"]


def test_a_server_of_which_nothing_is_said_is_for_this_machine_alone(tmp_path: Path) -> None:
    doors = Server([tmp_path], load()).doors
    assert (doors.login, doors.names, doors.proxies) == (False, frozenset(), ())


def test_roots_are_what_links_lead_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Server([tmp_path / "link"], load()).roots == (tmp_path / "real",)
