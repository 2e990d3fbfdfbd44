"""Which exposures an alert is about, in words."""

from collections.abc import Mapping
from typing import Any

__all__ = ["extent_words"]


def extent_words(extent: Mapping[str, Any] | None) -> str:
    """``12 exposures, a_0101 to a_0112, all on grid square 7``; empty where nothing is known."""
    if not extent:
        return ""
    count = extent["count"]
    words = f"{count} exposures, {extent['first']} to {extent['last']}"
    if count == 1:
        words = f"1 exposure, {extent['first']}"
    names = {"grid_square": "grid square", "foil_hole": "foil hole", "group": "exposure group"}
    for field, name in names.items():
        if extent.get(field) is not None:
            words += f", of {name} {extent[field]} alone"
    return words
