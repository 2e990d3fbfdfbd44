"""Particles for others to look at again: as many from small classes as from large ones."""

import numpy as np
from numpy.typing import NDArray

from icestream.processing.classify2d.online import Classification

__all__ = ["spread_sample"]


def spread_sample(classification: Classification, most: int) -> NDArray[np.int64]:
    """Places of at most `most` kept images, in the order of their arrival.

    Every class gives the same number, or all that it has; within a class they are drawn at
    random, always the same ones for the same classification.
    """
    kept = classification.kept
    group = classification.group[kept.rows]
    random = np.random.default_rng([classification.plan.seed, len(classification)])
    order = random.permutation(len(kept))
    sorted_ = order[np.argsort(group[order], kind="stable")]
    counts = np.bincount(group, minlength=len(classification.numbers))
    first = np.cumsum(counts) - counts
    rank = np.arange(len(kept)) - np.repeat(first, counts)
    chosen = sorted_[np.argsort(rank, kind="stable")[:most]]
    return np.asarray(chosen[np.argsort(kept.rows[chosen])], dtype=np.int64)
