"""What gain references are called."""

import re
from pathlib import PurePath

__all__ = ["GAIN_SUFFIXES", "is_gain_name"]

GAIN_SUFFIXES = (".mrc", ".tif", ".tiff", ".gain", ".dm4", ".dm3")
"""Of the files that a gain reference can be read from."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_WORDS = {"gain", "gains", "gainref", "gainreference", "norm"}
"""The last is Leginon's: ``24jan01a_01010000_00_5760x4092_norm_0.mrc``."""
_BEGINNINGS = ("countref", "superref", "norm-")
"""SerialEM's, for counting and super-resolution, and Leginon's."""


def is_gain_name(name: str) -> bool:
    """Whether a file may be a gain reference by its name: that of a vendor, or with a word for it.

    ``again_001.tif`` has no such word. ``gain_test_001.tif`` has, and may still be a movie: what is
    in it tells.
    """
    if not name.lower().endswith(GAIN_SUFFIXES):
        return False
    path = PurePath(name)
    if path.suffix.lower() not in GAIN_SUFFIXES:
        return False
    return (
        path.suffix.lower() == ".gain"
        or path.name.lower().startswith(_BEGINNINGS)
        or any(word.lower() in _WORDS for word in _WORD.findall(path.stem))
    )
