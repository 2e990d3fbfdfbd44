"""What an exposure is called: as its movie is, and by its folder too where that is not enough."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from icestream.model import content_key, shown_name

__all__ = ["ExposureNames", "exposure_name", "exposure_stem", "in_order_of_age"]

_ENDING = re.compile(r"(_fractions|_eer|\.frames)$", re.IGNORECASE)


def exposure_stem(path: Path) -> str:
    """The movie's name without its suffix, and without ``_fractions``, ``_EER`` or ``.frames``."""
    return _ENDING.sub("", path.stem)


def exposure_name(path: Path) -> str:
    """The same for people: bytes that nobody can read are escaped."""
    return shown_name(exposure_stem(path)) or "movie"


class ExposureNames:
    """Gives every movie a name of its own; a name once given is kept.

    Movies of one name in two folders are two exposures. The first is called as its file is, any
    other by the folder, too, in which it differs: ``mov_001 (grid2)``.

    Parameters
    ----------
    shared
        `document` of an earlier run.
    """

    def __init__(self, shared: Mapping[str, str] | None = None) -> None:
        self._shared = dict(shared or {})
        """Names of movies whose files have the same name, by their path."""
        self._holders = {name: Path(path) for path, name in self._shared.items()}

    def document(self) -> dict[str, str]:
        """What a restart needs to give the same names again; JSON-ready."""
        return dict(self._shared)

    def of(self, path: Path) -> str:
        """The name of a movie, taken or not."""
        known = self._shared.get(str(path))
        if known is not None:
            return known
        name = exposure_name(path)
        holder = self._holders.get(name)
        return name if holder in (None, path) else self._told_apart(name, path)

    def take(self, path: Path) -> str:
        """The name of a movie, which is its own from now on."""
        name, plain = self.of(path), exposure_name(path)
        if name != plain:
            self._shared[str(path)] = name
            self._shared[str(self._holders[plain])] = plain
        self._holders[name] = path
        return name

    def beside(self, path: Path) -> Path | None:
        """Another file of the same exposure in the same folder, which was taken."""
        holders = (self._holders.get(name) for name in (exposure_name(path), self.of(path)))
        return next((h for h in holders if h and h != path and h.parent == path.parent), None)

    def _told_apart(self, name: str, path: Path) -> str:
        folder = _first_difference(path.parent, self._holders[name].parent)
        told = f"{name} ({shown_name(folder)})" if folder else name
        if told in self._holders:
            told = f"{name} ({content_key(str(path))[:8]})"
        return told


def in_order_of_age(paths: Iterable[Path]) -> list[Path]:
    """Movies of one name are put in the order in which they were written, others stay."""
    ordered = list(paths)
    places: dict[str, list[int]] = {}
    for place, path in enumerate(ordered):
        places.setdefault(exposure_stem(path), []).append(place)
    for same in places.values():
        if len(same) > 1:
            by_age = sorted((ordered[place] for place in same), key=_written)
            for place, path in zip(same, by_age, strict=True):
                ordered[place] = path
    return ordered


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _first_difference(folder: Path, other: Path) -> str:
    """The first folder, from the end, in which two paths differ; empty when they do not."""
    theirs = list(reversed(other.parts))
    for place, part in enumerate(reversed(folder.parts)):
        if place >= len(theirs) or part != theirs[place]:
            return part.strip("/")
    return ""
