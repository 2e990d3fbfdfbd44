"""Nothing outside of the roots is reached, wherever links lead."""

from pathlib import Path

import pytest

from icestream.server.errors import Refused
from icestream.server.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    for name in ("data/day", "sessions", "secret", "data-too"):
        (tmp_path / name).mkdir(parents=True)
    return Places((tmp_path / "data", tmp_path / "sessions"), (tmp_path / "sessions",))


@pytest.mark.parametrize(
    "asked",
    [
        "{0}/secret", "{0}/data/../secret", "{0}/data-too", "/", "/etc", "{0}",
        "{0}/data/link", "{0}/data/link/deep", "{0}/data/nothing/../../secret",
    ],
)  # fmt: skip
def test_what_is_outside_is_refused_whether_it_is_there_or_not(
    places: Places, tmp_path: Path, asked: str
) -> None:
    (tmp_path / "data" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(Refused, match="not below a folder") as error:
        places.folder(asked.format(tmp_path))
    assert error.value.status == 403


@pytest.mark.parametrize("asked", ["data", "./data", "", "/data\x00/etc", "~"])
def test_only_whole_paths_are_taken(places: Places, asked: str) -> None:
    with pytest.raises(Refused, match="whole path"):
        places.folder(asked)


def test_what_is_inside_is_given_as_it_is(places: Places, tmp_path: Path) -> None:
    day = tmp_path / "data" / "day"
    (tmp_path / "data" / "today").symlink_to(day)
    assert places.folder(f"{tmp_path}/data/./day/../today") == day
    with pytest.raises(Refused, match="no folder"):
        places.folder(f"{tmp_path}/data/nothing")
    loop = tmp_path / "data" / "loop"
    loop.symlink_to(loop)
    assert not places.allows(loop) or not loop.exists()


def test_sessions_are_made_where_they_are_shown_alone(places: Places, tmp_path: Path) -> None:
    assert places.new_session(f"{tmp_path}/sessions/a/b") == tmp_path / "sessions/a/b"
    with pytest.raises(Refused, match="not below"):
        places.new_session(f"{tmp_path}/data/a")
    with pytest.raises(Refused, match="a folder of sessions itself"):
        places.new_session(f"{tmp_path}/sessions")
