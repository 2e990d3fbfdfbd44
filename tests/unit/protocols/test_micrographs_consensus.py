import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.model import Micrograph, Motion, Optics, TrackAgreement, column, to_document
from icestream.protocol import ItemFailed
from icestream.protocol.conformance import problems
from icestream.protocols.micrographs_consensus import (
    AgreeOnTracks,
    MicrographsConsensusParameters,
)


def micrograph(shake: float = 0.0, *, correlation: float | None = None) -> Micrograph:
    """Of a steady track with every other frame aside by `shake` Å."""
    track = np.stack([np.arange(10.0), np.zeros(10)], axis=1)
    track[1::2, 1] += shake
    return Micrograph(
        exposure="e",
        path=Path(f"{shake:g}.mrc"),
        shape=(8, 8),
        optics=Optics(pixel_size=1.0, voltage=300.0),
        motion=Motion(shifts=column(track)),
        half_correlation=correlation,
    )


def agreed(**candidates: Micrograph) -> Micrograph:
    return AgreeOnTracks().agree(candidates)


def test_is_a_good_plugin() -> None:
    assert problems(AgreeOnTracks) == []


def test_two_that_agree() -> None:
    made = agreed(ours=micrograph(), theirs=micrograph(2.0))
    assert made.path == Path("0.mrc")
    assert made.agreement == TrackAgreement(
        members=("ours", "theirs"), outvoted=(), distance=pytest.approx(1.0)
    )
    assert made.qualities()["motion.agreement"] == pytest.approx(1.0)


def test_the_odd_one_out_is_named_and_not_kept() -> None:
    made = agreed(
        a=micrograph(90.0, correlation=0.9),
        b=micrograph(0.0, correlation=0.3),
        c=micrograph(2.0, correlation=0.4),
    )
    assert made.path == Path("2.mrc")
    assert made.agreement == TrackAgreement(
        members=("c", "b"), outvoted=("a",), distance=pytest.approx(1.0)
    )


def test_two_that_differ_are_told_apart_and_the_better_is_kept() -> None:
    made = agreed(a=micrograph(0.0, correlation=0.2), b=micrograph(40.0, correlation=0.3))
    assert made.path == Path("40.mrc")
    assert made.agreement is not None
    assert (made.agreement.members, made.agreement.outvoted) == (("b",), ("a",))
    assert made.agreement.distance == pytest.approx(20.0)


def test_how_near_is_a_parameter() -> None:
    pair = {"a": micrograph(), "b": micrograph(2.0)}
    strict = AgreeOnTracks(MicrographsConsensusParameters(distance=0.5)).agree(pair)
    assert strict.agreement is not None
    assert strict.agreement.outvoted == ("b",)


def test_what_has_no_track_is_no_obstacle_and_claims_no_agreement() -> None:
    still = replace(micrograph(), motion=None)
    assert agreed(a=still, b=micrograph()).agreement is None
    made = agreed(a=still, b=micrograph(), c=micrograph(2.0))
    assert made.agreement is not None
    assert (made.agreement.members, made.agreement.outvoted) == (("b", "c"), ("a",))


def test_the_order_does_not_matter() -> None:
    candidates = {"a": micrograph(), "b": micrograph(2.0), "c": micrograph(4.0)}
    documents = {
        json.dumps(to_document(AgreeOnTracks().agree(dict(order))))
        for order in itertools.permutations(candidates.items())
    }
    assert len(documents) == 1


def test_one_alignment_is_no_agreement() -> None:
    with pytest.raises(ItemFailed, match="only 1 alignment"):
        agreed(a=micrograph())


def test_summary_and_plots() -> None:
    assert AgreeOnTracks().summarize([]) == ""
    good = agreed(a=micrograph(), b=micrograph(2.0))
    bad = agreed(a=micrograph(), b=micrograph(40.0))
    assert AgreeOnTracks().summarize([good, good, bad]) == (
        "tracks of 2 of 3 exposures agree within 3 Å, with a median distance of 1.0 Å; "
        "outvoted: b in 1"
    )
    for figure in AgreeOnTracks().plot([good, bad]):
        assert list(figure.y) == pytest.approx([1.0, 20.0])
