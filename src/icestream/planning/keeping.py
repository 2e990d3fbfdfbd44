"""How long data stay on the disk: as a person says, or as the rules of the facility file say."""

import math
from collections.abc import Iterable, Mapping

from icestream.alike import hint
from icestream.facility.keep.kinds import CLASSES, Keep
from icestream.planning.costs import NotPlanned

__all__ = ["days_by_rules", "days_said"]

_SESSION = 1.0
"""Days from the first movie of a session to its end, from which rules count."""


def days_by_rules(keep: Keep | None) -> dict[str, float]:
    """Days that each class of data with a rule lies on the disk, the time for undoing included.

    Rules of a file that only says what it would do (``act = false``) remove nothing.
    """
    if keep is None or not keep.act:
        return {}
    return {kind: _SESSION + rule.after + keep.undo for kind, rule in keep.rules.items()}


def days_said(words: Iterable[str]) -> Mapping[str, float]:
    """Days of words such as ``raw=21``, ``particles=60 d`` or ``micrographs=never``.

    Raises
    ------
    NotPlanned
        If a word is none of these.
    """
    found: dict[str, float] = {}
    for word in words:
        kind, _, said = (part.strip() for part in word.partition("="))
        if kind not in CLASSES:
            raise NotPlanned(
                f"--keep {word}: there is no class of data {kind!r}; there are "
                f"{', '.join(CLASSES)}{hint(kind, CLASSES)}"
            )
        try:
            days = math.inf if said == "never" else float(said.removesuffix("d").strip())
        except ValueError:
            days = math.nan
        if not days >= 0:
            raise NotPlanned(
                f"--keep {word}: write how many days it stays, such as {kind}=21, or {kind}=never"
            )
        found[kind] = days
    return found
