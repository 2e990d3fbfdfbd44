"""A simulated session from movies to a sharpened map, each step but the CTF by RELION."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.graph.workflow import Workflow
from icestream.engine.session import Machine, run_session
from icestream.formats import read_mrc, read_stack
from icestream.model import Volume, from_document
from icestream.protocol import Registry
from icestream.simulator.acquire import acquire
from icestream.simulator.plan import SessionPlan
from icestream.store import queries
from icestream.store.open import open_store
from icestream_relion.items import RelionParticles, Sharpening

SHORT: dict[str, Any] = {"threads": 1, "offset_range": 2, "zero_mask": True}


def steps(pattern: str) -> list[dict[str, Any]]:
    """The chain, each step as quick as RELION lets it be."""

    def step(name: str, protocol: str, inputs: dict[str, str], **parameters: Any) -> dict[str, Any]:
        return {"name": name, "protocol": protocol, "parameters": parameters, "inputs": inputs}

    of_join = {"particles": "last"}
    return [
        step("import", "movies.import", {}, pattern=pattern),
        step("align", "movies.relion", {"movie": "import"}, patches=1),
        step("ctf", "ctf.estimate", {"micrograph": "align"}),
        step(
            "pick",
            "picks.relion_log",
            {"micrograph": "align", "ctf": "ctf"},
            diameter_min=110,
            diameter_max=150,
        ),
        step(
            "cut",
            "particles.relion",
            {"micrograph": "align", "ctf": "ctf", "picks": "pick"},
            box=200,
            size=32,
        ),
        step("join", "particles.relion_join", {"particles": "cut"}),
        step("last", "particles.relion_last", {"relion_particles": "join"}),
        step("motion", "movies.relion_motion", {"movie": "import", "micrograph": "align"}),
        step("movies", "movies.relion_join", {"relion_movie": "motion"}),
        step(
            "classes", "classes2d.relion", of_join, classes=2, iterations=2, angle_step=20, **SHORT
        ),
        step("select", "classes2d.select", {"classes": "classes.classes"}, score_min=0),
        step(
            "keep",
            "particles.relion_classes",
            {"particles": "classes.particles", "classes": "select"},
        ),
        step(
            "begin",
            "volume.relion_initial",
            {"particles": "keep"},
            iterations=5,
            first_subset=10,
            last_subset=20,
            first_resolution=80,
            last_resolution=80,
            healpix_order=0,
            **SHORT,
        ),
        step(
            "refine",
            "volume.relion_refine",
            {"particles": "keep", "reference": "begin"},
            healpix_order=0,
            iterations_most=1,
            padding=1,
            **SHORT,
        ),
        step("mask", "volume.relion_mask", {"volume": "refine.volume"}, resolution=40),
        step(
            "sharpen",
            "volume.relion_postprocess",
            {"volume": "refine.volume", "mask": "mask"},
            bfactor=-50,
        ),
        step(
            "polish",
            "particles.relion_polish",
            {
                "particles": "refine.particles",
                "volume": "sharpen.volume",
                "sharpening": "sharpen.sharpening",
                "movies": "movies",
            },
            scale=24,
            weights_coarsest=100,
        ),
    ]


@pytest.mark.slow
def test_movies_become_a_map(needs: Any, tmp_path: Path) -> None:
    needs("relion_run_motioncorr", "relion_autopick", "relion_preprocess", "relion_refine_mpi")
    registry = Registry()
    if "movies.relion" not in registry.names():
        pytest.skip("this package is not installed")
    plan = SessionPlan(movies=2, size=512, frames=5, pixel_size=3.0, particles=25, speed=0, seed=4)
    taken = acquire(plan, tmp_path / "microscope")
    session = tmp_path / "session"
    pattern = str(taken.folder / "**" / "*.tiff")
    workflow = Workflow.from_document({"name": "relion", "steps": steps(pattern)})
    outcome = run_session(session, workflow, machine=Machine(cores=2))
    with closing(open_store(session, readonly=True)) as store:
        told = {step.name: (step.counts.done, step.counts.failed) for step in queries.steps(store)}
        (result,) = queries.results(store, "sharpen")
        (joined,) = queries.results(store, "join")
        (classes,) = queries.results(store, "classes")
        (polished,) = queries.results(store, "polish")
    assert outcome.complete and all(failed == 0 for _, failed in told.values()), told
    gathered = from_document(RelionParticles, joined.outputs["relion_particles"])
    assert len(gathered.exposures) == 2 and gathered.particles > 20
    made = from_document(Volume, result.outputs["volume"])
    how = from_document(Sharpening, result.outputs["sharpening"])
    assert made.map is not None and read_mrc(session / made.map).shape == (32, 32, 32)
    assert made.particles == gathered.particles and how.bfactor == -50
    shiny = from_document(RelionParticles, polished.outputs["relion_particles"])
    assert shiny.particles == gathered.particles and shiny.box == 24 and shiny.note == ""
    assert all(len(read_stack(session / stack)) > 5 for stack in shiny.stacks)
    assert set(classes.outputs) == {"classes", "particles"}
    logs = sorted(session.rglob("*relion_refine_mpi.command.log"))
    assert logs and all(log.read_text().startswith("# relion_refine_mpi 3") for log in logs)
    assert not (session / ".kept").exists()
