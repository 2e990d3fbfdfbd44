"""RELION reads the project that a session is handed over as, and finds what we found."""

import hashlib
import json
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from icestream.engine.graph.workflow import Workflow, load_workflow
from icestream.engine.session import run_session
from icestream.exports.coordinates import CoordinateFormat, export_coordinates
from icestream.exports.relion import Summary, Version, export_relion
from icestream.formats import read_mrc, read_star, write_mrc, write_star
from icestream.formats.star import Block
from icestream.model import Micrograph, Particles, from_document
from icestream.simulator.acquire import acquire
from icestream.simulator.plan import SessionPlan
from icestream.store import queries
from icestream.store.open import open_store

MOVIES = 5


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A processed session of a few small movies."""
    folder = tmp_path_factory.mktemp("handover")
    plan = SessionPlan(movies=MOVIES, seed=811, size=768, frames=10, particles=45, speed=0)
    microscope = acquire(plan, folder / "microscope").folder
    workflow = load_workflow("default").changed(
        "import", {"pattern": str(microscope), "watch": False}
    )
    # Told the diameter: boxes for an unknown one leave few particles on so small a field.
    workflow = workflow.changed("pick", {"diameter": 125.0})
    outcome = run_session(folder / "session", workflow)
    assert outcome.complete, outcome
    return folder / "session"


@pytest.fixture(scope="module")
def exported(session: Path) -> Summary:
    return export_relion(session, session.parent / "project")


@pytest.fixture
def project(exported: Summary) -> Path:
    if shutil.which("relion_image_handler") is None:
        pytest.skip("RELION is not installed (Debian: relion)")
    return exported.project


def relion(project: Path, *command: str) -> str:
    done = subprocess.run(
        list(command), cwd=project, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def similarity(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def test_every_job_is_there(exported: Summary) -> None:
    for name in (
        "Import/job001/movies.star",
        "MotionCorr/job002/corrected_micrographs.star",
        "CtfFind/job003/micrographs_ctf.star",
        "AutoPick/job004/autopick.star",
        "AutoPick/job004/coords_suffix_autopick.star",
        "Extract/job005/particles.star",
        "default_pipeline.star",
        "provenance/workflow.json",
        "provenance/lineage.jsonl",
    ):
        assert (exported.project / name).stat().st_size > 0, name
    assert exported.movies == exported.micrographs == exported.ctfs == MOVIES
    assert exported.particles > 20 * MOVIES
    assert exported.classes > 0
    assert not list(exported.project.rglob("*.growing"))


def test_every_name_in_a_table_is_a_file(exported: Summary) -> None:
    labels = {
        "rlnMicrographName",
        "rlnMicrographNameNoDW",
        "rlnMicrographMetadata",
        "rlnMicrographMovieName",
        "rlnMicrographGainName",
        "rlnMicrographCoordinates",
        "rlnCtfImage",
        "rlnImageName",
        "rlnReferenceImage",
    }
    seen = set()
    for path in exported.project.rglob("*.star"):
        if ".Nodes" in path.parts:  # empty: names that RELION offers
            continue
        if path.name == "coords_suffix_autopick.star":  # RELION 3.1 keeps a bare name in it
            assert (exported.project / path.read_text().strip()).exists()
            continue
        for block in read_star(path).values():
            for label in labels & block.columns.keys():
                seen.add(label)
                for name in block.text(label):
                    file = name.split("@")[-1].removesuffix(":mrc")
                    assert (exported.project / file).exists(), f"{path}: {label} {name}"
    assert seen == labels


def test_exporting_again_brings_it_up_to_date(session: Path, exported: Summary) -> None:
    before = sorted(path for path in exported.project.rglob("*") if path.is_file())
    again = export_relion(session, exported.project)
    assert again == exported
    assert sorted(path for path in exported.project.rglob("*") if path.is_file()) == before


def test_a_folder_of_someone_else_is_left_alone(session: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(FileExistsError, match="empty or new folder"):
        export_relion(session, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_nothing_written_into_the_project_reaches_the_session(
    session: Path, tmp_path: Path
) -> None:
    def digests() -> dict[Path, str]:
        return {
            path: hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in (session, session.parent / "microscope")
            for path in folder.rglob("*")
            if path.is_file() and "icestream.db" not in path.name
        }

    before = digests()
    project = export_relion(session, tmp_path / "project").project
    for path in project.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("r+b") as file:
                file.write(b"CHANGED")
    assert digests() == before
    links = [path for path in project.rglob("*") if path.is_symlink()]
    assert {path.parent.name for path in links} == {"Movies"}
    assert len(links) == MOVIES


def test_a_job_that_relion_runs_outlives_the_next_export(project: Path, session: Path) -> None:
    """It gets a number of its own, runs on our files, and is there when the session goes on."""
    options = (
        "fn_data == Extract/job005/particles.star;do_split == Yes;nr_split == 2;split_size == -1"
    )
    relion(project, "relion_pipeliner", "--addJob", "Select", "--addJobOptions", options)
    relion(
        project, "relion_pipeliner", "--RunJobs", "Select/job007/", "--schedule", "mine",
        "--sec_wait_after", "0",
    )  # fmt: skip
    made = sorted((project / "Select/job007").glob("particles_split*.star"))
    assert len(made) == 2
    before = [path.read_bytes() for path in made]
    export_relion(session, project)
    assert [path.read_bytes() for path in made] == before
    blocks = read_star(project / "default_pipeline.star")
    assert "Select/job007/" in blocks["pipeline_processes"].text("rlnPipeLineProcessName")
    assert int(blocks["pipeline_general"].value("rlnPipeLineJobCounter")) == 8
    relion(project, "relion_pipeliner", "--addJob", "Import")
    assert (project / "Import/job008/job.star").exists()


def test_relion_goes_on_from_a_project_of_each_version(session: Path, tmp_path: Path) -> None:
    """The columns of 4 and 5 are in test_pipeline; here only that all else is the same."""
    tables = {}
    versions: tuple[Version, ...] = ("3.1", "5")
    for version in versions:
        project = export_relion(session, tmp_path / version, version=version).project
        tables[version] = (project / "Extract/job005/particles.star").read_bytes()
    assert tables["3.1"] == tables["5"]


def test_relion_reads_the_pipeline(project: Path) -> None:
    relion(project, "relion_pipeliner", "--check_job_completion")


def test_relion_reads_the_tables(project: Path) -> None:
    particles = "Extract/job005/particles.star"
    printed = relion(
        project, "relion_star_printtable", particles, "data_particles", "rlnCoordinateX"
    )
    ours = read_star(project / particles)["particles"].floats("rlnCoordinateX")
    np.testing.assert_allclose([float(line) for line in printed.split()], ours)


def test_relion_reads_the_stacks(project: Path) -> None:
    for stack in sorted((project / "Extract/job005/Movies").glob("*.mrcs")):
        printed = relion(
            project, "relion_image_handler", "--i", str(stack.relative_to(project)), "--stats"
        )
        lines = [line for line in printed.splitlines() if "avg=" in line]
        assert len(lines) == len(read_mrc(stack))
        assert all("angpix = 1.5" in line for line in lines)


def test_relion_extracts_the_same_particles_with_our_coordinates(
    project: Path, exported: Summary
) -> None:
    ours = read_star(project / "Extract/job005/particles.star")
    box = int(ours["optics"].integers("rlnImageSize")[0])
    relion(
        project, "relion_preprocess", "--i", "CtfFind/job003/micrographs_ctf.star",
        "--coord_dir", "AutoPick/job004/", "--coord_suffix", "_autopick.star",
        "--part_star", "Again/particles.star", "--part_dir", "Again/", "--extract",
        "--extract_size", str(box), "--norm", "--bg_radius", str(round(0.375 * box)),
        "--white_dust", "-1", "--black_dust", "-1", "--invert_contrast",
    )  # fmt: skip
    again = read_star(project / "Again/particles.star")["particles"]
    theirs = {(name, round(x, 2), round(y, 2)): image for name, x, y, image in rows(again)}
    matches = []
    for name, x, y, image in rows(ours["particles"]):
        found = theirs.get((name, round(x, 2), round(y, 2)))
        if found is not None:
            matches.append(similarity(read_image(project, image), read_image(project, found)))
    assert len(matches) > 0.9 * len(ours["particles"])
    assert min(matches) > 0.95
    # It makes up what lies outside; all that it has more is what we say that we left out.
    assert exported.unexplained == exported.waiting == 0
    assert len(again) - len(ours["particles"]) == exported.over_rim > 0


def test_relion_reads_boxes_and_lists(session: Path, copied: Path) -> None:
    """It cuts the same places out of each kind of list."""
    found = {}
    kinds: tuple[CoordinateFormat, ...] = ("star", "box", "coord")
    for kind in kinds:
        export_coordinates(session, copied / kind / "Movies", kind)
        relion(
            copied, "relion_preprocess", "--i", "CtfFind/job003/micrographs_ctf.star",
            "--coord_dir", f"{kind}/", "--coord_suffix", f".{kind}", "--part_dir", f"{kind}Cut/",
            "--part_star", f"{kind}Cut/particles.star", "--extract", "--extract_size", "64",
        )  # fmt: skip
        table = read_star(copied / f"{kind}Cut/particles.star")["particles"]
        found[kind] = sorted((name, int(x), int(y)) for name, x, y, _ in rows(table))
    assert len(found["star"]) > 20 * (MOVIES - 1)
    assert found["star"] == found["box"] == found["coord"]


def rows(particles: Block) -> list[tuple[str, float, float, str]]:
    names = [Path(name).stem for name in particles.text("rlnMicrographName")]
    x, y = particles.floats("rlnCoordinateX"), particles.floats("rlnCoordinateY")
    return list(zip(names, x.tolist(), y.tolist(), particles.text("rlnImageName"), strict=True))


def read_image(project: Path, name: str) -> NDArray[np.float32]:
    number, stack = name.split("@")
    image: NDArray[np.float32] = read_mrc(project / stack)[int(number) - 1]
    return image


def test_relion_turns_particles_onto_their_class_average(project: Path) -> None:
    """The direction of angles and shifts is RELION's: its own transform reproduces our averages."""
    data = next((project / "Class2D/job006").glob("*_data.star"))
    relion(
        project, "relion_stack_create", "--i", str(data.relative_to(project)),
        "--o", "turned", "--apply_transformation",
    )  # fmt: skip
    turned = read_mrc(project / "turned.mrcs")
    averages = read_mrc(next((project / "Class2D/job006").glob("*_classes.mrcs")))
    classes = read_star(data)["particles"].integers("rlnClassNumber")
    largest = np.bincount(classes)[1:].argsort()[::-1][:3] + 1
    found = [
        similarity(
            ripples(turned[classes == number].mean(axis=0)),
            ripples(zoom(averages[number - 1], turned.shape[1] / averages.shape[1], order=1)),
        )
        for number in largest
    ]
    assert np.mean(found) > 0.6, found


