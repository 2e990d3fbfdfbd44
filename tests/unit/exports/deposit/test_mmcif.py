"""The ``_em_*`` categories of mmCIF."""

from dataclasses import replace
from pathlib import Path

import pytest
from gemmi import cif

from deposited import finished
from icestream.exports.deposit.about import About, read_about
from icestream.exports.deposit.facts import DepositFacts, gather_facts
from icestream.exports.deposit.mmcif import em_categories, export_mmcif


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished(tmp_path_factory.mktemp("mmcif")).folder


@pytest.fixture(scope="module")
def facts(folder: Path) -> DepositFacts:
    return gather_facts(folder)


def test_a_finished_session_is_read_back(folder: Path, tmp_path: Path, facts: DepositFacts) -> None:
    assert export_mmcif(folder, tmp_path / "grid.cif") == ()
    block = cif.read(str(tmp_path / "grid.cif")).sole_block()

    def value(name: str) -> str:
        return cif.as_string(block.find_value(name))

    assert value("_em_imaging.accelerating_voltage") == "300"
    assert value("_em_imaging.microscope_model") == "TFS KRIOS"
    assert value("_em_imaging.mode") == "BRIGHT FIELD"
    assert float(value("_em_imaging.nominal_defocus_min")) == 1200.0
    defoci = [fit.defocus / 10 for fit in facts.fits]
    assert float(value("_em_imaging.calibrated_defocus_max")) == pytest.approx(max(defoci), 1e-5)
    assert value("_em_image_recording.film_or_detector_model") == "TFS FALCON 4i (4k x 4k)"
    assert float(value("_em_image_recording.avg_electron_dose_per_image")) == pytest.approx(40.8)
    assert value("_em_image_scans.frames_per_image") == "40"
    assert value("_em_particle_selection.num_particles_selected") == str(facts.picked)
    assert value("_em_3d_reconstruction.resolution") == "11.4"
    assert value("_em_single_particle_entity.point_symmetry") == "O"
    authors = [cif.as_string(row[0]) for row in block.find(["_audit_author.name"])]
    assert authors == ["Lovelace, A.M.", "O'Neill, C."]
    software = {
        cif.as_string(row[0]): [cif.as_string(part) for part in (row[1], row[2])]
        for row in block.find("_em_software.", ["category", "name", "version"])
    }
    assert software["CTF CORRECTION"] == ["icestream", "0.1"]
    assert {"PARTICLE SELECTION", "CLASSIFICATION", "RECONSTRUCTION", "OTHER"} < software.keys()


def test_every_row_points_to_one_that_is_there(facts: DepositFacts, folder: Path) -> None:
    found = em_categories(facts, read_about(folder))
    for name, rows in found.items():
        assert len({tuple(row) for row in rows}) == 1, name
        for row in rows:
            for to, category in (
                ("imaging_id", "em_imaging"),
                ("image_recording_id", "em_image_recording"),
                ("image_processing_id", "em_image_processing"),
                ("em_image_processing_id", "em_image_processing"),
            ):
                if row.get(to) is not None:
                    assert row[to] in [one["id"] for one in found[category]]


def test_what_nobody_said_is_not_written_and_told(
    facts: DepositFacts, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "about.toml").write_text("")
    told = export_mmcif(folder, tmp_path / "grid.cif", tmp_path / "about.toml")
    text = (tmp_path / "grid.cif").read_text()
    for name, item in (("title", "_struct."), ("microscope.model", "microscope_model"),
                       ("microscope.detector", "film_or_detector_model")):  # fmt: skip
        assert f"{name} is not known: say it" in told
        assert item not in text


def test_before_there_is_anything(facts: DepositFacts) -> None:
    begun = replace(facts, exposures=(), classes=None, volume=None)
    found = em_categories(begun, About())
    assert "em_3d_reconstruction" not in found
    assert "em_image_scans" not in found
    assert "em_ctf_correction" not in found


def test_a_resolution_that_does_not_hold_is_not_a_number(facts: DepositFacts) -> None:
    assert facts.volume is not None
    limit = replace(facts, volume=replace(facts.volume, resolution_is_limit=True))
    (row,) = em_categories(limit, About())["em_3d_reconstruction"]
    assert row["resolution"] is None
    assert "or better" in str(row["details"])


def test_phases_that_were_flipped_are_said(facts: DepositFacts) -> None:
    flipped = tuple(
        replace(one, particles=one.particles and replace(one.particles, phases_flipped=True))
        for one in facts.exposures
    )
    (row,) = em_categories(replace(facts, exposures=flipped), About())["em_ctf_correction"]
    assert row["type"] == "PHASE FLIPPING ONLY"
    (row,) = em_categories(replace(facts, volume=None), About())["em_ctf_correction"]
    assert row["type"] is None


DICTIONARY = Path("/usr/share/libcifpp/mmcif_pdbx.dic")
"""Of Debian's package libcifpp-data."""


def test_the_archives_dictionary_finds_nothing_wrong(
    folder: Path, facts: DepositFacts, tmp_path: Path
) -> None:
    """Its words, types, items that must be there, and rows that others point to."""
    if not DICTIONARY.is_file():
        pytest.skip("libcifpp-data, which has the archive's dictionary, is not installed")
    said: list[str] = []
    rules = cif.Ddl(logger=said.append)
    rules.read_ddl(cif.read(str(DICTIONARY)))
    said.clear()  # what it finds wrong with the dictionary itself
    export_mmcif(folder, tmp_path / "grid.cif")
    assert rules.validate_cif(cif.read(str(tmp_path / "grid.cif"))), said
    assert said == []
    text = (tmp_path / "grid.cif").read_text().replace("BRIGHT FIELD", "BRIGHT")
    (tmp_path / "wrong.cif").write_text(text)
    assert not rules.validate_cif(cif.read(str(tmp_path / "wrong.cif")))
    assert any("_em_imaging.mode" in one or "BRIGHT" in one for one in said)


def test_texts_are_ascii(tmp_path: Path, folder: Path) -> None:
    about = (folder / "deposition.toml").read_text().replace("gold", "Gołd of 3 Å – “é”")
    (tmp_path / "about.toml").write_text(about)
    export_mmcif(folder, tmp_path / "grid.cif", tmp_path / "about.toml")
    text = (tmp_path / "grid.cif").read_text()
    assert text.isascii()
    assert 'Gold of 3 A - "e"' in text


def test_letters_that_are_lost_are_told(tmp_path: Path, folder: Path) -> None:
    about = (folder / "deposition.toml").read_text().replace("gold", "金 or not?")
    (tmp_path / "about.toml").write_text(about)
    (told,) = export_mmcif(folder, tmp_path / "grid.cif", tmp_path / "about.toml")
    assert "金 or not?" in told
    assert "? or not?" in told
