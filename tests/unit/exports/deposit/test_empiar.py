"""A deposition in EMPIAR."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import mrcfile
import numpy as np
import pytest
import tifffile

from deposited import finished
from icestream.exports.deposit.about import About, Citation, read_about
from icestream.exports.deposit.empiar import empiar, export_empiar
from icestream.exports.deposit.facts import DepositFacts, gather_facts

SCHEMA = Path(__file__).parents[3] / "data/deposit/empiar_deposition-1.6b30.schema.json"
REQUIRED = ("title", "release_date", "authors", "corresponding_author", "principal_investigator")


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Draft7Validator:
    # An octal zero in its patterns is not of the regular expressions of JSON Schema.
    text = SCHEMA.read_text().replace(r"[^\\0]", r"[^\\x00]")
    return jsonschema_rs.Draft7Validator(json.loads(text))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished(tmp_path_factory.mktemp("empiar")).folder


@pytest.fixture(scope="module")
def facts(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> DepositFacts:
    """With files where the session says that its movies and micrographs are."""
    found = gather_facts(folder)
    place = tmp_path_factory.mktemp("raw") / "movie.tiff"
    tifffile.imwrite(place, np.zeros((3, 16, 32), np.uint8), photometric="minisblack")
    first = next(one.micrograph for one in found.kept if one.micrograph is not None)
    (folder / "work").mkdir()
    with mrcfile.new(folder / first.path) as file:
        file.set_data(np.zeros((16, 16), np.float32))
    return _with_movies(found, place)


def _with_movies(facts: DepositFacts, *places: Path) -> DepositFacts:
    """The movies are at these places in turn."""
    changed = [
        replace(one, movie=one.movie and replace(one.movie, path=places[i % len(places)]))
        for i, one in enumerate(facts.exposures)
    ]
    return replace(facts, exposures=tuple(changed))


def test_a_finished_session_is_valid(
    facts: DepositFacts, folder: Path, validator: jsonschema_rs.Validator
) -> None:
    document, missing = empiar(facts, read_about(folder))
    assert missing == ()
    assert [error.message for error in validator.iter_errors(document)] == []
    movies, micrographs, particles = document["imagesets"]
    assert movies["category"] == "('T2', '')"
    assert (movies["header_format"], movies["voxel_type"]) == ("('T3', '')", "('T1', '')")
    assert (movies["num_images_or_tilt_series"], movies["frames_per_image"]) == (12, 3)
    assert (movies["image_height"], movies["image_width"]) == (16, 32)
    assert "gain.mrc" in movies["details"]
    assert (micrographs["category"], micrographs["voxel_type"]) == ("('T1', '')", "('T7', '')")
    assert micrographs["num_images_or_tilt_series"] == len(facts.kept)
    assert particles["num_images_or_tilt_series"] == facts.picked
    assert (particles["pixel_width"], particles["image_width"]) == (3.0, 64)
    assert document["authors"][0]["name"] == "('Lovelace', 'AM')"
    assert document["citation"][0]["title"] == document["title"]
    assert not document["citation"][0]["published"]
    assert document["workflow_file"] == {"path": "data/workflow.json"}


def test_all_that_lacks_is_told_at_once(
    facts: DepositFacts, validator: jsonschema_rs.Validator
) -> None:
    document, missing = empiar(facts, About())
    refused = [error.message for error in validator.iter_errors(document)]
    for name in REQUIRED:
        assert any(said.startswith(f"{name} is required") for said in missing), name
        assert f'"{name}" is a required property' in refused


def test_who_corresponds_must_be_reached(folder: Path, facts: DepositFacts) -> None:
    about = read_about(folder)
    second = about.authors[1].model_copy(update={"corresponding": True})
    both = about.model_copy(update={"authors": (about.authors[0], second)})
    _, missing = empiar(facts, both)
    assert missing == (
        "corresponding_author O'Neill lacks what is required: say organization, country",
        "several authors are corresponding: EMPIAR takes one, and the first is written",
    )


def test_files_that_cannot_be_read_are_named(folder: Path, tmp_path: Path) -> None:
    missing = export_empiar(folder, tmp_path / "e.json")
    assert any(
        said.startswith("data/movies: /data/FoilHole") and "voxel_type is required" in said
        for said in missing
    )
    assert "voxel_type" not in json.loads((tmp_path / "e.json").read_text())["imagesets"][0]


def test_kinds_of_movies_are_sets_of_their_own(
    facts: DepositFacts, folder: Path, tmp_path: Path, validator: jsonschema_rs.Validator
) -> None:
    places = tmp_path / "a.mrc", tmp_path / "b.tiff"
    with mrcfile.new(places[0]) as file:
        file.set_data(np.zeros((4, 16, 16), np.int16))
        file.set_image_stack()
    tifffile.imwrite(places[1], np.zeros((5, 16, 16), np.uint16), photometric="minisblack")
    document, _ = empiar(_with_movies(facts, *places), read_about(folder))
    assert [error.message for error in validator.iter_errors(document)] == []
    sets = {one["directory"]: one for one in document["imagesets"]}
    assert sets["data/movies"]["voxel_type"] == "('T4', '')"
    assert sets["data/movies"]["frames_per_image"] == 4
    assert sets["data/movies_2"]["voxel_type"] == "('T3', '')"
    assert sets["data/movies_2"]["num_images_or_tilt_series"] == 6


def test_the_paper_of_the_data(
    facts: DepositFacts, folder: Path, validator: jsonschema_rs.Validator
) -> None:
    said = Citation(title="How it sits", journal="J. Grids", year=2026, doi="10.1234/grids.1")
    document, _ = empiar(facts, read_about(folder).model_copy(update={"citation": said}))
    assert [error.message for error in validator.iter_errors(document)] == []
    (citation,) = document["citation"]
    assert (citation["title"], citation["year"]) == ("How it sits", 2026)


def test_before_there_are_images(facts: DepositFacts, folder: Path) -> None:
    document, missing = empiar(replace(facts, exposures=()), read_about(folder))
    assert "imagesets" not in document
    assert missing == ("imagesets is required: the session has no images yet",)
