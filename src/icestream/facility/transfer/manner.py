"""How files are brought from one place to another, whatever brings them."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Manner", "Told"]

Told = Callable[[str, str | None], None]
"""Is called with the name of each file that has been dealt with, and its MD5 as it was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How files are brought."""

    compares: bool = False
    """Nothing is brought: both ends read the files whole, and it is said which differ."""
    anew: bool = False
    """Files are brought although size and time are the same at both ends."""
    resumes: bool = False
    """What came of a file before it was interrupted is kept, and gone on with."""
    aside: str = ""
    """Folder, seen from that of the target, for what is replaced; it is lost where there is none.
    """
    bare: bool = False
    """What is brought is nobody's but its owner's, and is what links lead to."""
    makes: bool = False
    """The folder of the target is made, with those above it."""
