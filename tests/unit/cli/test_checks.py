"""What is looked at before a session starts."""

from pathlib import Path

from icestream.cli.checks import absent_files
from icestream.engine.workflow import Workflow, load_workflow
from icestream.protocol import Registry

REGISTRY = Registry()


def _with(**parameters: object) -> Workflow:
    return load_workflow("default").changed("import", parameters)


def test_every_path_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "gain.mrc").touch()
    given = _with(pattern=str(tmp_path), gain=str(tmp_path / "gain.mrc"), defects=None)
    assert list(absent_files(given, REGISTRY)) == []
    given = _with(pattern=f"{tmp_path}/no/*.tiff", gain=str(tmp_path), defects=str(tmp_path / "d"))
    pattern, gain, defects = absent_files(given, REGISTRY)
    assert pattern == f"step 'import': {tmp_path}/no is not there; --watch waits for it"
    assert gain.startswith(f"step 'import': gain: {tmp_path} is no file; give its right path")
    assert defects.startswith(f"step 'import': defects: {tmp_path}/d is not there; ")
    assert defects.endswith("or 'none' to do without")


def test_a_folder_that_is_watched_may_still_come(tmp_path: Path) -> None:
    assert list(absent_files(_with(pattern=str(tmp_path / "later"), watch=True), REGISTRY)) == []
