"""What is said of an export; whole ones are in test_export."""

from pathlib import Path

from icestream.exports.cryosparc.summary import CryosparcSummary, cryosparc_sentences


def test_all_that_is_left_out_is_said() -> None:
    summary = CryosparcSummary(
        folder=Path("out"), movies=5, exposures=0, rejected=0, picks=0, particles=0, aligned=0,
        classes=0, volume=False, without_ctf=3, defects=5, gains=2, flipped=7, state=("of now",),
    )  # fmt: skip
    said = list(cryosparc_sentences(summary))
    assert said[0].endswith("in 0 2D classes, no map")
    assert said[1] == "of now"
    assert "3 micrographs have no CTF yet, and were left out" in said
    assert any(one.startswith("gain references of 2 EER movies were left out") for one in said)
    assert any(one.startswith("defects of 5 movies were left out") for one in said)
    assert any("7 particles were left out, as their phases are flipped" in one for one in said)
    assert any("no micrograph was handed over" in one for one in said)
