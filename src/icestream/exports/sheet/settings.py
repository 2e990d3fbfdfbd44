"""How the microscope was set, from the metadata of a few movies where they are still there."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from icestream.exports.sheet.acquisition import Row, distinct, range_words
from icestream.formats.exposure_names import exposure_stem
from icestream.formats.nearby import NearbyFiles
from icestream.formats.sidecars import Sidecars, find_sidecars
from icestream.model import Movie

__all__ = ["setting_rows"]


def setting_rows(movies: Sequence[Movie]) -> Iterator[Row]:
    """Microscope, camera, magnification, spot, apertures, slit and time of an exposure.

    The first, the middle and the last movie are asked; what none of them says is left out.
    """
    found = [_beside(movies[place].path) for place in _few(len(movies))]
    epu = [one.exposure for one in found if one.exposure is not None]
    mdoc = [one.mdoc for one in found if one.mdoc is not None]
    for title, words in (
        ("Instrument", distinct(one.instrument for one in epu)),
        ("Camera", distinct(one.detector for one in epu)),
    ):
        if words:
            yield title, ", ".join(words)
    for title, name, unit in (
        ("Nominal magnification", "magnification", ""),
        ("Spot size", "spot", ""),
        ("Energy slit", "slit_width", "eV"),
        ("Exposure time", "exposure_time", "s"),
    ):
        said = (getattr(one, name) for one in (*epu, *mdoc))
        values = [float(value) for value in said if value is not None]
        if values:
            yield title, range_words(values, unit)
    apertures = distinct(", ".join(f"{name} {hole}" for name, hole in one.apertures) for one in epu)
    if apertures:
        yield "Apertures", "; ".join(apertures)


def _few(count: int) -> list[int]:
    return sorted({0, count // 2, count - 1}) if count else []


def _beside(movie: Path) -> Sidecars:
    """What stands beside a movie; nothing where it has gone."""
    known, stem = NearbyFiles(), exposure_stem(movie)
    try:
        for name in (f"{stem}.xml", f"{movie.name}.mdoc", f"{stem}.mdoc"):
            if (path := movie.with_name(name)).is_file():
                known.notice(path)
        return find_sidecars(movie, known)
    except OSError:
        return Sidecars()
