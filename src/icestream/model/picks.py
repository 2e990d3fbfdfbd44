"""Where the particles of one micrograph are."""

from dataclasses import dataclass

import numpy as np

from icestream.model.arrays import Column, column

__all__ = ["PickerAgreement", "Picks", "PicksByHand"]


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
    scale; NaN where it did not find it."""

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
    """How many of the picks a person added: the last ones. Their score is NaN."""
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
    """``(n,)`` higher is better; comparable within one picker. NaN: a person added it."""
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

    def __len__(self) -> int:
        return len(self.x)

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`."""
        counted = {"picks.count": float(len(self))}
        if self.agreement is None or np.isnan(self.agreement.mean):
            return counted
        return counted | {"picks.agreement": self.agreement.mean}
