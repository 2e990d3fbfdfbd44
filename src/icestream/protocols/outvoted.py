"""Whom a consensus outvoted, in words."""

from collections import Counter
from collections.abc import Iterable

__all__ = ["outvoted_words"]


def outvoted_words(outvoted: Iterable[Iterable[str]]) -> str:
    """The steps that were outvoted, the most often first, after others; or nothing."""
    counts = Counter(name for names in outvoted for name in names).most_common()
    told = ", ".join(f"{name} in {count}" for name, count in counts)
    return f"; outvoted: {told}" if told else ""
