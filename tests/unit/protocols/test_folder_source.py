"""What every source of files keeps, whatever they are."""

import time
from pathlib import Path

import numpy as np
import pytest

from icestream.formats.mrc import write_mrc
from icestream.protocol import Cursor
from icestream.protocols.folder_source import FolderSource
from icestream.protocols.import_micrographs import ImportMicrographs
from icestream.protocols.import_movies import ImportMovies

GIVEN = {"pixel_size": 1.0, "voltage": 300.0, "metadata_wait": 0.0}


@pytest.mark.parametrize(("kind", "frames"), [(ImportMovies, 4), (ImportMicrographs, 1)])
def test_a_file_that_changed_has_another_key_and_is_told(
    tmp_path: Path,
    kind: type[FolderSource[object]],
    frames: int,  # type: ignore[type-var]
) -> None:
    path = tmp_path / "a.mrc"
    image = np.random.default_rng(1).normal(size=(frames, 8, 9)).astype(np.float32)
    write_mrc(path, image if frames > 1 else image[0])
    wanted = kind.parameters_type()(pattern=str(tmp_path), watch=True, **GIVEN)
    source = kind(wanted)
    now = time.time() + 100.0
    looks = [source.discover(Cursor(None, now + later)) for later in (0.0, 10.0)]
    (item,) = [item for look in looks for item in look.items]
    key = source.key(item)
    write_mrc(path, image[:, :4] if frames > 1 else image[0, :4])
    found = source.discover(Cursor(None, now + 20.0))
    assert found.items == []
    assert [alert.key for alert in found.alerts if "changed" in alert.key] == ["import.changed.a"]
    assert source.key(item) != key
    path.unlink()
    assert source.key(item) != key
    assert source.waits()
    assert source.interval() > 0.0
