import math

import pytest

from icestream.model import Ctf, Optics
from icestream.protocol import ItemFailed
from icestream.protocols.ctf_consensus import AgreeOnCtf, CtfConsensusParameters

OPTICS = Optics(pixel_size=1.0, voltage=300.0)


def ctf(defocus: float, resolution: float, *, score: float = 0.5, astigmatism: float = 0.0) -> Ctf:
    return Ctf(
        exposure="e",
        optics=OPTICS,
        defocus_u=defocus + astigmatism / 2,
        defocus_v=defocus - astigmatism / 2,
        angle=0.0,
        resolution=resolution,
        score=score,
    )


def limit(difference: float) -> float:
    """Å where a difference of defocus makes 90° of phase."""
    return math.sqrt(2.0 * OPTICS.wavelength * difference)


def test_the_better_one_is_kept_up_to_where_they_agree() -> None:
    kept = AgreeOnCtf().agree({"a": ctf(15000, 5.0), "b": ctf(16000, 4.0)})
    assert kept.defocus == 16000
    assert kept.resolution == pytest.approx(limit(1000), rel=5e-3)


def test_agreement_makes_no_estimate_better_than_it_is() -> None:
    kept = AgreeOnCtf().agree({"a": ctf(15000, 5.0), "b": ctf(15010, 4.0)})
    assert kept.resolution == 4.0


def test_of_three_the_odd_one_out_is_left_aside() -> None:
    kept = AgreeOnCtf().agree({"a": ctf(15000, 5.0), "b": ctf(30000, 3.0), "c": ctf(15100, 4.5)})
    assert kept.defocus == 15100
    assert kept.resolution == 4.5


def test_the_order_of_the_estimates_does_not_matter() -> None:
    one, two = ctf(15000, 4.0, score=0.3), ctf(15400, 4.0, score=0.6)
    forth, back = AgreeOnCtf().agree({"a": one, "b": two}), AgreeOnCtf().agree({"b": two, "a": one})
    assert forth.defocus == back.defocus


def test_the_score_can_decide() -> None:
    wanted = CtfConsensusParameters(keep="score")
    kept = AgreeOnCtf(wanted).agree(
        {"a": ctf(15000, 4.0, score=0.3), "b": ctf(15400, 5.0, score=0.6)}
    )
    assert kept.defocus == 15400


def test_the_worst_direction_is_stricter() -> None:
    pair = {"a": ctf(15000, 3.0), "b": ctf(15000, 3.0, astigmatism=1000)}
    mean = AgreeOnCtf().agree(pair).resolution
    worst = AgreeOnCtf(CtfConsensusParameters(direction="worst")).agree(pair).resolution
    assert worst == pytest.approx(limit(500), rel=5e-3)
    assert mean < worst


def test_one_estimate_cannot_agree() -> None:
    with pytest.raises(ItemFailed, match="only 1 CTF estimate"):
        AgreeOnCtf().agree({"a": ctf(15000, 4.0)})


def test_summary_and_plots() -> None:
    protocol = AgreeOnCtf()
    assert protocol.summarize([]) == ""
    assert "agree up to a median of 4.0 Å" in protocol.summarize([ctf(1e4, 4.0)])
    assert [list(figure.y) for figure in protocol.plot([ctf(1e4, 4.0)])] == [[4.0], [4.0]]
