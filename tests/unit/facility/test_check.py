"""What is wrong with a facility's configuration, and with what it names."""

from collections.abc import Callable
from pathlib import Path

from icestream.engine.graph.workflow import load_workflow, save_workflow
from icestream.facility.check import check_facility
from icestream.settings import load


def found(path: Path | None = None) -> dict[str, tuple[str, bool]]:
    flaws, _ = check_facility(path, load().settings)
    return {one.where: (one.what, one.stops) for one in flaws}


def test_nothing_stops_a_facility_that_is_well(write_facility: Callable[[str], Path]) -> None:
    path = write_facility("")
    said = found()
    assert not [where for where, (_, stops) in said.items() if stops]
    assert "no preset glacios" in said["microscopes.glacios"][0]
    assert (path.parent / "state" / "registry.db").exists()


def test_folders_workflows_and_channels_that_are_not_there(
    write_facility: Callable[[str], Path],
) -> None:
    path = write_facility("")
    text = path.read_text().replace('"screening"', '"screning"').replace('["staff"]', '["stuff"]')
    path.write_text(text)
    (path.parent / "glacios").rmdir()
    (path.parent / "krios1").rmdir()
    (path.parent / "krios1").touch()
    said = found()
    assert said["facility.staff"] == (
        "the settings have no channel 'stuff'; did you mean staff?", True,
    )  # fmt: skip
    assert "is not there: make it, or mount its disk" in said["microscopes.glacios.movies"][0]
    assert "is no folder" in said["microscopes.krios1.movies"][0]
    assert "no workflow 'screning'" in said["microscopes.glacios.workflow"][0]


def test_a_registry_that_cannot_be_opened(write_facility: Callable[[str], Path]) -> None:
    path = write_facility("")
    text = path.read_text().replace("patience", 'registry = "mysql://x/y"\npatience')
    path.write_text(text)
    assert "not in mysql" in found()["facility.registry"][0]


def test_a_file_that_is_not_valid_is_all_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "f.toml").write_text("[facility]\n")
    flaws, where = check_facility(tmp_path / "f.toml", load().settings)
    assert where == str(tmp_path / "f.toml")
    assert [one.where for one in flaws] == ["facility.name", "facility.sessions"]


def test_a_workflow_that_was_saved_is_one(write_facility: Callable[[str], Path]) -> None:
    path = write_facility("")
    path.write_text(path.read_text().replace('"screening"', '"of-the-site"'))
    assert "no workflow 'of-the-site'" in found()["microscopes.glacios.workflow"][0]
    saved = path.parent / "state" / "workflows"
    saved.mkdir()
    save_workflow(load_workflow("screening"), saved / "of-the-site.json")
    assert "microscopes.glacios.workflow" not in found()
