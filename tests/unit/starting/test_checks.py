"""What is looked at before a session starts."""

from pathlib import Path

import pytest

from icestream.engine.graph.workflow import Step, Workflow, load_workflow
from icestream.protocol import Program, Registry, Resources
from icestream.protocols.estimate_ctf import EstimateCtf
from icestream.starting.checks import (
    EACH_TIME,
    OccupiedFolder,
    changes_since,
    check_folder,
    missing_here,
    without_each_time,
)

REGISTRY = Registry()


def _with(**parameters: object) -> Workflow:
    return load_workflow("default").changed("import", parameters)


def test_every_path_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "gain.mrc").touch()
    given = _with(pattern=str(tmp_path), gain=str(tmp_path / "gain.mrc"), defects=None)
    assert list(missing_here(given, REGISTRY)) == []
    given = _with(pattern=f"{tmp_path}/no/*.tiff", gain=str(tmp_path), defects=str(tmp_path / "d"))
    pattern, gain, defects = missing_here(given, REGISTRY)
    assert (
        pattern
        == f"step 'import': {tmp_path}/no is not there; --watch (watch in a workflow) waits for it"
    )
    assert gain.startswith(f"step 'import': gain: {tmp_path} is no file; give its right path")
    assert defects.startswith(f"step 'import': defects: {tmp_path}/d is not there; ")
    assert defects.endswith("or 'none' to do without")


def test_files_of_every_step_are_looked_for(tmp_path: Path) -> None:
    given = _with(pattern=str(tmp_path)).changed("pick", {"templates": str(tmp_path / "no.mrcs")})
    (said,) = missing_here(given, REGISTRY)
    assert said.startswith(f"step 'pick': templates: {tmp_path}/no.mrcs is not there; give its")


def test_gpus_and_programs_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = _with(pattern=str(tmp_path))
    monkeypatch.setattr(EstimateCtf, "need", lambda self: Resources(gpus=1))
    monkeypatch.setattr(EstimateCtf, "programs", lambda self: (Program("/no/such/program"),))
    program, gpu = missing_here(given, REGISTRY, gpus=0)
    assert program.startswith("step 'ctf': the program '/no/such/program' is not installed: ")
    assert gpu.startswith("step 'ctf': a task needs 1 GPU, and this machine has none for it; ")


def test_a_protocol_that_raises_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: EstimateCtf, parameters: object) -> None:
        raise RuntimeError("not today")

    monkeypatch.setattr(EstimateCtf, "__init__", refuse)
    (said,) = missing_here(_with(pattern=str(tmp_path)), REGISTRY)
    assert said == "step 'ctf': cannot be made: RuntimeError: not today"


def test_a_folder_that_is_watched_may_still_come(tmp_path: Path) -> None:
    assert list(missing_here(_with(pattern=str(tmp_path / "later"), watch=True), REGISTRY)) == []


def test_a_session_is_no_folder_of_movies(tmp_path: Path) -> None:
    (tmp_path / "icestream.db").touch()
    (said,) = missing_here(_with(pattern=f"{tmp_path}/**/*.mrc", watch=True), REGISTRY)
    assert said.startswith(f"step 'import': {tmp_path} is a session, and its images are results")


def test_a_folder_in_a_session_has_no_movies_but_perhaps_micrographs(tmp_path: Path) -> None:
    (tmp_path / "icestream.db").touch()
    (tmp_path / "align").mkdir()
    (said,) = missing_here(_with(pattern=f"{tmp_path}/align/*.mrcs", watch=True), REGISTRY)
    assert said.startswith(
        f"step 'import': {tmp_path}/align is inside the session {tmp_path}, and its images are"
    )
    step = Step(
        name="import",
        protocol="micrographs.import",
        parameters={"pattern": f"{tmp_path}/align/*.mrc"},
    )
    assert list(missing_here(Workflow(name="w", steps=(step,)), REGISTRY)) == []


def test_a_session_has_its_folder_to_itself(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    check_folder(folder)
    (folder / "logs").mkdir(parents=True)
    (folder / "coordinator.lock").touch()
    (folder / ".facility").mkdir()
    (folder / ".facility" / "transfer.json").touch()
    check_folder(folder)  # ended before it had a store; its facility knew where movies are
    (folder / "icestream.db.new").touch()
    (folder / "icestream.db.new-journal").touch()
    check_folder(folder)  # killed while it made its store
    (folder / "thesis.tex").touch()
    with pytest.raises(OccupiedFolder, match="s is not empty and holds no session; name a folder"):
        check_folder(folder)
    with pytest.raises(OccupiedFolder, match="is a file"):
        check_folder(folder / "thesis.tex")
    (folder / "icestream.db").touch()
    check_folder(folder)


def test_what_will_be_done_otherwise_than_before() -> None:
    before = _with(pattern="/a", watch=True, pixel_size=1.5, idle_timeout=9.0)
    after = _with(pattern="/b", pixel_size=None).changed("ctf", {"defocus_max": 3.0})
    assert list(changes_since(before, after, REGISTRY, but=EACH_TIME)) == [
        "import.pattern: /a -> /b",
        "import.pixel_size: 1.5 Å -> none",
        "ctf.defocus_max: 5 µm -> 3 µm",
    ]
    assert list(changes_since(after, after, REGISTRY)) == []


def test_whether_to_wait_is_said_each_time() -> None:
    told = _with(pattern="/a", watch=True, idle_timeout=9.0, voltage=200.0)
    left = without_each_time(told).step("import").parameters
    assert left == {"pattern": "/a", "voltage": 200.0}