def ripples(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """The image less its radial average, within the particle: only what turning can match."""
    smooth = gaussian_filter(image, 1.5)
    half = len(image) / 2
    y, x = np.mgrid[: len(image), : len(image)] - half
    radius = np.hypot(y, x)
    ring = radius.astype(int)
    profile = np.bincount(ring.ravel(), smooth.ravel()) / np.bincount(ring.ravel())
    flat: NDArray[np.float32] = (smooth - profile[ring])[radius < 0.33 * len(image)]
    return flat


def test_polishing_finds_the_motion(project: Path, session: Path) -> None:
    """RELION's own reader of motion files accepts ours: shifts and replaced pixels are as found."""
    store = open_store(session, readonly=True)
    result = queries.results(store, "align", limit=1)[0]
    micrograph = from_document(Micrograph, dict(result.outputs["micrograph"]))
    store.close()
    path = f"MotionCorr/job002/Movies/{micrograph.exposure}.star"
    printed = relion(
        project, "relion_star_printtable", path, "data_global_shift", "rlnMicrographShiftX"
    )
    assert micrograph.motion is not None
    np.testing.assert_allclose(
        [float(line) for line in printed.split()], micrograph.motion.shifts[:, 1], atol=1e-4
    )


@pytest.fixture
def copied(project: Path, tmp_path: Path) -> Path:
    """A copy, so that jobs that are run in it are nobody else's."""
    copy: Path = shutil.copytree(project, tmp_path / "copy", symlinks=True)
    return copy


def again(project: Path, job: str) -> Path:
    """Have RELION run a job of ours once more by its ``job.star``; where it wrote."""
    kind = Path(job).parent.name
    before = set((project / kind).iterdir())
    relion(project, "relion_pipeliner", "--addJobFromStar", f"{job}/job.star")
    (made,) = set((project / kind).iterdir()) - before
    relion(
        project, "relion_pipeliner", "--RunJobs", f"{kind}/{made.name}/", "--schedule", made.name,
        "--sec_wait_after", "0",
    )  # fmt: skip
    assert (made / "RELION_JOB_EXIT_SUCCESS").exists(), (made / "run.err").read_text()
    return made


def test_relion_runs_our_jobs_again(copied: Path) -> None:
    """With the parameters that made them: the same movies, motion, picks and images come out."""
    imported = read_star(again(copied, "Import/job001") / "movies.star")["movies"]
    ours = read_star(copied / "Import/job001/movies.star")["movies"]
    label = "rlnMicrographMovieName"
    assert sorted(imported.text(label)) == sorted(ours.text(label))
    aligned = again(copied, "MotionCorr/job002") / "Movies"
    for motion in (copied / "MotionCorr/job002/Movies").glob("*.star"):
        both = [read_star(path)["global_shift"] for path in (motion, aligned / motion.name)]
        for axis in ("rlnMicrographShiftX", "rlnMicrographShiftY"):
            assert np.abs(both[0].floats(axis) - both[1].floats(axis)).max() < 2.0
    assert len(list((again(copied, "AutoPick/job004") / "Movies").glob("*_autopick.star"))) > 1
    cut = read_star(again(copied, "Extract/job005") / "particles.star")["particles"]
    theirs = {(name, round(x, 2), round(y, 2)): image for name, x, y, image in rows(cut)}
    particles = rows(read_star(copied / "Extract/job005/particles.star")["particles"])
    same = [
        similarity(
            read_image(copied, image), read_image(copied, theirs[name, round(x, 2), round(y, 2)])
        )
        for name, x, y, image in particles
    ]
    assert min(same) > 0.99


def refined(project: Path, truth: Path) -> str:
    """A table of the particles with the orientations that they were simulated in."""
    name = "Refine3D/job007/run_data.star"
    blocks = read_star(project / "Extract/job005/particles.star")
    particles, added = blocks["particles"], []
    pixel_size = blocks["optics"].floats("rlnImagePixelSize")[0]
    for exposure, x, y, _ in rows(particles):
        known = json.loads((truth / f"{exposure}.json").read_text())["particles"]
        off = np.array(known["x"]) - x, np.array(known["y"]) - y
        nearest = int(np.argmin(np.hypot(*off)))
        turn = np.array(known["rotations"][nearest])
        added.append(
            {
                "rlnAngleRot": np.degrees(np.arctan2(turn[2, 1], turn[2, 0])),
                "rlnAngleTilt": np.degrees(np.arccos(turn[2, 2])),
                "rlnAnglePsi": np.degrees(np.arctan2(turn[1, 2], -turn[0, 2])),
                "rlnOriginXAngst": (np.trunc(x) - known["x"][nearest]) * pixel_size,
                "rlnOriginYAngst": (np.trunc(y) - known["y"][nearest]) * pixel_size,
                "rlnRandomSubset": 1 + len(added) % 2,
            }
        )
    particles.columns.update({label: [row[label] for row in added] for label in added[0]})
    (project / name).parent.mkdir(parents=True)
    write_star(project / name, blocks, "version 30001")
    return name


def test_relion_refines_the_ctf_and_polishes(copied: Path, session: Path) -> None:
    """Where everything is right, some hundred particles make a map finer than 6 Å.

    A wrong sign or place anywhere, of coordinates, CTF, contrast or motion, would leave none.
    """
    data = refined(copied, session.parent / "microscope_truth")
    for half in (1, 2):
        relion(
            copied, "relion_reconstruct", "--i", data, "--ctf", "--subset", str(half), "--sym", "O",
            "--pad", "1", "--o", f"Refine3D/job007/run_half{half}_class001_unfil.mrc",
        )  # fmt: skip
    half1 = copied / "Refine3D/job007/run_half1_class001_unfil.mrc"
    box = len(read_mrc(half1))
    radius = 1.5 * np.sqrt(((np.indices((box,) * 3) - box // 2) ** 2).sum(axis=0))
    mask = np.clip((75 - radius) / 9, 0, 1).astype(np.float32)
    write_mrc(copied / "mask.mrc", mask, 1.5, volume=True)
    (copied / "PostProcess").mkdir()
    relion(
        copied, "relion_postprocess", "--i", str(half1.relative_to(copied)), "--mask", "mask.mrc",
        "--angpix", "1.5", "--o", "PostProcess/post",
    )  # fmt: skip
    general = read_star(copied / "PostProcess/post.star")["general"]
    assert float(general.value("rlnFinalResolution")) < 6.0
    shared = ("--i", data, "--f", "PostProcess/post.star")
    for folder in ("CtfRefine/job009/", "Polish/job010/"):
        (copied / folder).mkdir(parents=True)
    relion(
        copied, "relion_ctf_refine", *shared, "--o", "CtfRefine/job009/", "--fit_defocus",
        "--kmin_defocus", "30", "--fit_mode", "fmfff",
    )  # fmt: skip
    before = read_star(copied / data)["particles"].floats("rlnDefocusU")
    after = read_star(copied / "CtfRefine/job009/particles_ctf_refine.star")["particles"]
    assert 0 < np.median(np.abs(after.floats("rlnDefocusU") - before)) < 300
    relion(
        copied, "relion_motion_refine", *shared, "--o", "Polish/job010/", "--corr_mic",
        "MotionCorr/job002/corrected_micrographs.star", "--first_frame", "1", "--last_frame", "-1",
        "--s_vel", "0.2", "--s_div", "5000", "--s_acc", "2", "--combine_frames",
    )  # fmt: skip
    shiny = read_star(copied / "Polish/job010/shiny.star")["particles"]
    assert len(shiny) == len(before)


@pytest.fixture(scope="module")
def micrographs(session: Path) -> Path:
    """The micrographs that the session made, as another program might have."""
    folder = session.parent / "micrographs"
    folder.mkdir()
    with closing(open_store(session, readonly=True)) as store:
        for result in queries.results(store, "align", limit=MOVIES):
            micrograph = from_document(Micrograph, dict(result.outputs["micrograph"]))
            shutil.copy(session / micrograph.path, folder / f"{micrograph.exposure}.mrc")
    return folder


def test_picks_come_back_as_a_step(session: Path, exported: Summary, micrographs: Path) -> None:
    """Those of RELION's job, on the same micrographs, give the particles that the session has."""
    picks = exported.project / "AutoPick/job004/autopick.star"
    steps = [
        {
            "name": "import",
            "protocol": "micrographs.import",
            "parameters": {"pattern": str(micrographs), "voltage": 300.0, "metadata_wait": 0.0},
        },
        {
            "name": "ctf",
            "protocol": "ctf.estimate",
            "inputs": {"micrograph": "import.micrograph"},
        },
        {
            "name": "pick",
            "protocol": "picks.import",
            "parameters": {"picks": str(picks), "diameter": 125.0},
            "inputs": {"micrograph": "import.micrograph"},
        },
        {
            "name": "extract",
            "protocol": "particles.extract",
            "inputs": {
                "micrograph": "import.micrograph", "ctf": "ctf.ctf", "picks": "pick.picks",
            },
        },
    ]  # fmt: skip
    workflow = Workflow.from_document({"name": "picked-elsewhere", "steps": steps})
    assert run_session(session.parent / "third", workflow).complete
    with closing(open_store(session.parent / "third", readonly=True)) as store:
        found = queries.results(store, "extract", limit=MOVIES)
        particles = [from_document(Particles, dict(one.outputs["particles"])) for one in found]
    assert len(found) == MOVIES  # a micrograph that was rejected before has none
    assert sum(map(len, particles)) == exported.particles


@pytest.fixture(scope="module")
def of_micrographs(session: Path, micrographs: Path) -> Summary:
    """A project of a session that begins with those micrographs."""
    document = load_workflow("default").to_document()
    absent = ("align", "gain", "gain_monitor")
    steps = [step for step in document["steps"] if step["name"] not in absent]
    steps[0] |= {
        "protocol": "micrographs.import",
        "parameters": {"pattern": str(micrographs), "voltage": 300.0, "metadata_wait": 0.0},
    }
    for step in steps:
        for port, source in step["inputs"].items():
            step["inputs"][port] = source.replace("align.micrograph", "import.micrograph")
    workflow = Workflow.from_document({"name": "micrographs", "steps": steps})
    outcome = run_session(session.parent / "second", workflow.changed("pick", {"diameter": 125.0}))
    assert outcome.complete, outcome
    return export_relion(session.parent / "second", session.parent / "second-project")


def test_relion_goes_on_from_a_session_of_micrographs(of_micrographs: Summary) -> None:
    """It extracts with our coordinates, and classifies our particles."""
    if shutil.which("relion_refine") is None:
        pytest.skip("RELION is not installed (Debian: relion)")
    project = of_micrographs.project
    assert of_micrographs.micrographs == of_micrographs.ctfs == MOVIES
    assert {path.parent.name for path in project.rglob("*") if path.is_symlink()} == {"Micrographs"}
    relion(project, "relion_pipeliner", "--check_job_completion")
    relion(
        project, "relion_preprocess", "--i", "CtfFind/job003/micrographs_ctf.star",
        "--coord_dir", "AutoPick/job004/", "--coord_suffix", "_autopick.star",
        "--part_star", "Again/particles.star", "--part_dir", "Again/", "--extract",
        "--extract_size", "64", "--norm", "--bg_radius", "24",
        "--white_dust", "-1", "--black_dust", "-1", "--invert_contrast",
    )  # fmt: skip
    again = read_star(project / "Again/particles.star")["particles"]
    assert len(again) == of_micrographs.particles + of_micrographs.over_rim
    (project / "Class2D/job007").mkdir()
    relion(
        project, "relion_refine", "--i", "Extract/job005/particles.star", "--o",
        "Class2D/job007/run", "--K", "2", "--iter", "1", "--ctf", "--particle_diameter", "125",
        "--psi_step", "24", "--offset_range", "2", "--offset_step", "2", "--norm", "--scale",
        "--tau2_fudge", "2", "--flatten_solvent", "--zero_mask", "--oversampling", "0",
        "--dont_check_norm",
    )  # fmt: skip
    classified = read_star(project / "Class2D/job007/run_it001_data.star")["particles"]
    assert len(classified) == of_micrographs.particles
