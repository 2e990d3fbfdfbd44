"""`movies-to-model`, with all its programs: RELION, Topaz and Servalcat."""

from contextlib import closing
from pathlib import Path
from typing import Any

import gemmi
import pytest

from icestream.engine.graph.workflow import load_workflow
from icestream.engine.session import Machine, run_session
from icestream.formats import read_mrc_header
from icestream.model import Volume, from_document
from icestream.protocol import Registry
from icestream.simulator.acquire import acquire
from icestream.simulator.plan import SessionPlan
from icestream.starting.filling import fill_in
from icestream.store import queries
from icestream.store.open import open_store
from icestream_relion.items import RelionParticles

STEPS = {"movies.relion", "picks.topaz", "model.servalcat"}
QUICK: dict[str, dict[str, Any]] = {
    "import": {"amplitude_contrast": 0.07},
    "align": {"patches": 1},
    "topaz": {"model": "resnet8_u32"},
    "extract": {"size": 48},
    "classify": {"classes": 5},
    "keep": {"score_min": 0.0},
    "volume": {"least": 200, "starts": 2},
    "refine": {"reference_resolution": 15, "iterations_most": 1, "offset_range": 2},
    "mask": {"resolution": 30},
    "servalcat": {"cycles": 1, "worst": 20.0},
}
"""As quick as it goes: few particles, of which no map is as good as Servalcat asks for."""
WIDE: dict[str, Any] = {
    **dict.fromkeys(("resolution_max", "defocus_max", "astigmatism_max"), 1e6),
    **dict.fromkeys(("ice_ring_max", "total_motion_max"), 1e6),
    "defocus_min": 0.0,
    "refuse": [],
    "rules": [],
}


def backbone(path: Path, source: Path) -> Path:
    """The model with side chains of alanine, and no residue that the library does not have."""
    structure = gemmi.read_structure(str(source))
    structure.remove_ligands_and_waters()
    for chain in structure[0]:
        for residue in chain:
            residue.trim_to_alanine()
            if residue.name == "CSX":  # an oxidized cysteine
                residue.name, residue.het_flag = "CYS", "A"
    structure.setup_entities()
    structure.make_mmcif_document().write_file(str(path))
    return path


@pytest.mark.slow
def test_movies_become_a_refined_model(
    needs: Any, servalcat: Path, topaz: Path, shared_data: Path, tmp_path: Path
) -> None:
    needs("relion_run_motioncorr", "relion_refine_mpi", "relion_mask_create")
    registry = Registry()
    if not set(registry.names()) >= STEPS:
        pytest.skip("icestream-relion, icestream-topaz and icestream-structure are not installed")
    particle = shared_data / "models" / "apoferritin_6z6u.pdb.gz"
    plan = SessionPlan(
        movies=6, size=512, frames=6, dose_per_frame=4, pixel_size=3.0, particles=40, speed=0,
        seed=4, specimen=str(particle),
    )  # fmt: skip
    pattern = str(acquire(plan, tmp_path / "microscope").folder / "**" / "*.tiff")
    model = backbone(tmp_path / "model.cif", particle)
    given = {"diameter": "130", "model": str(model), "symmetry": "O"}
    workflow, _ = fill_in(load_workflow("movies-to-model"), registry, given, pattern=pattern)
    for name, values in {**QUICK, "select": WIDE}.items():
        workflow = workflow.changed(name, values)
    session = tmp_path / "session"
    outcome = run_session(session, workflow, machine=Machine(cores=2))
    with closing(open_store(session, readonly=True)) as store:
        told = {step.name: step.counts for step in queries.steps(store)}
        made = {
            name: result.outputs
            for name in ("classify", "volume", "chosen", "refine", "sharpen", "servalcat")
            for result in queries.results(store, name)
        }
        failed = queries.failures(store)
    assert outcome.complete and not any(count.failed for count in told.values()), failed
    chosen = from_document(RelionParticles, made["chosen"]["relion_particles"])
    assert chosen.particles == made["classify"]["classes"]["particles"] > 120
    first = from_document(Volume, made["volume"]["volume"])
    refined = from_document(Volume, made["refine"]["volume"])
    assert first.map is not None and refined.map is not None
    # In the pixels of the particles, whatever those of the first map are.
    header = read_mrc_header(session / refined.map)
    assert header.shape == (48, 48, 48) and refined.pixel_size == pytest.approx(4.125)
    assert made["sharpen"]["sharpening"]["bfactor"] is not None
    laid = made["servalcat"]["atomic_model"]
    assert laid["correlation"] > max(0.5, laid["other_hand"] + 0.2), "it is a map of the particle"
    assert laid["agreement"] < 14
    assert laid["bond_deviation"] < 0.03
    assert (session / laid["model"]).is_file()
