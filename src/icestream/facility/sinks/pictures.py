"""Files that are made for those who show a session's results: tracks, and averages of classes."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PIL.Image
from numpy.typing import NDArray

from icestream.processing.grey import stretch
from icestream.whole import written_whole

__all__ = ["Attached", "class_picture", "drift_plot", "picture_folder", "write_attached"]


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that a parcel names, and that is not there before."""

    path: Path
    make: Callable[[], bytes]


def picture_folder(session: Path, sink: str) -> Path:
    """Where the files for a sink are; each has its own, since each writes when it delivers."""
    return session / ".facility" / "sinks" / sink


def write_attached(files: Sequence[Attached]) -> None:
    """Write files, each whole or not at all."""
    for file in files:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(file.path) as path:
            path.write_bytes(file.make())


def drift_plot(track: Sequence[tuple[float, float]]) -> bytes:
    """The track of the whole frame as a figure for plotly: where each frame was, Å."""
    figure: dict[str, Any] = {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [round(x, 3) for x, _ in track],
                "y": [round(y, 3) for _, y in track],
                "text": [f"frame {number}" for number in range(1, len(track) + 1)],
                "hovertemplate": "%{text}: %{x:.2f}, %{y:.2f} Å<extra></extra>",
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": "x / Å"}},
            "yaxis": {"title": {"text": "y / Å"}, "scaleanchor": "x"},
            "showlegend": False,
        },
    }
    return json.dumps(figure, ensure_ascii=False).encode()


def class_picture(average: NDArray[Any]) -> bytes:
    """A class average ``(y, x)`` as PNG."""
    into = io.BytesIO()
    PIL.Image.fromarray(stretch(average)).save(into, "PNG")
    return into.getvalue()
