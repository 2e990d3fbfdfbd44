"""What a selection says about an exposure."""

from dataclasses import dataclass

__all__ = ["Accepted", "Rejected", "Verdict"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The exposure goes on."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The exposure is held back; every rule that hit it is named."""

    reasons: tuple[str, ...]


Verdict = Accepted | Rejected
