"""Files that stand beside a movie, or elsewhere under its name, and tell about it."""

import os
from collections.abc import Callable, Sequence
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
from icestream.formats.exposure_names import exposure_stem
from icestream.formats.mdoc import MdocFrames, read_mdoc
from icestream.formats.mdoc_images import ImagesOfStack, images_of_stack
from icestream.formats.movie import MovieFacts
from icestream.formats.nearby import NearbyFiles
from icestream.formats.statements import Statement, say_epu, say_mdoc

__all__ = ["SIDECARS", "Sidecars", "find_sidecars"]

Found = TypeVar("Found")

SIDECARS = ("*.xml", "*.mdoc", "*.gain", "*gain*", "*Gain*", "CountRef*", "SuperRef*", "defects*")
"""Names that may tell something about movies."""

_EXPOSURE = ("{stem}.xml",)
_MDOC = ("{name}.mdoc", "{bare}.mdoc", "{stem}.mdoc")
"""What files are called that tell about a movie, see `NearbyFiles.of`."""
_COMPARED = ("voltage", "pixel_size", "dose_per_frame", "tilt")
"""Values that two files about one movie must agree on."""
_MOST_ODD = 5
"""Numbers that make no sense that are told one by one."""


@dataclass(frozen=True, slots=True)
class Sidecars:
    """What was found for one movie; files that are still being written count as missing."""

    exposure: EpuExposure | None = None
    fractions: EpuFractions | None = None
    mdoc: MdocFrames | None = None
    images: ImagesOfStack | None = None
    """Exposures that are in the file, each by its own section: it is no movie."""
    files: tuple[str, ...] = ()
    """Names of the files that were read."""
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
    def is_corrected(self) -> bool:
        """The camera says that it has applied its gain reference."""
        return self.fractions is not None and bool(self.fractions.gain_corrected)

    @property
    def problem(self) -> str:
        """Why the camera itself says that the movie is not whole."""
        return self.fractions.problem if self.fractions is not None else ""

    def say(self, facts: MovieFacts) -> list[Statement]:
        """What each of them says about a movie with these headers."""
        epu = self.exposure
        said = [say_epu(epu, facts, self.frames)] if epu is not None else []
        return said + ([say_mdoc(self.mdoc, facts)] if self.mdoc is not None else [])


def find_sidecars(movie: Path, known: NearbyFiles) -> Sidecars:
    """Find and read what tells about `movie`: what is called after it, then what names it.

    Of a link with a name of its own, what tells about the movie that it leads to counts.

    Parameters
    ----------
    known
        Files that may tell something, wherever they are: metadata may be in another tree.
    """
    found = _find(movie, known)
    if found.found or not movie.is_symlink():
        return found
    target = Path(os.path.realpath(movie))
    stem = exposure_stem(target)
    for name in (f"{stem}.xml", f"{stem}_Fractions.xml", f"{target.name}.mdoc", f"{stem}.mdoc"):
        if target.with_name(name).is_file():
            known.notice(target.with_name(name))
    of_target = _find(target, known)
    return of_target if of_target.found else found


def _find(movie: Path, known: NearbyFiles) -> Sidecars:
    exposure, broken = _first(read_epu_exposure, known.of(movie, *_EXPOSURE))
    fractions, torn = _first(read_epu_fractions, known.of(movie, "{stem}_fractions.xml"))
    mdoc, odd = _find_mdoc(movie, known)
    images = _find_images(movie, known)
    # What the exposure's own XML says is enough; without it, all that is damaged is told.
    reasons = [] if exposure is not None else [reason for reason in (broken, torn) if reason]
    reasons += [odd] if odd else []
    if exposure is None and mdoc is None:
        unclear = (known.unclear(movie, *forms) for forms in (_EXPOSURE, _MDOC))
        reasons += filter(None, unclear)
    # Files are open to all: one with thousands of odd numbers does not fill the screen.
    files = [file for file in (exposure, fractions, mdoc) if file is not None]
    strange = [oddity for file in files for oddity in file.odd]
    more = [f"and {len(strange) - _MOST_ODD} more"] if len(strange) > _MOST_ODD else []
    return Sidecars(
        exposure,
        fractions,
        mdoc,
        images,
        files=tuple(file.path.name for file in (exposure, mdoc) if file is not None),
        unreadable="; ".join([*reasons, *strange[:_MOST_ODD], *more]),
    )


def _find_mdoc(movie: Path, known: NearbyFiles) -> tuple[MdocFrames | None, str]:
    """The section about a movie, and why a file that should hold it does not.

    One file may describe many movies: all of a stack of images, or of a day.
    """
    called = known.of(movie, *_MDOC)
    mdoc, odd = _first(lambda path: _section_of(path, movie, known), called)
    if mdoc is not None:
        rest = [path for path in called if path != mdoc.path and path.parent == mdoc.path.parent]
        other, _ = _first(lambda path: _section_of(path, movie, known), rest)
        return mdoc, _contradiction(mdoc, other) if other is not None else ""
    for path in known.mdocs_naming(movie):
        named, broken = _first(lambda path: _section_of(path, movie, known), [path])
        if named is not None:
            return named, ""
        odd = odd or broken
    return None, odd


def _contradiction(used: MdocFrames, other: MdocFrames) -> str:
    """Which values of two files about one movie differ; empty when none does."""
    said = [
        f"{name.replace('_', ' ')} {one:g} and {two:g}"
        for name in _COMPARED
        if (one := getattr(used, name)) is not None
        and (two := getattr(other, name)) is not None
        and abs(one - two) > 0.01 * max(abs(one), abs(two))
    ]
    if not said:
        return ""
    return f"{used.path.name} and {other.path.name} differ in {', '.join(said)}: the first is used"


def _find_images(movie: Path, known: NearbyFiles) -> ImagesOfStack | None:
    """What a file that is called after a movie says about several exposures in it."""
    for path in known.of(movie, *_MDOC):
        mdoc, _ = _first(read_mdoc, [path])
        images = images_of_stack(path, mdoc, movie.name) if mdoc is not None else None
        if images is not None:
            return images
    return None


def _section_of(path: Path, movie: Path, known: NearbyFiles) -> MdocFrames:
    """What an mdoc says about `movie`: of its sections the last that names it, or the only one."""
    sections = known.sections(path)
    if not sections:
        raise FormatError(
            path,
            expected="a whole section that describes frames",
            found="none",
            advice="wait until it is written, or copy it again",
        )
    wanted = movie.name.lower()
    own = [each for each in sections if each.named and (each.movie or "").lower() == wanted]
    if own:
        return own[-1]
    # A movie that was renamed together with its mdoc keeps it.
    if len(sections) == 1 and not (sections[0].named and known.is_movie(movie, sections[0].movie)):
        return sections[0]
    names = [each.movie or "?" for each in sections[:3]]
    raise FormatError(
        path,
        expected=f"a section with the SubFramePath {movie.name}",
        found=f"{len(sections)} of {', '.join(names)}{' ...' if len(sections) > 3 else ''}",
        advice="give the mdoc of this movie, or rename it as the movie is",
    )


def _first(read: Callable[[Path], Found], places: Sequence[Path]) -> tuple[Found | None, str]:
    """What the first readable file says; without any, why the last one cannot be read."""
    reason = ""
    for place in places:
        try:
            return read(place), ""
        except FormatError as error:
            reason = str(error)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):  # it is gone again
                reason = f"{place} cannot be read: {error.strerror or error}"
    return None, reason
