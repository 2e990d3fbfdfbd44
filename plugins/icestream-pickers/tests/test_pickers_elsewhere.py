"""Pickers in workflows of Scipion are the same programs here, with all that was set."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from icestream.exchange.importing import import_text
from icestream.protocol import Registry

MICROGRAPHS = {"object.className": "ProtImportMicrographs", "object.id": "1", "samplingRate": 2.0}


@pytest.mark.parametrize(
    ("theirs", "given", "protocol", "parameters"),
    [
        (
            "SphireProtCRYOLOPicking",
            {"boxSize": 100, "conservPickVar": 0.2, "lowPassFilter": False, "useGpu": False},
            "picks.cryolo",
            {"diameter": 200.0, "threshold": 0.2, "denoise": "none", "gpu": False},
        ),
        (
            "ProtGautomatch",
            {"particleSize": 75, "threshold": 0.2, "advanced": True, "minDist": 300, "speed": 2},
            "picks.gautomatch",
            {"diameter": 150.0, "threshold": 0.2},
        ),
        (
            "ProtGautomatch",
            {"particleSize": -1, "advanced": False, "minDist": 300, "localSigmaCutoff": 1.3},
            "picks.gautomatch",
            {"spacing": 300, "noise_most": 1.3},
        ),
        (
            "EmanProtAutopick",
            {"particleSize": 80, "boxSize": 128, "boxerMode": 1, "threshold": 4.0},
            "picks.eman2",
            {"diameter": 160.0, "mode": "reference", "threshold": 4.0},
        ),
        (
            "SparxGaussianProtPicking",
            {"boxSize": 90, "lowerThreshold": 1.5, "higherThreshold": 20.0, "gaussWidth": 1.2},
            "picks.sphire_gauss",
            {"diameter": 180.0, "threshold": 1.5, "threshold_max": 20.0, "width": 1.2},
        ),
        (
            "DogPickerProtPicking",
            {"diameter": 110, "threshold": 0.7, "invert": True, "extraParams": ""},
            "picks.dog",
            {"diameter": 110, "threshold": 0.7, "bright": False},
        ),
    ],
)
def test_the_very_program_is_taken(
    theirs: str, given: dict[str, Any], protocol: str, parameters: dict[str, Any]
) -> None:
    step = {"object.className": theirs, "object.id": "2", **given}
    step["inputMicrographs"] = "1.outputMicrographs"
    found = import_text(json.dumps([MICROGRAPHS, step]), "w", Registry())
    made = found.workflow.steps[1]
    assert made.protocol == protocol
    assert made.parameters == pytest.approx(parameters)
    assert found.mapped[1].lost == ()


def test_the_page_says_which_plugin_brings_each_picker() -> None:
    plugins = Path(__file__).parents[2]
    page = (plugins / "icestream-pickers" / "docs" / "pickers.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("|")]
    for path in sorted(plugins.glob("*/pyproject.toml")):
        told = tomllib.loads(path.read_text())["project"]
        named = told.get("entry-points", {}).get("icestream.protocols", {})
        for name in named.keys() - {"picks.topaz_train", "picks.xmipp_consensus"}:
            if name.startswith("picks."):
                assert any(f"`{name}`" in row and told["name"] in row for row in rows), name
