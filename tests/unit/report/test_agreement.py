"""What consensus steps say, over a session."""

from pathlib import Path
from typing import Any

import pytest

from icestream.model import column
from icestream.report.agreement import Agreements, _Consensus
from icestream.report.follow import Follower
from report_session import SampleSession


def pickers(*found: int, shared: int) -> dict[str, Any]:
    matrix = [[found[0], shared], [shared, found[1]]]
    return {"pickers": ["log", "auto"], "shared": column(matrix)}


def test_votes_of_a_session(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(28)
    session.agree(28)
    follower, agreements = Follower(session.store), Agreements()
    follower.read()
    said = agreements.update(follower, {"ctf": "CTF estimation"})
    assert said is not None
    ctf, picks = said
    assert (ctf.step, ctf.quality, ctf.exposures) == ("ctf_agree", "ctf.agreement", 28)
    first, second = ctf.members
    assert (first.title, first.told, first.outvoted) == ("CTF estimation", 28, 0)
    assert (second.step, second.outvoted, second.lately, second.of) == ("ctf_other", 4, 4, 28)
    matrix = picks.pickers
    assert matrix is not None
    assert matrix.steps == ("pick", "pick_other", "pick_third")
    assert picks.quality == "picks.agreement"
    for i in range(3):
        for j in range(3):
            both, found = matrix.shared[i][j], matrix.found
            expected = 1.0 if i == j else both / (found[i] + found[j] - both)
            assert matrix.jaccard[i][j] == pytest.approx(expected, abs=1e-3)
    follower.read()
    assert agreements.update(follower, {"ctf": "CTF estimation"}) is None, "nothing is read twice"


def test_a_session_without_a_consensus_says_nothing(grown: SampleSession) -> None:
    follower = Follower(grown.store)
    follower.read()
    assert Agreements().update(follower, {}) is None


def test_an_exposure_that_is_told_again_counts_once() -> None:
    kept = _Consensus()
    kept.take("e1", {"members": ["a", "b"], "outvoted": [], "resolution": 4.0})
    kept.take("e1", {"members": ["a"], "outvoted": ["b"], "resolution": 4.0})
    assert kept.told == {"a": 1, "b": 1}
    assert kept.outvoted == {"a": 0, "b": 1}
    kept = _Consensus()
    kept.take("e1", pickers(10, 10, shared=5))
    kept.take("e1", pickers(8, 6, shared=2))
    kept.take("e2", pickers(2, 4, shared=2))
    matrix = kept._matrix({})
    assert matrix is not None
    assert list(matrix.found) == [10, 10]
    assert matrix.jaccard[0][1] == pytest.approx(4 / 16, abs=1e-3)


def test_other_pickers_begin_anew() -> None:
    kept = _Consensus()
    kept.take("e1", pickers(10, 10, shared=5))
    kept.take("e2", pickers(4, 4, shared=4) | {"pickers": ["log", "template"]})
    matrix = kept._matrix({"log": "LoG"})
    assert matrix is not None
    assert list(matrix.titles) == ["LoG", "template"]
    assert list(matrix.found) == [4, 4]


def test_pickers_that_found_nothing_have_no_index() -> None:
    kept = _Consensus()
    kept.take("e1", pickers(0, 0, shared=0))
    matrix = kept._matrix({})
    assert matrix is not None
    assert matrix.jaccard[0][1] is None
