"""What is in a folder of movies, before anything is started: how many, and what is said of them.

A few movies are looked at, the newest first. Each value comes with who says it, and with what
others say, so that a person can see a contradiction before it is in every result.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icestream.formats.epu import epu_session_files
from icestream.formats.errors import FormatError
from icestream.formats.gain_names import is_gain_name
from icestream.formats.kinds import FOREIGN
from icestream.formats.movie import MovieFacts, movie_facts
from icestream.formats.sidecars import SIDECARS
from icestream.formats.statements import Statement, differences, likely_mistake
from icestream.formats.watch import FolderWatch
from icestream.model import Alert
from icestream.protocol import unit_of, unusual_values
from icestream.protocols.acquisition import Acquisition, NotKnown
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.preset import Preset
from icestream.protocols.settled_optics import ASSUMED, PRESET

__all__ = ["FoundFolder", "FoundFrames", "FoundMovie", "OtherValue", "SaidValue", "look"]

_LOOKED_AT = 3
"""Movies whose headers and metadata are read."""
_SHOWN = 50
"""Movies that are listed, the newest first."""
_TRIED = 12
"""Files that are opened at most until enough movies are found."""
_COMPARED = ("pixel_size", "voltage", "dose_per_frame")
_PLAIN = ("spherical_aberration", "amplitude_contrast", "frames", "exposure_time", "magnification",
          "prior_dose", "tilt", "nominal_defocus", "phase_plate", "camera", "instrument", "gain",
          "defects")  # fmt: skip
_UNITS = {"exposure_time": "s", "prior_dose": "e/Å²", "tilt": "°", "nominal_defocus": "Å"}
"""Of what is no parameter of the import."""
_OWN = frozenset(("nominal_defocus", "tilt", "prior_dose"))
"""What each exposure has its own of: two that differ are no contradiction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherValue:
    """What somebody else says."""

    value: bool | int | float | str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidValue:
    """One thing that is said of the movies, and by whom."""

    name: str
    """Of the parameter of the import, where there is one: ``pixel_size``."""
    unit: str
    value: bool | int | float | str | None
    """The one that counts; None: nobody says it."""
    source: str
    """Who says it, in words; empty where nobody does."""
    assumed: bool = False
    """It is a default: neither a person, nor the metadata, nor a preset say it."""
    others: tuple[OtherValue, ...] = ()
    """What others say, who do not count."""
    conflict: str = ""
    """What is contradictory or odd in it, in words, and what may be meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMovie:
    """A movie of the folder."""

    path: str
    name: str
    bytes: int
    written: float
    """When it was last changed, seconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFrames:
    """What the header of the newest movie says."""

    movie: str
    frames: int
    shape: tuple[int, int]
    """(y, x) pixels of a frame."""
    container: str
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFolder:
    """All that was found."""

    pattern: str
    root: str
    """The folder itself, without what of the pattern stands for names."""
    there: bool
    """Whether the folder is there."""
    complete: bool
    """Whether all of it was listed; otherwise the counts are of what was, in the time given."""
    movies: int
    bytes: int
    kinds: Mapping[str, int]
    """How many there are of each ending."""
    newest: tuple[FoundMovie, ...]
    """The newest movies first, a few."""
    metadata: Mapping[str, int]
    """How many files there are that may tell of movies, by ending."""
    gains: tuple[str, ...]
    """Files that are called like gain references."""
    gain: str | None
    """The one that would be used; None: none, or no movie could be looked at."""
    frames: FoundFrames | None
    values: tuple[SaidValue, ...]
    microscope: str
    """Name of the preset that counts; empty for none."""
    alerts: tuple[Alert, ...]
    """What the import would tell about these movies."""
    problems: tuple[str, ...]
    """Why movies that were looked at could not be taken."""
    unreadable: Mapping[str, str]
    """Folders that cannot be read, and why."""
    foreign: int
    """Files of formats that are not read."""
    outside: int
    """Files that lead out of the folders that may be read; none of them was opened."""
    seconds: float


