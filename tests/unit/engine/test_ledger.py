"""The machine's ledger: never more granted than there is, and fair."""

import itertools
import queue
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icestream.engine import ledger as module
from icestream.engine.ledger import Grant, Ledger, Share, fair_share

WISHES = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 40), min_size=1)


@given(total=st.integers(0, 64), wishes=WISHES)
def test_fair_shares_fill_the_machine_and_no_more(total: int, wishes: dict[str, int]) -> None:
    shares = {name: fair_share(total, wishes, name) for name in wishes}
    assert sum(shares.values()) == min(total, sum(wishes.values()))
    assert all(shares[name] <= wishes[name] for name in wishes)


@given(total=st.integers(0, 64), wishes=WISHES)
def test_nobody_gets_less_than_one_who_wished_for_less(total: int, wishes: dict[str, int]) -> None:
    shares = {name: fair_share(total, wishes, name) for name in wishes}
    for (one, more), (other, less) in itertools.permutations(wishes.items(), 2):
        if more > less:
            assert shares[one] >= shares[other]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path, {"cores": 8, "gpu:0": 1})


def test_one_session_gets_all_that_it_wishes(ledger: Ledger) -> None:
    assert ledger.share("one", {"cores": 8, "gpu:0": 1}, {}) == {"cores": 8, "gpu:0": 1}


def test_a_second_session_gets_what_the_first_gives_back(ledger: Ledger) -> None:
    wish = {"cores": 8}
    assert ledger.share("one", wish, {}) == {"cores": 8}
    assert ledger.share("two", wish, {}) == {"cores": 0}  # the first does not know yet
    assert ledger.share("one", wish, {"cores": 6}) == {"cores": 6}  # 6 still run
    assert ledger.share("two", wish, {}) == {"cores": 2}
    assert ledger.share("one", wish, {"cores": 3}) == {"cores": 4}
    assert ledger.share("two", wish, {"cores": 2}) == {"cores": 4}


def test_a_session_that_leaves_gives_everything_back(ledger: Ledger) -> None:
    ledger.share("one", {"cores": 8}, {"cores": 8})
    ledger.leave("one")
    assert ledger.share("two", {"cores": 8}, {}) == {"cores": 8}


def test_a_silent_session_has_no_share(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.share("one", {"cores": 8}, {"cores": 8})
    monkeypatch.setattr(module, "SILENCE", -1.0)
    assert ledger.holders() == ()


def test_a_dead_session_has_no_share(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    monkeypatch.setattr(module.os, "getpid", lambda: gone.pid)
    ledger.share("one", {"cores": 8}, {"cores": 8})
    monkeypatch.undo()
    assert ledger.share("two", {"cores": 8}, {}) == {"cores": 8}


def test_two_processes_share_one_ledger(tmp_path: Path) -> None:
    """What one coordinator is granted, another on the same machine is not."""
    script = (
        "import sys; from pathlib import Path; from icestream.engine.ledger import Ledger;"
        "ledger = Ledger(Path(sys.argv[1]), {'cores': 8});"
        "print(ledger.share('other', {'cores': 8}, {})['cores'], flush=True); sys.stdin.read();"
        "print(ledger.share('other', {'cores': 8}, {})['cores'], flush=True); sys.stdin.close()"
    )
    ours = Ledger(tmp_path, {"cores": 8})
    assert ours.share("ours", {"cores": 6}, {}) == {"cores": 6}
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "2\n"
        assert ours.holders() == ("other", "ours")
        assert ours.share("ours", {"cores": 6}, {"cores": 6}) == {"cores": 6}  # all of it runs
        assert ours.share("ours", {"cores": 6}, {"cores": 1}) == {"cores": 4}  # now it shares
        other.stdin.close()
        assert other.stdout.readline() == "4\n"
    assert ours.holders() == ("ours",)  # it has ended without a word
    assert ours.share("ours", {"cores": 6}, {}) == {"cores": 6}


def test_two_sessions_of_one_process_share_too(ledger: Ledger) -> None:
    assert ledger.share("one", {"gpu:0": 1}, {}) == {"gpu:0": 1}
    assert ledger.share("two", {"gpu:0": 1}, {}) == {"gpu:0": 0}
    assert ledger.share("one", {"gpu:0": 0}, {}) == {"gpu:0": 0}  # it needs none any more
    assert ledger.share("two", {"gpu:0": 1}, {}) == {"gpu:0": 1}


def test_what_is_used_is_never_taken_away(ledger: Ledger) -> None:
    ledger.share("one", {"cores": 8}, {})
    for _ in range(3):
        assert ledger.share("two", {"cores": 8}, {})["cores"] == 0
        assert ledger.share("one", {"cores": 8}, {"cores": 8})["cores"] == 8


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    asked=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 12), st.integers(0, 12)),
        min_size=3,
        max_size=8,
    )
)
def test_never_more_is_granted_than_there_is(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[str, int, int]]
) -> None:
    """Whatever sessions wish for and use, in whatever order they say so."""
    ledger = Ledger(tmp_path_factory.mktemp("ledger"), {"cores": 8})
    granted: dict[str, int] = {}
    for name, wish, most in asked:
        used = min(most, granted.get(name, 0))  # nobody starts what was not granted
        granted[name] = ledger.share(name, {"cores": wish}, {"cores": used})["cores"]
        assert used <= granted[name] <= max(wish, used)
        assert sum(granted.values()) <= 8


