"""EPU's documents, as our own reader of real EPU files understands them."""

import uuid
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest

from icestream.formats import read_epu_exposure, read_epu_fractions
from icestream.simulator import epu
from icestream.simulator.plan import SessionPlan
from icestream.simulator.schedule import schedule

STARTED = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def _first(plan):
    return next(schedule(plan, STARTED))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_exposure_reads_as_it_was_planned(tmp_path, number):
    plan = SessionPlan(movies=3, pixel_size=0.83, frames=40, dose_per_frame=1.25)
    shot = list(schedule(plan, STARTED))[number]
    path = tmp_path / "exposure.xml"
    path.write_text(epu.image_document(plan, shot, STARTED), encoding="utf-8")
    found = read_epu_exposure(path)
    assert found.voltage == 300.0
    assert found.pixel_size == pytest.approx(0.83)
    assert found.shape == (1024, 1024)
    assert found.dose == pytest.approx(50.0)
    assert found.fractions == 40
    assert found.nominal_defocus == pytest.approx(shot.exposure.nominal_defocus)
    assert found.beam_shift == pytest.approx(shot.exposure.beam_shift)
    assert found.stage == pytest.approx(shot.exposure.stage)
    assert found.acquired == shot.exposure.acquired
    assert found.gain == epu.gain_name(plan, STARTED)
    assert found.phase_plate is False
    assert found.super_resolution == 1


def test_fractions_are_all_there(tmp_path):
    path = tmp_path / "m_Fractions.xml"
    path.write_text(epu.fractions_document(SessionPlan(frames=17)), encoding="utf-8")
    found = read_epu_fractions(path)
    assert found.problem == ""
    assert (found.expected, found.listed, found.frames) == (17, 17, 17)
    assert found.shape == (1024, 1024)
    assert found.gain_corrected is False


def test_the_session_document(tmp_path):
    path = tmp_path / "EpuSession.dm"
    path.write_text(epu.session_document(SessionPlan(), "a & b", STARTED), encoding="utf-8")
    found = {part.tag.rpartition("}")[2]: part.text for part in ET.parse(path).getroot()}
    assert found["Name"] == "a & b"
    assert found["DoseFractionsOutputFormat"] == "Tiff Lzw Non-Gain normalized"
    assert found["ClusteringMode"] == "ClusteringWithImageBeamShift"
    assert float(found["ClusteringRadius"]) == pytest.approx(12e-6)


def test_square_and_hole_come_with_their_first_exposure():
    plan = SessionPlan(movies=20, shots_per_hole=2, holes_per_square=3)
    counts = [len(epu.exposure_files(plan, shot, STARTED)) for shot in schedule(plan, STARTED)]
    assert counts[:8] == [4, 2, 3, 2, 3, 2, 4, 2]


def test_an_eer_exposure_has_no_fractions_and_names_its_gain(tmp_path):
    plan = SessionPlan(container="eer")
    shot = _first(plan)
    documents = epu.exposure_files(plan, shot, STARTED)
    assert not any(path.name.endswith("_Fractions.xml") for path in documents)
    path = tmp_path / "exposure.xml"
    path.write_text(epu.image_document(plan, shot, STARTED), encoding="utf-8")
    found = read_epu_exposure(path)
    assert found.fractions is None
    assert found.gain.endswith("_EER_GainReference.gain")
    assert found.detector == "Falcon 4i"


def test_documents_are_the_same_each_time():
    plan = SessionPlan()
    shot = _first(plan)
    text = epu.image_document(plan, shot, STARTED)
    assert text == epu.image_document(plan, shot, STARTED)
    assert uuid.UUID(text.split("<uniqueID>")[1].split("<")[0])
