"""The machine's ledger: never more granted than there is, and fair."""

import itertools
import queue
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icestream.engine.machine import ledger as module
from icestream.engine.machine.ledger import Grant, Ledger, LedgerTrouble, Share, fair_share
from icestream.engine.machine.owner import Owner, this_process
from icestream.engine.machine.watched import ThreadDied

WISHES = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 40), min_size=1)


def shares_of(total: int, wishes: dict[str, int], turn: int) -> dict[str, int]:
    return {name: fair_share(total, wishes, name, turn) for name in wishes}


@given(total=st.integers(0, 64), wishes=WISHES, turn=st.integers(0, 9))
def test_fair_shares_fill_the_machine_and_no_more(
    total: int, wishes: dict[str, int], turn: int
) -> None:
    shares = shares_of(total, wishes, turn)
    assert sum(shares.values()) == min(total, sum(wishes.values()))
    assert all(shares[name] <= wishes[name] for name in wishes)


@given(total=st.integers(0, 64), wishes=WISHES, turn=st.integers(0, 9))
def test_nobody_gets_less_than_one_who_wished_for_less(
    total: int, wishes: dict[str, int], turn: int
) -> None:
    shares = shares_of(total, wishes, turn)
    scarce = total < sum(wish > 0 for wish in wishes.values())  # then they take turns
    for (one, more), (other, less) in itertools.permutations(wishes.items(), 2):
        if more > less:
            assert shares[one] >= shares[other] - scarce


@given(total=st.integers(0, 64), wishes=WISHES, turn=st.integers(0, 9))
def test_nobody_gets_two_where_another_gets_nothing(
    total: int, wishes: dict[str, int], turn: int
) -> None:
    shares = shares_of(total, wishes, turn)
    if any(wish and not shares[name] for name, wish in wishes.items()):
        assert max(shares.values()) <= 1


@given(total=st.integers(1, 8), wishes=WISHES, first=st.integers(0, 99))
def test_in_a_round_of_turns_everybody_gets_something(
    total: int, wishes: dict[str, int], first: int
) -> None:
    wanting = {name for name, wish in wishes.items() if wish}
    rounds = [shares_of(total, wishes, first + turn) for turn in range(len(wanting))]
    assert {name for shares in rounds for name, one in shares.items() if one} == wanting


def test_three_sessions_on_two_cores_take_turns() -> None:
    wishes = {"a": 1, "b": 1, "c": 2}
    turns = [shares_of(2, wishes, turn) for turn in range(3)]
    assert [sorted(n for n, s in one.items() if s) for one in turns] == [
        ["a", "b"], ["b", "c"], ["a", "c"]
    ]  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path, {"cores": 8, "gpu:0": 1})


def test_one_session_gets_all_that_it_wishes(ledger: Ledger) -> None:
    assert ledger.share("one", {"cores": 8, "gpu:0": 1}, {}) == {"cores": 8, "gpu:0": 1}


def test_a_second_session_gets_what_the_first_gives_back(ledger: Ledger) -> None:
    wish = {"cores": 8}
    assert ledger.share("one", wish, {}) == {"cores": 8}
    assert ledger.share("two", wish, {}) == {"cores": 0}  # the first does not know yet
    assert ledger.share("one", wish, {"cores": 6}) == {"cores": 4}  # 6 still run, none starts
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
    assert ledger.share("two", {"cores": 8}, {}) == {"cores": 8}


def of(monkeypatch: pytest.MonkeyPatch, ledger: Ledger, owner: Owner) -> None:
    """Another process holds all cores."""
    with monkeypatch.context() as patch:
        patch.setattr(module, "this_process", lambda: owner)
        ledger.share("one", {"cores": 8}, {"cores": 8})