# -- a session's own share -------------------------------------------------------------------------


class _Impatient(threading.Event):
    """A second is a hundredth for the tests."""

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(timeout and timeout / 100)


@pytest.fixture
def share(ledger: Ledger) -> Iterator[Callable[[], tuple[Share, "queue.SimpleQueue[object]"]]]:
    """Starts the thread that keeps a session's share; gives it and what it tells."""
    made: list[Share] = []

    def start() -> tuple[Share, "queue.SimpleQueue[object]"]:
        told: queue.SimpleQueue[object] = queue.SimpleQueue()
        share = Share(ledger, "ours", lambda: {"cores": 8}, lambda: {"cores": 1}, told.put)
        share._stopped = _Impatient()
        made.append(share)
        share.start()
        return share, told

    yield start
    for one in made:
        one.stop()


def test_a_session_is_told_when_its_share_changes(
    ledger: Ledger, share: Callable[[], tuple[Share, "queue.SimpleQueue[object]"]]
) -> None:
    kept, told = share()
    assert kept.granted == {"cores": 8}  # at once, before the thread has begun
    ledger.share("other", {"cores": 8}, {})
    assert told.get(timeout=10.0) == Grant({"cores": 4})
    ledger.leave("other")
    assert told.get(timeout=10.0) == Grant({"cores": 8})
    with pytest.raises(queue.Empty):
        told.get(timeout=0.1)  # nothing has changed: nothing is told


def test_a_session_that_stops_has_no_share(
    ledger: Ledger, share: Callable[[], tuple[Share, "queue.SimpleQueue[object]"]]
) -> None:
    kept, _ = share()
    assert ledger.holders() == ("ours",)
    kept.stop()
    assert ledger.holders() == ()
    assert not kept.is_alive()


def test_a_share_outlives_trouble_with_the_state_folder(
    ledger: Ledger,
    share: Callable[[], tuple[Share, "queue.SimpleQueue[object]"]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full disk of the state folder is no reason to stop processing."""
    kept, told = share()
    tried = threading.Event()

    def full(*_said: object) -> dict[str, int]:
        tried.set()
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "share", full)
        assert tried.wait(10.0)
    assert kept.granted == {"cores": 8}
    ledger.share("other", {"cores": 8}, {})
    assert told.get(timeout=10.0) == Grant({"cores": 4})
