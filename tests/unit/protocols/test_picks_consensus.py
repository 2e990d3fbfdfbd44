import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from icestream.model import Picks, column, from_document, to_document
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


def test_the_scores_of_the_pickers_stay() -> None:
    a, b = picks((100, 100), (300, 300)), picks((104, 100))
    b = replace(b, score=column([7.5]))
    made = AgreeOnPicks(PicksConsensusParameters(votes=1)).agree({"log": a, "net": b})
    assert made.agreement is not None
    assert made.agreement.pickers == ("log", "net")
    assert made.agreement.scores[0].tolist() == [1.0, 7.5]
    assert made.score.tolist() == [1.0, 0.5]
    again = from_document(Picks, to_document(made))
    assert again.agreement is not None
    assert np.array_equal(again.agreement.scores, made.agreement.scores, equal_nan=True)


def test_agreement_is_that_of_all_picks_not_of_what_is_kept() -> None:
    """Two of three and two: both found one, either found four. Padding counts nowhere."""
    candidates = {"a": picks((1, 1), (200, 200), (400, 400)), "b": picks((2, 1), (800, 800))}
    for votes in (1, 2):
        made = AgreeOnPicks(PicksConsensusParameters(votes=votes)).agree(candidates)
        assert made.agreement is not None
        assert made.agreement.shared.tolist() == [[3, 1], [1, 2]]
        assert made.agreement.jaccard.tolist() == [[1.0, 0.25], [0.25, 1.0]]
        assert made.qualities() == {"picks.count": len(made), "picks.agreement": 0.25}


def test_the_order_of_the_pickers_does_not_matter() -> None:
    candidates = {
        "a": picks((100, 100), (300, 300)),
        "b": picks((63, 50), pixel_size=2.0),
        "c": picks((90, 100), (312, 300)),
    }
    made = {
        json.dumps(to_document(AgreeOnPicks(PicksConsensusParameters(votes=2)).agree(dict(order))))
        for order in itertools.permutations(candidates.items())
    }
    assert len(made) == 1


def test_the_distance_can_be_a_length() -> None:
    candidates = {"a": picks((100, 100)), "b": picks((100, 112))}
    for distance, kept in ((11.0, 0), (13.0, 1)):
        wanted = PicksConsensusParameters(distance=distance, radius=2.0)
        assert len(AgreeOnPicks(wanted).agree(candidates)) == kept
    coarse = {"a": picks((50, 50), pixel_size=2.0), "b": picks((50, 56), pixel_size=2.0)}
    assert len(AgreeOnPicks(PicksConsensusParameters(distance=11.0)).agree(coarse)) == 0
    assert len(AgreeOnPicks(PicksConsensusParameters(distance=13.0)).agree(coarse)) == 1


def test_micrographs_without_any_pick_have_no_agreement() -> None:
    made = AgreeOnPicks().agree({"a": picks(), "b": picks()})
    assert made.qualities() == {"picks.count": 0.0}


def test_summary() -> None:
    assert AgreeOnPicks().summarize([]) == ""
    assert AgreeOnPicks().summarize([picks((1, 1))]) == (
        "1 particles in 1 micrographs were found by all pickers"
    )
    first = AgreeOnPicks().agree({"a": picks((1, 1), (200, 200)), "b": picks((1, 1))})
    second = AgreeOnPicks().agree({"a": picks((1, 1)), "b": picks((1, 1), (200, 200))})
    two = AgreeOnPicks(PicksConsensusParameters(votes=2))
    assert two.summarize([first, second]) == (
        "2 particles in 2 micrographs were found by 2 pickers; "
        "of what either found, both found: a and b 50 %"
    )


def test_plots_show_each_micrograph() -> None:
    first = AgreeOnPicks().agree({"a": picks((1, 1), (200, 200)), "b": picks((1, 1))})
    nothing = AgreeOnPicks().agree({"a": picks(), "b": picks()})
    assert [list(figure.y) for figure in AgreeOnPicks().plot([first, nothing])] == [[50.0]] * 2


def test_a_diameter_that_its_picker_does_not_know_stays_unknown() -> None:
    known, roomy = picks((50, 50)), replace(picks((50, 50)), diameter=250.0, diameter_known=False)
    both = AgreeOnPicks().agree({"a": roomy, "b": roomy})
    assert (both.diameter, both.diameter_known) == (250.0, False)
    assert "their diameter is not known yet" in AgreeOnPicks().summarize([both])
    # It is the roomy one that is passed on.
    assert not AgreeOnPicks().agree({"a": known, "b": roomy}).diameter_known
    agreed = AgreeOnPicks().agree({"a": known, "b": known})
    assert agreed.diameter_known
    assert "not known" not in AgreeOnPicks().summarize([agreed])
