import itertools
import json
import math
from dataclasses import replace

import pytest

from icestream.model import Ctf, CtfAgreement, Optics, to_document
from icestream.protocol import ItemFailed
from icestream.protocol.conformance import problems
from icestream.protocols.ctf_consensus import AgreeOnCtf, CtfConsensusParameters

OPTICS = Optics(pixel_size=1.0, voltage=300.0)


def ctf(
    defocus: float, resolution: float, *, error: float | None = None, astigmatism: float = 0.0
) -> Ctf:
    return Ctf(
        exposure="e",
        optics=OPTICS,
        defocus_u=defocus + astigmatism / 2,
        defocus_v=defocus - astigmatism / 2,
        angle=0.0,
        resolution=resolution,
        defocus_error=error,
        astigmatism_error=error,
        angle_error=None if error is None else 10.0,
        ice_ring=1.0 / resolution,
    )


def limit(difference: float) -> float:
    """Å where a difference of defocus makes 90° of phase."""
    return math.sqrt(2.0 * OPTICS.wavelength * difference)


def agreed(**candidates: Ctf) -> Ctf:
    return AgreeOnCtf().agree(candidates)


def test_is_a_good_plugin() -> None:
    assert problems(AgreeOnCtf) == []


def test_what_agrees_is_averaged_by_its_errors() -> None:
    made = agreed(a=ctf(15000, 5.0, error=20.0), b=ctf(15300, 4.0, error=40.0))
    assert made.defocus == pytest.approx(15060.0)
    assert made.defocus_error == pytest.approx(math.hypot(24.0, 120.0))
    assert made.agreement == CtfAgreement(
        members=("a", "b"),
        outvoted=(),
        resolution=pytest.approx(limit(300), rel=5e-3),
        worst=pytest.approx(limit(300), rel=5e-3),
    )
    assert made.qualities()["ctf.agreement"] == pytest.approx(limit(300), rel=5e-3)


def test_without_errors_all_weigh_the_same() -> None:
    made = agreed(a=ctf(15000, 5.0, error=20.0), b=ctf(15300, 4.0))
    assert (made.defocus, made.defocus_error) == (pytest.approx(15150.0), None)


def test_the_rest_is_that_of_the_best_and_no_better_than_the_agreement() -> None:
    made = agreed(a=ctf(15000, 5.0), b=ctf(16000, 4.0))
    assert made.ice_ring == 0.25
    assert made.resolution == pytest.approx(limit(1000), rel=5e-3)
    assert agreed(a=ctf(15000, 5.0), b=ctf(15010, 4.0)).resolution == 4.0


def test_an_estimate_in_doubt_is_not_the_best() -> None:
    doubtful = replace(ctf(15000, 3.0), doubt="less than one ring")
    made = agreed(a=doubtful, b=ctf(15100, 6.0))
    assert (made.resolution, made.doubt) == (6.0, "")


def test_of_three_the_odd_one_out_is_named() -> None:
    made = agreed(a=ctf(15000, 5.0), b=ctf(30000, 3.0), c=ctf(15100, 4.5))
    assert made.defocus == 15050
    assert made.resolution == 4.5
    assert made.agreement is not None
    assert (made.agreement.members, made.agreement.outvoted) == (("a", "c"), ("b",))


def test_where_none_agree_the_better_stays_in_doubt() -> None:
    made = agreed(a=ctf(15000, 5.0, error=20.0), b=ctf(22000, 4.0, error=30.0), c=ctf(40000, 6.0))
    assert (made.defocus, made.defocus_error) == (22000, 30.0)
    assert made.resolution == pytest.approx(limit(7000), rel=5e-3)
    assert made.doubt == (
        f"estimates agree only up to {limit(7000):.1f} Å; "
        "the nearest defoci are b 2.20 µm and a 1.50 µm"
    )
    assert made.agreement is not None
    assert (made.agreement.members, made.agreement.outvoted) == (("b",), ("a", "c"))


def test_the_order_of_the_estimates_does_not_matter() -> None:
    ctfs = {"a": ctf(15000, 4.0), "b": ctf(15400, 4.0), "c": ctf(15800, 4.0)}
    documents = {
        json.dumps(to_document(AgreeOnCtf().agree(dict(order))))
        for order in itertools.permutations(ctfs.items())
    }
    assert len(documents) == 1


def test_the_worst_direction_is_stricter() -> None:
    pair = {"a": ctf(15000, 3.0), "b": ctf(15000, 3.0, astigmatism=1000)}
    mean = AgreeOnCtf().agree(pair).resolution
    worst = AgreeOnCtf(CtfConsensusParameters(direction="worst")).agree(pair).resolution
    assert worst == pytest.approx(limit(500), rel=5e-3)
    assert mean < worst


def test_how_far_to_agree_is_a_parameter() -> None:
    pair = {"a": ctf(15000, 5.0), "b": ctf(16000, 4.0)}
    strict = AgreeOnCtf(CtfConsensusParameters(agreement=5.0)).agree(pair)
    assert strict.defocus == 16000
    assert "agree only up to 6.3 Å" in strict.doubt


def test_one_estimate_cannot_agree() -> None:
    with pytest.raises(ItemFailed, match="only 1 CTF estimate"):
        agreed(a=ctf(15000, 4.0))


def test_summary_and_plots() -> None:
    protocol = AgreeOnCtf()
    assert protocol.summarize([]) == ""
    good = agreed(a=ctf(15000, 5.0), b=ctf(15300, 4.0), c=ctf(30000, 3.0))
    bad = agreed(a=ctf(15000, 5.0), b=ctf(22000, 4.0))
    assert protocol.summarize([good, good, bad]) == (
        "CTF estimates of 2 of 3 micrographs agree, up to a median of 3.4 Å; "
        "outvoted: c in 2, a in 1"
    )
    assert protocol.summarize([bad]) == (
        "CTF estimates of 0 of 1 micrographs agree; outvoted: a in 1"
    )
    for figure in protocol.plot([good, bad]):
        assert list(figure.y) == pytest.approx([limit(300), limit(7000)], rel=5e-3)
