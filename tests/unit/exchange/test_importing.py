"""Files of other programs, whichever they are."""

import json
from pathlib import Path

import pytest

from icestream.exchange.foreign import MOST, NotImported
from icestream.exchange.importing import import_file, import_text
from icestream.protocol import Registry

STEP = {"object.className": "ProtImportMovies", "object.id": "2", "voltage": 300.0}


def test_a_file_gives_its_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.json.template"
    path.write_text(f"About it.\n[\n{json.dumps(STEP)}]")
    found = import_file(path, Registry())
    assert (found.workflow.name, found.workflow.about) == ("mine", "About it.")
    assert found.workflow.steps[0].parameters == {"voltage": 300.0}


def test_what_is_of_no_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotImported, match="no workflow of Scipion"):
        import_text("{}", "mine", Registry())
    with pytest.raises(FileNotFoundError):
        import_file(tmp_path / "none.json", Registry())
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(MOST + 1)
    with pytest.raises(NotImported, match="larger than 10 MB"):
        import_file(large, Registry())
