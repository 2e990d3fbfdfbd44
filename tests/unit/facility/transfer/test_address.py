"""Where files are copied from and to."""

from pathlib import Path

import pytest

from icestream.facility.transfer.address import BadAddress, read_address


@pytest.mark.parametrize(
    "text",
    ["nas:/data", "me@nas:/data", "nas::movies/x", "rsync://me@nas:8730/movies", "[::1]:/data"],
)
def test_other_machines(text: str) -> None:
    read = read_address(f" {text}/ ", "secret", "ssh -p 2")
    assert (read.text, read.folder, str(read)) == (text, None, text)
    assert read.below("a").text == f"{text}/a"
    assert (read.below("a").password, read.below("a").shell) == ("secret", "ssh -p 2")
    assert "secret" not in repr(read)


def test_folders() -> None:
    assert read_address("/a//b/").folder == Path("/a/b")
    assert read_address("~/b").folder == Path("~/b").expanduser()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("movies", "is no place"),
        ("-e sh:x", "is no place"),
        ("rsync://nas", "is no place"),
        ("s3://k:s@bucket/x", "keys or a port"),
        ("gs://bucket/x", "s3://bucket/prefix"),
        ("http://nas/x", "are not read"),
        ("rsync://me:pass@nas/m", "has a password in it"),
    ],
)
def test_what_is_no_place(text: str, why: str) -> None:
    with pytest.raises(BadAddress, match=why):
        read_address(text)


def test_a_place_in_a_bucket() -> None:
    place = read_address("s3://movies/krios1/")
    assert place.text == "s3://movies/krios1"
    assert (place.folder, place.module) == (None, None)
    below = place.below("lea").objects
    assert below is not None
    assert below.key("a.mrc") == "krios1/lea/a.mrc"
