"""What is asked again is worked out once, until something has changed."""

import threading
import time

import pytest

from icestream.server import remembered as module
from icestream.server.remembered import Remembered


class Source:
    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.asked


def test_an_answer_is_given_again_until_its_mark_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FRESH", 0.0)
    monkeypatch.setattr(module, "_SHARE", 0.0)
    kept, source = Remembered(), Source()
    assert [kept.get("a", mark, source) for mark in (1, 1, 2, 2)] == [1, 1, 2, 2]
    assert kept.get("b", 1, source) == 3


def test_what_changes_all_the_time_is_worked_out_seldom() -> None:
    kept, source = Remembered(), Source()

    def slow() -> int:
        time.sleep(0.1)
        return source()

    began = time.monotonic()
    while time.monotonic() < began + 0.6:
        kept.get("a", object(), slow)
        time.sleep(0.01)
    assert source.asked == 2  # after the first time, which may have read much, once more


def test_who_asks_for_a_moment_gets_what_is_newer_after_it() -> None:
    kept, source = Remembered(), Source()

    def slow() -> int:
        time.sleep(0.1)
        return source()

    assert [kept.get("a", object(), slow, longest=0.05) for _ in range(3)] == [1, 1, 1]
    time.sleep(0.06)
    assert kept.get("a", object(), slow, longest=0.05) == 2
    time.sleep(0.06)  # another would be given again for a second
    assert kept.get("a", object(), slow, longest=0.05) == 3


def test_the_oldest_is_forgotten() -> None:
    kept, source = Remembered(most=2), Source()
    for key in ("a", "b", "a", "c"):
        kept.get(key, 0, source)
    assert kept.get("a", 0, source) == 1
    assert kept.get("b", 0, source) == 4


def test_many_that_ask_at_once_get_one_answer() -> None:
    kept, source, seen = Remembered(), Source(), []

    def slow() -> int:
        time.sleep(0.1)
        return source()

    threads = [
        threading.Thread(target=lambda: seen.append(kept.get("a", 0, slow))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 8


def test_a_mistake_is_not_remembered() -> None:
    kept, source = Remembered(), Source()
    with pytest.raises(ZeroDivisionError):
        kept.get("a", 0, lambda: 1 // 0)
    assert kept.get("a", 0, source) == 1


def test_who_wants_it_now_is_given_nothing_that_is_old() -> None:
    kept, source = Remembered(), Source()
    assert kept.get("a", 1, source) == 1
    assert kept.get("a", 2, source) == 1
    assert kept.get("a", 2, source, now=True) == 2
    assert kept.get("a", 2, source, now=True) == 2
