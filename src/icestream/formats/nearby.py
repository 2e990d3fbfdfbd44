"""Files that may tell about movies: found by their names, the nearest folder first."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from icestream.formats.errors import FormatError
from icestream.formats.exposure_names import exposure_stem
from icestream.formats.gain_names import GAIN_SUFFIXES, is_gain_name
from icestream.formats.mdoc import MdocFrames, read_mdoc_frames

__all__ = ["NearbyFiles"]

_GATAN = (".dm4", ".dm3")
_NUMBERED = re.compile(r"(_data_\d+_\d+_\d{8}_\d{4,6})-\d+(?=\.|_|$)")
"""EPU puts a number of its own behind the time in some of the names of one exposure."""


class NearbyFiles:
    """Files that were seen so far, by name, whatever the case of its letters.

    A file in another folder than the movie's counts as the movie's, unless another movie of the
    same name is beside it. Of several the one is taken whose folder has most in common.
    """

    def __init__(self) -> None:
        self._known: dict[str, list[Path]] = {}
        self._movies: dict[tuple[str, str], set[str]] = {}
        """Names of movies by their folder and stem."""
        self._mdocs: dict[Path, _Mdoc] = {}
        """Those that are not called after a movie that asked for them."""
        self._gains: dict[Path, None] = {}

    def notice(self, path: Path) -> None:
        """Remember a file that may tell about movies."""
        for name in dict.fromkeys([path.name.lower(), _plain(path.name.lower())]):
            there = self._known.setdefault(name, [])
            if path not in there:
                there.append(path)
        if path.suffix.lower() == ".mdoc":
            self._mdocs.setdefault(path, _Mdoc())
        if is_gain_name(path.name):
            self._gains[path] = None

    def notice_movie(self, path: Path) -> None:
        """Remember a movie: what lies beside it under its name is its own."""
        self._movies.setdefault(_identity(path.parent, exposure_stem(path)), set()).add(path.name)

    def is_movie(self, movie: Path, name: str | None) -> bool:
        """Whether another file `name` beside `movie` is a movie, too."""
        stem = exposure_stem(Path(name or ""))
        differs = stem.lower() != exposure_stem(movie).lower()
        return differs and _identity(movie.parent, stem) in self._movies

    def is_sum(self, path: Path) -> bool:
        """Whether a file is called as the picture is that programs put beside a movie.

        ``X.mrc`` is, beside ``X_Fractions.mrc``; whether it has one image only, itself tells.
        """
        stem = exposure_stem(path)
        alike = self._movies.get(_identity(path.parent, stem), set()) - {path.name}
        return stem == path.stem and any(exposure_stem(Path(a)) != Path(a).stem for a in alike)

    def of(self, movie: Path, *forms: str) -> list[Path]:
        """What is called after a movie in one of these forms, the nearest first.

        In a form, ``{name}`` is the name of the movie, ``{bare}`` that without its suffix, and
        ``{stem}`` that without ``_fractions`` or the like. Empty when it cannot be told which of
        several is meant: see `unclear`.
        """
        paths = self._ordered(movie, _names(movie, forms))
        return [] if _equally_near(movie, paths) else paths

    def unclear(self, movie: Path, *forms: str) -> str:
        """Why `of` gives nothing although there are such files; empty when it does."""
        alike = _equally_near(movie, self._ordered(movie, _names(movie, forms)))
        if not alike:
            return ""
        folders = ", ".join(str(path.parent) for path in alike[:3])
        return f"which {alike[0].name} is meant cannot be told: there is one in {folders}"

    def named(self, names: Iterable[str], movie: Path) -> Path | None:
        """The first of these files that was seen, of several of one name the nearest to a movie."""
        for name in names:
            paths = _by_nearness(movie, self._known.get(name.lower(), ()))
            if paths:
                return paths[0]
        return None

    def gain_named(self, names: Iterable[str], movie: Path) -> Path | None:
        """The first of these gain references that was seen, or what one was converted to."""
        names = list(names)
        stems = [Path(name).stem for name in names if name.lower().endswith(_GATAN)]
        path = self.named([*names, *(s + suffix for s in stems for suffix in GAIN_SUFFIXES)], movie)
        return path if path is not None and path.suffix.lower() in GAIN_SUFFIXES else None

    def gains(self, movie: Path) -> list[list[Path]]:
        """Files called like gain references: those equally near together, the nearest first."""
        groups: dict[tuple[bool, int], dict[Path, Path]] = {}
        # A Gatan file and what it was converted to are one.
        for path in sorted(self._gains, key=lambda path: (path.suffix.lower() not in _GATAN, path)):
            stem = path.with_name(path.stem.lower())
            groups.setdefault(_nearness(movie, path), {})[stem] = path
        return [sorted(groups[near].values()) for near in sorted(groups, reverse=True)]

    def sections(self, mdoc: Path) -> tuple[MdocFrames, ...]:
        """What a file of SerialEM describes; FormatError and OSError as of `read_mdoc_frames`."""
        sections = read_mdoc_frames(mdoc)
        self._mdocs.setdefault(mdoc, _Mdoc()).remember(sections)
        return sections

    def mdocs_naming(self, movie: Path) -> list[Path]:
        """Files of SerialEM with a section about a movie, whatever they are called themselves.

        One that is called after another movie is asked once, and again when it tells of others: a
        stack of images is called as a movie may be, and its file names the frames of each image.
        """
        found = []
        for path, mdoc in self._mdocs.items():
            stems = _stems(path)
            own = {_identity(path.parent, stem) for stem in stems}
            asked = not own & self._movies.keys() or mdoc.may_tell_of_others(stems)
            if asked and mdoc.names(path, movie):
                found.append(path)
        return _by_nearness(movie, found)

    def _ordered(self, movie: Path, names: Sequence[str]) -> list[Path]:
        stem = exposure_stem(movie)
        paths = [
            path
            for name in names
            for path in self._known.get(name, ())
            if path.parent == movie.parent or _identity(path.parent, stem) not in self._movies
        ]
        return _by_nearness(movie, dict.fromkeys(paths))


class _Mdoc:
    """Names of the movies that one file describes, read again when it has changed."""

    def __init__(self) -> None:
        self._signature = (-1, -1)
        self._names: set[str] = set()

    def may_tell_of_others(self, stems: Sequence[str]) -> bool:
        """Whether it is not known yet what it tells, or that it is of other than these."""
        own = {stem.lower() for stem in stems}
        return not self._names or any(exposure_stem(Path(name)) not in own for name in self._names)

    def remember(self, sections: Iterable[MdocFrames]) -> None:
        self._names = {each.movie.lower() for each in sections if each.movie}

    def names(self, path: Path, movie: Path) -> bool:
        """Whether the file, at `path`, describes a movie."""
        try:
            status = os.stat(path)  # noqa: PTH116 - hot
            signature = (status.st_size, status.st_mtime_ns)
            if signature != self._signature:
                self.remember(read_mdoc_frames(path))
                self._signature = signature
        except (FormatError, OSError):
            return False
        return movie.name.lower() in self._names


def _identity(folder: Path, stem: str) -> tuple[str, str]:
    return str(folder), _plain(stem.lower())


def _plain(name: str) -> str:
    """A name in lower case without EPU's own number behind the time."""
    return _NUMBERED.sub(r"\1", name)


