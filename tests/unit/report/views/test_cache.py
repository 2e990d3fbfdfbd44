"""Pictures are made once, and the oldest go when there is no room."""

import os
import threading
import time
from pathlib import Path

import pytest

from icestream.report.views.cache import PictureCache, tag_of


def test_made_once_whoever_asks(tmp_path: Path) -> None:
    cache, made = PictureCache(tmp_path), []

    def make() -> bytes:
        time.sleep(0.05)
        made.append(1)
        return b"picture"

    got: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: got.append(cache.get("a", ".png", make).read_bytes()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), got) == (1, [b"picture"] * 4)


def test_what_was_not_asked_for_longest_goes(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, most=250)
    first, second = (cache.get(key, ".png", lambda: bytes(100)) for key in "ab")
    cache.get("a", ".png", lambda: b"never")
    third = cache.get("c", ".png", lambda: bytes(100))
    assert (first.exists(), second.exists(), third.exists()) == (True, False, True)
    assert cache.size == 200


def test_what_an_earlier_process_left_is_used_and_counted(tmp_path: Path) -> None:
    old = PictureCache(tmp_path).get("a", ".png", lambda: bytes(100))
    os.utime(old, (1.0, 1.0))
    (tmp_path / ".half.png.1.tmp").write_bytes(b"half")
    again = PictureCache(tmp_path, most=150)
    assert not (tmp_path / ".half.png.1.tmp").exists()
    assert again.get("a", ".png", lambda: b"never").read_bytes() == bytes(100)
    again.get("b", ".png", lambda: bytes(100))
    assert not old.exists()


def test_what_fails_is_tried_again(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path)

    def fail() -> bytes:
        raise ValueError("no picture")

    with pytest.raises(ValueError, match="no picture"):
        cache.get("a", ".png", fail)
    assert cache.get("a", ".png", lambda: b"now").read_bytes() == b"now"
    (tmp_path / f"{tag_of('a')}.png").unlink()  # somebody cleared it
    assert cache.get("a", ".png", lambda: b"anew").read_bytes() == b"anew"
