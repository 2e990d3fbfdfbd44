"""Files that stand beside a movie, or elsewhere under its name, and tell about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from icestream.formats.epu import (
    EpuExposure,
    EpuFractions,
    read_epu_exposure,
    read_epu_fractions,
)
from icestream.formats.errors import FormatError
from icestream.formats.mdoc import MdocFrames, read_mdoc_frames
from icestream.formats.movie import MovieFacts
from icestream.formats.statements import Statement, exposure_stem, say_epu, say_mdoc

__all__ = ["GAIN_SUFFIXES", "SIDECARS", "KnownFiles", "Sidecars", "find_sidecars", "is_gain_name"]

Found = TypeVar("Found")

SIDECARS = ("*.xml", "*.mdoc", "*.gain", "*gain*", "*Gain*", "CountRef*", "SuperRef*", "defects*")
"""Names that may tell something about movies."""

GAIN_SUFFIXES = (".mrc", ".tif", ".tiff", ".gain", ".dm4", ".dm3")
"""Of the files that a gain reference can be read from."""
_GATAN = (".dm4", ".dm3")
_MOST_ODD = 5
"""Numbers that make no sense that are told one by one."""


def is_gain_name(name: str) -> bool:
    """Whether a file's name is that of a gain reference."""
    lower = name.lower()
    return "gain" in lower or lower.startswith(("countref", "superref"))


@dataclass(frozen=True, slots=True)
class Sidecars:
    """What was found for one movie; files that are still being written count as missing."""

    exposure: EpuExposure | None = None
    fractions: EpuFractions | None = None
    mdoc: MdocFrames | None = None
    unreadable: str = ""
    """Why files that are there tell nothing, or less than they might: they are damaged, or still
    being written, or hold numbers that make no sense."""

    @property
    def found(self) -> bool:
        """Anything that tells about the optics is there."""
        return self.exposure is not None or self.mdoc is not None

    @property
    def frames(self) -> int | None:
        """Frames that the file must have by the metadata."""
        if self.fractions is not None and self.fractions.expected:
            return self.fractions.expected
        if self.exposure is not None and self.exposure.fractions:
            return self.exposure.fractions
        return self.mdoc.frames if self.mdoc is not None else None

    @property
    def problem(self) -> str:
        """Why the camera itself says that the movie is not whole."""
        return self.fractions.problem if self.fractions is not None else ""

    def say(self, facts: MovieFacts) -> list[Statement]:
        """What each of them says about a movie with these headers."""
        said = [say_epu(self.exposure, facts)] if self.exposure is not None else []
        return said + ([say_mdoc(self.mdoc, facts)] if self.mdoc is not None else [])


def find_sidecars(movie: Path, known: Mapping[str, Path]) -> Sidecars:
    """Find and read what tells about `movie`.

    Parameters
    ----------
    known
        Files by their name in lower case, wherever they are: metadata may be in another tree.
    """
    stem = exposure_stem(movie).lower()
    name = movie.name.lower()
    mdocs = _places(known, f"{name}.mdoc", f"{movie.stem.lower()}.mdoc", f"{stem}.mdoc")
    exposure, broken = _first(read_epu_exposure, _places(known, f"{stem}.xml"))
    fractions, torn = _first(read_epu_fractions, _places(known, f"{stem}_fractions.xml"))
    mdoc, odd = _first(_read_first_frames, mdocs)
    # What the exposure's own XML says is enough; without it, all that is damaged is told.
    reasons = [] if exposure is not None else [reason for reason in (broken, torn) if reason]
    reasons += [odd] if odd else []
    # Files are open to all: one with thousands of odd numbers does not fill the screen.
    strange = [
        oddity for file in (exposure, fractions, mdoc) if file is not None for oddity in file.odd
    ]
    more = [f"and {len(strange) - _MOST_ODD} more"] if len(strange) > _MOST_ODD else []
    return Sidecars(exposure, fractions, mdoc, "; ".join([*reasons, *strange[:_MOST_ODD], *more]))


class KnownFiles:
    """Files that may tell about movies, found by their names wherever they are."""

    def __init__(self) -> None:
        self._known: dict[str, Path] = {}
        self._gains: set[Path] = set()

    def notice(self, path: Path) -> None:
        """Remember a file."""
        self._known[path.name.lower()] = path
        if is_gain_name(path.name) and path.suffix.lower() in GAIN_SUFFIXES:
            self._gains.add(path)

    def sidecars(self, movie: Path) -> Sidecars:
        """What stands beside a movie, as far as it is there by now."""
        return find_sidecars(movie, self._known)

    def named(self, names: Sequence[str]) -> Path | None:
        """The first of these files that was found, whatever the case of its name."""
        paths = (self._known.get(name.lower()) for name in names)
        return next((path for path in paths if path is not None), None)

    def gain_named(self, names: Sequence[str]) -> Path | None:
        """The first of these gain references that was found, or what one was converted to."""
        stems = [Path(name).stem for name in names if name.lower().endswith(_GATAN)]
        converted = [stem + suffix for stem in stems for suffix in GAIN_SUFFIXES]
        path = self.named([*names, *converted])
        return path if path is not None and path.suffix.lower() in GAIN_SUFFIXES else None

    def gains(self) -> list[Path]:
        """Each gain reference; a Gatan file and what it was converted to are one."""
        ordered = sorted(self._gains, key=lambda path: (path.suffix.lower() not in _GATAN, path))
        return sorted({path.stem.lower(): path for path in ordered}.values())


def _first(read: Callable[[Path], Found], places: Sequence[Path]) -> tuple[Found | None, str]:
    """What the first readable file says; without any, why the last one cannot be read."""
    reason = ""
    for place in places:
        try:
            return read(place), ""
        except FormatError as error:
            reason = str(error)
        except OSError:
            continue  # it is gone again
    return None, reason


def _read_first_frames(path: Path) -> MdocFrames:
    for frames in read_mdoc_frames(path):
        return frames
    raise FormatError(
        path,
        expected="a whole section that describes frames",
        found="none",
        advice="wait until it is written, or copy it again",
    )


def _places(known: Mapping[str, Path], *names: str) -> list[Path]:
    return [known[name] for name in dict.fromkeys(names) if name in known]
