"""Gain references as CryoSPARC lays them onto movies."""

from collections.abc import Hashable
from pathlib import Path

from icestream.formats.gain import read_gain, write_gain
from icestream.model import Movie, safe_file_name

__all__ = ["Gains"]

_LETTERS = 40
"""Of the name of a reference that are kept: a table has so much room for a path."""


class Gains:
    """Writes each reference once, laid as the movie's rows are stored.

    RELION turns the rows of a TIFF movie and CryoSPARC does not, so a reference that fits the one
    has to be turned for the other. How CryoSPARC lays one onto an EER movie is not known here, and
    none is handed over for those.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[Hashable, str] = {}
        self.unknown = 0
        """EER movies whose reference was left out."""

    def name(self, movie: Movie) -> str:
        """Name of the reference of a movie, from the folder on; empty for one without."""
        if movie.gain is None or not movie.gain.exists():
            return ""
        if movie.path.suffix.lower() == ".eer":
            self.unknown += 1
            return ""
        key = (movie.gain, movie.gain_orientation, movie.shape, movie.path.suffix)
        if key not in self._names:
            stem = safe_file_name(movie.gain.stem)[:_LETTERS]
            name = f"gain/{stem}_{len(self._names) + 1}.mrc"
            factors = read_gain(movie.gain, movie.shape, orientation=movie.gain_orientation)
            if movie.path.suffix.lower() in (".tif", ".tiff"):
                factors = factors[::-1].copy()
            (self._folder / "gain").mkdir(parents=True, exist_ok=True)
            write_gain(self._folder / name, factors, movie.optics.pixel_size)
            self._names[key] = name
        return self._names[key]