def look(
    pattern: str,
    *,
    given: Mapping[str, Any] | None = None,
    presets: Mapping[str, Preset] | None = None,
    allowed: Callable[[Path], bool] = lambda _: True,
    budget: float = 5.0,
) -> FoundFolder:
    """Look into a folder of movies, and at a few of them.

    Parameters
    ----------
    pattern
        A folder, or a pattern of names, as of the import.
    given
        Parameters of the import that a person gives; they win.
    presets
        What is known of the site's microscopes.
    allowed
        Whether a file may be opened, by the path that it leads to.
    budget
        Seconds that listing may take.

    Raises
    ------
    pydantic.ValidationError
        If what is given is not valid.
    """
    began = time.perf_counter()
    wanted = ImportParameters.model_validate(
        {**(given or {}), "pattern": pattern, "presets": dict(presets or {})}
    )
    listed = _list(wanted, allowed, began + budget)
    acquisition = Acquisition(wanted)
    for path in (*filter(allowed, epu_session_files(listed.root)), *listed.beside):
        acquisition.notice(path)
    for movie in listed.movies:
        acquisition.notice_movie(Path(movie.path))
    seen = _Seen(acquisition)
    for movie in listed.movies[:_TRIED]:
        if len(seen.looked) < _LOOKED_AT:
            seen.look(Path(movie.path), listed.gains)
    values = tuple(_values(wanted, seen.looked))
    return FoundFolder(
        pattern=pattern,
        root=str(listed.root),
        there=listed.there,
        complete=listed.complete,
        movies=len(listed.movies),
        bytes=sum(movie.bytes for movie in listed.movies),
        kinds=Counter(Path(movie.path).suffix.lower() for movie in listed.movies),
        newest=tuple(listed.movies[:_SHOWN]),
        metadata=Counter(path.suffix.lower() for path in listed.beside if path.suffix),
        gains=tuple(map(str, sorted(listed.gains))),
        gain=seen.gain,
        frames=seen.frames,
        values=values,
        microscope=seen.preset,
        alerts=acquisition.alerts,
        problems=tuple(dict.fromkeys(seen.problems)),
        unreadable=listed.unreadable,
        foreign=listed.foreign,
        outside=listed.outside,
        seconds=time.perf_counter() - began,
    )


@dataclass(slots=True)
class _Listed:
    """Files of a folder, sorted."""

    root: Path
    there: bool
    complete: bool
    movies: list[FoundMovie]
    """The newest first."""
    beside: list[Path]
    gains: list[Path]
    unreadable: Mapping[str, str]
    foreign: int = 0
    outside: int = 0


def _list(wanted: ImportParameters, allowed: Callable[[Path], bool], until: float) -> _Listed:
    also = (*SIDECARS, *(f"*{ending}" for ending in FOREIGN))
    watch = FolderWatch(wanted.pattern, wanted.exclude, also=also)
    found = _Listed(watch.root, watch.root.exists(), False, [], [], [], {})
    while found.there and not watch.is_caught_up and time.perf_counter() < until:
        for path in watch.poll(budget=max(until - time.perf_counter(), 0.05)):
            if not allowed(path):
                found.outside += 1
            elif path.suffix.lower() in FOREIGN and not is_gain_name(path.name):
                found.foreign += 1
            elif is_gain_name(path.name):
                found.gains.append(path)
                found.beside.append(path)
            elif watch.matches(path):
                found.movies += _movie(path)
            else:
                found.beside.append(path)
        if watch.unreadable and not watch.folders:
            break
    found.complete = watch.is_caught_up
    found.unreadable = {str(path): why for path, why in watch.unreadable.items()}
    found.movies.sort(key=lambda movie: (-movie.written, movie.path))
    return found


def _movie(path: Path) -> list[FoundMovie]:
    try:
        status = os.stat(path)  # noqa: PTH116 - hot
    except OSError:
        return []
    size, written = status.st_size, status.st_mtime
    return [FoundMovie(path=str(path), name=path.name, bytes=size, written=written)]


@dataclass(frozen=True, slots=True)
class _Looked:
    """What is said of one movie."""

    name: str
    said: Sequence[Statement]


