"""A picture of how the specimen moved, for people."""

import numpy as np
import PIL.Image
import PIL.ImageDraw
from numpy.typing import NDArray

from icestream.processing.motion.local_motion import LocalMotion

__all__ = ["draw_tracks"]

_PLACES = 5
"""Local tracks across the shorter side."""
_PART = 0.8
"""Part of its cell that the largest local track fills."""
_PAPER, _FRAME, _TEXT = (255, 255, 255), (200, 205, 212), (70, 75, 85)
_GLOBAL, _FIRST, _LOCAL = (25, 90, 170), (220, 90, 40), (90, 95, 105)


def draw_tracks(
    motion: NDArray[np.float64] | LocalMotion, shape: tuple[int, int], *, size: int = 400
) -> NDArray[np.uint8]:
    """Draw the track of the whole frame, and those of places in the field.

    Where the image went is drawn, the opposite of what is added to its coordinates. The track of
    the whole frame fills the picture; those of the places, without the motion of the whole frame,
    lie where they belong, all enlarged alike, and a dot is where each begins. Numbers below say
    what lengths in the picture mean.

    Parameters
    ----------
    motion
        Shifts ``(n, 2)`` in Å, or a local model.
    shape
        (y, x) pixels of the frame, for its proportions.
    size
        Pixels of the longer side.

    Returns
    -------
    ``(y, x, 3)``.
    """
    high, wide = (max(round(size * side / max(shape)), 120) for side in shape)
    paper = PIL.Image.new("RGB", (2 * wide, 2 * high + 36), _PAPER)
    pen = PIL.ImageDraw.Draw(paper)
    pen.rectangle((4, 4, 2 * wide - 5, 2 * high - 5), outline=_FRAME, width=2)
    shifts = motion.shifts if isinstance(motion, LocalMotion) else motion
    captions = []
    if isinstance(motion, LocalMotion):
        grid = (np.arange(_PLACES) + 0.5) / _PLACES - 0.5
        places = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)
        rest = motion.at(places) - shifts[:, None]
        rest -= rest[:1]
        longest = max(float(np.abs(rest).max()), 1e-6)
        scale = _PART * min(high, wide) / _PLACES / longest
        for centre, track in zip(places, rest.transpose(1, 0, 2), strict=True):
            start = (centre + 0.5) * (2 * high, 2 * wide)
            _draw(pen, start - scale * track, _LOCAL, 2)
        captions.append(f"places: up to {longest:.1f}")
    middle = 0.5 * (shifts.max(axis=0) + shifts.min(axis=0))
    extent = max(float(np.ptp(shifts, axis=0).max()), 1e-6)
    scale = 1.4 * min(high, wide) / extent
    _draw(pen, np.array([high, wide]) - scale * (shifts - middle), _GLOBAL, 4)
    length = float(np.hypot(*np.diff(shifts, axis=0).T).sum())
    captions.insert(0, f"whole frame: {length:.1f} angstrom")
    # The font has no ring above A.
    pen.text((10, 2 * high + 2), "     ".join(captions), fill=_TEXT, font_size=24)
    small = paper.resize((wide, high + 18), PIL.Image.Resampling.LANCZOS)
    return np.asarray(small, dtype=np.uint8)


def _draw(
    pen: PIL.ImageDraw.ImageDraw,
    points: NDArray[np.float64],
    colour: tuple[int, int, int],
    width: int,
) -> None:
    line = [(float(x), float(y)) for y, x in points]
    pen.line(line, fill=colour, width=width, joint="curve")
    for x, y in line:
        pen.ellipse((x - width, y - width, x + width, y + width), fill=colour)
    x, y = line[0]
    pen.ellipse((x - 6, y - 6, x + 6, y + 6), fill=_FIRST)
