"""What was done to places and images that are not where, or not as, they should be."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from icestream.model import Image
from icestream.processing.same_images import compare_images, find_image, turned, turns

__all__ = ["Stray", "explain_images", "explain_places"]

Turn = tuple[bool, bool, bool]
_SURE = 8.0
"""Standard deviations above which a place is found, of some ten million places that are looked
at."""
_FEW = 3
"""Particles that have to agree."""
_NEAR = 1.5
"""Pixels that they may differ by."""
_LIKE = 0.9
"""Correlation of an image with itself, as it was laid."""
_MOST = 0.5
_AS_IS: Turn = (False, False, False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stray:
    """A particle that is not where the files say."""

    x: float
    """As the files say, pixels of `field`."""
    y: float
    scale: float
    """Pixels of the micrograph as it is stored in one of `field`."""
    field: Image
    """The micrograph, in pixels of `image`."""
    image: Image
    """What should be there."""
    sign: int
    """Of the contrast of the image in the micrograph, as the files say."""


class _Found(NamedTuple):
    """Where a stray particle is."""

    said: tuple[float, float]
    """(y, x)."""
    place: tuple[float, float]
    shape: tuple[int, int]
    """Of the micrograph."""
    scale: float
    turn: Turn
    """How its image lies in the micrograph."""
    inverted: bool


def explain_places(strays: Iterable[Stray]) -> str:
    """Where the particles really are, in words: ``the coordinates are mirrored along y``."""
    looked = [_find(stray) for stray in strays]
    found = [one for one in looked if one is not None]
    if not found or len(found) < min(_FEW, len(looked)):
        return "they are nowhere in these micrographs, or their images are of other pixels"
    turn = Counter(one.turn for one in found).most_common(1)[0][0]
    alike = [one for one in found if one.turn == turn]
    words = _moved(alike, turn)
    if np.mean([one.inverted for one in alike]) > _MOST:
        words.append("the contrast is inverted")
    return ", and ".join(words) or "they lie where they should, but look otherwise"


def explain_images(expected: Sequence[Image], shown: Sequence[Image]) -> str:
    """What was done to the images of a stack, in words; empty where it cannot be told."""
    laid: Counter[tuple[Turn, bool]] = Counter()
    for ours, theirs in zip(expected, shown, strict=True):
        for how in turns():
            if ours.shape != theirs.shape:
                break
            likeness = compare_images(turned(ours, how), theirs)
            if abs(likeness.correlation) > _LIKE:
                laid[how, likeness.correlation < 0] += 1
                break
    if not laid:
        return "they are others, or of other pixels"
    (how, inverted), _ = laid.most_common(1)[0]
    words = [f"they are {_laid(how)}"] if how != _AS_IS else []
    if inverted:
        words.append("the contrast is inverted")
    return ", and ".join(words)


def _find(stray: Stray) -> _Found | None:
    for how in turns():
        place = find_image(stray.field, turned(stray.image, how))
        if abs(place.strength) > _SURE:
            shape = (stray.field.shape[0], stray.field.shape[1])
            inverted = (place.strength > 0) != (stray.sign > 0)
            return _Found((stray.y, stray.x), (place.y, place.x), shape, stray.scale, how, inverted)
    return None


def _moved(found: Sequence[_Found], turn: Turn) -> list[str]:
    """By what the places that are said become those where the particles are."""
    said, places = (np.array([getattr(one, of) for one in found]) for of in ("said", "place"))
    shapes = np.array([one.shape for one in found], dtype=np.float64)
    for how in [turn, *turns()]:
        off = places - _turned_places(said, shapes, how)
        shift = np.median(off, axis=0)
        if len(found) < _FEW or np.median(np.abs(off - shift).max(axis=1)) < _NEAR:
            break
    else:
        return ["their places have nothing in common with those that are said"]
    words = []
    if how == turn != _AS_IS:
        words.append(f"the micrographs are {_laid(turn)}")
    elif how != _AS_IS:
        words.append(f"the coordinates are {_laid(how)}")
    # A place that is counted from the other end may well fall into the next pixel.
    if np.abs(shift).max() >= (_NEAR / 2 if how == _AS_IS else _NEAR):
        shift = shift * found[0].scale
        words.append(f"they lie {shift[1]:+.0f} (x) and {shift[0]:+.0f} (y) pixels farther")
    return words


def _turned_places(
    places: NDArray[np.float64], shapes: NDArray[np.float64], how: Turn
) -> NDArray[np.float64]:
    """Places (y, x) in micrographs of `shapes` that are laid otherwise."""
    swap, *mirrored = how
    laid = places[:, ::-1].copy() if swap else places.copy()
    for axis in (axis for axis, is_so in enumerate(mirrored) if is_so):
        laid[:, axis] = shapes[:, axis] - 1 - laid[:, axis]
    return laid


def _laid(how: Turn) -> str:
    swap, along_y, along_x = how
    words = ["exchanged in x and y"] if swap else []
    mirrored = " and ".join(axis for axis, is_so in (("y", along_y), ("x", along_x)) if is_so)
    if mirrored:
        words.append(f"mirrored along {mirrored}")
    return " and ".join(words)
