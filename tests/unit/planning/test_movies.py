"""Movies of a camera's size, of a small field laid side by side."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.formats import open_movie
from icestream.planning import movies as module
from icestream.planning.cameras import camera_called
from icestream.planning.movies import make_movie


@pytest.mark.parametrize("name", ["K3", "Falcon 3", "Falcon 4i"])
def test_a_movie_is_what_the_camera_writes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FIELD", 256)
    camera = replace(
        camera_called(name), shape=(256, 600), frames=3, pixel_size=1.6, dose_per_frame=0.5
    )
    movie = make_movie(camera, tmp_path / "movies", particles=12)
    assert movie.size == movie.path.stat().st_size
    assert movie.gain is not None
    assert movie.gain.exists()
    with open_movie(movie.path, eer_grouping=movie.eer_grouping) as reader:
        assert reader.shape == (256, 600)
        assert reader.frames == 3
        frame = np.asarray(reader.read(1), dtype=float)
    # Ice takes 6 %, and an EER camera does not see two electrons in one place at once.
    # The field comes again 256 pixels on.
    assert frame.mean() == pytest.approx(0.5 * 1.6**2, rel=0.2)
    assert np.corrcoef(frame[:, :256].ravel(), frame[:, 256:512].ravel())[0, 1] > 0.95
