"""Files that are made for those who show results."""

import io
import json
from pathlib import Path

import numpy as np
import PIL.Image

from icestream.facility.sinks.pictures import (
    Attached,
    class_picture,
    drift_plot,
    picture_folder,
    write_attached,
)


def test_a_track_is_a_figure_for_plotly() -> None:
    figure = json.loads(drift_plot([(0.0, 0.0), (1.25, -0.5)]))
    (trace,) = figure["data"]
    assert (trace["type"], trace["x"], trace["y"]) == ("scatter", [0.0, 1.25], [0.0, -0.5])
    assert trace["text"] == ["frame 1", "frame 2"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "x / Å"


def test_an_average_is_a_grey_picture() -> None:
    average = np.linspace(-1, 1, 256, dtype=np.float32).reshape(16, 16)
    picture = PIL.Image.open(io.BytesIO(class_picture(average)))
    assert picture.size == (16, 16) and picture.mode == "L"
    assert np.asarray(picture)[0, 0] == 0 and np.asarray(picture)[-1, -1] == 255


def test_files_are_written_where_each_sink_has_its_own(tmp_path: Path) -> None:
    folder = picture_folder(tmp_path, "lims")
    write_attached([Attached(folder / "drift" / "a.json", lambda: b"1")])
    assert (tmp_path / ".facility" / "sinks" / "lims" / "drift" / "a.json").read_bytes() == b"1"
