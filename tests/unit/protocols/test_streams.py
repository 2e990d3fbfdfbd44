"""Streams: values with where they were taken, without what counts for nothing."""

import math
from dataclasses import replace

import numpy as np
import pytest

from icestream.model import QUALITIES, MeasuredExposure
from icestream.protocols.streams import STREAMS, gather, usable


def shots(number: int, **qualities: float) -> list[MeasuredExposure]:
    return [
        MeasuredExposure(
            exposure=f"e{i}",
            taken=10.0 * i,
            grid_square=f"s{i // 5}",
            group=i % 2 + 1,
            nominal_defocus=10000.0,
            since_last=10.0 if i else None,
            qualities=dict(qualities),
        )
        for i in range(number)
    ]


def test_every_stream_is_made_of_qualities_that_there_are() -> None:
    for watched in STREAMS.values():
        assert set(watched.qualities) <= QUALITIES.keys()


def test_a_stream_has_values_squares_and_groups() -> None:
    taken = shots(12, **{"motion.total": 8.0})
    taken[3] = replace(taken[3], qualities={})
    found = gather(STREAMS["motion"], taken, usable(taken), True)
    assert found is not None
    stream, places = found
    assert list(places) == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]
    assert stream.values[:, 0] == pytest.approx(math.log(8.0))
    assert list(stream.blocks) == [0] * 4 + [1] * 5 + [2] * 2
    assert list(stream.groups[:3]) == [1, 2, 1]
    assert gather(STREAMS["dose"], taken, usable(taken), True) is None


def test_astigmatism_is_a_vector_at_twice_the_angle() -> None:
    taken = shots(2, **{"ctf.astigmatism": 300.0, "ctf.angle": 45.0})
    taken[1] = replace(taken[1], qualities={"ctf.astigmatism": 40.0})
    stream = gather(STREAMS["astigmatism"], taken, usable(taken), True)
    assert stream is not None
    assert stream[0].values == pytest.approx(np.array([[0.0, 300.0], [0.0, 0.0]]), abs=1e-9)


def test_a_fixed_pattern_of_a_few_thousandths_is_none() -> None:
    """It is zero or a little by chance, and a ratio of the two means nothing."""
    taken = [
        replace(shot, qualities={"gain.residual": residual})
        for shot, residual in zip(shots(3), (0.0, 0.004, 0.03), strict=True)
    ]
    stream = gather(STREAMS["gain residual"], taken, usable(taken), True)
    assert stream is not None
    assert stream[0].values[0] == stream[0].values[1]
    assert stream[0].values[2] - stream[0].values[0] == pytest.approx([math.log(6.0)])


def test_a_large_astigmatism_that_points_nowhere_says_nothing() -> None:
    taken = shots(2, **{"ctf.astigmatism": 300.0, "ctf.angle": 45.0})
    taken[1] = replace(taken[1], qualities={"ctf.astigmatism": 250.0})
    stream = gather(STREAMS["astigmatism"], taken, usable(taken), True)
    assert stream is not None
    assert stream[0].values == pytest.approx(np.array([[0.0, 300.0]]), abs=1e-9)


def test_defocus_counts_from_what_was_asked_for() -> None:
    taken = shots(2, **{"ctf.defocus": 12000.0})
    taken[1] = replace(taken[1], nominal_defocus=None)
    stream = gather(STREAMS["defocus"], taken, usable(taken), False)
    assert stream is not None
    assert stream[0].values.tolist() == [[2000.0]]


def test_the_interval_is_that_to_the_exposure_before() -> None:
    stream = gather(STREAMS["interval"], shots(4), usable(shots(4)), True)
    assert stream is not None
    assert stream[0].values[:, 0] == pytest.approx([math.log(10.0)] * 3)


def test_unusable_exposures_are_left_out_until_most_are() -> None:
    good, bad = shots(20, **{"micrograph.score": 0.9}), shots(20, **{"micrograph.score": 0.1})
    few = [*good[:10], bad[10], *good[11:]]
    assert list(usable(few)).count(False) == 1
    many = [*good[:10], *bad[10:]]
    assert not usable(many)[10]
    assert usable(many)[16:].all()
