"""A quantity that two branches have of the same exposures, and whether it differs.

Differences are paired: of one exposure, as one branch and as the other has it. What is said to
differ differs by more than chance: Student's t of the differences, with as many quantities asked
about as there are (Bonferroni).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan
from statistics import fmean, stdev

from icestream.model import quality_of

__all__ = ["ERROR", "FEWEST", "Pair", "Paired", "paired"]

ERROR = "_error"
"""Ends the name of the quality that is the standard error of another."""
FEWEST = 5
"""Pairs below which nothing is claimed."""
_LEVEL = 0.05
"""Probability by which chance alone makes any of the differences that are claimed."""
_EQUAL = 1e-9
"""Part of a value by which two that are equal may differ."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A value of one exposure in both branches, as it is stored, with its errors where known."""

    exposure: str
    old: float
    new: float
    old_error: float | None = None
    new_error: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A quantity that both branches have of the same exposures."""

    name: str
    """Of a quality, or ``seconds``."""
    pairs: tuple[Pair, ...]
    old: float
    """Mean of the older values."""
    new: float
    difference: float
    """Mean of the differences."""
    error: float
    """Standard error of that mean; NaN where there are too few."""
    chance: float
    """Probability that the mean differs from 0 so much by chance; 1 where that cannot be said."""
    higher: int
    lower: int
    same: int

    @property
    def better(self) -> int | None:
        """Exposures on which it is better; None where nobody has said which way that is."""
        way = quality_of(self.name).better
        return None if way is None else self.higher if way == "high" else self.lower

    @property
    def worse(self) -> int | None:
        """Exposures on which it is worse."""
        way = quality_of(self.name).better
        return None if way is None else self.lower if way == "high" else self.higher

    def is_claimed(self, asked: int) -> bool:
        """Whether it differs by more than chance, among so many quantities asked about."""
        return len(self.pairs) >= FEWEST and self.chance < _LEVEL / max(1, asked)


def paired(name: str, pairs: Sequence[Pair]) -> Paired:
    """The mean difference of pairs, its standard error, and whether chance alone makes it.

    Of one pair nothing is known but its difference. Differences that are all the same and not 0
    are no chance.
    """
    quality = quality_of(name)
    differences = [quality.change(pair.old, pair.new) for pair in pairs]
    equal = [
        abs(d) <= _EQUAL * max(abs(pair.old), abs(pair.new))
        for d, pair in zip(differences, pairs, strict=True)
    ]
    count, mean = len(pairs), fmean(differences)
    error = stdev(differences) / count**0.5 if count > 1 else nan
    chance = 1.0
    if count > 1 and not all(equal):
        student = abs(mean) / error if error > 0 else inf
        from scipy.special import stdtr

        chance = 2.0 * float(stdtr(count - 1, -student)) if isfinite(student) else 0.0
    ways = Counter(
        "same" if same else "higher" if d > 0 else "lower"
        for d, same in zip(differences, equal, strict=True)
    )
    return Paired(
        name=name,
        pairs=tuple(pairs),
        old=fmean(pair.old for pair in pairs),
        new=fmean(pair.new for pair in pairs),
        difference=mean,
        error=error,
        chance=chance,
        higher=ways["higher"],
        lower=ways["lower"],
        same=ways["same"],
    )
