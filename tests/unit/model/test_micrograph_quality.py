"""The verdict on a micrograph as a value."""

from icestream.model import QUALITIES, MicrographQuality, from_document, to_document

FOUND = MicrographQuality(
    exposure="a",
    label="great",
    score=0.9,
    reason="discrete dark particles",
    texture=4.0,
    patches=3.0,
    objects=0.01,
    skew=-0.6,
)


def test_its_qualities_are_known_to_screens() -> None:
    qualities = FOUND.qualities()
    assert qualities["micrograph.score"] == 0.9
    assert set(qualities) <= set(QUALITIES)


def test_it_survives_being_stored() -> None:
    assert from_document(MicrographQuality, to_document(FOUND)) == FOUND
