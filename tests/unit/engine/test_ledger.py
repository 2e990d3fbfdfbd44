"""The machine's ledger: never more granted than there is, and fair."""

import itertools
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icestream.engine import ledger as module
from icestream.engine.ledger import Ledger, fair_share

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