def _names(movie: Path, forms: Sequence[str]) -> list[str]:
    values: Mapping[str, str] = {
        "name": movie.name.lower(),
        "bare": movie.stem.lower(),
        "stem": exposure_stem(movie).lower(),
    }
    names = [form.format_map(values) for form in forms]
    return list(dict.fromkeys([*names, *(_plain(name) for name in names)]))


def _stems(mdoc: Path) -> list[str]:
    """Stems of the movies that a file is called after: ``a.tif.mdoc`` and ``a.mdoc`` are of a."""
    called = Path(mdoc.stem)
    return [exposure_stem(called), called.name]


def _nearness(movie: Path, path: Path) -> tuple[bool, int]:
    """More for a file whose folder has more in common with the movie's, from either end."""
    here, there = movie.parent.parts, path.parent.parts
    if here == there:
        return True, 0
    ahead = _common(here, there)
    behind = _common(here[ahead:][::-1], there[ahead:][::-1])
    return False, ahead + behind


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _by_nearness(movie: Path, paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: _nearness(movie, path), reverse=True)


def _equally_near(movie: Path, paths: Sequence[Path]) -> list[Path]:
    """The nearest, when there are several of one name in other folders than the movie's."""
    best = [path for path in paths if _nearness(movie, path) == _nearness(movie, paths[0])]
    same = [path for path in best if path.name.lower() == best[0].name.lower()]
    return same if len(same) > 1 and same[0].parent != movie.parent else []
