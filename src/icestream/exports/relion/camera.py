"""Gain references and defects of the camera, as RELION can take them."""

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.exports.place import place
from icestream.formats.defects import read_defects
from icestream.formats.gain import read_gain, write_gain
from icestream.model import AS_IT_IS, Movie
from icestream.whole import written_whole

__all__ = ["CameraFiles", "rectangles", "write_rectangles"]

Rectangle = tuple[int, int, int, int]
"""First column, first row, columns, rows."""


class CameraFiles:
    """Puts references and defects into a project, each once, and says what they are called there.

    A file that is not there any more keeps its name: RELION then asks for it, and does not go on
    without.
    """

    def __init__(self, project: Path) -> None:
        self._project = project
        self._names: dict[Hashable, str] = {}

    def gain(self, movie: Movie) -> str | None:
        """The reference itself, or one that is written where it was turned or is Gatan's.

        Bayesian polishing is told of no orientation.
        """
        path, orientation = movie.gain, movie.gain_orientation
        if path is None:
            return None
        if orientation.is_same_as(AS_IT_IS) and path.suffix.lower() not in (".dm3", ".dm4"):
            return self._put(path, path.name, path, lambda target: place(path, target))
        eer = movie.path.suffix.lower() == ".eer"

        def write(target: Path) -> None:
            factors = read_gain(path, movie.shape, eer=eer, orientation=orientation)
            write_gain(target, factors, movie.optics.pixel_size, eer=eer)

        key = (path, orientation, movie.shape, eer)
        return self._put(key, f"{path.stem}_as_applied.mrc", path, write)

    def defects(self, movie: Movie) -> str | None:
        """A list of rectangles, whatever the defects were given as.

        RELION reads MotionCor2's list in a file that ends in ``.txt``, and maps of the movie's own
        size; it leaves SerialEM's lists aside with a warning that is easily overlooked.
        """
        path = movie.defects
        if path is None:
            return None

        def write(target: Path) -> None:
            write_rectangles(target, rectangles(read_defects(path, movie.shape)))

        return self._put((path, movie.shape), f"{path.stem}_defects.txt", path, write)

    def _put(self, key: Hashable, name: str, source: Path, write: Callable[[Path], None]) -> str:
        if key not in self._names:
            stem, suffix = Path(name).stem, Path(name).suffix
            taken = set(self._names.values())
            number, called = 1, f"Movies/{name}"
            while called in taken:
                number += 1
                called = f"Movies/{stem}_{number}{suffix}"
            self._names[key] = called
            if source.exists():
                (self._project / "Movies").mkdir(parents=True, exist_ok=True)
                write(self._project / called)
        return self._names[key]


def rectangles(bad: NDArray[np.bool_]) -> list[Rectangle]:
    """Rectangles that cover the bad pixels of a mask ``(y, x)``, and no others."""
    height, width = bad.shape
    columns, rows = np.asarray(bad.all(axis=0)), np.asarray(bad.all(axis=1))
    found = [(x, 0, end - x, height) for x, end in _runs(columns)]
    found += [(0, y, width, end - y) for y, end in _runs(rows)]
    rest: NDArray[np.bool_] = bad & ~columns[None, :] & ~rows[:, None]
    open_: dict[tuple[int, int], int] = {}
    for y in range(height + 1):
        here = set(_runs(rest[y])) if y < height else set()
        for x, end in [run for run in open_ if run not in here]:
            top = open_.pop((x, end))
            found.append((x, top, end - x, y - top))
        for run in here:
            open_.setdefault(run, y)
    return found


def write_rectangles(path: Path, found: Sequence[Rectangle]) -> None:
    """Write a list of defects as MotionCor2 and RELION read it: a line of x, y, width, height each.

    Nothing follows the last number, and there always is one: RELION reads on until the file ends,
    and makes a rectangle of whatever a line holds that has no numbers.
    """
    lines = [" ".join(map(str, one)) for one in found or [(0, 0, 0, 0)]]
    with written_whole(path) as unfinished:
        unfinished.write_text("\n".join(lines))


def _runs(line: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Begin and end of each run of True."""
    steps = np.flatnonzero(np.diff(np.concatenate(([False], line, [False])).astype(np.int8)))
    return list(zip(steps[0::2].tolist(), steps[1::2].tolist(), strict=True))
