"""How a gain reference lies on the frames, as the frames themselves show it."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Image
from icestream.model.gain import ORIENTATIONS, Orientation
from icestream.processing.gain.detail import detail

__all__ = ["Fit", "find_orientation"]

_TILES = 8
"""Tiles along each side, over which the scatter of a score is measured."""
_SURE = 5.0
"""Standard errors by which the best orientation must beat every other."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The orientation that fits best, and how sure that is."""

    orientation: Orientation
    scores: NDArray[np.float32]
    """``(8,)`` correlations of the detail of the frames with that of the reference, in the order of
    `ORIENTATIONS`; negative where it fits inverted, 0 where it does not fit into the frame."""
    certainty: float
    """Standard errors between the best and the next best; 0 where there is no detail."""

    @property
    def decided(self) -> bool:
        """Whether the best orientation beats every other one, by 5 standard errors."""
        return self.certainty >= _SURE

    def judge(self, laid: Orientation) -> Literal["right", "wrong", "undecided"]:
        """Whether the reference fits the frames when it is laid so."""
        if not self.decided:
            return "undecided"
        return "right" if self.orientation.is_same_as(laid) else "wrong"


def find_orientation(mean: Image, reference: Image) -> Fit:
    """Find how `reference` must be turned, flipped or inverted to fit the frames.

    A pixel that counts too little is dark in the mean of raw frames and bright in a gain that
    counts are multiplied with. The detail of ``1/gain`` is correlated with that of the mean image
    in the eight orientations; a negative correlation means that the reference divides. The best
    is compared with every other on 8 x 8 tiles of the frame: the mean of the tiles' differences
    over its standard error is the certainty. Movies whose specimens differ make it better, but one
    is enough where the pattern stands out.

    Parameters
    ----------
    mean
        Mean (or sum) of raw frames, unaligned, ``(y, x)``.
    reference
        Factors of the counts as the file holds them; not positive where a pixel is bad. Of the
        frames' size, half of it or twice, turned or not.

    Raises
    ------
    ValueError
        If no orientation has the frames' size.
    """
    mean, reference = _same_pixels(mean, reference)
    seen = detail(mean, mean > 0)
    good = np.isfinite(reference) & (reference > 0)
    sensitivity = np.divide(1.0, reference, out=np.zeros_like(reference), where=good)
    told = detail(sensitivity.astype(np.float32), good)
    norm = math.sqrt(_power(seen) * _power(told))
    tiles = np.zeros((len(ORIENTATIONS), _TILES**2))
    for index, orientation in enumerate(ORIENTATIONS):
        laid = orientation.turn(told)
        if laid.shape == seen.shape and norm > 0:
            tiles[index] = _tile_sums(seen, laid) / norm
    scores = tiles.sum(axis=1)
    best = int(np.argmax(np.abs(scores)))
    sign = 1.0 if scores[best] >= 0 else -1.0
    others = [index for index in range(len(scores)) if index != best and tiles[index].any()]
    certainty = min(
        (_certainty(sign * tiles[best] - math.copysign(1, scores[o]) * tiles[o]) for o in others),
        default=_certainty(sign * tiles[best]),
    )
    orientation = replace(ORIENTATIONS[best], inverse=sign < 0)
    return Fit(orientation, scores.astype(np.float32), certainty)


def _same_pixels(mean: Image, reference: Image) -> tuple[Image, Image]:
    """Both with the pixels of the coarser one."""
    frame, own = sorted(mean.shape), sorted(reference.shape)
    if frame == own:
        return mean, reference
    if frame == [2 * side for side in own]:
        return _halved(mean), reference
    if own == [2 * side for side in frame]:
        return mean, _halved(reference)
    raise ValueError(
        f"the reference is {reference.shape[0]} x {reference.shape[1]} pixels (y, x), the frames "
        f"are {mean.shape[0]} x {mean.shape[1]}: however it is laid, it has not their size, nor "
        "half of it or twice it"
    )


def _halved(image: Image) -> Image:
    height, width = image.shape
    blocks = image.reshape(height // 2, 2, width // 2, 2)
    halved: Image = blocks.mean(axis=(1, 3), dtype=np.float32)
    return halved


def _power(image: Image) -> float:
    return float(np.vdot(image, image))


def _tile_sums(a: Image, b: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sums of a x b over the tiles; what is left over at the lower and right edge goes unused."""
    height, width = (side // _TILES * _TILES for side in a.shape)
    product = a[:height, :width] * b[:height, :width]
    blocks = product.reshape(_TILES, height // _TILES, _TILES, width // _TILES)
    sums: NDArray[np.float64] = blocks.sum(axis=(1, 3), dtype=np.float64).ravel()
    return sums


def _certainty(differences: NDArray[np.float64]) -> float:
    error = float(differences.std(ddof=1)) / math.sqrt(len(differences))
    return float(differences.mean()) / error if error > 0 else 0.0