def test_a_dead_session_has_no_share(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    of(monkeypatch, ledger, replace(this_process(), pid=gone.pid))
    assert ledger.share("two", {"cores": 8}, {}) == {"cores": 8}


def test_another_process_of_its_number_holds_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    of(monkeypatch, ledger, replace(this_process(), started=1))
    assert ledger.share("two", {"cores": 8}, {}) == {"cores": 8}


def test_what_is_of_another_machine_or_of_before_a_restart_counts_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(this_process(), boot="another")
    of(monkeypatch, ledger, other)
    assert ledger.share("two", {"cores": 8}, {}) == {"cores": 8}
    with monkeypatch.context() as patch:
        patch.setattr(module, "this_process", lambda: other)
        assert ledger.share("three", {"cores": 8}, {}) == {"cores": 0}  # it is kept for its own
    monkeypatch.setattr(module, "_KEPT", -1.0)
    ledger.share("two", {"cores": 8}, {})
    monkeypatch.setattr(module, "this_process", lambda: other)
    assert ledger.share("three", {"cores": 8}, {}) == {"cores": 8}


def test_a_time_to_come_starves_nobody(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that was wrong, or a file that was written to by something else."""
    with monkeypatch.context() as patch:
        later = module.time.monotonic() + 1e6
        patch.setattr(module, "time", SimpleNamespace(monotonic=lambda: later, time=lambda: 0.0))
        ledger.share("one", {"cores": 8}, {"cores": 8})
    assert ledger.share("two", {"cores": 8}, {}) == {"cores": 8}


def test_each_host_has_a_ledger_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is in a home that many hosts have."""
    ours = Ledger(tmp_path, {"cores": 8})
    assert ours.share("one", {"cores": 8}, {}) == {"cores": 8}
    monkeypatch.setattr(module.socket, "gethostname", lambda: "../other host")
    other = Ledger(tmp_path, {"cores": 8})
    assert other.share("two", {"cores": 8}, {}) == {"cores": 8}
    assert other.file.parent == ours.file.parent == tmp_path


def test_what_is_no_ledger_is_set_aside(ledger: Ledger) -> None:
    for rubbish in (b"rubbish" * 1000, b"SQLite format 3\0" + b"\xff" * 5000):
        ledger.file.write_bytes(rubbish)
        with pytest.raises(sqlite3.DatabaseError):
            ledger.share("one", {"cores": 8}, {})
        assert ledger.share("one", {"cores": 8}, {}) == {"cores": 8}
        assert ledger.file.with_suffix(".broken").read_bytes() == rubbish


def test_two_processes_share_one_ledger(tmp_path: Path) -> None:
    """What one coordinator is granted, another on the same machine is not."""
    script = (
        "import sys; from pathlib import Path; from icestream.engine.machine.ledger import Ledger;"
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
        assert ours.share("ours", {"cores": 6}, {"cores": 6}) == {"cores": 4}  # 6 still run
        assert ours.share("ours", {"cores": 6}, {"cores": 1}) == {"cores": 4}
        other.stdin.close()
        assert other.stdout.readline() == "4\n"
    assert ours.share("ours", {"cores": 6}, {}) == {"cores": 6}  # it has ended without a word


def test_two_sessions_of_one_process_share_too(ledger: Ledger) -> None:
    assert ledger.share("one", {"gpu:0": 1}, {}) == {"gpu:0": 1}
    assert ledger.share("two", {"gpu:0": 1}, {}) == {"gpu:0": 0}
    assert ledger.share("one", {"gpu:0": 0}, {}) == {"gpu:0": 0}  # it needs none any more
    assert ledger.share("two", {"gpu:0": 1}, {}) == {"gpu:0": 1}


def test_what_is_used_is_nobody_elses_until_it_is_not(ledger: Ledger) -> None:
    ledger.share("one", {"cores": 8}, {})
    for used, free in ((8, 0), (7, 1), (5, 3), (4, 4), (0, 4)):
        assert ledger.share("one", {"cores": 8}, {"cores": used})["cores"] in (8, 4)
        assert ledger.share("two", {"cores": 8}, {})["cores"] == free


def busy(ledger: Ledger, names: str, kinds: dict[str, int], seconds: float) -> dict[str, int]:
    """Sessions that always have work, each with a task of 7 s; how many each has started."""
    shares = {name: ledger.share(name, kinds, {}) for name in names}
    ends: dict[str, list[float]] = {name: [] for name in names}
    started = dict.fromkeys(names, 0)
    while module.time.monotonic() < seconds:
        now = module.time.monotonic() + 1.0
        module.time.monotonic = lambda now=now: now
        for name in names:
            ends[name] = [end for end in ends[name] if end > now]
            while all(len(ends[name]) < one for one in shares[name].values()):
                ends[name].append(now + 7.0)
                started[name] += 1
            assert sum(len(one) for one in ends.values()) <= 2
            shares[name] = ledger.share(name, kinds, dict.fromkeys(kinds, len(ends[name])))
    return started


def test_sessions_that_are_always_busy_share_what_is_too_little_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cores, three sessions, a quarter of an hour: all come on alike, and little is idle."""
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 0.0, time=lambda: 0.0))
    started = busy(Ledger(tmp_path, {"cores": 2}), "abc", {"cores": 2}, 900.0)
    most = 2 * 900 / 7
    assert min(started.values()) > 0.3 * most
    assert sum(started.values()) > 0.9 * most


def test_who_gets_the_gpu_gets_a_core_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 0.0, time=lambda: 0.0))
    capacity = {"cores": 2, "gpu:0": 1}
    started = busy(Ledger(tmp_path, capacity), "abc", {"cores": 2, "gpu:0": 1}, 900.0)
    assert min(started.values()) > 0.25 * 900 / 7


def test_two_sessions_keep_a_gpu_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path, {"gpu:0": 1, "gpu:1": 1})
    wish = {"gpu:0": 1, "gpu:1": 1}
    for now in (0.0, module.TURN, 2 * module.TURN):
        clock = SimpleNamespace(monotonic=lambda now=now: now, time=lambda: 0.0)
        monkeypatch.setattr(module, "time", clock)
        for _ in range(3):
            shares = {name: ledger.share(name, wish, {}) for name in ("one", "two")}
        assert shares == {"one": {"gpu:0": 1, "gpu:1": 0}, "two": {"gpu:0": 0, "gpu:1": 1}}


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
    shares, running = dict.fromkeys("abc", 0), dict.fromkeys("abc", 0)
    for name, wish, most in asked:
        # It starts nothing beyond its share, and what ran may go on.
        running[name] = min(most, max(shares[name], running[name]))
        shares[name] = ledger.share(name, {"cores": wish}, {"cores": running[name]})["cores"]
        assert shares[name] <= wish
        assert sum(max(shares[one], running[one]) for one in "abc") <= 8


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
    assert told.get(timeout=60.0) == Grant({"cores": 4})
    ledger.leave("other")
    assert told.get(timeout=60.0) == Grant({"cores": 8})
    with pytest.raises(queue.Empty):
        told.get(timeout=0.1)  # nothing has changed: nothing is told


def test_a_session_that_stops_has_no_share(
    ledger: Ledger, share: Callable[[], tuple[Share, "queue.SimpleQueue[object]"]]
) -> None:
    kept, _ = share()
    assert ledger.share("other", {"cores": 8}, {}) == {"cores": 0}
    kept.stop()
    assert ledger.share("other", {"cores": 8}, {}) == {"cores": 8}
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
        assert tried.wait(60.0)
        said = told.get(timeout=60.0)
        assert said == LedgerTrouble(ledger.file, "database or disk is full")
    assert kept.granted == {"cores": 8}
    assert told.get(timeout=60.0) == LedgerTrouble(ledger.file)
    ledger.share("other", {"cores": 8}, {})
    assert told.get(timeout=60.0) == Grant({"cores": 4})


@pytest.mark.parametrize("how", ["locked", "rubbish", "a folder", "unwritable"])
def test_a_session_that_cannot_use_the_ledger_begins_alone(
    ledger: Ledger,
    share: Callable[[], tuple[Share, "queue.SimpleQueue[object]"]],
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    other = sqlite3.connect(ledger.file, isolation_level=None)
    if how == "locked":
        other.execute("BEGIN EXCLUSIVE")
    elif how == "rubbish":
        ledger.file.write_bytes(b"rubbish" * 1000)
    elif how == "a folder":
        ledger.file.unlink()
        ledger.file.mkdir()
    else:
        ledger.file = Path("/proc/nowhere/ledger.db")
    kept, told = share()
    assert kept.granted == {"cores": 8}
    said = told.get(timeout=60.0)
    assert isinstance(said, LedgerTrouble)
    assert said.reason
    other.close()
    if how in ("locked", "rubbish"):  # it is mended by itself
        assert told.get(timeout=60.0) == LedgerTrouble(ledger.file)


def test_a_share_outlives_the_death_of_its_thread(
    ledger: Ledger,
    share: Callable[[], tuple[Share, "queue.SimpleQueue[object]"]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, told = share()

    def fail(*_said: object) -> dict[str, int]:
        raise RuntimeError("dictionary changed size during iteration")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "share", fail)
        died = told.get(timeout=60.0)
    assert isinstance(died, ThreadDied)
    assert (died.name, died.again) == ("ledger", True)
    ledger.share("other", {"cores": 8}, {})
    while isinstance(said := told.get(timeout=60.0), ThreadDied):
        pass
    assert said == Grant({"cores": 4})


def test_what_is_no_matter_of_the_machine_is_had_as_wished(tmp_path: Path) -> None:
    """A session on a cluster shares the copies of programs alone."""
    made = Ledger(tmp_path, {"token:relion": 1})
    wishes = {"cores": 4000, "token:relion": 1}
    assert made.share("one", wishes, {}) == wishes
    assert made.share("other", wishes, {}) == {"cores": 4000, "token:relion": 0}
