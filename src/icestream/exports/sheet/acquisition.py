"""How the movies were taken, as rows of a table and as a sentence."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from statistics import median
from typing import TypeVar

from icestream.model import Movie, Taken

__all__ = ["Row", "acquisition_rows", "distinct", "range_words", "taken", "time_span"]

T = TypeVar("T")
Row = tuple[str, str]
"""A label and what stands beside it."""

_UNKNOWN = "not known"
_MOVIES = Taken("movie", "movies")


def acquisition_rows(movies: Sequence[Movie]) -> Iterator[Row]:
    """Each value once where all movies share it, else its range; nothing without movies."""
    if not movies:
        return
    inherited = {name for movie in movies for name in movie.inherited}
    assumed = {name: source for movie in movies for name, source in movie.assumed}

    def told(name: str, words: str) -> str:
        """Words with where the value is from, if not from a person or the movies' metadata."""
        if name in assumed:
            return f"{words} ({assumed[name]})"
        return f"{words} (of the session, not of every movie)" if name in inherited else words

    optics = [movie.optics for movie in movies]
    yield "Voltage", told("voltage", range_words((o.voltage for o in optics), "kV"))
    yield (
        "Spherical aberration",
        told("spherical_aberration", range_words((o.spherical_aberration for o in optics), "mm")),
    )
    yield (
        "Amplitude contrast",
        told("amplitude_contrast", range_words((o.amplitude_contrast for o in optics), "")),
    )
    yield "Pixel size", told("pixel_size", range_words((o.pixel_size for o in optics), "Å"))
    yield "Frame", ", ".join(distinct(f"{m.shape[1]} x {m.shape[0]} px" for m in movies))
    yield "Frames in a movie", range_words((float(movie.frames) for movie in movies), "")
    doses = [movie.dose for movie in movies if movie.dose_per_frame > 0]
    without = len(movies) - len(doses)
    lacking = f" ({_MOVIES.count(without)}: {_UNKNOWN})" if doses and without else ""
    yield "Total dose", (range_words(doses, "e/Å²") if doses else _UNKNOWN) + lacking
    if doses:
        frames = [movie.dose_per_frame for movie in movies if movie.dose_per_frame > 0]
        yield "Dose per frame", range_words(frames, "e/Å²")
    gains = distinct(movie.gain.name for movie in movies if movie.gain is not None)
    yield "Gain reference", ", ".join(gains) or "none"
    shots = [movie.details for movie in movies if movie.details is not None]
    wanted = [one.nominal_defocus * 1e-4 for one in shots if one.nominal_defocus is not None]
    if wanted:
        yield "Defocus asked for", range_words(wanted, "µm")
    yield "Exposure groups", str(len({one.group for one in shots}))
    squares = {one.grid_square for one in shots if one.grid_square}
    holes = {(one.grid_square, one.foil_hole) for one in shots if one.foil_hole}
    if squares:
        yield "Grid squares", str(len(squares))
    if holes:
        yield "Foil holes", str(len(holes))


def range_words(values: Iterable[float], unit: str) -> str:
    """One number where all are the same, else their range and median."""
    known = sorted(values)
    end = f" {unit}" if unit else ""
    low, middle, high = (_short(x) for x in (known[0], median(known), known[-1]))
    return f"{low}{end}" if low == high else f"{low} to {high}{end}, median {middle}{end}"


def _short(value: float) -> str:
    """Four digits at most, none of them without meaning."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def distinct(values: Iterable[T | None]) -> tuple[T, ...]:
    """Different values in their order; nothing of what is not known or empty."""
    return tuple(dict.fromkeys(value for value in values if value))


def time_span(movies: Sequence[Movie]) -> str:
    """When data were taken, by their own metadata; empty where none say."""
    shots = [movie.details for movie in movies if movie.details is not None]
    times = [shot.acquired for shot in shots if shot.acquired is not None]
    if not times:
        return ""
    first, last = min(times), max(times)
    return f"data of {first:%Y-%m-%d %H:%M} to {_until(first, last)}"


def _until(first: datetime, last: datetime) -> str:
    return f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"


def taken(movies: Sequence[Movie]) -> str:
    """How the movies were taken, in a sentence; empty without any."""
    if not movies:
        return ""
    optics = [movie.optics for movie in movies]
    frames = range_words((float(movie.frames) for movie in movies), "")
    doses = [movie.dose for movie in movies if movie.dose_per_frame > 0]
    dose = (
        f"a total dose of {range_words(doses, 'e/Å²')}" if doses else "a dose that is not recorded"
    )
    was = "was" if len(movies) == 1 else "were"
    return (
        f"{_MOVIES.count(len(movies))} of {frames} frames {was} recorded at "
        f"{range_words((o.voltage for o in optics), 'kV')} with a pixel size of "
        f"{range_words((o.pixel_size for o in optics), 'Å')} and {dose}."
    )
