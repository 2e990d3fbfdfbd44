"""Servalcat itself refines a model, and what keeps it from that is told."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from particle import BOX, PIXEL, distance, placed

from icestream.protocol import BadOutput, ItemFailed, Work, missing
from icestream.protocol.conformance import problems
from icestream_structure.atoms import heavy_atoms, read_model, write_model
from icestream_structure.items import AtomicModel
from icestream_structure.monomers import find_monomers
from icestream_structure.refine_with_coot import RealSpaceRefinement, RefineWithCoot
from icestream_structure.refine_with_refmac import RefineWithRefmac
from icestream_structure.refine_with_servalcat import RefineWithServalcat
from icestream_structure.servalcat import Refinement, refinement_arguments


def test_it_keeps_the_rules() -> None:
    assert problems(RefineWithServalcat) == []


def test_a_model_is_refined_against_the_halves(
    servalcat: Path, model: Path, shaken: AtomicModel, work: Work
) -> None:
    step = RefineWithServalcat(Refinement(cycles=4, jellybody=False))
    assert missing(step) == ()
    made = step.process(shaken, work=work)
    assert made.model is not None and shaken.model is not None
    before, after = (distance(path, placed(model)) for path in (shaken.model, made.model))
    assert before > 0.5 and after < 0.85 * before
    assert made.agreement <= shaken.agreement and made.residues == 90
    assert made.bond_deviation is not None and made.bond_deviation < 0.1
    assert made.angle_deviation is not None and made.angle_deviation < 6.0
    assert "90 residues" in step.summarize([made])
    log = (work.folder / "servalcat.command.log").read_text()
    assert "refine_spa_norefmac --halfmaps" in log


def test_a_residue_without_restraints_is_told(
    servalcat: Path, model: Path, shaken: AtomicModel, work: Work, tmp_path: Path
) -> None:
    structure = placed(model)
    structure[0][0][3].name = "XQZ"
    path = write_model(tmp_path / "odd.cif", structure, BOX * PIXEL)
    with pytest.raises(ItemFailed) as told:
        RefineWithServalcat(Refinement(cycles=1)).process(replace(shaken, model=path), work=work)
    assert told.value.code == "no-restraints"


def library(folder: Path) -> Path:
    (folder / "list").mkdir(parents=True)
    (folder / "list" / "mon_lib_list.cif").write_text("data_\n")
    return folder


def test_the_arguments_are_the_programs_own(tmp_path: Path) -> None:
    known = AtomicModel(
        iteration=1,
        model=Path("/m.cif"),
        map=Path("/map.mrc"),
        half1=Path("/1.mrc"),
        half2=Path("/2.mrc"),
        pixel_size=1.2,
        resolution=3.25,
    )
    folder = library(tmp_path / "lib")
    wanted = Refinement(monomers=folder, weight=2, symmetry="D2", hydrogens=True, bfactor=30)
    assert " ".join(refinement_arguments(wanted, known)) == (
        "--halfmaps /1.mrc /2.mrc --model /m.cif --resolution 3.25 --pixel_size 1.2 --ncycle 10 "
        f"--mask_radius 3 --weight 2 --jellybody --hout --pg D2 --bfactor 30 --monlib {folder} "
        "--output_prefix refined"
    )
    alone = refinement_arguments(wanted, replace(known, half2=None))
    assert alone[:2] == ("--map", "/map.mrc")


def test_files_are_named_as_seen_from_the_folder_that_a_program_runs_in(
    tmp_path: Path, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(tmp_path / "lib")
    monkeypatch.chdir(tmp_path)
    known = AtomicModel(iteration=1, model=Path("/m.cif"), map=Path("/map.mrc"), resolution=3.0)
    wanted = Refinement(monomers=Path("lib"), restraints=Path("lig.cif"))
    said = refinement_arguments(wanted, known)
    assert said[said.index("--ligand") + 1] == str(tmp_path / "lig.cif")
    assert said[said.index("--monlib") + 1] == str(tmp_path / "lib")
    coot = RefineWithCoot(RealSpaceRefinement(restraints=Path("lig.cif")))
    assert coot.command(known, work).argv[-1] == str(tmp_path / "lig.cif")


@pytest.mark.parametrize("kind", [RefineWithCoot, RefineWithRefmac, RefineWithServalcat])
@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"model": None, "note": "there is no map"}, "there is no map"),
        ({"resolution": 0.0}, "nobody knows the resolution"),
        ({"resolution": 8.0}, r"is 8\.0 Å, worse than 6 Å"),
    ],
)
def test_what_is_too_coarse_goes_on_unrefined_and_says_so(
    work: Work, kind: type[Any], known: dict[str, Any], words: str
) -> None:
    usual = {"model": Path("/m.cif"), "map": Path("/map.mrc"), "resolution": 3.0, **known}
    before = {"bond_deviation": 0.02, "angle_deviation": 1.5}  # of a refinement before this one
    made = kind().process(AtomicModel(iteration=1, **usual, **before), work=work)
    assert re.search(words, made.note) and made.model == usual["model"]
    assert re.search(words, kind().summarize([made]))


def test_without_a_library_of_monomers_nothing_is_run(work: Work) -> None:
    known = AtomicModel(
        iteration=1, model=Path("/m.cif"), map=Path("/map.mrc"), resolution=3.0, pixel_size=1.0
    )
    with pytest.raises(ItemFailed) as told:
        refinement_arguments(Refinement(monomers=Path("/nowhere")), known)
    assert told.value.code == "no-monomers"


def test_a_library_of_monomers_is_found_or_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = library(tmp_path / "lib")
    monkeypatch.setenv("CLIBD_MON", str(folder))
    assert find_monomers(None) == folder
    (said,) = RefineWithServalcat(Refinement(monomers=tmp_path)).lacking()
    assert str(tmp_path) in said and "mon_lib_list.cif" in said


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("exit 0", "no-output"),
        ("printf 'data_a\\nloop_\\n_atom_site.id\\n' > refined.mmcif", "garbage-output"),
        ("echo PARTLY > refined.mmcif", "half-output"),
        ("cp ../shaken.cif refined.mmcif; echo '[' > refined_stats.json", "garbage-output"),
        ("cp ../shaken.cif refined.mmcif; echo '[{}]' > refined_stats.json", "garbage-output"),
        ("cp ../shaken.cif refined.mmcif", "no-output"),
    ],
)
def test_what_it_leaves_is_looked_at(
    shaken: AtomicModel,
    work: Work,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    code: str,
) -> None:
    stand_in = tmp_path / "servalcat"
    stand_in.write_text(f"#!/bin/sh\n{script}\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    wanted = Refinement(monomers=library(tmp_path / "lib"))
    with pytest.raises(BadOutput) as told:
        RefineWithServalcat(wanted).process(shaken, work=work)
    assert told.value.code == code


def test_a_model_that_has_lost_atoms_is_refused(
    shaken: AtomicModel, work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shaken.model is not None
    structure = read_model(shaken.model)
    whole = heavy_atoms(structure)
    del structure[0][0][0]
    write_model(tmp_path / "short.cif", structure, BOX * PIXEL)
    stand_in = tmp_path / "servalcat"
    stand_in.write_text("#!/bin/sh\ncp ../short.cif refined.mmcif\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    wanted = Refinement(monomers=library(tmp_path / "lib"))
    with pytest.raises(BadOutput, match=f"besides hydrogens, and {whole} went in") as told:
        RefineWithServalcat(wanted).process(shaken, work=work)
    assert told.value.code == "half-output"


def test_the_geometry_of_the_last_cycle_is_told(
    shaken: AtomicModel, work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cycle(bond: float) -> dict[str, Any]:
        told = {"Bond distances, non H": bond, "Bond angles, non H": 10 * bond}
        return {"geom": {"summary": {"r.m.s.d.": told}}}

    (tmp_path / "stats").write_text(json.dumps([cycle(0.4), cycle(0.02)]))
    stand_in = tmp_path / "servalcat"
    stand_in.write_text(
        "#!/bin/sh\ncp ../shaken.cif refined.mmcif; cp ../stats refined_stats.json\n"
    )
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    wanted = Refinement(monomers=library(tmp_path / "lib"))
    made = RefineWithServalcat(wanted).process(shaken, work=work)
    assert made.bond_deviation == 0.02 and made.angle_deviation == pytest.approx(0.2)
