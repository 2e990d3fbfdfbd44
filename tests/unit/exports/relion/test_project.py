"""Whole exports of a made-up session; RELION itself is in tests/system/test_relion_project.py."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import select

from icestream.exports.place import NoRoom
from icestream.exports.relion import Summary, export_relion
from icestream.exports.relion.pipeline import PipelineConflict
from icestream.formats import read_star, write_star
from icestream.model import Particles
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.items import item_of
from report_session import SampleSession

EXPOSURES = 8


@pytest.fixture
def session(tmp_path: Path) -> Iterator[SampleSession]:
    """A session whose files hold a few bytes each, as recorded; its raw movies are gone."""
    made = SampleSession(tmp_path / "session", start=1.7e9)
    made.grow(EXPOSURES)
    (made.folder / "work").mkdir()
    with made.store.write() as connection:
        connection.execute(t.session.update().values(uid="0123456789abcdef"))
        for row in connection.execute(select(t.result.c.id, t.result.c.document)).all():
            for document in json.loads(row.document).values():
                for label in ("path", "stack"):
                    path = str(document.get(label, ""))
                    if path.startswith("work/"):
                        (made.folder / path).write_bytes(path.encode() * 7)
                        size = (made.folder / path).stat().st_size
                        connection.execute(
                            t.file.insert().values(result_id=row.id, path=path, size=size)
                        )
    yield made
    made.store.close()


def names(session: SampleSession, step: str = "extract") -> list[str]:
    """Exposures with a result at a step, the oldest first."""
    results = queries.results(session.store, step, limit=100)
    return [result.exposure for result in sorted(results, key=lambda one: one.id)]


def classify(session: SampleSession, *, places: bool = True) -> None:
    """A snapshot of classes that has the first particle of each exposure."""
    values = ", ".join(
        f"('{result.exposure}', 0, {x}, {y}, 1, 30.0, 0.0, 0.0, 0.5)"
        for result in queries.results(session.store, "extract", limit=100)
        for x, y in item_of(session.store, result, "particles", Particles).places()[:1]
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * {'' if places else 'EXCLUDE (x, y)'} FROM (VALUES {values}) AS "
            't(exposure, "index", x, y, "class", angle, shift_y, shift_x, likelihood)) '
            f"TO '{session.folder / 'pool/x.parquet'}' (FORMAT parquet)"
        )
    session.classify()


def digests(folder: Path) -> dict[Path, str]:
    """Of all files of a session but its store."""
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "icestream.db" not in path.name
    }


def export(session: SampleSession, project: Path, **wanted: object) -> Summary:
    return export_relion(session.folder, project, **wanted)  # type: ignore[arg-type]


def tables(project: Path) -> dict[str, int]:
    """Rows of the tables that a project has."""
    found = {}
    for path, block in (
        ("Import/job001/movies.star", "movies"),
        ("MotionCorr/job002/corrected_micrographs.star", "micrographs"),
        ("CtfFind/job003/micrographs_ctf.star", "micrographs"),
        ("AutoPick/job004/autopick.star", "coordinate_files"),
        ("Extract/job005/particles.star", "particles"),
    ):
        if (project / path).exists():
            found[path.split("/")[0]] = len(read_star(project / path)[block])
    return found


def test_nothing_written_into_a_project_reaches_the_session(
    session: SampleSession, tmp_path: Path
) -> None:
    classify(session)
    before = digests(session.folder)
    project = export(session, tmp_path / "project").project
    written = 0
    for path in project.rglob("*"):
        if path.is_symlink():
            assert not path.readlink().is_relative_to(session.folder), path
        elif path.is_file():
            assert path.stat().st_nlink == 1, path
            with path.open("r+b") as file:
                file.write(b"CHANGED")
            written += 1
    assert written > 4 * EXPOSURES
    assert digests(session.folder) == before


def test_links_of_earlier_exports_are_made_files(session: SampleSession, tmp_path: Path) -> None:
    before = digests(session.folder)
    project = export(session, tmp_path / "project").project
    stack = project / "Extract/job005/Movies" / f"{names(session)[0]}.mrcs"
    stack.unlink()
    stack.hardlink_to(session.folder / "work" / stack.name)
    export(session, project)
    stack.write_bytes(b"CHANGED")
    assert digests(session.folder) == before


def test_every_damage_is_said_and_nothing_of_it_is_exported(
    session: SampleSession, tmp_path: Path
) -> None:
    first, second, third = names(session)[:3]
    whole = export(session, tmp_path / "whole")
    work = session.folder / "work"
    (work / f"{first}.mrcs").write_bytes(b"cut")
    (work / f"{second}.mrcs").unlink()
    (work / f"{third}.mrc").unlink()
    found = export(session, tmp_path / "project")
    said = {damage for damage in found.damages if work in damage.path.parents}
    assert {(damage.path.name, damage.what.split()[0]) for damage in said} == {
        (f"{first}.mrcs", "has"),
        (f"{second}.mrcs", "is"),
        (f"{third}.mrc", "is"),
    }
    assert found.micrographs == whole.micrographs - 1
    stacks = {path.stem for path in (found.project / "Extract/job005/Movies").iterdir()}
    assert stacks == set(names(session)) - {first, second, third}
    exported = read_star(found.project / "Extract/job005/particles.star")["particles"]
    assert {Path(name).stem for name in exported.text("rlnImageName")} == stacks
    readme = (found.project / "README.md").read_text()
    assert all(str(damage.path) in readme for damage in found.damages)


def test_raw_movies_that_are_gone_are_said(session: SampleSession, tmp_path: Path) -> None:
    found = export(session, tmp_path / "project")
    gone = {damage.path.name for damage in found.damages}
    assert len(gone) == len(found.damages) == EXPOSURES + 1
    assert "gain.mrc" in gone
    assert found.movies == 0
    assert "Import" not in tables(found.project)
    assert found.micrographs == EXPOSURES


def test_counts_are_those_of_the_tables(session: SampleSession, tmp_path: Path) -> None:
    classify(session)
    found = export(session, tmp_path / "project")
    assert tables(found.project) == {
        "MotionCorr": found.micrographs,
        "CtfFind": found.ctfs,
        "AutoPick": found.picked,
        "Extract": found.particles,
    }
    summary = read_star(found.project / "AutoPick/job004/summary.star")[""]
    assert int(summary.integers("rlnGroupNrParticles").sum()) == found.picks
    assert found.over_rim == found.unexplained == found.waiting == 0
    assert found.unclassified == found.particles - len(names(session))
    assert found.rejected == EXPOSURES - len(names(session))


def test_exporting_again_changes_nothing(session: SampleSession, tmp_path: Path) -> None:
    first = export(session, tmp_path / "project")
    before = digests(first.project)
    assert export(session, tmp_path / "project") == first
    assert digests(first.project) == before


def test_an_exposure_that_is_rejected_later_loses_its_picks(
    session: SampleSession, tmp_path: Path
) -> None:
    """RELION 3.1 takes the picks of every micrograph that has a file of them."""
    project = export(session, tmp_path / "project").project
    name = names(session)[0]
    picks = project / f"AutoPick/job004/Movies/{name}_autopick.star"
    assert picks.exists()
    with session.store.write() as connection:
        chosen = select(t.subject.c.id).where(t.subject.c.name == name)
        number = connection.execute(chosen).scalar_one()
        connection.execute(
            t.exposure.update().where(t.exposure.c.id == number).values(state="rejected")
        )
    export(session, project)
    assert not picks.exists()


def test_a_folder_of_someone_else_is_left_alone(session: SampleSession, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "precious").write_text("mine")
    with pytest.raises(FileExistsError, match="empty or new folder"):
        export(session, theirs)
    assert [path.name for path in theirs.iterdir()] == ["precious"]


def test_two_sessions_are_not_mixed(session: SampleSession, tmp_path: Path) -> None:
    project = export(session, tmp_path / "project").project
    with session.store.write() as connection:
        connection.execute(t.session.update().values(uid="other", name="other"))
    with pytest.raises(FileExistsError, match=r"project of the session apoferritin.*Join star"):
        export(session, project)


def test_a_table_of_an_older_icestream_holds_for_what_was_classified(
    session: SampleSession, tmp_path: Path
) -> None:
    """It has no places: the stacks that the classification took in are known by their results."""
    classify(session, places=False)
    found = export(session, tmp_path / "none")
    assert (found.classes, found.unclassified) == (0, found.particles)
    assert not (found.project / "Class2D").exists()
    batch = queries.latest_results(session.store, "classify", limit=1)[0].id
    cut = queries.results(session.store, "extract", limit=100)
    with session.store.write() as connection:
        taken = [{"result_id": batch, "port": "particles", "source_id": one.id} for one in cut[1:]]
        connection.execute(t.input_.insert(), taken)
    found = export(session, tmp_path / "project")
    assert found.unclassified == found.particles - (len(cut) - 1)


def test_a_job_of_relion_stays_with_its_number(session: SampleSession, tmp_path: Path) -> None:
    project = export(session, tmp_path / "project").project
    pipeline = project / "default_pipeline.star"
    blocks = read_star(pipeline)
    blocks["pipeline_general"].columns["rlnPipeLineJobCounter"] = ["13"]
    for label, value in (
        ("Name", "Select/job012/"), ("Alias", "Select/good/"), ("Type", "7"), ("Status", "2"),
    ):  # fmt: skip
        blocks["pipeline_processes"].columns[f"rlnPipeLineProcess{label}"].append(value)
    write_star(pipeline, blocks)
    classify(session)
    export(session, project)
    after = read_star(pipeline)
    processes = after["pipeline_processes"]
    assert "Select/job012/" in processes.text("rlnPipeLineProcessName")
    assert "Select/good/" in processes.text("rlnPipeLineProcessAlias")
    assert "Class2D/job006/" in processes.text("rlnPipeLineProcessName")
    assert after["pipeline_general"].value("rlnPipeLineJobCounter").strip() == "13"
    with pytest.raises(PipelineConflict, match="leave out --for"):
        export(session, project, version="5")


def test_what_does_not_fit_is_not_begun(
    session: SampleSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(NoRoom, match=r"GB free"):
        export(session, tmp_path / "project")
    assert not list((tmp_path / "project").rglob("*.mrc*"))


@pytest.mark.parametrize("version", ["3.1", "4", "5"])
def test_every_job_has_settings_and_is_offered(
    session: SampleSession, tmp_path: Path, version: str
) -> None:
    classify(session)
    found = export(session, tmp_path / "project", version=version)
    assert found.version == version
    assert (found.project / ".gui_projectdir").exists()
    jobs = sorted(path.parent.name for path in found.project.glob("*/job*/job.star"))
    assert jobs == [f"job{number:03d}" for number in range(2, 7)]  # the raw movies are gone
    kinds = {path.name for path in (found.project / ".Nodes").iterdir()}
    assert ("3" in kinds) == (version == "3.1")
    assert ("ParticleGroupMetadata" in kinds) == (version == "5")
    assert ("ParticlesData" in kinds) == (version == "4")
    # A project stays of its version when nobody says otherwise.
    assert export(session, found.project).version == version


def test_the_last_complete_results_are_exported_while_steps_wait_to_be_run_again(
    session: SampleSession, tmp_path: Path
) -> None:
    classify(session)
    whole = export(session, tmp_path / "before")
    assert whole.state == ()
    session.change("ctf", "select", "pick", "extract", "classify")
    stood = export(session, tmp_path / "after")
    assert tables(tmp_path / "after") == tables(tmp_path / "before")
    assert (stood.particles, stood.classes) == (whole.particles, whole.classes)
    said, command = stood.state
    assert "ctf, select, pick, extract and classify wait to be run again" in said
    assert "from before the change of" in said
    assert "by ann: " in said
    assert "pick@1" in said
    assert str(session.folder) in command
    readme = (tmp_path / "after/README.md").read_text()
    assert f"* {said}" in readme
    assert "step `pick`, `picks.log`, revision 1" in readme
    now = export(session, tmp_path / "now", incomplete=True)
    assert (now.particles, now.classes) == (0, 0)
    assert "what has not been run again is missing here" in now.state[0]
    assert "change" not in now.state[0]


def test_an_exposure_is_accepted_as_it_was_in_what_is_exported(
    session: SampleSession, tmp_path: Path
) -> None:
    before = export(session, tmp_path / "before")
    session.change("select", "pick", "extract")
    with session.store.write() as connection:
        connection.execute(t.exposure.update().values(state="rejected"))  # in the new revisions
    after = export(session, tmp_path / "after")
    assert (after.particles, after.rejected) == (before.particles, before.rejected)


def hide(session: SampleSession, port: str) -> None:
    """Record the results at a port as something that no export asks for."""
    with session.store.write() as connection:
        those = t.result.c.document.like(f'{{"{port}"%')
        made = json.dumps({port: "MicrographQuality"})
        connection.execute(t.result.update().where(those).values(types=made))


def test_a_session_without_images_is_refused_before_anything_is_written(
    session: SampleSession, tmp_path: Path
) -> None:
    hide(session, "movie")
    hide(session, "micrograph")
    with pytest.raises(LookupError, match="no step that imports movies or micrographs"):
        export(session, tmp_path / "project")
    assert not (tmp_path / "project").exists()


def test_doses_of_which_relion_takes_the_mean_are_told(
    session: SampleSession, tmp_path: Path
) -> None:
    assert export(session, tmp_path / "before").uneven == 0
    with session.store.write() as connection:
        chosen = select(t.result.c.id, t.result.c.document)
        results = connection.execute(chosen.where(t.result.c.document.like('{"movie"%'))).all()
        for result in results[:2]:
            document = json.loads(result.document)
            document["movie"]["frame_doses"] = [0.5, 1.5]
            changed = t.result.update().where(t.result.c.id == result.id)
            connection.execute(changed.values(document=json.dumps(document)))
    assert export(session, tmp_path / "after").uneven == 2


def test_a_session_of_micrographs_begins_with_their_import(
    session: SampleSession, tmp_path: Path
) -> None:
    hide(session, "movie")
    classify(session)
    found = export(session, tmp_path / "project")
    project = found.project
    assert found.imported and found.movies == 0
    assert found.micrographs > 0 and found.particles > 0 and found.classes > 0
    assert not (project / "MotionCorr").exists()
    taken = read_star(project / "Import/job001/micrographs.star")
    assert set(taken["micrographs"].columns) == {"rlnMicrographName", "rlnOpticsGroup"}
    for table in ("CtfFind/job003/micrographs_ctf.star", "Extract/job005/particles.star"):
        block = list(read_star(project / table).values())[-1]
        assert set(block.text("rlnMicrographName")) <= set(
            taken["micrographs"].text("rlnMicrographName")
        )
    for name in taken["micrographs"].text("rlnMicrographName"):
        assert name.startswith("Micrographs/")
        assert (project / name).exists()
    pipeline = read_star(project / "default_pipeline.star")
    assert "Import/job001/micrographs.star" in pipeline["pipeline_nodes"].text(
        "rlnPipeLineNodeName"
    )
    edges = pipeline["pipeline_input_edges"]
    assert ("Import/job001/micrographs.star", "CtfFind/job003/") in zip(
        edges.text("rlnPipeLineEdgeFromNode"), edges.text("rlnPipeLineEdgeProcess"), strict=True
    )
    (classified,) = (project / "Class2D/job006").glob("run_it*_data.star")
    assert len(read_star(classified)["particles"]) > 0
    text = (project / "README.md").read_text()
    assert " movies" not in text
    assert "Only the micrographs in `Micrographs/` are links" in text


def test_a_cs_that_nobody_said_is_told_with_its_source(
    session: SampleSession, tmp_path: Path
) -> None:
    hide(session, "movie")
    with session.store.write() as connection:
        chosen = select(t.result.c.id, t.result.c.document)
        those = chosen.where(t.result.c.document.like('{"micrograph"%'))
        for result in connection.execute(those).all():
            document = json.loads(result.document)
            document["micrograph"]["assumed"] = [["spherical_aberration", "preset krios1"]]
            changed = t.result.update().where(t.result.c.id == result.id)
            connection.execute(changed.values(document=json.dumps(document)))
    found = export(session, tmp_path / "project")
    assert found.assumed == ("Cs 2.7 mm (preset krios1)",)
    assert "Cs 2.7 mm (preset krios1)" in (found.project / "README.md").read_text()