class _Seen:
    """What comes of looking at movies, one after another."""

    def __init__(self, acquisition: Acquisition) -> None:
        self._acquisition = acquisition
        self.looked: list[_Looked] = []
        self.problems: list[str] = []
        self.frames: FoundFrames | None = None
        self.gain: str | None = None
        self.preset = ""

    def look(self, path: Path, gains: list[Path]) -> None:
        """Look at one file; a picture is passed over, and one that is called like a gain noted."""
        try:
            facts, status = movie_facts(path), path.stat()
            if facts.frames == 1:
                self.problems.append(f"{path.name} holds one image: it is no movie")
                return
            beside = self._acquisition.sidecars(path)
            said = self._acquisition.gather(path, facts, beside)
        except (FormatError, OSError) as error:
            self.problems.append(f"{path.name}: {error}")
            return
        self.looked.append(_Looked(path.name, said))
        presets = [one.source for one in said if one.source.startswith(PRESET)]
        self.preset = self.preset or "".join(presets[:1]).removeprefix(PRESET)
        self.frames = self.frames or _frames(path, facts)
        try:
            movie = self._acquisition.describe(path.stem, path, facts, beside, status)
        except (NotKnown, FormatError) as error:
            self.problems.append(str(error))
            return
        if movie.gain is not None and self.gain is None:
            self.gain = str(movie.gain)
            gains += [movie.gain] if movie.gain not in gains else []


def _frames(path: Path, facts: MovieFacts) -> FoundFrames:
    return FoundFrames(
        movie=path.name,
        frames=facts.frames,
        shape=facts.shape,
        container=facts.container,
        dtype=str(facts.dtype),
    )


def _values(wanted: ImportParameters, looked: Sequence[_Looked]) -> Iterator[SaidValue]:
    """Each value with its origin: of the newest movie that anything is said of."""
    for name in (*_COMPARED, *_PLAIN):
        field = ImportParameters.model_fields.get(name)
        unit = (unit_of(field) if field else None) or _UNITS.get(name, "")
        said = [(one, list(_said(one.said, name))) for one in looked]
        said = [(one, values) for one, values in said if values]
        if not said:
            default = getattr(wanted, name, None) if name in ImportParameters.model_fields else None
            if default is not None and not isinstance(default, Path):
                yield SaidValue(name=name, unit=unit, value=default, source=ASSUMED, assumed=True)
            elif field is not None:
                yield SaidValue(name=name, unit=unit, value=None, source="")
            continue
        (newest, values), *_ = said
        (value, source), *others = values
        unlike = tuple(OtherValue(value=v, source=s) for v, s in others if not _same(v, value))
        yield SaidValue(
            name=name,
            unit=unit,
            value=value,
            source=source,
            others=unlike,
            conflict="; ".join(_conflicts(name, newest, unlike, said)),
        )


def _said(said: Sequence[Statement], name: str) -> Iterator[tuple[Any, str]]:
    """Who says what, the one that counts first; a 0 of what cannot be 0 says nothing."""
    for statement in said:
        value = getattr(statement, name)
        if value or (value is not None and name not in _COMPARED):
            yield (str(value) if isinstance(value, Path) else value), statement.source


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float | int) and isinstance(other, float | int):
        return abs(one - other) <= 0.01 * max(abs(one), abs(other))
    return bool(one == other)


def _conflicts(
    name: str,
    newest: _Looked,
    unlike: Sequence[OtherValue],
    said: Sequence[tuple[_Looked, list[tuple[Any, str]]]],
) -> Iterator[str]:
    """What does not go together: in what is said of a movie, and between movies."""
    value = said[0][1][0][0]
    if name in _COMPARED:
        if unlike_words := differences(newest.said, name):
            yield unlike_words
            if meant := likely_mistake(newest.said, name):
                yield meant
    elif unlike and name not in _OWN:
        yield ", ".join(f"{one.value} says {one.source}" for one in unlike)
    if name in ImportParameters.model_fields:
        yield from (why for _, why in unusual_values(ImportParameters, {name: value}))
    others = [
        f"{values[0][0]} in {one.name}"
        for one, values in said[1:]
        if not _same(values[0][0], value)
    ]
    if others and name not in _OWN:
        yield f"{value} in {newest.name}, {', '.join(others)}"
