"""Stacks that are no movies by what is said of them: every image, or run of frames, is an exposure.

SerialEM describes every image of a stack by a section ``[ZValue = n]``: of a tilt series, of a map
in pieces, of a day of single exposures. The frames of these exposures are in other files, if they
were saved. A camera may also go on through a whole tilt series and write one file of frames, of
which the mdoc says which are of which tilt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from icestream.formats.mdoc import Mdoc, MdocSection
from icestream.formats.numbers import ANGLE, CheckedNumbers

__all__ = ["ImagesOfStack", "images_at_tilts", "images_of_stack"]

_LEVEL = 1.0
"""Degrees by which the tilts of one exposure may differ."""


@dataclass(frozen=True, slots=True)
class ImagesOfStack:
    """What an mdoc says about the exposures in one file."""

    exposures: int
    tilts: tuple[float, float] | None
    """The lowest and the highest, degrees; None where they are not said."""
    of_frames: bool = False
    """Each exposure has several frames in the file."""

    @property
    def told(self) -> str:
        """What they are, in words."""
        what = f"the frames of {self.exposures} exposures" if self.of_frames else "images"
        what = what if self.of_frames else f"{self.exposures} {what}"
        if self.tilts is None or self.tilts[1] - self.tilts[0] < _LEVEL:
            return what
        return f"{what} at tilts from {self.tilts[0]:.0f}° to {self.tilts[1]:.0f}°"


def images_at_tilts(images: int, tilts: tuple[float, float] | None) -> ImagesOfStack | None:
    """What the tilts in a header say about the images of a stack; None of a movie, of one tilt."""
    if tilts is None or tilts[1] - tilts[0] < _LEVEL:
        return None
    return ImagesOfStack(images, tilts)


def images_of_stack(path: Path, mdoc: Mdoc, movie: str) -> ImagesOfStack | None:
    """What the mdoc at `path` says about the exposures in the file `movie`.

    None where it does not say that they are several: it is of others, or of a movie.
    """
    described = [section for section in mdoc.sections if section.kind == "ZValue"]
    runs = [section for section in described if "FrameTSStartEndFrames" in section.values]
    if any(section.kind == "FrameSet" for section in mdoc.sections):
        return ImagesOfStack(len(runs), _tilts(path, runs), True) if len(runs) > 1 else None
    named = {_name(section.values.get("SubFramePath")) for section in described}
    own = _name(mdoc.values.get("ImageFile")) == movie.lower()
    called = path.name.lower() == f"{movie.lower()}.mdoc"
    # One section may be about a movie as a whole.
    if len(described) < 2 or movie.lower() in named or not (own or called):
        return None
    return ImagesOfStack(len(described), _tilts(path, described))


def _name(path: str | None) -> str:
    return PureWindowsPath(path or "").name.lower()


def _tilts(path: Path, sections: Sequence[MdocSection]) -> tuple[float, float] | None:
    numbers = CheckedNumbers(path.name)
    said = [numbers.real("TiltAngle", each.values.get("TiltAngle"), ANGLE) for each in sections]
    known = [tilt for tilt in said if tilt is not None]
    return (min(known), max(known)) if known else None
