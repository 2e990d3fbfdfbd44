"""Cameras by their names."""

from dataclasses import replace

import pytest

from icestream.planning.cameras import CAMERAS, camera_called


@pytest.mark.parametrize("written", ["Falcon 4i", "falcon4i", "FALCON-4I"])
def test_a_camera_is_found_however_its_name_is_written(written: str) -> None:
    assert camera_called(written) is CAMERAS["Falcon 4i"]


def test_an_unknown_one_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(LookupError, match="no camera 'Falcon 5': there are K3, .* mean Falcon"):
        camera_called("Falcon 5")


def test_movies_that_no_camera_writes_are_refused_with_all_that_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"size is 100: .*frames is 1: .*"):
        replace(CAMERAS["K3"], shape=(100, 100), frames=1)
    with pytest.raises(ValueError, match="80 electrons fall on a pixel"):
        replace(CAMERAS["K3"], dose_per_frame=20.0, pixel_size=2.0)
