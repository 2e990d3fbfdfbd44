"""OSC-EM metadata."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest

from deposited import finished
from icestream.exports.deposit.about import About, read_about
from icestream.exports.deposit.facts import DepositFacts, gather_facts
from icestream.exports.deposit.osc_em import export_osc_em, osc_em

SCHEMA = Path(__file__).parents[3] / "data/deposit/oscem_schemas_spa-1.0.1.schema.json"


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()), validate_formats=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished(tmp_path_factory.mktemp("osc-em")).folder


@pytest.fixture(scope="module")
def facts(folder: Path) -> DepositFacts:
    return gather_facts(folder)


def test_a_finished_session_is_valid(
    folder: Path, tmp_path: Path, validator: jsonschema_rs.Validator
) -> None:
    assert export_osc_em(folder, tmp_path / "grid.json") == ()
    document = json.loads((tmp_path / "grid.json").read_text())
    assert [error.message for error in validator.iter_errors(document)] == []
    acquisition = document["acquisition"]
    assert acquisition["pixel_size"] == {
        "value": 1.5, "unit": "Å", "valueSI": 1.5e-10, "unitSI": "m",
    }  # fmt: skip
    assert acquisition["dose_per_movie"]["value"] == pytest.approx(40.8)
    assert acquisition["dose_per_movie"]["valueSI"] == pytest.approx(40.8e20)
    assert acquisition["nominal_defocus"]["minimal"]["value"] == 1200.0
    assert (acquisition["frames_per_movie"], acquisition["images_generated"]) == (40, 12)
    assert document["instrument"]["acceleration_voltage"]["valueSI"] == 300_000.0
    volume = document["processing"]["volumes"][0]
    assert (volume["size"], volume["vol_number_particles"]) == ([64, 64, 64], 4120)
    assert volume["vol_resolution"] == {"value": 11.4, "unit": "Å"}
    (descriptor,) = document["processing"]["ctfs"]["descriptors"]
    assert descriptor["descriptor_thing"]["protocol"] == "ctf.estimate"
    assert [one["family_name"] for one in document["organizational"]["authors"]] == [
        "Lovelace",
        "O'Neill",
    ]


def test_numbers_are_those_of_the_kept_exposures(folder: Path, facts: DepositFacts) -> None:
    document, _ = osc_em(facts, About())
    processing = document["processing"]
    assert processing["micrographs"]["number_micrographs"] == len(facts.kept)
    assert processing["coordinates"]["number_particles"] == facts.picked
    defoci = [fit.defocus for fit in facts.fits]
    found = processing["ctfs"]["defocus"]
    assert found["output_min_defocus"]["value"] == pytest.approx(min(defoci))
    assert found["output_max_defocus"]["value"] == pytest.approx(max(defoci))


def test_what_nobody_said_is_left_out_and_told(
    facts: DepositFacts, validator: jsonschema_rs.Validator
) -> None:
    document, missing = osc_em(facts, About())
    refused = {
        name
        for error in validator.iter_errors(document)
        for name in ("detectors", "binning_camera", "microscope", "illumination", "imaging",
                     "electron_source")
        if f'"{name}" is a required property' in error.message
    }  # fmt: skip
    assert len(refused) == 6
    assert all(any(f".{name} is required" in said for said in missing) for name in refused)
    assert any("authors" in said for said in missing)


def test_a_resolution_that_does_not_hold_in_all_directions_is_left_out(
    facts: DepositFacts, validator: jsonschema_rs.Validator
) -> None:
    assert facts.volume is not None
    uneven = replace(facts, volume=replace(facts.volume, efficiency=0.1))
    assert "vol_resolution" not in osc_em(uneven, About())[0]["processing"]["volumes"][0]


def test_a_session_that_has_just_begun(
    folder: Path, facts: DepositFacts, validator: jsonschema_rs.Validator
) -> None:
    begun = replace(facts, exposures=(), classes=None, volume=None)
    document, missing = osc_em(begun, read_about(folder))
    assert "processing" not in document
    assert any("pixel_size" in said for said in missing)


def test_what_is_assumed_or_differs_is_said(facts: DepositFacts) -> None:
    first = facts.exposures[0]
    assert first.movie is not None
    other = replace(
        first.movie,
        optics=replace(first.movie.optics, voltage=200.0),
        assumed=(("spherical_aberration", "preset krios1"),),
    )
    mixed = replace(facts, exposures=(replace(first, movie=other), *facts.exposures[1:]))
    document, told = osc_em(mixed, About())
    assert "spherical aberration is assumed: preset krios1" in told
    assert any("2 different values of optics" in said for said in told)
    assert document["instrument"]["acceleration_voltage"]["value"] == 300.0
