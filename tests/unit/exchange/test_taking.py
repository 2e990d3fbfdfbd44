"""Values that are taken over: blanks get the kind of what they stand for, pixels are followed."""

import json

import pytest

from icestream.exchange.scipion_file import read_scipion
from icestream.exchange.translate import translate
from icestream.protocol import Registry

STEPS = [
    {"object.className": "ProtImportMovies", "object.id": "1", "samplingRate": "~Px|0.5|4|px~",
     "dataStreaming": "~Live|true|0|live~", "gainFile": "~Gain||0|gain~"},
    {"object.className": "ProtMotionCorr", "object.id": "2", "inputMovies": "1.outputMovies",
     "binFactor": 2.0, "gainFlip": 1},
    {"object.className": "ProtUnknown", "object.id": "3",
     "inputMicrographs": "2.outputMicrographs"},
    {"object.className": "ProtRelionAutopickLoG", "object.id": "4",
     "inputMicrographs": "3.outputMicrographs"},
]  # fmt: skip


def test_pixels_and_blanks() -> None:
    found = translate(read_scipion(json.dumps(STEPS), "w"), Registry(), prefer="own")
    assert found.pixels == pytest.approx({"1": 0.5, "2": 0.5, "3": 1.0, "4": 1.0})
    blanks = {blank.name: (blank.kind, blank.default) for blank in found.workflow.blanks}
    assert blanks == {"px": ("number", 0.5), "live": ("yes or no", True), "gain": ("file", None)}
    assert found.workflow.step("import").parameters["gain_flip"] == "up-down"


def test_what_belongs_to_the_source_needs_one() -> None:
    (lost,) = [
        value
        for one in translate(read_scipion(json.dumps(STEPS[1:]), "w"), Registry()).mapped
        for value in one.lost
        if value.theirs == "gainFlip"
    ]
    assert lost.remark == "no step takes the movies in"


@pytest.mark.parametrize(
    ("resized", "pixel"),
    [
        ({"doDownsample": True, "downFactor": 5.0}, 6.0),
        ({"doDownsample": False, "downFactor": 5.0}, 1.2),
        ({"doDownsample": True, "downFactor": "~By||4|by~"}, None),
        ({"doResize": True, "resizeOption": 1, "resizeSamplingRate": 3.0}, None),
        ({"doResize": False, "resizeOption": 1}, 1.2),
        ({"resizeOption": 0, "resizeFactor": 2.0}, None),
        ({}, 1.2),
    ],
)
def test_what_another_programs_protocol_makes_of_pixels(
    resized: dict[str, object], pixel: float | None
) -> None:
    """A placeholder holds its place, and what lies behind counts its pixels."""
    steps = [
        {"object.className": "ProtImportMicrographs", "object.id": "2", "samplingRate": 1.2},
        {"object.className": "XmippProtPreprocessMicrographs", "object.id": "3", **resized,
         "inputMicrographs": "2.outputMicrographs"},
        {"object.className": "ProtCTFFind", "object.id": "4", "lowRes": 0.1, "highRes": 0.4,
         "inputMicrographs": "3.outputMicrographs"},
    ]  # fmt: skip
    found = translate(read_scipion(json.dumps(steps), "w"), Registry(), prefer="own")
    assert found.pixels.get("4") == (pixel and pytest.approx(pixel))
    (ctf,) = (one for one in found.mapped if one.id == "4")
    (low,) = (value for value in ctf.values if value.theirs == "lowRes")
    if pixel is None:
        assert not low.ours
        assert "pixel size" in low.remark
    else:
        assert low.became == pytest.approx(pixel / 0.1)
