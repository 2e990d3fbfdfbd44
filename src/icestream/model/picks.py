"""Where the particles of one micrograph are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icestream.model.arrays import Column, column

__all__ = ["BY_HAND", "PickerAgreement", "Picks", "PicksByHand", "rank_scores"]

BY_HAND = float("inf")
"""Score of what a person picked: no picker tells a better one."""


def rank_scores(score: ArrayLike) -> NDArray[np.float64]:
    """Ranks of the scores of one picker, by which picks of several can be put in one order.

    Returns
    -------
    NDArray
        ``(n,)`` between 0 and 1, the higher the better; a half where the score is not known, so
        that it comes neither first nor last; `BY_HAND` for what a person picked.
    """
    given = np.asarray(score, dtype=np.float64)
    ranks = np.where(given == BY_HAND, BY_HAND, 0.5)
    known = np.isfinite(given)
    values, place = np.unique(given[known], return_inverse=True)
    ranks[known] = (place + 0.5) / max(1, len(values))
    return ranks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PickerAgreement:
    """Which particles of one micrograph several pickers have in common."""

    pickers: tuple[str, ...]
    """Steps that picked, in the order of the columns."""
    shared: Column
    """``(pickers, pickers)`` particles that both of two have found; on the diagonal, all that one
    has found."""
    scores: Column
    """``(n, pickers)`` score that each picker gave to each particle that is kept, on its own
    scale; NaN where it did not find it, or tells none, `BY_HAND` where a person picked it."""

    @property
    def jaccard(self) -> Column:
        """``(pickers, pickers)``: what two have both found as a part of what either has.

        NaN for two that have found nothing.
        """
        each = np.diag(self.shared)
        either = each[:, None] + each[None, :] - self.shared
        with np.errstate(invalid="ignore"):
            return column(np.where(either > 0, self.shared / either, np.nan))

    @property
    def mean(self) -> float:
        """Mean of `jaccard` over all pairs of pickers; NaN where there is none."""
        pairs = self.jaccard[np.triu_indices(len(self.pickers), 1)]
        known = pairs[~np.isnan(pairs)]
        return float(known.mean()) if len(known) else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PicksByHand:
    """What a person has changed about the picks of one micrograph."""

    added: int
    """How many of the picks a person added: the last ones. Their score is `BY_HAND`."""
    removed: Column
    """``(m, 2)`` x and y of those that a person removed, pixels of the micrograph."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picks:
    """Centres of particles in one micrograph."""

    exposure: str
    x: Column
    """``(n,)`` pixels of the micrograph, origin at the centre of its first pixel."""
    y: Column
    """``(n,)`` pixels along the rows' index, as stored in the MRC file."""
    score: Column
    """``(n,)`` higher is better; comparable within one picker. NaN: not known, the picker tells
    none; `BY_HAND`: a person added it."""
    diameter: float
    """Particle diameter that was looked for, Å."""
    pixel_size: float
    """Å per pixel of the micrograph."""
    diameter_known: bool = True
    """False: nobody knows the diameter yet, and `diameter` is a placeholder that leaves room."""
    agreement: PickerAgreement | None = None
    """Of the pickers that these come from; None for those of one picker."""
    by_hand: PicksByHand | None = None
    """What a person has changed; None where nobody has."""

    def __post_init__(self) -> None:
        # Results of earlier versions have NaN for what a person added.
        added = 0 if self.by_hand is None else self.by_hand.added
        if added and np.isnan(np.asarray(self.score)[-added:]).any():
            score = np.array(self.score, dtype=np.float32)
            score[-added:] = BY_HAND
            object.__setattr__(self, "score", column(score))

    def __len__(self) -> int:
        return len(self.x)

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`."""
        counted = {"picks.count": float(len(self))}
        if self.agreement is None or np.isnan(self.agreement.mean):
            return counted
        return counted | {"picks.agreement": self.agreement.mean}
