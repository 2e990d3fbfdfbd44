"""RELION's classification, initial model, refinement and what follows, run for real."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from icestream.formats import read_mrc, read_star, write_mrc, write_star
from icestream.formats.parquet import read_columns
from icestream.model import Volume, to_document
from icestream.processing.volume.fsc import fourier_shell_correlation
from icestream.protocol import BadOutput, Batch, ItemFailed, Work, missing
from icestream_relion.classify_2d import ClassifyWithRelion, RelionClassParameters, last_run
from icestream_relion.create_mask import CreateMaskWithRelion, RelionMaskParameters, level_of
from icestream_relion.initial_model import InitialModelWithRelion, RelionInitialParameters
from icestream_relion.items import RelionParticles
from icestream_relion.join_particles import JoinParticles
from icestream_relion.postprocess import PostprocessWithRelion, RelionPostprocessParameters
from icestream_relion.refine_3d import RefinedParticles, RefineWithRelion, RelionRefineParameters
from icestream_relion.refine_ctf import RefineCtfWithRelion, RelionCtfRefineParameters
from icestream_relion.running import gpu_words, last_iteration

MakeWork = Callable[..., Work]
Needs = Callable[..., None]
SHORT = {"healpix_order": 1, "iterations_most": 2, "threads": 1, "padding": 1, "offset_range": 2}
SHORT |= {"reference_resolution": 40.0}


@pytest.fixture(scope="module")
def particles(make_particles: Any, tmp_path_factory: pytest.TempPathFactory) -> RelionParticles:
    work = Work(folder=tmp_path_factory.mktemp("join"))
    items = tuple(make_particles(exposures=4, each=30).items)
    protocol = JoinParticles()
    return protocol.snapshot(protocol.start(Batch(items, final=True), work), work)


@pytest.fixture(scope="module")
def refined(
    particles: RelionParticles, specimen: Path, tmp_path_factory: pytest.TempPathFactory
) -> RefinedParticles:
    protocol = RefineWithRelion(
        RelionRefineParameters(reference=specimen, absolute=True, **SHORT)  # type: ignore[arg-type]
    )
    if said := missing(protocol):
        pytest.skip("; ".join(said))
    return protocol.process(particles, None, Work(folder=tmp_path_factory.mktemp("refine")))


def test_particles_are_classified(needs: Needs, work: MakeWork, particles: RelionParticles) -> None:
    needs("relion_refine")
    wanted = RelionClassParameters(
        classes=3, iterations=2, angle_step=15, threads=1, offset_step=2, diameter=143
    )
    unknown = replace(particles, diameter=60.0, diameter_known=False)
    classes, table = ClassifyWithRelion(wanted).process(unknown, work())
    assert (classes.particles, classes.box, classes.pixel_size) == (120, 32, 6.0)
    assert classes.diameter == pytest.approx(130) and classes.diameter_known  # the mask is wider
    assert float(np.sum(classes.counts)) == 120 and len(classes.counts) == 3
    assert read_mrc(classes.averages).shape == (3, 32, 32)
    assert ((np.asarray(classes.score) >= 0) & (np.asarray(classes.score) <= 1)).all()
    rows = read_columns(classes.assignments)
    assert sorted(set(rows["exposure"])) == ["shot 0", "shot 1", "shot 2", "shot 3"]
    assert rows["index"].max() == 29 and set(rows["class"]) <= {1, 2, 3}
    numbers = read_star(table.table)["particles"].integers("rlnClassNumber")
    assert len(numbers) == 120 and table.stacks == particles.stacks
    assert "sorted into" in ClassifyWithRelion(wanted).summarize([classes])


def test_a_first_map_is_made(needs: Needs, work: MakeWork, make_particles: Any) -> None:
    needs("relion_refine")
    items = tuple(make_particles(exposures=2, each=15).items)
    join = JoinParticles()
    particles = join.snapshot(join.start(Batch(items, final=True), work("join")), work("join"))
    wanted = RelionInitialParameters(
        iterations=5,
        threads=1,
        first_subset=20,
        last_subset=40,
        healpix_order=0,
        offset_range=2,
        last_resolution=35,
    )
    made = InitialModelWithRelion(wanted).process(particles, work())
    assert made.map is not None and read_mrc(made.map).shape == (32, 32, 32)
    assert (made.particles, made.symmetry, made.pixel_size) == (30, "C1", 6.0)
    assert made.picture is not None and made.picture.is_file()
    assert made.fsc is None and 0 <= made.efficiency <= 1


def test_a_map_is_refined(refined: RefinedParticles, specimen: Path) -> None:
    volume, particles = refined
    assert volume.map is not None and volume.half1 is not None and volume.half2 is not None
    density, truth = read_mrc(volume.map), read_mrc(specimen)
    # Two iterations of 120 particles: the longest wave is not known well, shorter than 32 Å none.
    assert fourier_shell_correlation(density, truth)[2:7].min() > 0.5
    assert volume.fsc is not None and len(volume.fsc) == 17
    assert 12.0 <= volume.resolution < 60.0
    assert volume.directions is not None and volume.directions[:, 3].sum() == pytest.approx(120)
    table = read_star(particles.table)["particles"]
    assert "rlnAngleRot" in table and set(table.integers("rlnRandomSubset")) == {1, 2}
    assert "refined from 120 particles" in RefineWithRelion().summarize([volume])


def test_a_mask_is_made_the_map_is_sharpened_and_the_ctf_refined(
    needs: Needs, work: MakeWork, refined: RefinedParticles, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("relion_mask_create", "relion_postprocess")
    volume = refined.volume
    mask = CreateMaskWithRelion(RelionMaskParameters(extend=1)).process(volume, work=work("mask"))
    assert 0.02 < mask.part < 0.6 and mask.threshold > 0
    inside = read_mrc(mask.path) > 0.5
    density = read_mrc(volume.map)  # type: ignore[arg-type]
    assert density[inside].mean() > 2 * abs(density[~inside].mean())
    wanted = RelionPostprocessParameters(bfactor=-100.0)
    made, how = PostprocessWithRelion(wanted).process(volume, mask, work=work("post"))
    assert how.bfactor == pytest.approx(-100.0) and made.half1 == volume.half1
    assert 12.0 <= made.resolution <= volume.resolution + 5.0
    assert made.map is not None and read_mrc(made.map).shape == (32, 32, 32)
    assert how.table.is_file() and how.mask == mask.path
    assert "sharpened from 120 particles" in PostprocessWithRelion().summarize([made])
    spoilt = PostprocessWithRelion(wanted)
    collect = spoilt.collect

    def without_a_number(*items: Any, work: Work) -> Any:
        path = work.folder / "out" / "written.star"
        blocks = read_star(path)
        blocks["fsc"].columns["rlnFourierShellCorrelationCorrected"][5] = "nan"
        write_star(path, blocks)
        return collect(*items, work=work)

    monkeypatch.setattr(spoilt, "collect", without_a_number)
    with pytest.raises(BadOutput, match="FSC in some shells"):
        spoilt.process(volume, mask, work=work("spoilt"))
    needs("relion_ctf_refine")
    wanted = RelionCtfRefineParameters(
        coarsest=60, beam_tilt=True, defocus="micrograph", astigmatism="none", threads=1
    )
    better = RefineCtfWithRelion(wanted).process(refined.particles, made, how, work=work("ctf"))
    # Of waves longer than 24 Å the defocus is known badly: it is another one for each micrograph.
    before = read_star(refined.particles.table)["particles"].floats("rlnDefocusU")
    after = read_star(better.table)["particles"].floats("rlnDefocusU")
    assert len(after) == 120 and len(set(after)) == 4 and (after != before).all()
    assert "rlnBeamTiltX" in read_star(better.table)["optics"]
    said = work("ctf").path("relion_ctf_refine.command.log").read_text()
    assert "--fit_mode fmfff" in said and better.stacks == refined.particles.stacks


def test_ctf_refinement_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="nothing is to be refined"):
        RelionCtfRefineParameters(defocus="none", astigmatism="none")
    said = RefineCtfWithRelion(RelionCtfRefineParameters(beam_tilt=True)).methods()
    assert said == "The CTF of particles and beam tilt were refined with RELION."


def test_what_is_missing_is_told(work: MakeWork, particles: RelionParticles) -> None:
    none = Volume(particles=0, iteration=1, note="no particle was found")
    with pytest.raises(ItemFailed, match="no map to begin with: no particle was found"):
        RefineWithRelion().process(particles, none, work())
    with pytest.raises(ItemFailed, match="no map to make a mask of"):
        CreateMaskWithRelion().prepare(work(), none)
    with pytest.raises(ItemFailed, match="without its halves"):
        PostprocessWithRelion().prepare(work(), none, None)  # type: ignore[arg-type]
    with pytest.raises(ItemFailed, match="does not say which half and view") as told:
        RefineCtfWithRelion().prepare(work(), particles, none, None)  # type: ignore[arg-type]
    assert told.value.code == "no-angles" and "volume.relion_refine" in told.value.advice
    with pytest.raises(ItemFailed) as told:
        InitialModelWithRelion().process(replace(particles, particles=0), work())
    assert told.value.code == "no-particles"


def test_a_level_parts_the_molecule_from_what_is_around(specimen: Path) -> None:
    truth = read_mrc(specimen)
    assert 0.05 * truth.max() < level_of(truth, 2.5) < 0.5 * truth.max()


@pytest.mark.parametrize(
    ("gpus", "processes", "words"),
    [
        ((), 3, []),
        ((4,), 1, ["--gpu", "0"]),
        ((4, 5), 1, ["--gpu", "0,1"]),
        ((7,), 3, ["--gpu", "0:0"]),
        ((2, 7), 5, ["--gpu", "0:1:0:1"]),
    ],
)
def test_granted_gpus_are_named_by_their_place(
    gpus: tuple[int, ...], processes: int, words: list[str]
) -> None:
    assert gpu_words(gpus, processes) == words


TARGET = """
import json, sys
from pathlib import Path
from icestream.model import from_document
from icestream.protocol import Work
from icestream_relion.items import RelionParticles
from icestream_relion.refine_ctf import RefineCtfWithRelion, RelionCtfRefineParameters
from icestream_relion.refine_3d import RefineWithRelion, RelionRefineParameters
given = json.loads(sys.argv[1])
particles = from_document(RelionParticles, given["particles"])
work = Work(folder=Path(given["folder"]), kept=Path(given["kept"]))
work.folder.mkdir()
wanted = RelionRefineParameters(**given["parameters"])
made = RefineWithRelion(wanted).process(particles, None, work)
print(made.volume.particles)
"""


def alive(folder: Path) -> list[str]:
    """Processes that run in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder:
                found.append(entry.name)
        except OSError:
            continue
    return found


