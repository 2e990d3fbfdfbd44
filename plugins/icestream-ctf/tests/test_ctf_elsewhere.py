"""CTFFIND and Gctf in workflows of Scipion are themselves here, with all that was set."""

import json

import pytest

from icestream.exchange.importing import import_text
from icestream.protocol import Registry

STEPS = [
    {"object.className": "ProtImportMicrographs", "object.id": "1", "samplingRate": 1.0},
    {"object.className": "CistemProtCTFFind", "object.id": "2",
     "inputMicrographs": "1.outputMicrographs", "minDefocus": 4000.0, "maxDefocus": 30000.0,
     "stepDefocus": 200.0, "lowRes": 30.0, "highRes": 4.0, "windowSize": 1024, "slowSearch": True,
     "fixAstig": True, "astigmatism": 500.0, "findPhaseShift": True, "minPhaseShift": 20.0},
    {"object.className": "ProtGctf", "object.id": "3", "inputMicrographs": "1.outputMicrographs",
     "minDefocus": 0.4, "maxDefocus": 3.0, "lowRes": 0.05, "highRes": 0.25, "windowSize": 512,
     "astigmatism": 100.0, "bfactor": 150, "doHighRes": False, "gpuList": "0"},
]  # fmt: skip


def test_the_very_programs_go_first_unless_icestreams_own_is_preferred() -> None:
    found = import_text(json.dumps(STEPS), "w", Registry())
    _, ctffind, gctf = found.workflow.steps
    assert (ctffind.protocol, gctf.protocol) == ("ctf.ctffind4", "ctf.gctf")
    assert ctffind.parameters == pytest.approx(
        {"defocus_min": 0.4, "defocus_max": 3.0, "step": 0.02, "resolution_min": 30.0,
         "resolution_max": 4.0, "box": 1024, "exhaustive": True, "astigmatism": 500.0,
         "phase_plate": True, "phase_min": 20.0}
    )  # fmt: skip
    assert gctf.parameters == pytest.approx(
        {"defocus_min": 0.4, "defocus_max": 3.0, "resolution_min": 20.0, "resolution_max": 4.0,
         "box": 512, "astigmatism": 100.0, "bfactor": 150.0, "refine_finest": False}
    )  # fmt: skip
    # A frequency is a resolution at some pixel size, which is said.
    verdicts = [one.verdict for one in found.mapped]
    assert verdicts == ["exactly", "exactly", "approximately"]
    assert not any(one.lost or one.remarks for one in found.mapped)
    own = import_text(json.dumps(STEPS), "w", Registry(), prefer="own")
    assert {step.protocol for step in own.workflow.steps[1:]} == {"ctf.estimate"}
