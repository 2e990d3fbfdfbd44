import numpy as np
import pytest

from icestream.model import Picks, column
from icestream.protocol import ItemFailed
from icestream.protocol.conformance import problems
from icestream.protocols.picks_consensus import AgreeOnPicks, PicksConsensusParameters


def picks(*points: tuple[float, float], pixel_size: float = 1.0) -> Picks:
    x, y = np.array(points, dtype=np.float32).reshape(-1, 2).T
    return Picks(
        exposure="e1",
        x=column(x),
        y=column(y),
        score=column(np.ones(len(x))),
        diameter=100.0,
        pixel_size=pixel_size,
    )


def test_is_a_good_plugin() -> None:
    assert problems(AgreeOnPicks) == []


def test_keeps_what_all_pickers_found() -> None:
    agreed = AgreeOnPicks().agree(
        {"log": picks((100, 100), (300, 300)), "other": picks((110, 104), (900, 900))}
    )
    assert agreed.x.tolist() == [105.0]
    assert agreed.y.tolist() == [102.0]
    assert agreed.score.tolist() == [1.0]
    assert agreed.exposure == "e1"


def test_votes_and_radius_are_parameters() -> None:
    candidates = {"a": picks((100, 100)), "b": picks((128, 100)), "c": picks((500, 500))}
    two = AgreeOnPicks(PicksConsensusParameters(votes=2)).agree(candidates)
    assert len(two) == 1
    one = AgreeOnPicks(PicksConsensusParameters(votes=1)).agree(candidates)
    assert len(one) == 2
    strict = AgreeOnPicks(PicksConsensusParameters(votes=2, radius=0.2)).agree(candidates)
    assert len(strict) == 0


def test_pixels_of_different_size_compare() -> None:
    agreed = AgreeOnPicks().agree(
        {"fine": picks((200, 400)), "coarse": picks((100, 200), pixel_size=2.0)}
    )
    assert agreed.x.tolist() == [200.0]
    assert agreed.pixel_size == 1.0


def test_a_picker_that_found_nothing_is_no_obstacle() -> None:
    assert len(AgreeOnPicks().agree({"a": picks((1, 1)), "b": picks()})) == 0
    most = AgreeOnPicks(PicksConsensusParameters(votes=1))
    assert len(most.agree({"a": picks((1, 1)), "b": picks()})) == 1


def test_nothing_to_compare_is_said() -> None:
    with pytest.raises(ItemFailed, match="no picker"):
        AgreeOnPicks().agree({})


def test_summary() -> None:
    assert AgreeOnPicks().summarize([]) == ""
    assert "all pickers" in AgreeOnPicks().summarize([picks((1, 1))])
    two = AgreeOnPicks(PicksConsensusParameters(votes=2))
    assert "1 particles in 1 micrographs were found by 2 pickers" in two.summarize([picks((1, 1))])