def until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


@pytest.mark.slow
def test_a_killed_refinement_leaves_no_process_and_goes_on(
    needs: Needs, tmp_path: Path, particles: RelionParticles, specimen: Path
) -> None:
    needs("relion_refine_mpi", "mpirun")
    kept, coarse = tmp_path / "kept", SHORT | {"healpix_order": 0}

    def start(name: str) -> "subprocess.Popen[str]":
        given = {
            "particles": to_document(particles),
            "folder": str(tmp_path / name),
            "kept": str(kept),
            "parameters": coarse | {"reference": str(specimen), "absolute": True},
        }
        return subprocess.Popen(
            [sys.executable, "-c", TARGET, json.dumps(given)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    child = start("first")
    assert until((kept / "run_it001_optimiser.star").is_file, 60)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert until(lambda: not alive(tmp_path / "first"), 10), alive(tmp_path / "first")
    assert last_iteration(tmp_path / "first" / "refine")
    child = start("second")
    printed, _ = child.communicate(timeout=120)
    assert printed.strip() == "120"
    said = (tmp_path / "second" / "relion_refine_mpi.command.log").read_text()
    assert "relion_refine_mpi --continue refine/run_it" in said


def test_the_last_iteration_has_the_highest_number_however_many_digits(tmp_path: Path) -> None:
    assert last_run(tmp_path) == tmp_path / "run_it000"
    for name in ("run_it000", "run_it990", "run_it1990", "run_it2000", "run_it2010_half1"):
        (tmp_path / f"{name}_model.star").touch()
    assert last_run(tmp_path) == tmp_path / "run_it2000"


def test_a_half_iteration_is_passed_over(tmp_path: Path) -> None:
    def write(number: int, whole: bool = True) -> None:
        stem = tmp_path / "refine" / f"run_it{number:03d}"
        stem.parent.mkdir(exist_ok=True)
        names = {"rlnModelStarFile": "model", "rlnExperimentalDataStarFile": "data"}
        names["rlnOrientSamplingStarFile"] = "sampling"
        lines = [f"_{label} refine/{stem.name}_{name}.star" for label, name in names.items()]
        optimiser = "data_optimiser_general\n\n" + "\n".join(lines) + "\n"
        stem.with_name(f"{stem.name}_optimiser.star").write_text(optimiser)
        for name in ("data", "sampling"):
            stem.with_name(f"{stem.name}_{name}.star").write_text("data_a\n\n_rlnA 1\n")
        model = f"data_model_classes\n\nloop_\n_rlnReferenceImage\n1@refine/{stem.name}.mrcs\n"
        stem.with_name(f"{stem.name}_model.star").write_text(model)
        averages = write_mrc(stem.with_name(f"{stem.name}.mrcs"), np.ones((2, 8, 8), np.float32))
        if not whole:
            averages.write_bytes(averages.read_bytes()[:-4])

    assert last_iteration(tmp_path) == ""
    write(9)
    write(10)
    assert last_iteration(tmp_path / "refine") == "refine/run_it010_optimiser.star"
    write(11, whole=False)
    assert last_iteration(tmp_path / "refine") == "refine/run_it010_optimiser.star"
    (tmp_path / "refine" / "run_it010_sampling.star").unlink()
    assert last_iteration(tmp_path / "refine") == "refine/run_it009_optimiser.star"
